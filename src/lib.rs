//! metabase_views: seven materialized views over a sneaker reseller's tables, for Metabase.
//!
//! `docs/architecture.md` says how data flows and why. This file lists the modules and the SQL files; nothing else.

pgrx::pg_module_magic!();

mod api;
mod country;
mod error;
mod incremental;
mod pg;
mod refresh;
mod roles;
mod settings;
mod source;
mod sql;
mod view;

pgrx::extension_sql_file!("../sql/bootstrap.sql", name = "bootstrap", bootstrap);
pgrx::extension_sql_file!("../sql/tables.sql", name = "tables", requires = ["bootstrap"]);
pgrx::extension_sql_file!(
    "../sql/finalize.sql",
    name = "finalize",
    requires = ["tables", "capture"],
    finalize
);

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
