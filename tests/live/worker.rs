//! The life of the background workers: when they come and go, what they survive, and whom they never keep waiting.
//!
//! Each test has a cluster of its own, since workers are there only where the server has loaded the library at its start.

use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres::Client;

use crate::cluster::{Cluster, PRELOADED, create_all_views, run_file, value};
use crate::sessions::{Background, wait_for, wait_until};
use crate::shop::{SALE, column, run, shop_on};

/// Whether this database has a worker.
pub const HAS_WORKER: &str = "SELECT EXISTS (
                              SELECT FROM pg_stat_activity
                              WHERE backend_type = 'metabase_views worker' AND datname = current_database()
                          )";
const HAS_NO_WORKER: &str = "SELECT NOT EXISTS (
                                 SELECT FROM pg_stat_activity
                                 WHERE backend_type = 'metabase_views worker' AND datname = current_database()
                             )";

const WORKER_PID: &str = "SELECT pid FROM pg_stat_activity
                          WHERE backend_type = 'metabase_views worker' AND datname = current_database()";

/// A cluster whose workers react to changes at once.
fn cluster(name: &str, settings: &'static [&'static str]) -> Cluster {
    let cluster = Cluster::make(name, settings);
    cluster.configure("event_delay", "0");
    cluster
}

/// A cluster with the hand-worked shop in database `shop`, its seven views, and a worker that has begun.
pub fn shop_cluster(name: &str) -> (Cluster, Client) {
    let cluster = cluster(name, PRELOADED);
    let client = create_shop(&cluster);
    (cluster, client)
}

fn create_shop(cluster: &Cluster) -> Client {
    let mut client = shop_on(cluster);
    create_all_views(&mut client);
    keeps_fresh(&mut client);
    client
}

/// Lets time go by for the schedule of the shop. However much it is, each view becomes due once at most.
fn let_pass(cluster: &Cluster, shop: &mut Client, seconds: i32) {
    // What the log tells of has been at the time that it was at.
    run(
        shop,
        &format!(
            "UPDATE metabase_internal.refresh_log SET started_at = started_at - interval '{seconds} seconds'
             WHERE status <> 'running'"
        ),
    );
    let offset: i32 = value(
        shop,
        "SELECT coalesce(max(setting::int), 0) FROM pg_file_settings WHERE name = 'metabase_views.clock_offset'",
    );
    cluster.configure("clock_offset", &(offset + seconds).to_string());
}

/// Whether a view shows each [`SALE`]: on a platform that nothing else was sold on.
pub const IS_FRESH: &str = "SELECT (
                                SELECT coalesce(sum(total_orders), 0)
                                FROM analytics.metabase_executive_metrics WHERE platform_name = 'GOAT'
                            ) = (
                                SELECT count(*) FROM transactions.orders
                                WHERE platform_id = '10000000-0000-0000-0000-000000000004'
                            )";

/// Makes sure that the schedule goes on: what is sold now is shown without anybody asking for it.
#[track_caller]
fn keeps_fresh(client: &mut Client) {
    run(client, SALE);
    wait_until(client, IS_FRESH);
}

/// A view of the user's own that is due each minute. Filling it takes as many seconds as table `slowness` says: none at first.
fn create_slow_view(client: &mut Client) {
    run(
        client,
        "CREATE TABLE slowness AS SELECT 0 AS seconds;
         SELECT metabase.create_custom_view(
             'slow', 'SELECT 1 AS a, pg_sleep(seconds) IS NULL AS slept FROM public.slowness', ARRAY['a']
         );
         SELECT * FROM metabase.set_strategy('slow', '* * * * *')",
    );
    wait_until_scheduled(client, "slow");
}

fn wait_until_scheduled(client: &mut Client, view: &str) {
    wait_until(
        client,
        &format!(
            "SELECT EXISTS (
                 SELECT FROM metabase_internal.schedule_state WHERE view_name = '{view}' AND next_due IS NOT NULL
             )"
        ),
    );
}

/// Has the worker refresh the slow view, and comes back in the middle of that. It would be fast next time.
fn start_slow_refresh(cluster: &Cluster, client: &mut Client) {
    run(client, "UPDATE slowness SET seconds = 600");
    let_pass(cluster, client, 60);
    wait_until(
        client,
        "SELECT EXISTS (
             SELECT FROM pg_stat_activity
             WHERE backend_type = 'metabase_views worker' AND datname = current_database() AND wait_event = 'PgSleep'
         )",
    );
    assert_eq!(column(client, SLOW_RUNS), ["running"]);
    run(client, "UPDATE slowness SET seconds = 0");
}

/// How the runs of the slow view have ended, in their order.
const SLOW_RUNS: &str = "SELECT concat_ws(' ', status, sqlstate)
                         FROM metabase.refresh_history WHERE view_name = 'slow' AND cause <> 'call' ORDER BY id";

/// Waits until the worker's last run of a view is in this state, and returns that run's error.
fn wait_for_run(client: &mut Client, view: &str, status: &str) -> Option<String> {
    wait_until(
        client,
        &format!(
            "SELECT coalesce((
                 SELECT status = '{status}' FROM metabase.refresh_history WHERE view_name = '{view}' AND cause <> 'call'
                 ORDER BY id DESC LIMIT 1
             ), false)"
        ),
    );
    value(
        client,
        &format!(
            "SELECT error_message FROM metabase.refresh_history WHERE view_name = '{view}' ORDER BY id DESC LIMIT 1"
        ),
    )
}

// Coming and going

#[test]
fn a_worker_comes_and_goes_with_the_extension() {
    let cluster = cluster("worker-extension", PRELOADED);
    let mut client = cluster.create_database("shop");

    // What is rolled back has never been there.
    run(&mut client, "BEGIN; CREATE EXTENSION metabase_views; ROLLBACK");
    sleep(Duration::from_secs(1));
    assert_eq!(column(&mut client, WORKER_PID), [""; 0]);

    for _ in 0..3 {
        run(&mut client, "CREATE EXTENSION metabase_views");
        // One that has looked before there was the extension may still be leaving: idle is the one that stays.
        wait_until(
            &mut client,
            "SELECT coalesce((metabase.sync_status() -> 'worker' ->> 'idle')::boolean, false)",
        );
        let pid = column(&mut client, WORKER_PID);
        // There is no newer version.
        run(&mut client, "ALTER EXTENSION metabase_views UPDATE");
        assert_eq!(column(&mut client, WORKER_PID), pid);
        // The worker gets out of the way of this, and comes back.
        run(&mut client, "BEGIN; DROP EXTENSION metabase_views; ROLLBACK");
        wait_until(&mut client, HAS_WORKER);
        run(&mut client, "DROP EXTENSION metabase_views");
        wait_until(&mut client, HAS_NO_WORKER);
    }

    // However fast they follow each other, the last one counts.
    for _ in 0..10 {
        run(&mut client, "CREATE EXTENSION metabase_views");
        run(&mut client, "DROP EXTENSION metabase_views");
    }
    run(&mut client, "CREATE EXTENSION metabase_views");
    run_file(&mut client, "demo/schema.sql");
    run_file(&mut client, "tests/hand_worked/shop.sql");
    create_all_views(&mut client);
    keeps_fresh(&mut client);
    run(&mut client, "ALTER EXTENSION metabase_views UPDATE");
    keeps_fresh(&mut client);
}

#[test]
fn the_worker_checks_the_data_once_the_views_are_there() {
    let cluster = cluster("worker-check", PRELOADED);
    let mut client = cluster.create_database("shop");
    run_file(&mut client, "demo/schema.sql");
    run_file(&mut client, "tests/hand_worked/shop.sql");
    run(
        &mut client,
        "CREATE EXTENSION metabase_views; SELECT metabase.set_setting('daily_check', 'off')",
    );
    create_all_views(&mut client);
    keeps_fresh(&mut client);
    let data = "SELECT coalesce(metabase.sync_status() ->> 'data', '')";
    assert_eq!(column(&mut client, data), [""]);
    run(&mut client, "SELECT metabase.set_setting('daily_check', NULL)");
    keeps_fresh(&mut client);
    wait_until(
        &mut client,
        "SELECT coalesce((metabase.sync_status() -> 'data' -> 'findings' ->> 'error')::integer > 0, false)",
    );
}

/// What a check calls of a source may go on although it was cancelled, so that its process has to be ended. The next one leaves the check alone
/// for an hour, and refreshes.
#[test]
fn a_check_that_ends_its_worker_is_not_begun_again_at_once() {
    let cluster = cluster(
        "worker-check-lost",
        &[
            "fsync=off",
            "shared_preload_libraries=metabase_views",
            "metabase_views.statement_timeout=1s",
        ],
    );
    let mut client = cluster.create_database("shop");
    run_file(&mut client, "demo/schema.sql");
    run_file(&mut client, "tests/hand_worked/shop.sql");
    run(
        &mut client,
        "CREATE FUNCTION core.dawdles() RETURNS boolean LANGUAGE plpgsql STABLE AS $$
         DECLARE
             called text;
         BEGIN
             GET DIAGNOSTICS called = PG_CONTEXT;
             WHILE called ~ 'flawed' LOOP
                 BEGIN
                     PERFORM pg_sleep(100);
                 EXCEPTION WHEN query_canceled THEN
                     NULL;
                 END;
             END LOOP;
             RETURN true;
         END $$;
         CREATE ROLE shop_of_check;
         ALTER TABLE core.suppliers ENABLE ROW LEVEL SECURITY;
         CREATE POLICY dawdling ON core.suppliers USING (core.dawdles());
         CREATE EXTENSION metabase_views;
         SELECT metabase.grant_operator('shop_of_check');
         GRANT EXECUTE ON FUNCTION core.dawdles() TO PUBLIC;
         SET ROLE shop_of_check;
         SELECT * FROM metabase.create_all_views();
         RESET ROLE",
    );
    let worker = "SELECT coalesce((metabase.sync_status() -> 'worker' ->> 'pid')::integer, 0)";
    wait_until(
        &mut client,
        "SELECT EXISTS (SELECT FROM metabase_internal.data_check WHERE begun_at IS NOT NULL AND checked_at IS NULL)",
    );
    let checking: i32 = value(&mut client, worker);
    wait_until(&mut client, &format!("SELECT ({worker}) NOT IN (0, {checking})"));
    let next: i32 = value(&mut client, worker);
    run(&mut client, "UPDATE core.brands SET name = name || '.'");
    wait_until(
        &mut client,
        "SELECT (metabase.sync_status() -> 'worker' ->> 'idle')::boolean",
    );
    let begun = "SELECT begun_at::text FROM metabase_internal.data_check";
    let before = column(&mut client, begun);
    run(&mut client, "SELECT pg_sleep(3)");
    assert_eq!(column(&mut client, begun), before);
    assert_eq!(value::<i32>(&mut client, worker), next);
}

#[test]
fn an_idle_worker_holds_nothing_and_costs_nothing() {
    let (_cluster, mut client) = shop_cluster("worker-idle");
    wait_until(
        &mut client,
        "SELECT (metabase.sync_status() -> 'worker' ->> 'idle')::boolean",
    );
    let processes =
        "SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'metabase\\_views%' ORDER BY pid";
    assert_eq!(column(&mut client, processes).len(), 2);
    let held = "SELECT row(backend_type, state, backend_xmin, backend_xid) FROM pg_stat_activity
                WHERE backend_type LIKE 'metabase\\_views%' AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)";
    let locks = "SELECT pg_locks FROM pg_locks JOIN pg_stat_activity USING (pid)
                 WHERE backend_type LIKE 'metabase\\_views%'";
    // Whatever was to be done after the last change has been done.
    sleep(Duration::from_secs(1));
    let pids = column(&mut client, processes);
    let before: Vec<u64> = pids.iter().map(|pid| cpu_ticks(pid)).collect();
    for _ in 0..30 {
        assert_eq!(column(&mut client, held), [""; 0]);
        assert_eq!(column(&mut client, locks), [""; 0]);
        sleep(Duration::from_millis(100));
    }
    let after: Vec<u64> = pids.iter().map(|pid| cpu_ticks(pid)).collect();
    // Hundredths of a second.
    for (before, after) in before.iter().zip(&after) {
        assert!(after - before <= 2, "{before} {after}");
    }
    keeps_fresh(&mut client);
}

/// The processor time that a process has taken so far, in hundredths of a second.
fn cpu_ticks(pid: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is there");
    // The second field, a name in parentheses, may hold blanks. Those behind it begin with the third.
    let (_, fields) = stat.rsplit_once(')').expect("a name in parentheses");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    [11, 12]
        .iter()
        .map(|field| fields[*field].parse::<u64>().expect("a number"))
        .sum()
}

#[test]
fn nothing_is_started_where_the_server_runs_for_pg_upgrade() {
    let (mut cluster, client) = shop_cluster("worker-upgrade");
    drop(client);
    cluster.stop();
    cluster.start_with(&["-b"]);
    let mut client = cluster.connect("shop");
    sleep(Duration::from_secs(1));
    let processes = "SELECT backend_type FROM pg_stat_activity WHERE backend_type LIKE 'metabase\\_views%'";
    assert_eq!(column(&mut client, processes), [""; 0]);
    run(&mut client, SALE);
    drop(client);
    cluster.stop();
    cluster.start();
    // What was written meanwhile was captured.
    wait_until(&mut cluster.connect("shop"), IS_FRESH);
}

#[test]
fn a_standby_has_a_worker_once_it_is_promoted() {
    let (mut primary, client) = shop_cluster("worker-primary");
    drop(client);
    let standby = primary.standby("worker-standby");
    let mut on_standby = standby.connect("shop");
    run(&mut primary.connect("shop"), SALE);
    wait_until(&mut on_standby, IS_FRESH);
    let processes = "SELECT backend_type FROM pg_stat_activity WHERE backend_type LIKE 'metabase\\_views%'";
    assert_eq!(column(&mut on_standby, processes), [""; 0]);
    // Whoever asks there is answered, too.
    let alive: bool = value(
        &mut on_standby,
        "SELECT (metabase.sync_status() -> 'worker' ->> 'alive')::boolean",
    );
    assert!(!alive);
    primary.kill();
    run(&mut on_standby, "SELECT pg_promote()");
    keeps_fresh(&mut on_standby);
    primary.start();
}

// What is survived

#[test]
fn whichever_process_is_ended_comes_back() {
    let (cluster, mut client) = shop_cluster("worker-ended");
    let terminate = |client: &mut Client, backend_type: &str| {
        let pid: i32 = value(
            client,
            &format!(
                "SELECT pg_terminate_backend(pid, 10000)::int * pid FROM pg_stat_activity WHERE backend_type = '{backend_type}'"
            ),
        );
        assert_ne!(pid, 0);
        pid
    };
    let worker = terminate(&mut client, "metabase_views worker");
    keeps_fresh(&mut client);
    let launcher = terminate(&mut client, "metabase_views launcher");
    keeps_fresh(&mut client);
    wait_until(
        &mut client,
        &format!(
            "SELECT count(*) = 2 AND bool_and(pid NOT IN ({worker}, {launcher})) FROM pg_stat_activity
             WHERE backend_type LIKE 'metabase\\_views%'"
        ),
    );
    // Without the launcher, nobody else would start a worker.
    terminate(&mut client, "metabase_views launcher");
    terminate(&mut client, "metabase_views worker");
    keeps_fresh(&mut client);
    // A query of it that is cancelled does not end it, nor the schedule.
    for _ in 0..3 {
        run(
            &mut client,
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'metabase\\_views%'",
        );
        keeps_fresh(&mut client);
    }

    // The server takes a killed process for a crash: it ends all sessions and recovers.
    for backend_type in ["metabase_views worker", "metabase_views launcher"] {
        let pid: i32 = value(
            &mut client,
            &format!("SELECT pid FROM pg_stat_activity WHERE backend_type = '{backend_type}'"),
        );
        let killed = std::process::Command::new("kill")
            .args(["-KILL", &pid.to_string()])
            .status();
        assert!(killed.expect("kill can be run").success());
        while client.is_valid(Duration::from_secs(1)).is_ok() {
            sleep(Duration::from_millis(10));
        }
        client = cluster.reconnect("shop");
        keeps_fresh(&mut client);
    }
}

#[test]
fn a_refresh_neither_delays_a_shutdown_nor_is_lost_by_it() {
    let (mut cluster, mut client) = shop_cluster("worker-shutdown");
    create_slow_view(&mut client);
    start_slow_refresh(&cluster, &mut client);
    drop(client);
    let begin = Instant::now();
    cluster.stop();
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());

    cluster.start();
    client = cluster.connect("shop");
    wait_for_run(&mut client, "slow", "completed");
    assert_eq!(column(&mut client, SLOW_RUNS), ["failed 57P01", "completed"]);
    keeps_fresh(&mut client);
}

#[test]
fn a_refresh_that_a_crash_interrupts_is_told_of_and_made_up() {
    let (mut cluster, mut client) = shop_cluster("worker-crash");
    create_slow_view(&mut client);
    start_slow_refresh(&cluster, &mut client);
    drop(client);
    cluster.kill();
    cluster.start();
    client = cluster.connect("shop");
    wait_for_run(&mut client, "slow", "completed");
    let runs = "SELECT row(cause, status, error_message) FROM metabase.refresh_history
                WHERE view_name = 'slow' AND cause <> 'call' ORDER BY id";
    assert_eq!(
        column(&mut client, runs),
        [
            "(schedule,failed,\"the server or its background worker ended before the refresh did\")",
            "(retry,completed,)"
        ]
    );
    keeps_fresh(&mut client);
}

#[test]
fn changed_settings_are_heeded_without_a_restart() {
    let (cluster, mut client) = shop_cluster("worker-settings");
    // The database is not served any more, then it is again.
    cluster.configure("databases", "other, \"and another\"");
    wait_until(&mut client, HAS_NO_WORKER);
    cluster.configure("databases", "other,shop");
    wait_until(&mut client, HAS_WORKER);
    keeps_fresh(&mut client);

    // What is set for sessions of this database, a worker that comes into it does not go by.
    run(
        &mut client,
        "ALTER DATABASE shop SET default_transaction_read_only = on;
         ALTER DATABASE shop SET default_transaction_isolation = 'serializable';
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'metabase_views worker'",
    );
    keeps_fresh(&mut client);

    // Nothing is shown before the delay is over, even if the worker looks meanwhile, and at once when there is none any more.
    // A worker hears of a setting in its own time, so the first sales may still be shown at once.
    cluster.configure("event_delay", "1h");
    let is_held_back = (0..60).any(|_| {
        run(&mut client, SALE);
        run(
            &mut client,
            "SELECT * FROM metabase.set_strategy('metabase_brand_analytics', 'weekly')",
        );
        sleep(Duration::from_secs(1));
        !value::<bool>(&mut client, IS_FRESH)
    });
    assert!(is_held_back);
    cluster.configure("event_delay", "0");
    wait_until(&mut client, IS_FRESH);
}

// Whom they never keep waiting

#[test]
fn a_database_can_be_copied_renamed_and_dropped_although_it_has_a_worker() {
    let (cluster, mut client) = shop_cluster("worker-databases");
    create_slow_view(&mut client);
    let mut elsewhere = cluster.connect("postgres");

    // While the worker is idle.
    drop(client);
    run(&mut elsewhere, "CREATE DATABASE copy TEMPLATE shop");
    let mut copy = cluster.connect("copy");
    keeps_fresh(&mut copy);
    keeps_fresh(&mut cluster.connect("shop"));
    run(&mut elsewhere, "ALTER DATABASE shop RENAME TO store");
    keeps_fresh(&mut cluster.connect("store"));
    // In a transaction, the worker has to stay away until the end.
    run(
        &mut elsewhere,
        "BEGIN; ALTER DATABASE store RENAME TO shop; SELECT pg_sleep(0.5); COMMIT",
    );
    client = cluster.connect("shop");
    keeps_fresh(&mut client);
    run(&mut elsewhere, "ALTER DATABASE shop SET TABLESPACE pg_default");

    // In mid-refresh.
    start_slow_refresh(&cluster, &mut client);
    drop(client);
    run(&mut elsewhere, "CREATE DATABASE second_copy TEMPLATE shop");
    client = cluster.connect("shop");
    wait_for_run(&mut client, "slow", "completed");
    keeps_fresh(&mut client);
    keeps_fresh(&mut cluster.connect("second_copy"));

    // A command that fails for somebody else's session lets the worker come back.
    let reader = cluster.connect("second_copy");
    elsewhere
        .batch_execute("DROP DATABASE second_copy")
        .expect_err("somebody is connected");
    drop(reader);
    keeps_fresh(&mut cluster.connect("second_copy"));

    run(&mut elsewhere, "DROP DATABASE second_copy");
    run(
        &mut client,
        "DELETE FROM metabase_internal.refresh_log WHERE view_name = 'slow'",
    );
    start_slow_refresh(&cluster, &mut client);
    drop(client);
    run(&mut elsewhere, "DROP DATABASE shop");
    keeps_fresh(&mut copy);
}

#[test]
fn a_template_has_no_worker() {
    let (cluster, mut client) = shop_cluster("worker-template");
    run(&mut client, "ALTER DATABASE shop IS_TEMPLATE true");
    wait_until(&mut client, HAS_NO_WORKER);
    run(&mut client, SALE);
    drop(client);
    run(
        &mut cluster.connect("postgres"),
        "CREATE DATABASE copy TEMPLATE shop",
    );
    // The copy is none, and has what was sold before.
    wait_until(&mut cluster.connect("copy"), IS_FRESH);
    let mut client = cluster.connect("shop");
    assert!(value::<bool>(&mut client, HAS_NO_WORKER));
    run(&mut client, "ALTER DATABASE shop IS_TEMPLATE false");
    wait_until(&mut client, IS_FRESH);
}

// Room

#[test]
fn without_room_for_a_worker_refreshes_wait_and_the_log_says_so_once() {
    const NO_ROOM: &str = "there is no room for a background worker";
    // The launcher and the server's own for logical replication take the two that there are.
    let mut cluster = cluster(
        "worker-room",
        &[
            "fsync=off",
            "shared_preload_libraries=metabase_views",
            "max_worker_processes=2",
        ],
    );
    let mut client = cluster.create_database("shop");
    run(&mut client, "CREATE EXTENSION metabase_views");
    run_file(&mut client, "demo/schema.sql");
    run_file(&mut client, "tests/hand_worked/shop.sql");
    create_all_views(&mut client);
    run(&mut client, SALE);
    sleep(Duration::from_secs(5));
    assert!(!value::<bool>(&mut client, IS_FRESH));
    assert_eq!(cluster.logged(NO_ROOM).len(), 1);
    drop(client);
    cluster.stop();
    cluster.start_with(&["max_worker_processes=3"]);
    client = cluster.connect("shop");
    wait_until(&mut client, IS_FRESH);

    // With room for one, databases take turns, about which there is nothing to say each time.
    drop(client);
    run(
        &mut cluster.connect("postgres"),
        "CREATE DATABASE copy TEMPLATE shop",
    );
    for _ in 0..3 {
        for database in ["shop", "copy"] {
            run(&mut cluster.connect(database), SALE);
        }
        for database in ["shop", "copy"] {
            wait_until(&mut cluster.connect(database), IS_FRESH);
        }
    }
    assert!(
        cluster.logged(NO_ROOM).len() <= 2,
        "{:?}",
        cluster.logged(NO_ROOM)
    );
}

#[test]
fn many_databases_take_turns_in_few_workers() {
    const COPIES: usize = 49;
    let cluster = cluster(
        "worker-turns",
        &[
            "fsync=off",
            "shared_preload_libraries=metabase_views",
            "max_worker_processes=8",
        ],
    );
    drop(create_shop(&cluster));
    let mut client = cluster.connect("postgres");
    let mut databases = vec!["shop".to_owned()];
    for number in 1..=COPIES {
        let name = format!("copy_{number}");
        run(&mut client, &format!("CREATE DATABASE {name} TEMPLATE shop"));
        databases.push(name);
    }
    for database in &databases {
        run(&mut cluster.connect(database), SALE);
    }
    for database in &databases {
        wait_until(&mut cluster.connect(database), IS_FRESH);
    }
}

// Views that cannot be refreshed

#[test]
fn a_view_that_fails_is_tried_again_later_and_later_and_harms_no_other() {
    let (cluster, mut client) = shop_cluster("worker-failing");
    run(
        &mut client,
        "CREATE TABLE divisor AS SELECT 1 AS number;
         SELECT metabase.create_custom_view('failing', 'SELECT 1 / number AS a FROM public.divisor', ARRAY['a']);
         SELECT * FROM metabase.set_strategy('failing', '* * * * *');
         UPDATE divisor SET number = 0",
    );
    wait_until_scheduled(&mut client, "failing");
    let_pass(&cluster, &mut client, 60);
    for failures in 1..=4 {
        wait_until(
            &mut client,
            &format!(
                "SELECT failures = {failures} FROM metabase_internal.schedule_state WHERE view_name = 'failing'"
            ),
        );
        // Half a minute the first time and then twice as much each time, give or take a fifth.
        let delay: f64 = value(
            &mut client,
            "SELECT extract(epoch FROM retry_at - (
                        SELECT max(completed_at) FROM metabase.refresh_history WHERE view_name = 'failing'
                    ))::float8
                    - (SELECT setting::int FROM pg_file_settings WHERE name = 'metabase_views.clock_offset')
             FROM metabase_internal.schedule_state WHERE view_name = 'failing'",
        );
        let expected = 30.0 * f64::from(1 << (failures - 1));
        assert!(
            (expected * 0.8 - 1.0..expected * 1.2 + 1.0).contains(&delay),
            "{delay} after {failures} failures"
        );
        keeps_fresh(&mut client);
        let_pass(&cluster, &mut client, 600);
    }
    let last_error: String = value(
        &mut client,
        "SELECT last_error FROM metabase.view_status('failing')",
    );
    assert_eq!(last_error, "division by zero (SQLSTATE 22012)");

    run(&mut client, "UPDATE divisor SET number = 1");
    let_pass(&cluster, &mut client, 7200);
    wait_for_run(&mut client, "failing", "completed");
    // What the schedule knows of it is written after its run is.
    wait_until(
        &mut client,
        "SELECT failures = 0 AND retry_at IS NULL FROM metabase_internal.schedule_state WHERE view_name = 'failing'",
    );
    keeps_fresh(&mut client);
}

#[test]
fn an_owner_may_be_renamed_and_lose_privileges_for_a_while() {
    let cluster = cluster("worker-owner", PRELOADED);
    let mut client = cluster.create_database("shop");
    run(&mut client, "CREATE EXTENSION metabase_views; CREATE ROLE seller");
    run_file(&mut client, "demo/schema.sql");
    run_file(&mut client, "tests/hand_worked/shop.sql");
    run(
        &mut client,
        "SELECT metabase.grant_operator('seller'); SET SESSION AUTHORIZATION seller",
    );
    create_all_views(&mut client);
    run(&mut client, "RESET SESSION AUTHORIZATION");
    keeps_fresh(&mut client);

    run(&mut client, "ALTER ROLE seller RENAME TO trader");
    keeps_fresh(&mut client);
    let last_run = "SELECT requested_by FROM metabase.refresh_history ORDER BY id DESC LIMIT 1";
    assert_eq!(column(&mut client, last_run), ["trader"]);

    // A view of somebody else's goes on meanwhile.
    create_slow_view(&mut client);
    run(&mut client, "REVOKE SELECT ON transactions.orders FROM trader");
    run(&mut client, SALE);
    let error = wait_for_run(&mut client, "metabase_executive_metrics", "failed");
    assert_eq!(
        error.as_deref(),
        Some("permission denied for table orders (SQLSTATE 42501)")
    );
    let_pass(&cluster, &mut client, 60);
    wait_for_run(&mut client, "slow", "completed");
    assert!(!value::<bool>(&mut client, IS_FRESH));

    run(&mut client, "GRANT SELECT ON transactions.orders TO trader");
    let_pass(&cluster, &mut client, 3600);
    wait_until(&mut client, IS_FRESH);
    wait_until(
        &mut client,
        "SELECT (metabase.sync_status() -> 'worker' ->> 'idle')::boolean",
    );
    // Until grant_operator() is called again, changes of that table are not captured: the views are refreshed at their times.
    run(&mut client, SALE);
    let_pass(&cluster, &mut client, 3600);
    wait_until(&mut client, IS_FRESH);
}

#[test]
fn a_refresh_that_waits_too_long_for_a_lock_fails_and_is_made_up() {
    let (cluster, mut client) = shop_cluster("worker-lock");
    create_slow_view(&mut client);
    cluster.configure("lock_timeout", "500ms");
    cluster.configure("event_delay", "1h");
    wait_until(
        &mut client,
        "SELECT current_setting('metabase_views.event_delay') = '1h'",
    );
    run(&mut client, SALE);
    let mut owner = cluster.connect("shop");
    run(&mut owner, "BEGIN; LOCK TABLE transactions.orders");
    cluster.configure("event_delay", "0");
    let error = wait_for_run(&mut client, "metabase_executive_metrics", "failed").unwrap_or_default();
    assert!(
        error.starts_with(
            "materialized view analytics.metabase_executive_metrics was not refreshed: one of the tables that it reads could not be \
             locked within lock_timeout (SQLSTATE 55P03)\nSomebody alters or locks it: "
        ),
        "{error}"
    );
    // What needs no such lock is refreshed meanwhile.
    let_pass(&cluster, &mut client, 60);
    wait_for_run(&mut client, "slow", "completed");
    run(&mut owner, "COMMIT");
    let_pass(&cluster, &mut client, 3600);
    wait_until(&mut client, IS_FRESH);
    keeps_fresh(&mut client);
}

#[test]
fn a_refresh_that_takes_too_long_or_is_cancelled_fails_and_is_made_up() {
    let (cluster, mut client) = shop_cluster("worker-timeout");
    create_slow_view(&mut client);
    start_slow_refresh(&cluster, &mut client);
    run(
        &mut client,
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'metabase_views worker'",
    );
    let error = wait_for_run(&mut client, "slow", "failed");
    assert_eq!(
        error.as_deref(),
        Some("canceling statement due to user request (SQLSTATE 57014)")
    );
    keeps_fresh(&mut client);

    cluster.configure("statement_timeout", "1s");
    run(&mut client, "UPDATE slowness SET seconds = 600");
    let_pass(&cluster, &mut client, 60);
    wait_until(
        &mut client,
        "SELECT failures = 2 FROM metabase_internal.schedule_state WHERE view_name = 'slow'",
    );
    let error = wait_for_run(&mut client, "slow", "failed");
    assert_eq!(
        error.as_deref(),
        Some("canceling statement due to statement timeout (SQLSTATE 57014)")
    );
    keeps_fresh(&mut client);

    run(&mut client, "UPDATE slowness SET seconds = 0");
    let_pass(&cluster, &mut client, 600);
    wait_for_run(&mut client, "slow", "completed");
}

#[test]
fn a_refresh_for_an_event_that_is_interrupted_is_made_up_without_another_event() {
    let (cluster, mut client) = shop_cluster("worker-interrupted");
    let terminate = |client: &mut Client| {
        run(
            client,
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE backend_type = 'metabase_views worker'",
        );
    };
    // It has nothing to do until a view is due: one that is started now is started for the event alone.
    wait_until(
        &mut client,
        "SELECT coalesce(
             (metabase.sync_status() -> 'worker' ->> 'next_cycle')::timestamptz > now() + interval '10 seconds', false
         )",
    );
    terminate(&mut client);
    let mut other = cluster.connect("shop");
    run(
        &mut other,
        "BEGIN; COMMENT ON MATERIALIZED VIEW analytics.metabase_executive_metrics IS NULL",
    );
    run(&mut client, SALE);
    wait_until(
        &mut client,
        "SELECT EXISTS (
             SELECT FROM pg_stat_activity WHERE backend_type = 'metabase_views worker' AND wait_event_type = 'Lock'
         )",
    );
    terminate(&mut client);
    run(&mut other, "ROLLBACK");
    wait_until(&mut client, IS_FRESH);
}

#[test]
fn a_view_that_has_waited_for_a_lock_in_vain_does_not_keep_the_others_waiting() {
    let (cluster, mut client) = shop_cluster("worker-waited");
    cluster.configure("lock_timeout", "5s");
    let mut other = cluster.connect("shop");
    run(
        &mut other,
        "BEGIN; COMMENT ON MATERIALIZED VIEW analytics.metabase_executive_metrics IS NULL",
    );
    run(&mut client, SALE);
    wait_for_run(&mut client, "metabase_executive_metrics", "failed");
    run(&mut other, "ROLLBACK");
    let begin = Instant::now();
    run(&mut client, SALE);
    wait_until(
        &mut client,
        "SELECT (SELECT total_orders FROM analytics.metabase_platform_performance WHERE platform_name = 'GOAT')
             = (SELECT count(*) FROM transactions.orders WHERE platform_id = '10000000-0000-0000-0000-000000000004')",
    );
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn what_a_views_function_locks_for_its_session_is_let_go() {
    let (_cluster, mut client) = shop_cluster("worker-advisory");
    run(
        &mut client,
        "CREATE FUNCTION greedy(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
         BEGIN
             PERFORM pg_advisory_lock(42);
             RETURN $1;
         END $$;
         CREATE INDEX greedy ON analytics.metabase_executive_metrics (public.greedy(platform_name));
         SELECT pg_advisory_unlock_all()",
    );
    keeps_fresh(&mut client);
    wait_until(
        &mut client,
        "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory')",
    );
}

#[test]
fn a_database_whose_sessions_end_with_their_first_error_has_a_worker_that_goes_on() {
    let (cluster, mut client) = shop_cluster("worker-exit-on-error");
    run(
        &mut client,
        "ALTER DATABASE shop SET exit_on_error = on;
         SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE backend_type = 'metabase_views worker'",
    );
    keeps_fresh(&mut client);
    let pid = column(&mut client, WORKER_PID);
    // Its refresh fails.
    cluster.configure("lock_timeout", "50ms");
    let mut other = cluster.connect("shop");
    run(
        &mut other,
        "BEGIN; COMMENT ON MATERIALIZED VIEW analytics.metabase_platform_performance IS NULL",
    );
    keeps_fresh(&mut client);
    wait_for_run(&mut client, "metabase_platform_performance", "failed");
    assert_eq!(column(&mut client, WORKER_PID), pid);
    run(&mut other, "ROLLBACK");
}

#[test]
fn a_command_that_dies_keeps_the_worker_away_no_longer() {
    let (cluster, mut client) = shop_cluster("worker-hold");
    // It asks the worker to leave, and then waits for this session to go. It dies at any moment of that: a session that is terminated
    // unwinds nothing.
    for milliseconds in [0, 5, 20, 100, 1000] {
        let rename = Background::start(
            cluster.connect("postgres"),
            "ALTER DATABASE shop RENAME TO another",
        );
        wait_until(&mut client, HAS_NO_WORKER);
        sleep(Duration::from_millis(milliseconds));
        run(
            &mut client,
            &format!("SELECT pg_terminate_backend({})", rename.pid),
        );
        rename.result().expect_err("it was terminated");
        // Workers would be kept away for a minute at most.
        wait_for(&mut client, HAS_WORKER, Duration::from_secs(30));
    }
    keeps_fresh(&mut client);
}

/// Its commit may never come.
#[test]
fn a_transaction_that_has_dropped_the_extension_keeps_the_worker_away_for_a_minute_at_most() {
    let (cluster, mut client) = shop_cluster("worker-hold-longest");
    let mut dropper = cluster.connect("shop");
    run(&mut dropper, "BEGIN; DROP EXTENSION metabase_views CASCADE");
    assert!(value::<bool>(&mut client, HAS_NO_WORKER));
    wait_for(&mut client, HAS_WORKER, Duration::from_secs(120));
    run(&mut dropper, "ROLLBACK");
    keeps_fresh(&mut client);
}

/// A worker that was woken a moment before it is told that what it remembers of the catalog is old would not find the view.
#[test]
fn a_view_in_a_schema_that_has_just_come_back_is_known_to_the_worker() {
    let (cluster, mut client) = shop_cluster("known");
    for round in 0..25 {
        run(
            &mut client,
            "DROP SCHEMA analytics CASCADE; SELECT * FROM metabase.setup_refresh_schedule()",
        );
        // It looks, and remembers that there is no such schema.
        wait_until(
            &mut client,
            "SELECT (metabase.sync_status() -> 'worker' ->> 'idle')::boolean",
        );
        run(
            &mut client,
            &format!(
                "SELECT metabase.create_custom_view('known_{round}', 'SELECT 1 AS a', ARRAY['a'], '* * * * *')"
            ),
        );
        wait_until_scheduled(&mut client, &format!("known_{round}"));
    }
    drop(cluster);
}
