//! All that touches the server's internals: every `unsafe` block and every difference between its versions.

pub mod alterations;
pub mod analysis;
pub mod argument;
pub mod backtrace;
pub mod capture;
mod catalog;
pub mod database;
mod definition;
pub mod hooks;
pub mod identity;
#[cfg(debug_assertions)]
pub mod injection;
pub mod matview;
// The binary of the pure tests runs without a server, whose functions this calls.
#[cfg(not(test))]
mod memory;
pub mod patience;
pub mod process;
pub mod query;
mod receiver;
pub mod relation;
mod removal;
mod reserve;
pub mod schema;
pub mod session;
pub mod setting;
pub mod shared;
pub mod subtransaction;
pub mod syntax;
pub mod transaction;
pub mod version;
pub mod workspace;

#[cfg(any(test, feature = "pg_test"))]
mod tests;
