//! Nobody gets more than they were given: what roles without privileges plant, nobody else runs.

mod facts;
mod fairness;
mod history;
mod hooks;
mod known_roles;
mod limits;
mod literals;
mod locks;
mod mappings;
mod memory;
mod migrations;
mod names;
mod newcomers;
mod notifications;
mod places;
mod planning;
mod privileges;
mod settings;
mod stalls;
mod stored_queries;
mod trap;
mod triggers;
