//! metabase_views: materialized views over a sneaker reseller's tables, for Metabase.
//!
//! `docs/architecture.md` says how data flows and why. This file lists the modules and the SQL files, and
//! is where the server comes in; nothing else.

use pgrx::prelude::*;

pgrx::pg_module_magic!();

mod api;
mod calendar;
mod check;
mod country;
mod dashboard;
mod error;
mod incremental;
mod known_role;
mod manage;
mod parameters;
mod pg;
mod refresh;
mod schedule;
mod settings;
mod source;
mod sql;
mod sqlstate;
mod view;

pgrx::extension_sql_file!("../sql/bootstrap.sql", name = "bootstrap", bootstrap);
pgrx::extension_sql_file!("../sql/tables.sql", name = "tables", requires = ["bootstrap"]);
pgrx::extension_sql_file!("../sql/exchange.sql", name = "exchange", requires = ["tables"]);
pgrx::extension_sql_file!("../sql/capture.sql", name = "capture", requires = ["tables"]);
pgrx::extension_sql_file!("../sql/amount.sql", name = "amount", requires = ["bootstrap"]);
pgrx::extension_sql_file!(
    "../sql/units_in_stock.sql",
    name = "units_in_stock",
    requires = ["bootstrap"]
);
pgrx::extension_sql_file!(
    "../sql/finalize.sql",
    name = "finalize",
    requires = ["tables", "exchange", "capture", "amount", "units_in_stock"],
    finalize
);

/// Called when the library is loaded: by the server at its start where it is preloaded, else by the first session that needs it.
#[pg_guard]
pub extern "C-unwind" fn _PG_init() {
    pg::backtrace::disable();
    schedule::initialize();
    pg::transaction::watch();
    #[cfg(debug_assertions)]
    pg::injection::define();
    pg::setting::reserve_prefix();
}

/// What pgrx's test runner asks of a crate: nothing needs to be set up.
#[cfg(test)]
pub mod pg_test {
    /// Called once before the tests.
    pub fn setup(_options: Vec<&str>) {}

    /// Settings for the server's configuration file.
    #[must_use]
    pub fn postgresql_conf_options() -> Vec<&'static str> {
        Vec::new()
    }
}
