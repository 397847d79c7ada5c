//! Creating, dropping and inspecting views.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::{optional, required};
use crate::error::Error;
use crate::manage::lifecycle::{self, Created};
use crate::manage::status::{self, Status};
use crate::pg::argument::{Text, Texts};
use crate::schedule::{control, pg_cron};
use crate::view::custom::CustomView;
use crate::view::registry::find_view;

type CreatedRow = (
    name!(view_name, String),
    name!(created, bool),
    name!(error_message, Option<String>),
);

fn created_row(created: Created) -> CreatedRow {
    let error_message = created.result.as_ref().err().map(Error::in_full);
    (created.view_name, created.result.is_ok(), error_message)
}

/// Creates and fills the seven views; one that exists already stays as it is unless drop_existing is true.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn create_all_views(
    drop_existing: default!(Option<bool>, false),
) -> Result<
    TableIterator<
        'static,
        (
            name!(view_name, String),
            name!(created, bool),
            name!(error_message, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let created = lifecycle::create_all(required("drop_existing", drop_existing)?)?;
    pg_cron::follow_views()?;
    Ok(TableIterator::new(created.into_iter().map(created_row)))
}

/// Creates and fills one view; if it exists already it stays as it is unless drop_existing is true.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn create_view(
    view_name: Option<Text>,
    drop_existing: default!(Option<bool>, false),
) -> Result<
    TableIterator<
        'static,
        (
            name!(view_name, String),
            name!(created, bool),
            name!(error_message, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let created = lifecycle::create_one(
        &required("view_name", view_name)?,
        required("drop_existing", drop_existing)?,
    )?;
    pg_cron::follow_views()?;
    Ok(TableIterator::once(created_row(created)))
}

/// Creates a materialized view of your own in schema analytics, under the same refresh and status as the seven.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn create_custom_view(
    name: Option<Text>,
    query: Option<Text>,
    key_columns: Option<Texts>,
    strategy: default!(Option<Text>, "'daily'"),
    indexes: default!(Option<Texts>, "'{}'"),
) -> Result<String, ErrorReport> {
    let view = CustomView::new(
        required("name", name)?,
        required("query", query)?,
        required("key_columns", key_columns)?,
        &required("strategy", strategy)?,
        required("indexes", indexes)?,
    )?;
    let name = view.view_name.clone();
    lifecycle::create_custom(view)?;
    pg_cron::follow_views()?;
    Ok(format!("View '{name}' created successfully"))
}

/// Drops a view and, unless cascade is false, what depends on it.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn drop_view(view_name: Option<Text>, cascade: default!(Option<bool>, true)) -> Result<String, ErrorReport> {
    let dropped = lifecycle::drop(&required("view_name", view_name)?, required("cascade", cascade)?)?;
    pg_cron::follow_views()?;
    Ok(dropped)
}

type StatusRow = (
    name!(view_name, String),
    name!(exists, bool),
    name!(last_refresh, Option<TimestampWithTimeZone>),
    name!(row_count, Option<i64>),
    name!(size_bytes, Option<i64>),
    name!(indexes, Vec<String>),
    name!(strategy, String),
    name!(next_refresh, Option<TimestampWithTimeZone>),
    name!(mode, Option<String>),
    name!(mode_reason, Option<String>),
    name!(pending_changes, Option<i64>),
    name!(pending_since, Option<TimestampWithTimeZone>),
    name!(last_error, Option<String>),
);

/// A view's status as a row.
fn status_row(status: Status, next_refresh: Option<TimestampWithTimeZone>) -> StatusRow {
    (
        status.view_name,
        status.exists,
        status.last_refresh,
        status.row_count,
        status.size_bytes,
        status.indexes,
        status.strategy,
        next_refresh,
        status.mode,
        status.mode_reason,
        status.pending_changes,
        status.pending_since,
        status.last_error,
    )
}

/// The status of one view, or of all: whether it exists, when and how it was last refreshed, its rows, size and indexes.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn view_status(
    view_name: default!(Option<Text>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(view_name, String),
            name!(exists, bool),
            name!(last_refresh, Option<TimestampWithTimeZone>),
            name!(row_count, Option<i64>),
            name!(size_bytes, Option<i64>),
            name!(indexes, Vec<String>),
            name!(strategy, String),
            name!(next_refresh, Option<TimestampWithTimeZone>),
            name!(mode, Option<String>),
            name!(mode_reason, Option<String>),
            name!(pending_changes, Option<i64>),
            name!(pending_since, Option<TimestampWithTimeZone>),
            name!(last_error, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let statuses = match optional("view_name", view_name)? {
        Some(name) => vec![status::of(&find_view(&name)?)?],
        None => status::all()?,
    };
    let scheduled = control::scheduled()?;
    Ok(TableIterator::new(statuses.into_iter().map(move |status| {
        let next_refresh = control::next_refresh(&scheduled, &status.view_name);
        status_row(status, next_refresh)
    })))
}
