//! All that touches the server's internals: every `unsafe` block and every difference between its versions.

pub mod identity;
pub mod query;
pub mod relation;
pub mod subtransaction;
pub mod syntax;
pub mod time_zone;

#[cfg(any(test, feature = "pg_test"))]
mod tests;
