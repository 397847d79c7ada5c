//! The queue of notifications, which anybody can fill, keeps no refresh from being committed.

use std::time::Duration;

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;

use crate::cluster::Cluster;
use crate::sessions::wait_until;
use crate::shop::{SALE, column, run};
use crate::worker::{IS_FRESH, shop_cluster};

/// How full the queue seems to be, in a database where that is a function of the test's.
fn fill(cluster: &Cluster, part: &str) {
    run(
        &mut cluster.connect("shop"),
        &format!(
            "CREATE OR REPLACE FUNCTION pg_catalog.pg_notification_queue_usage() RETURNS double precision LANGUAGE sql VOLATILE
             AS 'SELECT {part}::double precision'"
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
    let (cluster, mut client) = shop_cluster("notifications");
    let mut listener = cluster.connect("shop");
    run(&mut listener, "LISTEN metabase_views");
    // Eight gigabytes would be a long test: the function that says how full it is says so.
    for (part, is_told) in [("0.4", true), ("0.5", false), ("1", false)] {
        fill(&cluster, part);
        heard(&mut listener);
        run(&mut client, "SELECT * FROM metabase.refresh('all')");
        assert_eq!(heard(&mut listener) > 0, is_told, "{part}");
    }
}

#[test]
fn a_refresh_of_the_workers_is_committed_whatever_becomes_of_its_notification() {
    let (cluster, mut client) = shop_cluster("notifications-worker");
    fill(&cluster, "0");
    run(
        &mut client,
        "CREATE OR REPLACE FUNCTION pg_catalog.pg_notify(text, text) RETURNS void LANGUAGE plpgsql
         AS $$ BEGIN RAISE EXCEPTION 'too many notifications in the NOTIFY queue' USING ERRCODE = '54000'; END $$",
    );
    let before = column(&mut client, "SELECT max(id) FROM metabase.refresh_history");
    run(&mut client, SALE);
    wait_until(&mut client, IS_FRESH);
    wait_until(
        &mut client,
        &format!(
            "SELECT EXISTS (SELECT FROM metabase.refresh_history WHERE id > {} AND cause = 'event' AND status = 'completed')",
            before[0]
        ),
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.refresh_history WHERE status = 'failed'"
        ),
        ["0"]
    );
}
