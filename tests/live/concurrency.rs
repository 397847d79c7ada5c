//! Several sessions at once: refreshing, creating, dropping, reading and selling. Each test forces its interleaving with
//! locks and waits until a session really waits.

use crate::cluster::{create_all_views, error_of};
use crate::sessions::Background;
use crate::shop::{
    SALE, VIEWS, assert_error, column, completed_and_failed, differences, history, refresh_view, refreshed,
    run, shop, shop_with_views, snapshot,
};

// Refreshing

#[test]
fn two_sessions_that_refresh_the_same_view_both_complete() {
    let (database, mut client) = shop_with_views();
    let mut first = database.connect();
    run(&mut first, &format!("BEGIN; {SALE}"));
    assert_eq!(
        refresh_view(&mut first, "metabase_brand_analytics").status,
        "completed"
    );
    let second = Background::start(
        database.connect(),
        &format!("{SALE}; SELECT status FROM metabase.refresh_view('metabase_brand_analytics')"),
    );
    second.wait_until_blocked(&mut client);
    run(&mut first, "COMMIT");
    assert_eq!(second.result().expect("it completes"), [["completed"]]);
    // The one that waited has seen what the other one committed.
    assert_eq!(differences(&mut client, "metabase_brand_analytics"), 0);
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.refresh_history
             WHERE view_name = 'metabase_brand_analytics' AND status = 'completed'"
        ),
        ["3"]
    );
}

#[test]
fn many_sessions_that_sell_and_refresh_end_with_the_right_rows() {
    let (database, mut client) = shop_with_views();
    // All start at once, when the gate opens.
    let mut gate = database.connect();
    run(&mut gate, "SELECT pg_advisory_lock(1)");
    let sessions: Vec<Background> = (0..6)
        .map(|_| {
            // Sell, commit, refresh, commit; the first COMMIT gives back the gate.
            let round = format!(
                "COMMIT; BEGIN; {SALE}; COMMIT; BEGIN; SELECT status FROM metabase.refresh('all'); COMMIT;"
            );
            let session = Background::start(
                database.connect(),
                &format!("BEGIN; SELECT pg_advisory_xact_lock_shared(1); {round} {round}"),
            );
            session.wait_until_blocked(&mut client);
            session
        })
        .collect();
    run(&mut gate, "SELECT pg_advisory_unlock(1)");
    for session in sessions {
        let rows = session.result().expect("no error escapes");
        let statuses: Vec<&str> = rows
            .iter()
            .map(|row| row[0].as_str())
            .filter(|word| !word.is_empty())
            .collect();
        assert_eq!(statuses, ["completed"; 2 * VIEWS.len()]);
    }
    // Each sale was committed before a refresh that its own session waited for, so the last refresh has seen them all.
    for view in VIEWS {
        assert_eq!(differences(&mut client, view), 0, "{view}");
    }
}

#[test]
fn a_refresh_in_a_transaction_shows_only_there_until_it_commits() {
    let (database, mut client) = shop_with_views();
    let orders = "SELECT sum(total_orders) FROM analytics.metabase_executive_metrics";
    let before = column(&mut client, orders);
    let mut seller = database.connect();
    run(
        &mut seller,
        &format!("BEGIN; {SALE}; SELECT * FROM metabase.refresh('all')"),
    );
    assert_ne!(column(&mut seller, orders), before);
    assert_eq!(column(&mut client, orders), before);
    run(&mut seller, "ROLLBACK");
    assert_eq!(column(&mut client, orders), before);
    for view in VIEWS {
        assert_eq!(differences(&mut client, view), 0, "{view}");
    }
}

// Readers and writers

#[test]
fn readers_read_on_while_a_view_is_refreshed() {
    let (database, mut client) = shop_with_views();
    let mut refresher = database.connect();
    run(
        &mut refresher,
        &format!("BEGIN; {SALE}; SELECT * FROM metabase.refresh('all')"),
    );
    // The refresh has done its work and holds its locks; a reader that had to wait for them would fail.
    run(&mut client, "SET lock_timeout = '10s'");
    for view in VIEWS {
        run(&mut client, &format!("SELECT * FROM analytics.{view}"));
    }
    run(&mut refresher, "COMMIT");
}

#[test]
fn a_reader_in_an_open_transaction_keeps_nobody_from_refreshing() {
    let (database, mut client) = shop_with_views();
    let mut reader = database.connect();
    run(&mut reader, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    let shown: Vec<Vec<String>> = VIEWS
        .iter()
        .map(|view| {
            column(
                &mut reader,
                &format!("SELECT row FROM analytics.{view} AS row ORDER BY row"),
            )
        })
        .collect();
    run(&mut client, SALE);
    run(&mut client, "SET lock_timeout = '10s'");
    let rows = refreshed(&mut client, "refresh('all')");
    assert_eq!(completed_and_failed(&rows), (VIEWS.to_vec(), vec![]));
    // Its snapshot still shows what it showed.
    for (view, rows) in VIEWS.iter().zip(&shown) {
        assert_eq!(
            &column(
                &mut reader,
                &format!("SELECT row FROM analytics.{view} AS row ORDER BY row")
            ),
            rows,
            "{view}"
        );
    }
    run(&mut reader, "COMMIT");
    assert_eq!(differences(&mut reader, "metabase_executive_metrics"), 0);
}

#[test]
fn the_shop_sells_on_while_views_are_created_refreshed_and_dropped() {
    let database = shop();
    let (mut seller, mut client) = (database.connect(), database.connect());
    run(&mut seller, "SET lock_timeout = '10s'");
    for work in [
        "SELECT * FROM metabase.create_all_views()",
        "SELECT * FROM metabase.refresh('all')",
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
        "SELECT metabase.drop_view('metabase_brand_analytics')",
    ] {
        run(&mut client, &format!("BEGIN; {work}"));
        run(&mut seller, SALE);
        run(
            &mut seller,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
        );
        run(
            &mut seller,
            "DELETE FROM transactions.orders WHERE gross_sale = 101",
        );
        run(&mut client, "COMMIT");
    }
}

#[test]
fn a_seller_in_an_open_transaction_keeps_nobody_from_refreshing() {
    let (database, mut client) = shop_with_views();
    let mut seller = database.connect();
    run(&mut seller, &format!("BEGIN; {SALE}"));
    run(&mut client, "SET lock_timeout = '10s'");
    let rows = refreshed(&mut client, "refresh('all')");
    assert_eq!(completed_and_failed(&rows), (VIEWS.to_vec(), vec![]));
    run(&mut seller, "COMMIT");
    // What was committed after the refresh is in the next one.
    assert_ne!(differences(&mut client, "metabase_executive_metrics"), 0);
    refreshed(&mut client, "refresh('all')");
    assert_eq!(differences(&mut client, "metabase_executive_metrics"), 0);
}

// Creating and dropping

#[test]
fn of_two_sessions_that_create_the_views_one_creates_them_and_the_other_says_that_they_exist() {
    let database = shop();
    let (mut first, mut client) = (database.connect(), database.connect());
    run(&mut first, "BEGIN");
    create_all_views(&mut first);
    let second = Background::start(
        database.connect(),
        "SELECT created, split_part(error_message, E'\n', 1) FROM metabase.create_all_views()",
    );
    second.wait_until_blocked(&mut client);
    run(&mut first, "COMMIT");
    let after_first = (snapshot(&mut client), history(&mut client));
    let expected: Vec<Vec<String>> = VIEWS
        .iter()
        .map(|view| {
            let message = format!("analytics.{view} exists already; nothing was changed (SQLSTATE 42P07)");
            vec!["f".to_owned(), message]
        })
        .collect();
    assert_eq!(second.result().expect("no error escapes"), expected);
    assert_eq!((snapshot(&mut client), history(&mut client)), after_first);
}

#[test]
fn who_waits_for_a_creation_that_rolls_back_creates_the_views() {
    let database = shop();
    let (mut first, mut client) = (database.connect(), database.connect());
    run(&mut first, "BEGIN");
    create_all_views(&mut first);
    let second = Background::start(
        database.connect(),
        "SELECT created FROM metabase.create_all_views()",
    );
    second.wait_until_blocked(&mut client);
    run(&mut first, "ROLLBACK");
    assert_eq!(second.result().expect("it creates them"), [["t"]; 8]);
}

#[test]
fn a_view_that_is_dropped_while_it_is_to_be_refreshed_fails_alone() {
    let (database, mut client) = shop_with_views();
    let mut dropper = database.connect();
    run(
        &mut dropper,
        "BEGIN; SELECT metabase.drop_view('metabase_platform_performance')",
    );
    let refresh = Background::start(
        database.connect(),
        "SELECT view_name, error_message FROM metabase.refresh('all') WHERE status = 'failed'",
    );
    refresh.wait_until_blocked(&mut client);
    run(&mut dropper, "COMMIT");
    let failed = refresh.result().expect("no error escapes");
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0][0], "metabase_platform_performance");
    assert!(
        failed[0][1].contains("does not exist (SQLSTATE 42P01)"),
        "{failed:?}"
    );
}

#[test]
fn a_view_that_is_replaced_while_it_is_to_be_refreshed_is_refreshed() {
    let (database, mut client) = shop_with_views();
    let mut replacer = database.connect();
    run(
        &mut replacer,
        "BEGIN; SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    let refresh = Background::start(
        database.connect(),
        "SELECT view_name, status FROM metabase.refresh('all')",
    );
    refresh.wait_until_blocked(&mut client);
    run(&mut replacer, "COMMIT");
    assert_eq!(
        refresh.result().expect("no error escapes"),
        VIEWS.map(|view| [view, "completed"])
    );
    for view in VIEWS {
        assert_eq!(differences(&mut client, view), 0, "{view}");
    }
}

#[test]
fn a_view_is_dropped_after_the_refresh_that_runs() {
    let (database, mut client) = shop_with_views();
    let mut refresher = database.connect();
    run(&mut refresher, "BEGIN; SELECT * FROM metabase.refresh('all')");
    let drop = Background::start(
        database.connect(),
        "SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    drop.wait_until_blocked(&mut client);
    run(&mut refresher, "COMMIT");
    assert_eq!(
        drop.result().expect("it is dropped"),
        [["View 'metabase_brand_analytics' dropped successfully"]]
    );
}

#[test]
fn the_status_is_right_in_a_transaction_whose_snapshot_is_older_than_the_view() {
    let (database, mut client) = shop_with_views();
    let mut observer = database.connect();
    run(&mut observer, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    // The first query takes the snapshot that this transaction sees to its end.
    column(&mut observer, "SELECT 1");
    run(
        &mut client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true);
         SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    // No error, and nothing that never was: each is told as it stood then, as far as that can still be seen.
    let statuses = column(
        &mut observer,
        "SELECT view_name FROM metabase.view_status() WHERE \"exists\"",
    );
    assert_eq!(statuses, VIEWS);
    run(&mut observer, "COMMIT");
    let exists = "SELECT \"exists\" FROM metabase.view_status('metabase_brand_analytics')";
    assert_eq!(column(&mut observer, exists), ["f"]);
}

#[test]
fn a_refresh_that_a_newer_one_overtook_fails_in_its_row() {
    let (database, mut client) = shop_with_views();
    let mut old = database.connect();
    run(&mut old, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    // The first query takes the snapshot that this transaction sees to its end.
    column(&mut old, "SELECT 1");
    run(&mut client, "DELETE FROM transactions.orders");
    refresh_view(&mut client, "metabase_brand_analytics");
    run(&mut old, "UPDATE core.brands SET name = upper(name)");
    let row = refresh_view(&mut old, "metabase_brand_analytics");
    assert_eq!(row.status, "failed");
    let message = "could not serialize access: another session has refreshed, or altered a source, since this transaction took its snapshot";
    let hint = "Try again in a new transaction.";
    assert_eq!(
        row.error_message,
        Some(format!("{message} (SQLSTATE 40001)\n{hint}"))
    );
    run(&mut old, "COMMIT");
    assert_eq!(differences(&mut client, "metabase_brand_analytics"), 0);
    // What is no refresh has no row to say so in.
    run(&mut old, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT");
    refresh_view(&mut client, "metabase_brand_analytics");
    for call in ["rebuild()", "enable_capture()", "disable_capture()"] {
        run(&mut old, "SAVEPOINT before_call");
        assert_error(
            &error_of(&mut old, &format!("SELECT metabase.{call}")),
            "40001",
            message,
            Some(hint),
        );
        run(&mut old, "ROLLBACK TO before_call");
    }
}
