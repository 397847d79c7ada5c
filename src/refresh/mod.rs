//! Refreshing views: in which mode, the run itself, and the log of it.

pub mod choose;
pub mod log;
pub mod run;
mod standing;
