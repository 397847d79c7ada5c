//! Refreshing views: in which mode, the run itself, and the log of it.

mod compare;
pub mod decide;
mod full;
pub mod log;
mod readiness;
pub mod run;
