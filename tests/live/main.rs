//! Tests on a live cluster, through SQL, as users see it. `make test` starts the cluster and runs them.

mod cluster;
mod hand_worked;
mod hostile;
mod layouts;
mod mappings;
mod oracle;
mod pg_regress;
mod property;
mod rows;
