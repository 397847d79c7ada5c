//! The materialized views in schema `analytics`: which there are, how each is defined, what the catalog says of them.

pub mod catalog;
pub mod custom;
pub mod definition;
pub mod migration;
pub mod registry;
pub mod state;
