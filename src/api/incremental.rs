//! Capture, and the truth of what incremental refresh has made.

use pgrx::JsonB;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::required;
use super::rows::row_type;
use crate::incremental::{control, verify};
use crate::pg::argument::Text;
use crate::view::registry::find_view;

row_type! {
    captured_rows(captured) {
        entity: String = captured.entity.to_owned(),
        relation: Option<String> = captured.relation,
        captured: bool = captured.is_captured,
        reason: Option<String> = captured.problem,
    }
}

captured_rows! {
    fn capture_status() {
        control::capture_status()
    }

    fn enable_capture() {
        control::enable_capture()
    }
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn disable_capture() -> Result<String, ErrorReport> {
    Ok(control::disable_capture()?)
}

row_type! {
    difference_rows(difference) {
        difference: String = difference.difference,
        row: JsonB = JsonB(difference.row),
    }
}

difference_rows! {
    fn verify(view_name: Option<Text>) {
        verify::verify(find_view(&required("view_name", view_name)?)?.name())
    }
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn rebuild() -> Result<String, ErrorReport> {
    Ok(control::rebuild()?)
}
