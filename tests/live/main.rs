//! Tests on a live cluster, through SQL, as users see it. `make test` starts the cluster and runs them.

mod cascades;
mod changes;
mod cluster;
mod concurrency;
mod cost;
mod crashes;
mod custom_views;
mod dashboards;
mod docs;
mod errors;
mod events;
mod extension;
mod hand_worked;
mod histories;
mod hostile;
mod hostile_refresh;
mod incremental;
mod integrity;
mod keys;
mod layouts;
mod lifecycle;
mod mappings;
mod migrations;
#[path = "../json/mutation.rs"]
mod mutation;
mod oracle;
#[path = "../architecture/pages.rs"]
mod pages;
mod pg_cron;
mod pg_regress;
mod preview;
mod property;
mod replication;
mod roles;
mod rows;
mod schedule;
mod security;
mod sessions;
mod shop;
mod stress;
mod waiting;
mod worker;
