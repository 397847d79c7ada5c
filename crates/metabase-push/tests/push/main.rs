//! metabase-push against a Metabase of the tests' own, which is stricter than the real one.

mod child;
mod command;
mod damage;
mod encrypted;
mod errors;
mod extension;
mod failures;
mod hand_made;
mod hostile;
mod links;
mod live;
mod memory;
mod metabase;
mod moved;
#[path = "../../../../tests/json/mutation.rs"]
mod mutation;
mod mutations;
mod push;
mod request;
mod settled;
mod shop;
mod trust;
mod views;
mod way;
mod wire;
