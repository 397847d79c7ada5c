//! A logical replication subscriber with the extension, fed by a publisher without it.

use postgres::Client;

use crate::changes::{ROWS_FILE, SCHEMA, any_change, any_truncate, draws, table_names};
use crate::cluster::{Cluster, create_all_views, run_file};
use crate::sessions::wait_until;
use crate::shop::{Truth, assert_incremental, column, refreshed, run, violations_after_refresh};

/// Random changes are looked at this often, after so many of them.
const ROUNDS: i32 = 20;
const CHANGES_A_ROUND: u32 = 10;

#[test]
fn views_of_a_subscriber_are_refreshed_by_what_is_replicated() {
    let cluster = Cluster::make(
        "replication-cluster",
        &[
            "fsync=off",
            "wal_level=logical",
            "wal_retrieve_retry_interval=100ms",
        ],
    );
    let (mut publisher, mut subscriber) = (
        cluster.create_database("publisher"),
        cluster.create_database("subscriber"),
    );
    for client in [&mut publisher, &mut subscriber] {
        for file in SCHEMA {
            run_file(client, file);
        }
        run(client, "CREATE TABLE marker (number int PRIMARY KEY)");
    }
    run(
        &mut subscriber,
        "CREATE EXTENSION metabase_views; SELECT metabase.set_setting('time_zone', 'Europe/Berlin')",
    );
    create_all_views(&mut subscriber);
    let truth = Truth::of(&mut subscriber);
    // The first refresh builds what later ones go by.
    assert_eq!(violations_after_refresh(&mut subscriber, &truth), [""; 0]);

    // What is there before the subscription is copied.
    run_file(&mut publisher, ROWS_FILE);
    subscribe(&cluster, &mut publisher, &mut subscriber);
    wait_for_all(&mut publisher, &mut subscriber, 0);
    assert_incremental(&refreshed(&mut subscriber, "refresh('all')"));
    assert_eq!(violations_after_refresh(&mut subscriber, &truth), [""; 0]);

    let mut change = draws(any_change(1));
    for round in 1..=ROUNDS {
        for _ in 0..CHANGES_A_ROUND {
            // Some fail, because a key is taken, say.
            let _ = publisher.batch_execute(&change());
        }
        wait_for_all(&mut publisher, &mut subscriber, round);
        assert_incremental(&refreshed(&mut subscriber, "refresh('all')"));
        assert_eq!(violations_after_refresh(&mut subscriber, &truth), [""; 0]);
    }

    let mut truncate = draws(any_truncate());
    for round in ROUNDS + 1..=ROUNDS + 3 {
        run(&mut publisher, &truncate());
        wait_for_all(&mut publisher, &mut subscriber, round);
        assert_eq!(violations_after_refresh(&mut subscriber, &truth), [""; 0]);
    }
}

/// Subscribes to all tables. Within one cluster the slot has to be there before, or the two wait for each other.
fn subscribe(cluster: &Cluster, publisher: &mut Client, subscriber: &mut Client) {
    run(publisher, "CREATE PUBLICATION shop FOR ALL TABLES");
    run(
        publisher,
        "SELECT pg_create_logical_replication_slot('shop', 'pgoutput')",
    );
    run(
        subscriber,
        &format!(
            "CREATE SUBSCRIPTION shop CONNECTION 'host={} user=postgres dbname=publisher'
             PUBLICATION shop WITH (create_slot = false)",
            cluster.socket()
        ),
    );
    wait_until(
        subscriber,
        "SELECT count(*) = 8 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel",
    );
}

/// Waits until everything is there that was committed so far: changes come in the order of their commits.
fn wait_for_all(publisher: &mut Client, subscriber: &mut Client, marker: i32) {
    run(publisher, &format!("INSERT INTO marker VALUES ({marker})"));
    wait_until(
        subscriber,
        &format!("SELECT count(*) = 1 FROM marker WHERE number = {marker}"),
    );
    for table in table_names() {
        let rows = format!("SELECT row FROM {table} AS row ORDER BY id");
        assert_eq!(column(subscriber, &rows), column(publisher, &rows));
    }
}
