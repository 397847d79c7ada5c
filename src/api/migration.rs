//! Making room for a migration of the shop's tables.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::required;
use super::rows::row_type;
use crate::manage::migration;
use crate::schedule::pg_cron;

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn before_migration() -> Result<String, ErrorReport> {
    Ok(migration::before()?)
}

row_type! {
    restored_rows(restored) {
        view_name: String = restored.view_name,
        restored: bool = restored.result.is_ok(),
        error_message: Option<String> = restored.result.err().map(|error| error.in_full()),
    }
}

restored_rows! {
    fn after_migration(restore: default!(Option<bool>, true)) {
        let restored = migration::after(required("restore", restore)?)?;
        pg_cron::follow_views()?;
        Ok(restored)
    }
}
