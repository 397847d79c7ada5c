//! Capture, and the truth of what incremental refresh has made.

use pgrx::JsonB;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::required;
use crate::incremental::capture::Captured;
use crate::incremental::{control, verify};
use crate::view::registry::find_view;

type CapturedRow = (
    name!(entity, String),
    name!(relation, Option<String>),
    name!(captured, bool),
    name!(reason, Option<String>),
);

fn captured_row(captured: Captured) -> CapturedRow {
    (
        captured.entity.to_owned(),
        captured.relation,
        captured.is_captured,
        captured.problem,
    )
}

/// Whether the changes of each source are captured, and why not where they are not.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn capture_status() -> Result<
    TableIterator<
        'static,
        (
            name!(entity, String),
            name!(relation, Option<String>),
            name!(captured, bool),
            name!(reason, Option<String>),
        ),
    >,
    ErrorReport,
> {
    Ok(TableIterator::new(
        control::capture_status()?.into_iter().map(captured_row),
    ))
}

/// Captures the changes of all sources, from now on. Locks them until the transaction ends, where the caller may do that by hand.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn enable_capture() -> Result<
    TableIterator<
        'static,
        (
            name!(entity, String),
            name!(relation, Option<String>),
            name!(captured, bool),
            name!(reason, Option<String>),
        ),
    >,
    ErrorReport,
> {
    Ok(TableIterator::new(
        control::enable_capture()?.into_iter().map(captured_row),
    ))
}

/// Captures no changes any more: all refreshes are full.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn disable_capture() -> Result<String, ErrorReport> {
    Ok(control::disable_capture()?)
}

/// The rows in which a view differs from its definition: those that it lacks, and those that it has too much.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn verify(
    view_name: Option<String>,
) -> Result<TableIterator<'static, (name!(difference, String), name!(row, JsonB))>, ErrorReport> {
    let view = find_view(&required("view_name", view_name)?)?;
    let differences = verify::verify(view.name())?;
    Ok(TableIterator::new(differences.into_iter().map(|difference| {
        (difference.difference, JsonB(difference.row))
    })))
}

/// Builds facts and rollups anew from the sources. Each view is next refreshed in full.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn rebuild() -> Result<String, ErrorReport> {
    Ok(control::rebuild()?)
}
