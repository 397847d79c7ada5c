//! Granting what roles without superuser need.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::required;
use crate::manage::roles;
use crate::pg::argument::Text;

/// Gives a role, such as Metabase's, the seven views and the status functions, and nothing else.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn grant_reader(role: Option<Text>) -> Result<String, ErrorReport> {
    Ok(roles::grant_reader(&required("role", role)?)?)
}

/// Gives a role without superuser what it needs to create, refresh and drop the views, which it then owns.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn grant_operator(role: Option<Text>) -> Result<String, ErrorReport> {
    Ok(roles::grant_operator(&required("role", role)?)?)
}
