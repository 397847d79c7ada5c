//! The oracle: a second implementation of the views, in Rust instead of SQL.
//!
//! It is written from the contract alone and shares no code, no SQL and no arithmetic with the extension:
//! fractions are exact until the final rounding, the calendar is jiff's. A property test fills a database
//! with a random shop ([`any_shop`]), refreshes, and holds what PostgreSQL shows ([`actual`]) against what
//! the contract demands ([`expected`]). Where the two differ, one of them reads the contract wrongly.
//!
//! The shop has the documented layout (`demo/schema.sql`), so an order always has a stock item and a
//! platform, and a stock item always has a product.

mod arithmetic;
mod cell;
mod compare;
mod country;
mod currency;
mod generate;
mod shop;
mod views;

pub use compare::{actual, assert_same};
pub use generate::{any_shop, any_shop_in_several_currencies};
pub use shop::Shop;
pub use views::{View, expected};
