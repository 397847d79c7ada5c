//! Settings: what the numbers mean, and how long the history is kept; and exchange rates.

use pgrx::datum::Date;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::{optional, required};
use crate::pg::argument::Text;
use crate::pg::hooks;
use crate::schedule::pg_cron;
use crate::settings;
use crate::source::exchange_rate;

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn set_exchange_rate(
    currency: Option<Text>,
    valid_from: Option<Date>,
    rate: Option<AnyNumeric>,
) -> Result<String, ErrorReport> {
    let currency = required("currency", currency)?;
    let valid_from = required("valid_from", valid_from)?;
    Ok(exchange_rate::set(&currency, valid_from, rate)?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn set_setting(name: Option<Text>, value: Option<Text>) -> Result<String, ErrorReport> {
    let message = settings::set(&required("name", name)?, optional("value", value)?.as_deref())?;
    // A zone is one of the schedule, too.
    pg_cron::follow_views()?;
    hooks::wake_worker_for_schedule();
    Ok(message)
}
