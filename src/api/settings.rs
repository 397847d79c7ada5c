//! Settings that change what the numbers mean.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::required;
use crate::pg::hooks;
use crate::schedule::pg_cron;
use crate::settings;

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn set_setting(name: Option<String>, value: Option<String>) -> Result<String, ErrorReport> {
    let answer = settings::set(&required("name", name)?, value.as_deref())?;
    // A zone is one of the schedule, too.
    pg_cron::follow_views()?;
    hooks::wake_worker_for_schedule();
    Ok(answer)
}
