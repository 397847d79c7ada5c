//! The four dashboards: that their figures are right, with filters and without; that what is wrong with one is found; that a
//! Metabase is given what it understands; and that nobody gets at anything through them.

pub mod card;
mod clicks;
mod expected;
mod faults;
mod figures;
mod filters;
mod freshness;
mod json;
mod metabase;
mod mutations;
mod pages;
mod roles;
mod shops;
