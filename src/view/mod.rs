//! The materialized views in schema `analytics`: which there are, how they are made, how they are doing.

pub mod adapters;
pub mod catalog;
pub mod custom;
pub mod lifecycle;
pub mod registry;
pub mod state;
pub mod status;
