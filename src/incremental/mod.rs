//! Incremental refresh: what changed is captured, applied to facts and rollups, and flushed into the views.

pub mod apply;
pub mod build;
pub mod capture;
pub mod control;
pub mod fingerprint;
pub mod flush;
pub mod follow;
pub mod installer;
pub mod membership;
pub mod outdated;
pub mod problem;
mod program;
mod rollup;
mod script;
pub mod state;
pub mod target;
#[cfg(test)]
mod tests;
pub mod verify;
