//! Nobody waits for a refresh, and what becomes of refreshes that meet each other, or views that come and go.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

use postgres::Client;

use crate::changes::{make_loosened_shop, table_names};
use crate::cluster::{Database, error_of, value};
use crate::sessions::Background;
use crate::shop::{
    Refreshed, SALE, Truth, VIEWS, assert_error, assert_incremental, column, completed_and_failed, refreshed,
    run, violations_after_refresh,
};

const REFRESH: &str = "SELECT status FROM metabase.refresh('all')";

/// How long writers, readers and a refresher are watched.
const WATCHED: Duration = Duration::from_secs(5);

const RENAMING: &str = "UPDATE core.brands SET name = upper(name)";

/// The shop without constraints, with its views refreshed until the next refresh can be incremental.
fn loosened_shop() -> (Database, Client, Truth) {
    static MADE: LazyLock<Database> = LazyLock::new(|| {
        let database = Database::empty();
        let mut client = database.connect();
        let truth = make_loosened_shop(&mut client);
        assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0]);
        database
    });
    let database = MADE.copy();
    let mut client = database.connect();
    let truth = Truth::of(&mut client);
    (database, client, truth)
}

/// Every kind of write to this table, to all of its rows.
fn writes(table: &str) -> [String; 2] {
    [
        format!("UPDATE {table} SET id = id"),
        format!("WITH gone AS (DELETE FROM {table} RETURNING *) INSERT INTO {table} TABLE gone"),
    ]
}

fn all_writes() -> impl Iterator<Item = String> {
    table_names().into_iter().flat_map(writes)
}

fn all_reads() -> impl Iterator<Item = String> {
    VIEWS.iter().map(|view| format!("SELECT * FROM analytics.{view}"))
}

// Nobody waits

#[test]
fn neither_writers_nor_readers_wait_for_a_refresh_that_is_not_committed() {
    let (database, mut client, truth) = loosened_shop();
    run(&mut client, SALE);
    run(&mut client, RENAMING);
    let mut refresher = database.connect();
    run(&mut refresher, "BEGIN");
    assert_incremental(&refreshed(&mut refresher, "refresh('all')"));
    // The refresh holds its locks; whoever had to wait for one of them would fail.
    run(
        &mut client,
        "SET lock_timeout = '10s'; SET statement_timeout = '30s'",
    );
    for statement in all_writes().chain(all_reads()) {
        run(&mut client, &statement);
    }
    run(&mut client, "SELECT * FROM metabase.view_status()");
    run(&mut refresher, "COMMIT");
    assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0]);
}

#[test]
fn a_refresh_does_not_wait_for_writers_or_readers_that_have_not_committed() {
    let (database, mut client, truth) = loosened_shop();
    let (mut writer, mut reader) = (database.connect(), database.connect());
    run(&mut writer, "BEGIN");
    for statement in all_writes() {
        run(&mut writer, &statement);
    }
    run(&mut reader, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    for statement in all_reads() {
        run(&mut reader, &statement);
    }
    run(&mut client, "SET lock_timeout = '10s'");
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    run(&mut writer, &format!("{SALE}; COMMIT"));
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(truth.violations(&mut client), [""; 0]);
    run(&mut reader, "COMMIT");
}

#[test]
fn no_writer_and_no_reader_is_ever_seen_waiting_for_a_refresh() {
    let (database, mut client, truth) = loosened_shop();
    let mut refresher = database.connect();
    let pid: i32 = value(&mut refresher, "SELECT pg_backend_pid()");
    let waiting = format!(
        "SELECT format('%s waits for %s on %s %s', activity.query, mode, locktype, relation::regclass)
         FROM pg_locks
         JOIN pg_stat_activity AS activity USING (pid)
         WHERE NOT granted AND {pid} = ANY (pg_blocking_pids(pid))"
    );
    let (stop, rounds) = (&AtomicBool::new(false), &AtomicU32::new(0));
    // Each writer has tables of its own: they may not wait for each other either.
    let sessions = table_names()
        .into_iter()
        .map(|table| writes(table).to_vec())
        .chain([all_reads().collect(), all_reads().collect()]);
    let mut looks = 0;
    scope(|scope| {
        for statements in sessions {
            let mut session = database.connect();
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    for statement in &statements {
                        run(&mut session, statement);
                    }
                }
            });
        }
        scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                run(&mut refresher, REFRESH);
                rounds.fetch_add(1, Ordering::Relaxed);
            }
        });
        let start = Instant::now();
        while start.elapsed() < WATCHED {
            let seen = column(&mut client, &waiting);
            looks += 1;
            if !seen.is_empty() {
                stop.store(true, Ordering::Relaxed);
                panic!("{seen:#?}");
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(looks > 0 && rounds.load(Ordering::Relaxed) > 0);
    assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0]);
}

// Refreshes that meet

#[test]
fn of_two_refreshes_the_second_waits_and_sees_what_was_committed_meanwhile() {
    let (database, mut client, truth) = loosened_shop();
    run(&mut client, RENAMING);
    let mut first = database.connect();
    run(&mut first, "BEGIN");
    assert_incremental(&refreshed(&mut first, "refresh('all')"));
    let second = Background::start(database.connect(), REFRESH);
    second.wait_until_blocked(&mut client);
    run(&mut client, SALE);
    run(&mut first, "COMMIT");
    assert_eq!(second.result().expect("it completes"), [["completed"]; 8]);
    assert_eq!(truth.violations(&mut client), [""; 0]);
}

#[test]
fn a_refresh_that_waited_for_one_that_rolled_back_does_all_of_its_work() {
    let (database, mut client, truth) = loosened_shop();
    run(&mut client, &format!("{SALE}; {RENAMING}"));
    let mut first = database.connect();
    run(&mut first, "BEGIN");
    assert_incremental(&refreshed(&mut first, "refresh('all')"));
    let second = Background::start(database.connect(), REFRESH);
    second.wait_until_blocked(&mut client);
    run(&mut first, "ROLLBACK");
    assert_eq!(second.result().expect("it completes"), [["completed"]; 8]);
    assert_eq!(truth.violations(&mut client), [""; 0]);
}

#[test]
fn a_refresh_that_gives_up_waiting_for_another_says_so_in_every_row() {
    let (database, mut client, truth) = loosened_shop();
    run(&mut client, SALE);
    let mut first = database.connect();
    run(&mut first, &format!("BEGIN; {REFRESH}"));
    run(&mut client, "SET lock_timeout = '20ms'");
    let message = "another session refreshes, and did not end within lock_timeout";
    let hint = "Try again when its transaction has ended, with a longer lock_timeout if need be. Whose it is: SELECT pid FROM pg_locks \
                WHERE relation = 'metabase_internal.incremental'::regclass AND granted;";
    for row in refreshed(&mut client, "refresh('all')") {
        assert_eq!(row.status, "failed", "{row:?}");
        assert_eq!(
            row.error_message,
            Some(format!("{message} (SQLSTATE 55P03)\n{hint}"))
        );
    }
    let error = error_of(&mut client, "SELECT metabase.rebuild()");
    assert_error(&error, "55P03", message, Some(hint));
    // As the hint says:
    let holder: i32 = value(&mut first, "SELECT pg_backend_pid()");
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT pid FROM pg_locks
             WHERE relation = 'metabase_internal.incremental'::regclass AND granted AND pid <> pg_backend_pid()
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ),
        [holder.to_string()]
    );
    run(&mut first, "ROLLBACK");
    assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0]);
}

// Refreshes in transactions of the caller

#[test]
fn a_refresh_that_is_rolled_back_has_never_been() {
    let (database, mut client, truth) = loosened_shop();
    run(&mut client, SALE);
    let rows = |client: &mut Client| -> Vec<Vec<String>> {
        VIEWS
            .iter()
            .map(|view| {
                column(
                    client,
                    &format!("SELECT row FROM analytics.{view} AS row ORDER BY row"),
                )
            })
            .collect()
    };
    let before = rows(&mut client);
    let mut other = database.connect();
    for (begin, rollback) in [
        ("BEGIN", "ROLLBACK"),
        ("BEGIN; SAVEPOINT s", "ROLLBACK TO s; COMMIT"),
    ] {
        run(&mut other, &format!("{begin}; {RENAMING}"));
        assert_incremental(&refreshed(&mut other, "refresh('all')"));
        assert_ne!(rows(&mut other), before);
        run(&mut other, rollback);
        assert_eq!(rows(&mut client), before);
    }
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(truth.violations(&mut client), [""; 0]);
}

#[test]
fn a_refresh_leaves_to_the_next_one_what_its_snapshot_does_not_show() {
    let (database, mut client, truth) = loosened_shop();
    run(&mut client, RENAMING);
    let mut old = in_an_old_snapshot(&database);
    run(&mut client, SALE);
    assert_incremental(&refreshed(&mut old, "refresh('all')"));
    run(&mut old, "COMMIT");
    assert_ne!(truth.violations(&mut client), [""; 0]);
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(truth.violations(&mut client), [""; 0]);
}

#[test]
fn a_refresh_that_was_overtaken_does_not_put_back_what_was_true_before() {
    // What happens before the old snapshot, and what after it, before the newer refresh.
    for (before, after) in [
        (SALE, "DELETE FROM transactions.orders"),
        (RENAMING, SALE),
        (
            "DELETE FROM transactions.orders WHERE sold_at < '2024-06-01'",
            SALE,
        ),
        (SALE, "UPDATE transactions.orders SET gross_sale = gross_sale + 1"),
        (SALE, "TRUNCATE core.platforms"),
        ("TRUNCATE core.brands", RENAMING),
        (SALE, RENAMING),
    ] {
        let (database, mut client, truth) = loosened_shop();
        run(&mut client, before);
        let mut old = in_an_old_snapshot(&database);
        run(&mut client, after);
        let newer = refreshed(&mut client, "refresh('all')");
        assert_eq!(completed_and_failed(&newer).1, [""; 0], "{newer:?}");
        assert_overtaken(&refreshed(&mut old, "refresh('all')"));
        run(&mut old, "COMMIT");
        assert_eq!(
            violations_after_refresh(&mut client, &truth),
            [""; 0],
            "{before}; {after}"
        );
    }
}

/// A transaction that sees to its end what is committed now.
fn in_an_old_snapshot(database: &Database) -> Client {
    let mut session = database.connect();
    run(&mut session, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    session
}

/// Each row is right, or says that somebody else was faster.
fn assert_overtaken(rows: &[Refreshed]) {
    for row in rows.iter().filter(|row| row.status != "completed") {
        let message = row.error_message.as_deref().unwrap_or_default();
        assert!(
            message.contains("(SQLSTATE 40001)") || message.contains("(SQLSTATE 23505)"),
            "{row:?}"
        );
    }
}

// Views that come and go

#[test]
fn a_refresh_that_waited_for_the_views_to_be_made_anew_refreshes_the_new_ones() {
    for end in ["COMMIT", "ROLLBACK"] {
        let (database, mut client, _) = loosened_shop();
        let mut creator = database.connect();
        run(
            &mut creator,
            "BEGIN; SELECT * FROM metabase.create_all_views(drop_existing => true)",
        );
        let refresh = Background::start(database.connect(), REFRESH);
        refresh.wait_until_blocked(&mut client);
        run(&mut creator, end);
        assert_eq!(refresh.result().expect("no error escapes"), [["completed"]; 8]);
        run(&mut client, SALE);
        let truth = Truth::of(&mut client);
        assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0], "{end}");
    }
}

#[test]
fn views_are_made_anew_and_dropped_after_the_refresh_that_runs() {
    for call in [
        "SELECT created FROM metabase.create_all_views(drop_existing => true)",
        "SELECT metabase.drop_view('metabase_brand_analytics')",
    ] {
        let (database, mut client, _) = loosened_shop();
        run(&mut client, SALE);
        let mut refresher = database.connect();
        run(&mut refresher, "BEGIN");
        assert_incremental(&refreshed(&mut refresher, "refresh('all')"));
        let other = Background::start(database.connect(), call);
        other.wait_until_blocked(&mut client);
        run(&mut refresher, "COMMIT");
        other.result().expect("it succeeds");
        run(&mut client, RENAMING);
        run(
            &mut client,
            "SELECT * FROM metabase.create_view('metabase_brand_analytics')",
        );
        let truth = Truth::of(&mut client);
        assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0], "{call}");
    }
}

#[test]
fn the_others_are_refreshed_while_one_view_is_dropped() {
    let (database, mut client, _) = loosened_shop();
    run(&mut client, SALE);
    let mut dropper = database.connect();
    run(
        &mut dropper,
        "BEGIN; SELECT metabase.drop_view('metabase_platform_performance')",
    );
    let refresh = Background::start(
        database.connect(),
        "SELECT view_name FROM metabase.refresh('all') WHERE status = 'failed'",
    );
    refresh.wait_until_blocked(&mut client);
    run(&mut dropper, "COMMIT");
    assert_eq!(
        refresh.result().expect("no error escapes"),
        [["metabase_platform_performance"]]
    );
    run(
        &mut client,
        "SELECT * FROM metabase.create_view('metabase_platform_performance')",
    );
    let truth = Truth::of(&mut client);
    assert_eq!(truth.violations(&mut client), [""; 0]);
}
