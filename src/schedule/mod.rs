//! Keeping the views fresh without being asked: when they are due, and who refreshes them then.

pub mod agenda;
pub mod control;
pub mod cron_run;
mod due;
pub mod engine;
pub mod freshness;
mod launcher;
pub mod pg_cron;
pub mod status;
mod worker;

use crate::parameters;
use crate::pg::{hooks, process, shared};

/// Called when the library is loaded: by the server at its start, or by a session.
pub fn initialize() {
    parameters::define();
    if process::is_preloading() && !process::is_binary_upgrade() {
        shared::request();
        hooks::install();
        launcher::register();
    }
}
