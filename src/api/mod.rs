//! What SQL sees: each function parses its arguments, calls one thing and returns its rows. What it does is said in its COMMENT, in
//! `sql/finalize.sql`.

mod dashboards;
mod incremental;
mod internal;
mod refresh;
mod roles;
mod rows;
mod schedule;
mod settings;
mod sources;
mod views;

use crate::error::Error;

/// An argument that must be there.
fn required<T>(argument: &'static str, value: Option<T>) -> Result<T, Error> {
    value.ok_or(Error::NullArgument { argument })
}
