//! The queue of notifications, which anybody can fill, keeps no refresh from being committed.

use std::time::Duration;

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;

use crate::cluster::error_of;
use crate::sessions::{wait_for, wait_until};
use crate::shop::{SALE, column, run, shop_with_views};
use crate::worker::{HAS_WORKER, IS_FRESH, shop_cluster};

/// Has a database say that the queue is so full, as SQL: eight gigabytes would be a long test. Sessions that have asked go on with what they
/// knew.
fn fill(client: &mut Client, part: &str) {
    run(
        client,
        &format!(
            "CREATE OR REPLACE FUNCTION pg_catalog.pg_notification_queue_usage() RETURNS double precision LANGUAGE sql VOLATILE
             AS 'SELECT {part}'"
        ),
    );
}

/// How many notifications have come until nothing more does.
fn heard(listener: &mut Client) -> usize {
    let mut notifications = listener.notifications();
    let heard = notifications.timeout_iter(Duration::from_secs(2));
    heard.count().expect("the session lives")
}

#[test]
fn a_queue_that_is_half_full_is_left_alone() {
    let (database, mut client) = shop_with_views();
    let mut listener = database.connect();
    run(&mut listener, "LISTEN metabase_views");
    for (part, expected) in [("0.4::float8", 8), ("0.5::float8", 0), ("1::float8", 0)] {
        fill(&mut client, part);
        heard(&mut listener);
        run(&mut database.connect(), "SELECT * FROM metabase.refresh('all')");
        assert_eq!(heard(&mut listener), expected, "{part}");
    }
}

#[test]
fn a_refresh_of_the_workers_is_committed_whatever_becomes_of_its_notification() {
    let (cluster, mut client) = shop_cluster("notifications");
    // Now each notification is an error.
    fill(&mut client, "1.0::float8 / 0");
    let error = error_of(
        &mut cluster.connect("shop"),
        "SELECT * FROM metabase.refresh('all')",
    );
    assert_eq!(error.sqlstate.code(), "22012", "{error:?}");
    run(
        &mut client,
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE backend_type = 'metabase_views worker'",
    );
    wait_until(&mut client, HAS_WORKER);
    // What ran when it was ended has failed.
    let before = column(&mut client, "SELECT max(id) FROM metabase.refresh_history");
    run(&mut client, SALE);
    wait_for(&mut client, IS_FRESH, Duration::from_secs(180));
    assert_eq!(
        column(
            &mut client,
            &format!(
                "SELECT DISTINCT status FROM metabase.refresh_history
                 WHERE id > {} AND cause = 'event' AND status <> 'running'",
                before[0]
            )
        ),
        ["completed"]
    );
}
