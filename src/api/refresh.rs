//! Refreshing views.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::required;
use crate::calendar::Strategy;
use crate::error::Error;
use crate::pg::argument::Text;
use crate::refresh::decide::Mode;
use crate::refresh::log::Outcome;
use crate::refresh::run;
use crate::schedule::agenda::{INVENTORY_VIEWS, ORDER_VIEWS};
use crate::view::registry::{ViewEntry, all_views, find_view};

pub(super) type RefreshRow = (
    name!(view_name, String),
    name!(status, String),
    name!(started_at, TimestampWithTimeZone),
    name!(completed_at, TimestampWithTimeZone),
    name!(duration_seconds, f64),
    name!(mode, String),
    name!(rows_changed, Option<i64>),
    name!(error_message, Option<String>),
);

pub(super) fn refresh_row(outcome: Outcome) -> RefreshRow {
    let (status, error_message) = (outcome.status().to_owned(), outcome.error_message());
    (
        outcome.view_name,
        status,
        outcome.started_at,
        outcome.completed_at,
        outcome.duration_seconds,
        outcome.mode.to_owned(),
        outcome.rows_changed,
        error_message,
    )
}

/// Refreshes the views of a strategy (realtime, hourly, daily, weekly, manual), or 'all'; one that fails says so in its row.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn refresh(
    strategy: Option<Text>,
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
    let name = required("strategy", strategy)?;
    let mut views = all_views()?;
    if name != "all" {
        let strategy = Strategy::from_name(&name).ok_or(Error::UnknownStrategy { name })?;
        views.retain(|view| view.strategy() == strategy.name());
    }
    Ok(TableIterator::new(
        run::refresh(&views, Mode::Auto)?.into_iter().map(refresh_row),
    ))
}

/// Refreshes one view, in mode auto, full or incremental; if that fails, its row says why.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn refresh_view(
    view_name: Option<Text>,
    mode: default!(Option<Text>, "'auto'"),
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
    let name = required("mode", mode)?;
    let mode = Mode::from_name(&name).ok_or(Error::UnknownMode { name })?;
    let view = find_view(&required("view_name", view_name)?)?;
    Ok(TableIterator::new(
        run::refresh(&[view], mode)?.into_iter().map(refresh_row),
    ))
}

fn views(names: &[&str]) -> Result<Vec<ViewEntry>, Error> {
    names.iter().map(|name| find_view(name)).collect()
}

/// Refreshes all views; the same as refresh('all').
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn sync_all() -> Result<
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
    Ok(TableIterator::new(
        run::refresh(&all_views()?, Mode::Auto)?
            .into_iter()
            .map(refresh_row),
    ))
}

/// Refreshes the views that an order changes.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn sync_on_order_event() -> Result<
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
    Ok(TableIterator::new(
        run::refresh(&views(&ORDER_VIEWS)?, Mode::Auto)?
            .into_iter()
            .map(refresh_row),
    ))
}

/// Refreshes the views that a stock item changes.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn sync_on_inventory_event() -> Result<
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
    Ok(TableIterator::new(
        run::refresh(&views(&INVENTORY_VIEWS)?, Mode::Auto)?
            .into_iter()
            .map(refresh_row),
    ))
}
