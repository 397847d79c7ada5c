//! What SQL sees: each function parses its arguments, calls what does the work and returns its rows. What it does is said in its
//! COMMENT, in `sql/finalize.sql`.

mod dashboards;
mod data;
mod incremental;
mod internal;
mod migration;
mod refresh;
mod roles;
mod rows;
mod schedule;
mod settings;
mod sources;
mod views;

use crate::error::Error;
use crate::pg::argument::Argument;

/// An argument that must be there.
fn required<T: Argument>(argument: &'static str, given: Option<T>) -> Result<T::Value, Error> {
    given.ok_or(Error::NullArgument { argument })?.value(argument)
}

/// An argument that may be NULL.
fn optional<T: Argument>(argument: &'static str, given: Option<T>) -> Result<Option<T::Value>, Error> {
    given.map(|given| given.value(argument)).transpose()
}
