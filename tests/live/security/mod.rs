//! Nobody gets more than they were given: what roles without privileges plant, nobody else runs.

mod facts;
mod fairness;
mod history;
mod hooks;
mod known_roles;
mod limits;
mod locks;
mod mappings;
mod memory;
mod migrations;
mod newcomers;
mod notifications;
mod places;
mod planning;
mod settings;
mod stalls;
mod trap;
mod triggers;
