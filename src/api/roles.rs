//! Granting what roles without superuser need.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::required;
use crate::manage::roles;
use crate::pg::argument::Text;

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn grant_reader(role: Option<Text>) -> Result<String, ErrorReport> {
    Ok(roles::grant_reader(&required("role", role)?)?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn grant_operator(role: Option<Text>) -> Result<String, ErrorReport> {
    Ok(roles::grant_operator(&required("role", role)?)?)
}
