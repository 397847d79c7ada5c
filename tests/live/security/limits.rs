//! Time, memory, places and locks: nobody takes more of them than they were given.

use std::thread::sleep;
use std::time::Duration;

use postgres::Client;

use crate::cluster::{Cluster, create_all_views, run_file, value};
use crate::sessions::{wait_for, wait_until};
use crate::shop::{SALE, column, refresh_view, run, shop};
use crate::worker::{HAS_WORKER, IS_FRESH};

// Locks

#[test]
fn a_reader_that_has_asked_for_the_status_and_stays_in_its_transaction_is_in_nobodys_way() {
    for isolation in ["READ COMMITTED", "REPEATABLE READ"] {
        let database = shop();
        let (operator, reader) = (database.create_role("operator"), database.create_role("reader"));
        run(
            &mut database.connect(),
            &format!(
                "SELECT metabase.grant_operator('{operator}'); SELECT metabase.grant_reader('{reader}')"
            ),
        );
        let mut as_operator = database.connect_as(&operator);
        create_all_views(&mut as_operator);
        run(
            &mut as_operator,
            "SELECT * FROM metabase.refresh('all'); SELECT * FROM metabase.refresh('all')",
        );
        // Groups that are noted for other views are counted, too.
        run(
            &mut database.connect(),
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
        );
        let row = refresh_view(&mut as_operator, "metabase_executive_metrics");
        assert_eq!(row.mode, "incremental");

        let mut as_reader = database.connect_as(&reader);
        let status = "SELECT sum(row_count) > 0, sum(pending_changes) > 0, count(size_bytes) FROM metabase.view_status()";
        run(
            &mut as_reader,
            &format!("BEGIN ISOLATION LEVEL {isolation}; {status}"),
        );
        let pending = "SELECT count(*) FROM metabase.view_status() WHERE pending_changes > 0";
        assert_eq!(column(&mut as_reader, pending), ["7"]);
        // What it still holds is what nobody but DROP EXTENSION locks against it.
        assert_eq!(
            column(
                &mut as_operator,
                "SELECT DISTINCT locked.relation::regclass
                 FROM pg_locks AS locked
                 JOIN pg_stat_activity AS session USING (pid)
                 JOIN pg_class AS relation ON relation.oid = locked.relation
                 WHERE session.state = 'idle in transaction'
                     AND session.datname = current_database()
                     AND (
                         relation.relnamespace = 'analytics'::regnamespace
                         OR relation.relnamespace = 'metabase_internal'::regnamespace
                             AND (relation.relkind = 'v' OR relation.relname ~ '^dirty_|_rollup$|_fact$')
                             AND relation.relname <> 'queue'
                     )"
            ),
            [""; 0]
        );
        run(&mut as_operator, "SET lock_timeout = '2s'");
        for (call, failed) in [
            ("refresh('all')", "status <> 'completed'"),
            (
                "refresh_view('metabase_brand_analytics', 'full')",
                "status <> 'completed'",
            ),
            ("rebuild()", "false"),
            ("refresh('all')", "status <> 'completed'"),
            ("refresh('all')", "status <> 'completed'"),
            ("create_all_views(true)", "NOT created"),
            ("create_view('metabase_brand_analytics', true)", "NOT created"),
            ("drop_view('metabase_brand_analytics')", "false"),
            ("disable_capture()", "false"),
        ] {
            assert_eq!(
                column(
                    &mut as_operator,
                    &format!("SELECT row FROM metabase.{call} AS row WHERE {failed}")
                ),
                [""; 0],
                "{isolation}: {call}"
            );
        }
        // It can go on.
        run(&mut as_reader, &format!("{status}; COMMIT"));
    }
}

// Time

/// A cluster whose workers give each refresh half a second, with the hand-worked shop in database `shop`.
fn hurried_shop(name: &str) -> (Cluster, Client) {
    let cluster = Cluster::make(
        name,
        &[
            "fsync=off",
            "shared_preload_libraries=metabase_views",
            "metabase_views.event_delay=0",
            "metabase_views.statement_timeout=500",
        ],
    );
    let mut client = cluster.create_database("shop");
    run(&mut client, "CREATE EXTENSION metabase_views");
    run_file(&mut client, "demo/schema.sql");
    run_file(&mut client, "tests/hand_worked/shop.sql");
    (cluster, client)
}

/// A function that takes no notice of being cancelled for as long as table `stubborn` has a row.
const STUBBORN: &str = "
    CREATE TABLE public.stubborn AS SELECT 1 AS a;
    CREATE FUNCTION public.stay() RETURNS integer LANGUAGE plpgsql AS $$
    BEGIN
        WHILE EXISTS (SELECT FROM public.stubborn) LOOP
            BEGIN
                PERFORM pg_sleep(600);
            EXCEPTION
                WHEN query_canceled OR others THEN NULL;
            END;
        END LOOP;
        RETURN 1;
    END $$;";

#[test]
fn what_does_not_heed_its_timeout_is_ended_and_the_other_views_are_served() {
    let (cluster, mut client) = hurried_shop("stubborn-view");
    create_all_views(&mut client);
    run(&mut client, SALE);
    wait_until(&mut client, IS_FRESH);
    run(&mut client, STUBBORN);
    run(
        &mut client,
        "DELETE FROM stubborn;
         SELECT metabase.create_custom_view('own', 'SELECT public.stay() AS a', ARRAY['a']);
         SELECT * FROM metabase.set_strategy('own', '* * * * *');
         INSERT INTO stubborn VALUES (1)",
    );
    wait_until(
        &mut client,
        "SELECT EXISTS (SELECT FROM metabase_internal.schedule_state WHERE view_name = 'own' AND next_due IS NOT NULL)",
    );
    run(&mut client, "ALTER SYSTEM SET metabase_views.clock_offset = 60");
    run(&mut client, "SELECT pg_reload_conf()");
    let runs = "SELECT status || coalesce(' ' || sqlstate, '') FROM metabase.refresh_history WHERE view_name = 'own' AND cause <> 'call'";
    wait_until(
        &mut client,
        "SELECT EXISTS (SELECT FROM metabase.refresh_history WHERE view_name = 'own' AND status = 'running')",
    );
    run(&mut client, SALE);
    // It is cancelled, goes on, and is ended after its grace; then all others have their turn.
    wait_until(&mut client, IS_FRESH);
    assert_eq!(column(&mut client, runs), ["failed 57014"]);
    let error: String = value(&mut client, "SELECT last_error FROM metabase.view_status('own')");
    assert!(error.contains("went on all the same"), "{error}");
    // It waits for its retry.
    let waits: bool = value(
        &mut client,
        "SELECT failures = 1 AND retry_at > now() + interval '20 seconds' + interval '60 seconds'
         FROM metabase_internal.schedule_state WHERE view_name = 'own'",
    );
    assert!(waits);
    assert_eq!(cluster.logged("did not stop at statement_timeout").len(), 1);
    assert!(cluster.logged("PANIC").is_empty());
}

#[test]
fn what_heeds_its_timeout_late_has_failed_and_its_worker_goes_on() {
    let (_cluster, mut client) = hurried_shop("late-view");
    run(
        &mut client,
        "CREATE TABLE public.slowness AS SELECT 0 AS times;
         CREATE FUNCTION public.linger() RETURNS integer LANGUAGE plpgsql AS $$
         BEGIN
             -- The first cancellations are caught, the next one is not.
             FOR time IN 1 .. (SELECT times FROM public.slowness) LOOP
                 BEGIN
                     PERFORM pg_sleep(600);
                 EXCEPTION
                     WHEN query_canceled THEN NULL;
                 END;
             END LOOP;
             PERFORM pg_sleep(600) FROM public.slowness WHERE times > 0;
             RETURN 1;
         END $$;
         SELECT metabase.create_custom_view('own', 'SELECT public.linger() AS a', ARRAY['a']);
         SELECT * FROM metabase.set_strategy('own', '* * * * *');
         UPDATE slowness SET times = 2",
    );
    wait_until(
        &mut client,
        "SELECT EXISTS (SELECT FROM metabase_internal.schedule_state WHERE view_name = 'own' AND next_due IS NOT NULL)",
    );
    let worker =
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'metabase_views worker' AND datname = 'shop'";
    let before = column(&mut client, worker);
    run(&mut client, "ALTER SYSTEM SET metabase_views.clock_offset = 60");
    run(&mut client, "SELECT pg_reload_conf()");
    wait_until(
        &mut client,
        "SELECT EXISTS (SELECT FROM metabase.refresh_history WHERE view_name = 'own' AND sqlstate = '57014')",
    );
    let error: String = value(&mut client, "SELECT last_error FROM metabase.view_status('own')");
    assert!(error.contains("did not stop at once"), "{error}");
    assert_eq!(column(&mut client, worker), before);
}

// Places

/// How many workers were started so far.
fn starts(cluster: &Cluster) -> usize {
    cluster
        .logged("starting background worker process \"metabase_views worker of database")
        .len()
}

/// Waits until no worker was started for a second. Returns how many were.
fn settled_starts(cluster: &Cluster) -> usize {
    let mut before = starts(cluster);
    loop {
        sleep(Duration::from_secs(1));
        match starts(cluster) {
            now if now == before => return now,
            now => before = now,
        }
    }
}

const COUNTING: &[&str] = &[
    "fsync=off",
    "shared_preload_libraries=metabase_views",
    "log_min_messages=debug1",
    "max_prepared_transactions=5",
];

#[test]
fn databases_without_the_extension_cost_one_start_each_and_are_noticed_when_it_comes() {
    let cluster = Cluster::make("flood", COUNTING);
    let mut client = cluster.connect("postgres");
    for number in 0..30 {
        run(
            &mut client,
            &format!("CREATE DATABASE flood{number} TEMPLATE template0 STRATEGY file_copy"),
        );
    }
    let after_flood = settled_starts(&cluster);
    // One for each of them and for database postgres.
    assert!((31..=35).contains(&after_flood), "{after_flood}");
    for _ in 0..3 {
        run(&mut client, "SELECT pg_reload_conf()");
        sleep(Duration::from_millis(100));
    }
    // Extensions of others are nothing to it.
    let mut flooded = cluster.connect("flood5");
    for _ in 0..5 {
        run(&mut flooded, "CREATE EXTENSION pageinspect");
        run(&mut flooded, "DROP EXTENSION pageinspect");
    }
    assert_eq!(settled_starts(&cluster), after_flood);

    // In a database that was looked at long ago, in one that is a copy, and in one where it was prepared.
    run(&mut flooded, "CREATE EXTENSION metabase_views");
    wait_for(&mut flooded, HAS_WORKER, Duration::from_secs(10));
    drop(flooded);
    run(&mut client, "CREATE DATABASE copy TEMPLATE flood5");
    wait_for(&mut cluster.connect("copy"), HAS_WORKER, Duration::from_secs(10));
    let mut prepared = cluster.connect("flood6");
    run(
        &mut prepared,
        "BEGIN; CREATE EXTENSION metabase_views; PREPARE TRANSACTION 'one'",
    );
    run(&mut prepared, "COMMIT PREPARED 'one'");
    wait_for(&mut prepared, HAS_WORKER, Duration::from_secs(10));
    let mut in_block = cluster.connect("flood7");
    run(
        &mut in_block,
        "BEGIN; SAVEPOINT a; CREATE EXTENSION metabase_views; ROLLBACK TO a; CREATE EXTENSION metabase_views; COMMIT",
    );
    wait_for(&mut in_block, HAS_WORKER, Duration::from_secs(10));
}

#[test]
fn after_the_extension_was_dropped_no_worker_is_started_any_more() {
    let cluster = Cluster::make("dropped-extension", COUNTING);
    let mut client = cluster.create_database("y");
    run(&mut client, "CREATE ROLE maker SUPERUSER");
    for drop in [
        "DROP EXTENSION metabase_views",
        "DROP SCHEMA metabase CASCADE",
        "DROP OWNED BY maker CASCADE",
        "BEGIN; DROP EXTENSION metabase_views; COMMIT",
        "DO $$ BEGIN DROP EXTENSION metabase_views; END $$",
        "DROP EXTENSION metabase_views; CREATE EXTENSION metabase_views; DROP EXTENSION metabase_views",
        "BEGIN; DROP EXTENSION metabase_views; PREPARE TRANSACTION 'one'",
    ] {
        run(
            &mut client,
            "SET ROLE maker; CREATE EXTENSION IF NOT EXISTS metabase_views; RESET ROLE",
        );
        wait_for(&mut client, HAS_WORKER, Duration::from_secs(10));
        let before = settled_starts(&cluster);
        run(&mut client, drop);
        if drop.contains("PREPARE") {
            run(&mut client, "COMMIT PREPARED 'one'");
        }
        let after = settled_starts(&cluster);
        assert!(after - before <= 3, "{drop}: {before}, {after}");
        let has_worker: bool = value(&mut client, HAS_WORKER);
        assert!(!has_worker, "{drop}");
    }
    assert_eq!(cluster.logged("no room for a background worker"), [""; 0]);
}

// Texts

#[test]
fn errors_of_any_size_are_stored_and_shown_in_part_and_readers_see_none_of_the_shops_data() {
    let database = shop();
    let reader = database.create_role("reader");
    let mut client = database.connect();
    create_all_views(&mut client);
    run(
        &mut client,
        &format!(
            "SELECT metabase.grant_reader('{reader}');
             CREATE TABLE public.texts AS SELECT '1' AS value;
             CREATE FUNCTION public.loud() RETURNS integer LANGUAGE plpgsql AS $$
             BEGIN
                 IF EXISTS (SELECT FROM public.texts WHERE value <> '1') THEN
                     RAISE EXCEPTION '%', repeat('ä', 3000000) USING DETAIL = repeat('é', 3000000), HINT = repeat('👟', 3000000);
                 END IF;
                 RETURN 1;
             END $$;
             SELECT metabase.create_custom_view('quiet', 'SELECT value::numeric AS a FROM public.texts', ARRAY['a']);
             SELECT metabase.create_custom_view('loud', 'SELECT public.loud() AS a', ARRAY['a']);
             UPDATE texts SET value = 'a secret of the shop''s'"
        ),
    );
    let answered = "SELECT max(length(error_message)) FROM metabase.refresh('all') WHERE status = 'failed'";
    let longest: i32 = value(&mut client, answered);
    assert!((3000..5000).contains(&longest), "{longest}");
    let stored = "SELECT max(length(error_message)) FROM metabase.refresh_history WHERE view_name = 'loud'";
    assert!(value::<i32>(&mut client, stored) < 5000);
    let error = "SELECT last_error FROM metabase.view_status('loud')";
    let whole: String = value(&mut client, error);
    for part in [
        "ä… (cut: 3000000 characters in all) (SQLSTATE P0001)\né",
        "é… (cut:",
        "👟… (cut:",
    ] {
        assert!(whole.contains(part), "{part}: {whole}");
    }
    assert!(whole.len() < 15_000);

    let mut as_reader = database.connect_as(&reader);
    for (view, sqlstate) in [("loud", "P0001"), ("quiet", "22P02")] {
        assert_eq!(
            column(
                &mut as_reader,
                &format!("SELECT last_error FROM metabase.view_status('{view}')")
            ),
            [format!(
                "it failed with SQLSTATE {sqlstate}; whoever may read metabase.refresh_history sees the whole error"
            )]
        );
    }
    let owner: String = value(
        &mut client,
        "SELECT last_error FROM metabase.view_status('quiet')",
    );
    assert!(owner.contains("a secret of the shop's"), "{owner}");
}

#[test]
fn a_reader_sees_why_a_refresh_was_full_and_no_error_that_was_the_reason() {
    let database = shop();
    let reader = database.create_role("reader");
    let mut client = database.connect();
    run(
        &mut client,
        &format!(
            "CREATE FUNCTION public.guarded(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
             BEGIN
                 IF $1 = 987654 THEN RAISE EXCEPTION 'the amount %', $1; END IF;
                 RETURN $1;
             END $$;
             SELECT metabase.map_source('order', 'transactions.orders', '{{\"net_profit\": \"public.guarded(net_profit)\"}}');
             SELECT metabase.grant_reader('{reader}')"
        ),
    );
    create_all_views(&mut client);
    run(
        &mut client,
        "SELECT * FROM metabase.refresh('all'); SELECT * FROM metabase.refresh('all')",
    );
    run(
        &mut client,
        "UPDATE transactions.orders SET net_profit = 987654 WHERE id = (SELECT id FROM transactions.orders LIMIT 1)",
    );
    run(&mut client, "SELECT * FROM metabase.refresh('all')");
    for column_name in ["mode_reason", "last_error"] {
        let texts = column(
            &mut database.connect_as(&reader),
            &format!(
                "SELECT DISTINCT {column_name} FROM metabase.view_status() WHERE {column_name} IS NOT NULL"
            ),
        );
        assert!(!texts.join(" ").contains("987654"), "{texts:?}");
    }
    let history = column(
        &mut client,
        "SELECT error_message FROM metabase.refresh_history WHERE status = 'failed'",
    );
    assert!(history.join(" ").contains("987654"), "{history:?}");
}

// Templates

#[test]
fn a_placeholder_in_what_is_put_into_a_template_is_a_text_like_any_other() {
    let database = shop();
    let mut client = database.connect();
    create_all_views(&mut client);
    for text in [":view", ":definition", ":''time_zone''", ":\"role\"", "$1", "%s"] {
        let name = text.replace("''", "'").replace('"', "\"\"");
        run(
            &mut client,
            &format!(
                "SELECT metabase.create_custom_view('has_placeholder', $q$SELECT ' {text} '::text AS \"{name}\"$q$, ARRAY['{text}'])"
            ),
        );
        assert_eq!(
            column(
                &mut client,
                "SELECT difference FROM metabase.verify('has_placeholder')"
            ),
            [""; 0],
            "{text}"
        );
        run(&mut client, "SELECT metabase.drop_view('has_placeholder')");
    }
    for name in [":view", ":definition"] {
        run(
            &mut client,
            &format!(
                "SELECT metabase.create_custom_view('{name}', 'SELECT '':definition :view'' AS a', ARRAY['a'])"
            ),
        );
        assert_eq!(
            column(
                &mut client,
                &format!("SELECT difference FROM metabase.verify('{name}')")
            ),
            [""; 0]
        );
    }
    let role = ":\"role\" :'time_zone'";
    let quoted = role.replace('"', "\"\"");
    run(
        &mut client,
        &format!("DROP ROLE IF EXISTS \"{quoted}\"; CREATE ROLE \"{quoted}\""),
    );
    run(
        &mut client,
        &format!("SELECT metabase.grant_operator('{}')", role.replace('\'', "''")),
    );
    let may: bool = value(
        &mut client,
        &format!(
            "SELECT has_schema_privilege('{}', 'analytics', 'CREATE')",
            role.replace('\'', "''")
        ),
    );
    assert!(may);
}
