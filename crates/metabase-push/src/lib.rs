//! Fills an open-source Metabase with the dashboards of metabase_views, over its REST API.
//!
//! [`plan()`] reads what Metabase has and what the shop's database says it should have, and changes nothing but for asking
//! Metabase to read the database's schema where views are missing. [`Plan::apply`] sends what differs.

#![forbid(unsafe_code)]

pub mod address;
mod answer;
pub mod api_key;
mod card;
mod certificate;
pub mod clock;
mod collection;
mod compare;
mod dashboard;
mod database;
pub mod error;
pub mod http;
mod https;
pub mod item;
mod json;
mod layout;
mod links;
mod metabase;
mod metadata;
mod permitted;
pub mod plan;
pub mod postgres;
pub mod progress;
mod query;
pub mod render;
pub mod run_lock;
pub mod source;
pub mod text;
mod tls;
pub mod version;

pub use error::{Error, Result};
pub use metabase::Metabase;
pub use plan::{Options, Plan, plan};
