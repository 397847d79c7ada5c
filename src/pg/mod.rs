//! All that touches the server's internals: every `unsafe` block and every difference between its versions.

pub mod alterations;
pub mod analysis;
pub mod capture;
pub mod database;
pub mod hooks;
pub mod identity;
#[cfg(debug_assertions)]
pub mod injection;
pub mod matview;
pub mod process;
pub mod query;
mod receiver;
pub mod relation;
pub mod setting;
pub mod shared;
pub mod subtransaction;
pub mod syntax;
pub mod transaction;
pub mod workspace;

#[cfg(any(test, feature = "pg_test"))]
mod tests;
