//! Settings that change what the numbers mean.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::required;
use crate::settings;

/// Sets a setting (see metabase.settings), or puts it back to its default where the value is NULL.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn set_setting(name: Option<String>, value: Option<String>) -> Result<String, ErrorReport> {
    Ok(settings::set(&required("name", name)?, value.as_deref())?)
}
