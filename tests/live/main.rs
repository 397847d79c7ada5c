//! Tests on a live cluster, through SQL, as users see it. `make test` starts the cluster and runs them.

mod cluster;
mod concurrency;
mod custom_views;
mod errors;
mod extension;
mod hand_worked;
mod hostile;
mod layouts;
mod lifecycle;
mod mappings;
mod oracle;
mod pg_regress;
mod property;
mod roles;
mod rows;
mod sessions;
mod shop;
