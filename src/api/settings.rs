//! Settings: what the numbers mean, and how long the history is kept.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::{optional, required};
use crate::pg::argument::Text;
use crate::pg::hooks;
use crate::schedule::pg_cron;
use crate::settings;

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn set_setting(name: Option<Text>, value: Option<Text>) -> Result<String, ErrorReport> {
    let message = settings::set(&required("name", name)?, optional("value", value)?.as_deref())?;
    // A zone is one of the schedule, too.
    pg_cron::follow_views()?;
    hooks::wake_worker_for_schedule();
    Ok(message)
}
