//! Everything at once, for as long as one likes: writers, readers, refreshes, a worker, schedules, migrations and swaps of the shop's tables, killed
//! sessions and killed servers. After each round the views are the truth, and what the extension takes of the machine stays within bounds.
//!
//! `make soak MINUTES=30` prints a line a round; docs/soak.md has one run of it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use postgres::Client;
use proptest::prelude::*;
use proptest::sample::select;

use crate::changes::{any_change, draws, make_loosened_shop, some_with_savepoints};
use crate::cluster::{Cluster, value};
use crate::integrity::assert_sound;
use crate::shop::{Truth, VIEWS, column, run, violations_after_refresh};

/// How long a round is.
const ROUND: Duration = Duration::from_secs(10);
/// How many rounds there are, unless METABASE_VIEWS_SOAK_MINUTES asks for more.
const ROUNDS: u64 = 3;
/// Of so many rounds the last third is rough: sessions are ended, the worker's among them, and the server is killed. Before that a worker lives long
/// enough to show what it keeps.
const CYCLE: u64 = 12;
/// The kinds of what sessions do.
const KINDS: usize = 6;
/// Keys for writers to choose from, as a multiple of the hand-worked shop's.
const SCALE: u32 = 20;

/// Errors that sessions may run into. All else fails the test.
const ERRORS: [&str; 17] = [
    "0A000", // a plan whose columns have changed
    "22P02", // a value of a column that has changed its place
    "23502", // a key that is NULL
    "23505", // a key that is taken
    "25P02", // a statement in a transaction that failed before
    "3B001", // a savepoint in a transaction that failed before it
    "40001", // a row that somebody else has changed
    "40P01", // two who wait for each other
    "42703", // a column that is being renamed
    "42804", // a column that has another type for a moment
    "42P01", // a table that is being swapped
    "42P07", // a swap that was made and not followed yet
    "55000", // what a migration has taken away
    "55P03", // a row that somebody else keeps for long
    "57014", // a statement that waited for too long
    "57P01", // a session that was ended
    "57P03", // a server that begins
];

/// What is done to the shop's tables while all goes on: each leaves them as the shop knows them.
const ALTERATIONS: [&str; 9] = [
    "ALTER TABLE transactions.orders ADD COLUMN IF NOT EXISTS note text; ALTER TABLE transactions.orders DROP COLUMN note",
    "ALTER TABLE core.brands ADD COLUMN IF NOT EXISTS motto text DEFAULT 'none'",
    "ALTER TABLE core.brands RENAME COLUMN name TO title; ALTER TABLE core.brands RENAME COLUMN title TO name",
    "ALTER TABLE core.suppliers RENAME TO vendors; ALTER TABLE core.vendors RENAME TO suppliers",
    "SELECT metabase.before_migration(); ALTER TABLE transactions.orders ALTER gross_sale TYPE numeric; SELECT * FROM metabase.after_migration()",
    "SELECT metabase.before_migration(); ALTER TABLE core.platforms DROP COLUMN IF EXISTS spare; ALTER TABLE core.platforms ADD COLUMN spare text; \
     SELECT * FROM metabase.after_migration()",
    "CREATE TABLE core.brands_new (LIKE core.brands INCLUDING ALL); INSERT INTO core.brands_new TABLE core.brands; \
     ALTER TABLE core.brands RENAME TO brands_old; ALTER TABLE core.brands_new RENAME TO brands",
    "CREATE TABLE core.platforms_new (LIKE core.platforms INCLUDING ALL) PARTITION BY HASH (id); \
     CREATE TABLE core.platforms_0 PARTITION OF core.platforms_new FOR VALUES WITH (MODULUS 2, REMAINDER 0); \
     CREATE TABLE core.platforms_1 PARTITION OF core.platforms_new FOR VALUES WITH (MODULUS 2, REMAINDER 1); \
     INSERT INTO core.platforms_new TABLE core.platforms; \
     ALTER TABLE core.platforms RENAME TO platforms_old; ALTER TABLE core.platforms_new RENAME TO platforms",
    "CREATE TABLE core.platforms_new (LIKE core.platforms INCLUDING ALL); INSERT INTO core.platforms_new TABLE core.platforms; \
     ALTER TABLE core.platforms RENAME TO platforms_old; ALTER TABLE core.platforms_new RENAME TO platforms",
];

/// What is done outside of a transaction.
const MAINTENANCE: [&str; 4] = [
    "VACUUM FULL transactions.orders",
    "VACUUM FULL core.brands",
    "CLUSTER products.inventory USING inventory_pkey",
    "VACUUM ANALYZE",
];

/// What a session does again and again.
fn any_doing(kind: usize) -> BoxedStrategy<Vec<String>> {
    let one = |statement: String| vec![statement];
    match kind {
        0..=2 => some_with_savepoints(any_change(SCALE))
            .prop_map(|changes| vec![format!("BEGIN; {}; COMMIT", changes.join("; "))])
            .boxed(),
        3 => prop_oneof![
            select(&VIEWS[..]).prop_map(|view| format!("SELECT count(*) FROM analytics.{view}")),
            Just("SELECT * FROM metabase.view_status()".to_owned()),
            Just("SELECT metabase.sync_status()".to_owned()),
            Just("SELECT * FROM metabase.data_as_of()".to_owned()),
        ]
        .prop_map(one)
        .boxed(),
        4 => prop_oneof![
            4 => Just("SELECT * FROM metabase.refresh('all')".to_owned()),
            2 => select(&VIEWS[..]).prop_map(|view| format!("SELECT * FROM metabase.refresh_view('{view}', 'full')")),
            1 => Just("SELECT metabase.rebuild()".to_owned()),
            1 => Just("SELECT metabase.check_data()".to_owned()),
        ]
        .prop_map(one)
        .boxed(),
        _ => (select(&VIEWS[..]), select(&["realtime", "hourly", "* * * * *", "manual"][..]))
            .prop_map(|(view, strategy)| vec![format!("SELECT metabase.set_strategy('{view}', '{strategy}')"), "SELECT pg_sleep(0.5)".to_owned()])
            .boxed(),
    }
}

/// Does that until it is told to stop, through restarts.
fn go_on(cluster: &Cluster, kind: usize, is_over: &AtomicBool, done: &AtomicU32) {
    let connect = || {
        let mut client = cluster.reconnect("shop");
        // A session that is ended here is made anew below.
        let _ = client.batch_execute("SET lock_timeout = '2s'; SET statement_timeout = '20s'");
        client
    };
    let mut doing = draws(any_doing(kind));
    let mut client = connect();
    while !is_over.load(Ordering::Relaxed) {
        for statement in doing() {
            match client.batch_execute(&statement) {
                Ok(()) => {
                    done.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                Err(error) => assert!(is_expected(&error), "{statement}: {error:?}"),
            }
            if client.batch_execute("ROLLBACK").is_err() {
                client = connect();
                break;
            }
        }
    }
}

/// Whether a session may have run into an error, or has ended.
fn is_expected(error: &postgres::Error) -> bool {
    let Some(error) = error.as_db_error() else {
        return true;
    };
    // A table that was dropped after a statement had looked its name up.
    ERRORS.contains(&error.code().code()) || error.message().starts_with("could not open relation with OID")
}

/// Alters tables and, where it is rough, ends sessions, the worker's among them.
fn disturb(cluster: &Cluster, is_rough: bool, is_over: &AtomicBool) {
    let mut alteration = draws(select(&ALTERATIONS[..]));
    let mut maintenance = draws(select(&MAINTENANCE[..]));
    let end = match is_rough {
        true => {
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = 'shop' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
        }
        false => "SELECT",
    };
    let mut client = cluster.reconnect("shop");
    while !is_over.load(Ordering::Relaxed) {
        for statement in [
            "SET lock_timeout = '1s'",
            &format!("BEGIN; {}; COMMIT", alteration()),
            "ROLLBACK",
            maintenance(),
            end,
            "SELECT pg_sleep(0.5)",
        ] {
            if let Err(error) = client.batch_execute(statement) {
                assert!(is_expected(&error), "{statement}: {error:?}");
                if error.code().is_none() {
                    client = cluster.reconnect("shop");
                }
            }
        }
    }
}

/// What the extension takes of the machine.
#[derive(Clone, Debug)]
struct Figures {
    /// Kilobytes of memory of the worker that has most.
    worker: i64,
    /// Bytes of facts, rollups, queues and all else that is the extension's.
    state: i64,
    /// Bytes of the views.
    views: i64,
    /// Dead rows in both.
    dead: i64,
    /// Tables that a worker has locked which is idle.
    locks: i64,
    /// How many transactions ago the oldest snapshot of a worker was taken.
    snapshot: i64,
    /// Lines of the server's log that speak of the extension.
    lines: i64,
}

impl Figures {
    fn of(cluster: &Cluster, client: &mut Client) -> Figures {
        // What was removed is cleaned up by then.
        run(client, "SELECT pg_sleep(2)");
        let sum = |client: &mut Client, what: &str, schema: &str| -> i64 {
            value(
                client,
                &format!(
                    "SELECT coalesce(sum({what}), 0)::bigint FROM pg_class AS relation
                     LEFT JOIN pg_stat_user_tables AS stat ON stat.relid = relation.oid
                     WHERE relation.relnamespace = '{schema}'::regnamespace AND relation.relkind IN ('r', 'm')"
                ),
            )
        };
        let workers = "FROM pg_stat_activity AS worker WHERE worker.backend_type LIKE 'metabase_views%'";
        let pids = column(client, &format!("SELECT worker.pid {workers}"));
        Figures {
            worker: pids.iter().map(|pid| memory(pid)).max().unwrap_or(0),
            state: sum(
                client,
                "pg_total_relation_size(relation.oid)",
                "metabase_internal",
            ),
            views: sum(client, "pg_total_relation_size(relation.oid)", "analytics"),
            dead: sum(client, "n_dead_tup", "metabase_internal") + sum(client, "n_dead_tup", "analytics"),
            locks: value(
                client,
                &format!(
                    "SELECT count(*) FROM pg_locks WHERE relation IS NOT NULL AND pid IN (SELECT worker.pid {workers} AND worker.state = 'idle')"
                ),
            ),
            snapshot: value(
                client,
                &format!("SELECT coalesce(max(age(worker.backend_xmin)), 0)::bigint {workers}"),
            ),
            lines: cluster.logged("metabase_views").len() as i64,
        }
    }
}

/// Kilobytes that a process has of its own and in use.
fn memory(pid: &str) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let anonymous = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = anonymous.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
    kilobytes.unwrap_or(0)
}

#[test]
fn a_shop_that_is_used_altered_and_killed_keeps_its_views_right_and_its_machine() {
    let minutes: Option<u64> = std::env::var("METABASE_VIEWS_SOAK_MINUTES")
        .ok()
        .map(|minutes| minutes.parse().expect("a number of minutes"));
    let cycle = minutes.map_or(ROUNDS, |_| CYCLE);
    let cluster = Cluster::make(
        "soak",
        &[
            "fsync=off",
            "shared_preload_libraries=metabase_views",
            "autovacuum_naptime=1s",
            "max_connections=60",
        ],
    );
    let mut client = cluster.create_database("shop");
    make_loosened_shop(&mut client);
    let begin = Instant::now();
    let mut figures: Vec<Figures> = Vec::new();
    println!("  time  done      worker     state     views   dead  log");
    for round in 0.. {
        let is_enough = match minutes {
            Some(minutes) => begin.elapsed() >= Duration::from_secs(minutes * 60),
            None => round == ROUNDS,
        };
        if is_enough {
            break;
        }
        let is_over = AtomicBool::new(false);
        let done: [AtomicU32; KINDS] = Default::default();
        let in_cycle = round % cycle;
        let is_rough = in_cycle >= cycle * 2 / 3;
        scope(|scope| {
            let (is_over, cluster) = (&is_over, &cluster);
            for (kind, done) in done.iter().enumerate() {
                scope.spawn(move || go_on(cluster, kind, is_over, done));
            }
            scope.spawn(move || disturb(cluster, is_rough, is_over));
            sleep(ROUND);
            if is_rough && in_cycle.is_multiple_of(2) {
                cluster.kill();
                cluster.start_again();
            }
            is_over.store(true, Ordering::Relaxed);
        });
        for ended in ["PANIC", "was terminated by signal"] {
            assert_eq!(cluster.logged(ended), [""; 0]);
        }
        let done = done.map(AtomicU32::into_inner);
        assert!(done.iter().all(|done| *done > 0), "{done:?}");
        client = cluster.reconnect("shop");
        settle(&mut client);
        let now = Figures::of(&cluster, &mut client);
        println!(
            "{:>5}s {:>5} {:>8} kB {:>6} kB {:>6} kB {:>6} {:>4}",
            begin.elapsed().as_secs(),
            done.iter().sum::<u32>(),
            now.worker,
            now.state / 1024,
            now.views / 1024,
            now.dead,
            now.lines,
        );
        figures.push(now);
    }
    assert_sound(&mut client);
    assert_bounded(&figures);
}

/// Ends what a round has left open, has the views follow, and compares them with the truth.
fn settle(client: &mut Client) {
    run(
        client,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop' AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    if value(client, "SELECT EXISTS (SELECT FROM metabase_internal.migration)") {
        run(client, "SELECT * FROM metabase.after_migration()");
    }
    // What was swapped is not dropped while adapters read it.
    run(client, "SELECT * FROM metabase.refresh('all')");
    for table in [
        "core.brands_old",
        "core.platforms_old",
        "core.brands_new",
        "core.platforms_new",
    ] {
        run(client, &format!("DROP TABLE IF EXISTS {table}"));
    }
    let truth = Truth::of(client);
    assert_eq!(violations_after_refresh(client, &truth), [""; 0]);
}

/// Nothing grows with time: the last third of the rounds has hardly more than the first one had.
fn assert_bounded(figures: &[Figures]) {
    let does_not_grow = |what: &str, allowance: i64, of: fn(&Figures) -> i64| {
        let third = figures.len().div_ceil(3);
        let (first, last) = (&figures[..third], &figures[figures.len() - third..]);
        let most = |figures: &[Figures]| figures.iter().map(of).max().unwrap_or(0);
        assert!(
            most(last) <= most(first) * 3 / 2 + allowance,
            "{what}: {figures:#?}"
        );
    };
    does_not_grow("the worker's memory in kB", 16_384, |figures| figures.worker);
    does_not_grow("the state's bytes", 16 << 20, |figures| figures.state);
    does_not_grow("the views' bytes", 16 << 20, |figures| figures.views);
    does_not_grow("dead rows", 50_000, |figures| figures.dead);
    for now in figures {
        assert!(
            now.worker < 100_000 && now.snapshot < 100_000 && now.locks == 0,
            "{now:?}"
        );
    }
    let lines = figures.last().map_or(0, |last| last.lines);
    assert!(lines < 100 * figures.len() as i64, "{lines} lines of the log");
}
