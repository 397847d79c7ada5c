//! When views are refreshed by themselves, and how that is going.

use pgrx::JsonB;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::refresh::{RefreshRow, refresh_row};
use super::required;
use crate::pg::argument::Text;
use crate::schedule::control::{self, Scheduled};
use crate::schedule::{cron_run, status};
use crate::view::registry::find_view;

type ScheduledRow = (
    name!(view_name, String),
    name!(strategy, String),
    name!(next_refresh, Option<TimestampWithTimeZone>),
);

fn scheduled_row(scheduled: Scheduled) -> ScheduledRow {
    (scheduled.view_name, scheduled.strategy, scheduled.next_refresh)
}

/// Has the views refreshed by the background worker, by pg_cron, or by whichever of them is there (auto).
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn setup_refresh_schedule(
    engine: default!(Option<Text>, "'auto'"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(view_name, String),
            name!(strategy, String),
            name!(next_refresh, Option<TimestampWithTimeZone>),
        ),
    >,
    ErrorReport,
> {
    let scheduled = control::set_up(&required("engine", engine)?)?;
    Ok(TableIterator::new(scheduled.into_iter().map(scheduled_row)))
}

/// Has nothing refreshed at its time any more.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn unschedule() -> Result<
    TableIterator<
        'static,
        (
            name!(view_name, String),
            name!(strategy, String),
            name!(next_refresh, Option<TimestampWithTimeZone>),
        ),
    >,
    ErrorReport,
> {
    Ok(TableIterator::new(
        control::unschedule()?.into_iter().map(scheduled_row),
    ))
}

/// Says how often a view is refreshed: realtime, hourly, daily, weekly, manual, or a cron expression of five fields.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn set_strategy(
    view_name: Option<Text>,
    strategy: Option<Text>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(view_name, String),
            name!(strategy, String),
            name!(next_refresh, Option<TimestampWithTimeZone>),
        ),
    >,
    ErrorReport,
> {
    let scheduled = control::set_strategy(
        &required("view_name", view_name)?,
        &required("strategy", strategy)?,
    )?;
    Ok(TableIterator::new(scheduled.into_iter().map(scheduled_row)))
}

/// Has the background worker refresh views shortly after a commit that changed what they show.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn enable_event_sync() -> Result<String, ErrorReport> {
    Ok(control::set_event_sync(true)?.to_owned())
}

/// Has changes wait for the next time that the views are due.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn disable_event_sync() -> Result<String, ErrorReport> {
    Ok(control::set_event_sync(false)?.to_owned())
}

/// Refreshes a view if its time has come since it was last refreshed; no row where it has not.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn refresh_if_due(
    view_name: Option<Text>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(view_name, String),
            name!(status, String),
            name!(started_at, TimestampWithTimeZone),
            name!(completed_at, TimestampWithTimeZone),
            name!(duration_seconds, f64),
            name!(mode, String),
            name!(rows_changed, Option<i64>),
            name!(error_message, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let view = find_view(&required("view_name", view_name)?)?;
    let outcome: Option<RefreshRow> = cron_run::refresh_if_due(view.name())?.map(refresh_row);
    Ok(TableIterator::new(outcome))
}

/// How all of it is doing.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn sync_status() -> Result<JsonB, ErrorReport> {
    Ok(JsonB(status::sync_status()?))
}
