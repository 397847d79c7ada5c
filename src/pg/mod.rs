//! All that touches the server's internals: every `unsafe` block and every difference between its versions.

pub mod identity;
pub mod lock;
pub mod query;
pub mod subtransaction;
pub mod syntax;

#[cfg(any(test, feature = "pg_test"))]
mod tests;
