//! What is done with the views but for refreshing them: creating and dropping, granting, asking how they are doing.

mod kept;
pub mod lifecycle;
pub mod migration;
mod parts;
pub mod roles;
pub mod status;
