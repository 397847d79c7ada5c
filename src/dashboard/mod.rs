//! The four dashboards: what they hold, as data; Metabase's form of them; their wiring, checked; a page to look at.
//!
//! Only [`shop`], [`check`], [`resolve`] and [`preview`] ask the database something.

mod assemble;
pub mod catalog;
pub mod check;
mod click;
mod color;
mod data_as_of;
mod executive;
mod fields;
mod fit;
mod inventory_management;
mod mark;
pub mod model;
mod platform_performance;
pub mod preview;
mod product_analytics;
pub mod resolve;
mod shop;
mod spec;
mod template;
