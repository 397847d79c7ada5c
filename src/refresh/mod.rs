//! Refreshing views: in which mode, the run itself, and the log of it.

pub mod choose;
pub mod log;
mod readiness;
pub mod run;
