//! Workers: whoever has one of few keeps it from nobody for long.

use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres::Client;

use crate::cluster::{Cluster, create_all_views, error_of, value};
use crate::sessions::{wait_for, wait_until};
use crate::shop::{SALE, column, run, shop_on};
use crate::worker::IS_FRESH;

const TWO_WORKERS: &[&str] = &[
    "fsync=off",
    "shared_preload_libraries=metabase_views",
    "log_min_messages=debug1",
    "metabase_views.event_delay=0",
    "metabase_views.max_workers=2",
];

/// The hand-worked shop in a database of its own.
fn open_shop(cluster: &Cluster) -> Client {
    let mut client = shop_on(cluster);
    create_all_views(&mut client);
    run(&mut client, SALE);
    wait_until(&mut client, IS_FRESH);
    client
}

/// Lets a minute, or an hour, pass for all schedules.
fn let_pass(client: &mut Client, seconds: i32) {
    run(
        client,
        &format!("ALTER SYSTEM SET metabase_views.clock_offset = {seconds}"),
    );
    run(client, "SELECT pg_reload_conf()");
}

/// A view of somebody's own that sleeps for as many seconds as table `sleep` says, and is due each minute.
fn create_sleeper(client: &mut Client, catches: &str) {
    run(
        client,
        &format!(
            "CREATE TABLE public.sleep AS SELECT 0 AS seconds;
             CREATE FUNCTION public.sleeps() RETURNS integer LANGUAGE plpgsql AS $$
             BEGIN
                 FOR round IN 1 .. 100 LOOP
                     BEGIN
                         PERFORM pg_sleep(seconds) FROM public.sleep;
                         RETURN 1;
                     EXCEPTION
                         WHEN {catches} THEN NULL;
                     END;
                 END LOOP;
                 RETURN 0;
             END $$;
             SELECT metabase.create_custom_view('sleeper', 'SELECT public.sleeps() AS a', ARRAY['a']);
             SELECT * FROM metabase.set_strategy('sleeper', '* * * * *')"
        ),
    );
    wait_until(
        client,
        "SELECT EXISTS (SELECT FROM metabase_internal.schedule_state WHERE view_name = 'sleeper' AND next_due IS NOT NULL)",
    );
}

const RUNS: &str = "SELECT status || coalesce(' ' || sqlstate, '') FROM metabase.refresh_history
                    WHERE view_name = 'sleeper' AND cause <> 'call' ORDER BY id LIMIT 1";

/// Two databases sleep in both workers, and catch the error that is named.
#[track_caller]
fn assert_the_shop_has_its_turn(name: &str, catches: &str) {
    let cluster = Cluster::make(name, TWO_WORKERS);
    let mut shop = open_shop(&cluster);
    let mut sleepers = ["first", "second"].map(|name| cluster.create_database(name));
    for sleeper in &mut sleepers {
        run(sleeper, "CREATE EXTENSION metabase_views");
        create_sleeper(sleeper, catches);
        run(sleeper, "UPDATE public.sleep SET seconds = 3000");
    }
    let_pass(&mut shop, 60);
    for sleeper in &mut sleepers {
        wait_until(
            sleeper,
            "SELECT EXISTS (SELECT FROM metabase.refresh_history WHERE view_name = 'sleeper' AND status = 'running')",
        );
    }
    run(&mut shop, SALE);
    wait_until(&mut shop, IS_FRESH);
    // One of the two sleeps on, the other one has failed, and waits for its retry.
    let begin = Instant::now();
    loop {
        let mut runs = sleepers.each_mut().map(|sleeper| column(sleeper, RUNS).concat());
        runs.sort();
        if runs == ["failed 57014", "running"] {
            break;
        }
        // Where its process was ended, the next one notes it.
        assert!(begin.elapsed() < Duration::from_secs(60), "{runs:?}");
        sleep(Duration::from_millis(100));
    }

    // A refresh that takes longer than a slice can be completed all the same.
    create_sleeper(&mut shop, "division_by_zero");
    run(&mut shop, "UPDATE public.sleep SET seconds = 8");
    let_pass(&mut shop, 120);
    wait_until(
        &mut shop,
        "SELECT EXISTS (SELECT FROM metabase.refresh_history WHERE view_name = 'sleeper' AND cause <> 'call' AND status = 'completed')",
    );
    assert!(cluster.logged("PANIC").is_empty());
}

#[test]
fn long_refreshes_have_all_workers_but_one() {
    assert_the_shop_has_its_turn("sleepers", "division_by_zero");
}

#[test]
fn long_refreshes_that_do_not_heed_a_cancellation_have_all_workers_but_one() {
    assert_the_shop_has_its_turn("stubborn-sleepers", "query_canceled");
}

/// Whoever owns a database can make a view of any name, and be nobody to the extension.
#[test]
fn nothing_is_refreshed_by_itself_for_whom_the_extension_was_not_granted() {
    let cluster = Cluster::make("strange-views", TWO_WORKERS);
    let mut superuser = cluster.connect("postgres");
    run(&mut superuser, "CREATE ROLE stranger LOGIN");
    run(&mut superuser, "CREATE DATABASE theirs OWNER stranger");
    run(&mut cluster.connect("theirs"), "CREATE EXTENSION metabase_views");
    let mut stranger = cluster.connect_as("theirs", "stranger");
    run(
        &mut stranger,
        "CREATE SCHEMA analytics;
         CREATE TABLE analytics.made (a integer);
         CREATE FUNCTION analytics.nap() RETURNS integer LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_sleep(3000); RETURN 1; END $$;
         CREATE MATERIALIZED VIEW analytics.metabase_executive_metrics AS SELECT analytics.nap() WITH NO DATA",
    );
    let mut theirs = cluster.connect("theirs");
    let next = "SELECT next_refresh IS NULL FROM metabase.view_status('metabase_executive_metrics')";
    assert_eq!(column(&mut theirs, next), ["t"]);
    let mut shop = open_shop(&cluster);
    let_pass(&mut shop, 3600);
    let idle = "SELECT (status ->> 'idle')::boolean AND (status ->> 'last_cycle')::timestamptz > now()
                FROM (SELECT metabase.sync_status() -> 'worker' AS status) AS its";
    run(
        &mut theirs,
        "SELECT * FROM metabase.unschedule(); SELECT * FROM metabase.setup_refresh_schedule()",
    );
    wait_until(
        &mut theirs,
        &idle.replace("> now()", "> now() - interval '10 seconds'"),
    );
    assert_eq!(
        column(&mut theirs, "SELECT count(*) FROM metabase.refresh_history"),
        ["0"]
    );
    // Once it is an operator, its views are its views.
    run(&mut theirs, "SELECT metabase.grant_operator('stranger')");
    assert_eq!(column(&mut theirs, next), ["f"]);
}

#[test]
fn who_may_not_drop_the_extension_does_not_have_its_worker_leave_by_trying() {
    let cluster = Cluster::make("droppers", TWO_WORKERS);
    let mut superuser = cluster.connect("postgres");
    run(&mut superuser, "CREATE ROLE stranger LOGIN");
    run(&mut superuser, "CREATE DATABASE theirs OWNER stranger");
    let mut theirs = cluster.connect("theirs");
    run(&mut theirs, "CREATE EXTENSION metabase_views");
    let worker = "SELECT coalesce(max(pid), 0) FROM pg_stat_activity
                  WHERE backend_type = 'metabase_views worker' AND datname = current_database()";
    wait_until(&mut theirs, &format!("SELECT ({worker}) <> 0"));
    wait_until(
        &mut theirs,
        "SELECT (metabase.sync_status() -> 'worker' ->> 'idle')::boolean",
    );
    let before = column(&mut theirs, worker);
    let mut stranger = cluster.connect_as("theirs", "stranger");
    for _ in 0..3 {
        for statement in [
            "DROP EXTENSION metabase_views",
            "DROP EXTENSION metabase_views CASCADE",
            "DROP SCHEMA metabase CASCADE",
            "DROP OWNED BY postgres",
        ] {
            error_of(&mut stranger, statement);
        }
        run(&mut stranger, "DROP OWNED BY stranger");
    }
    let starts = cluster.logged("starting background worker process \"metabase_views worker of database");
    assert_eq!(column(&mut theirs, worker), before, "{starts:?}");
}

/// One role has three views that are due each minute and sleep, another role has one. Their order is looked at, not how long they take.
#[test]
fn views_of_users_take_turns_with_each_other_and_the_seven() {
    let cluster = Cluster::make("fairness-turns", TWO_WORKERS);
    let mut shop = shop_on(&cluster);
    run(
        &mut shop,
        "CREATE ROLE anna LOGIN; CREATE ROLE bert LOGIN; CREATE ROLE carl LOGIN;
         SELECT metabase.grant_operator(rolname) FROM pg_roles WHERE rolname IN ('anna', 'bert', 'carl');
         CREATE TABLE public.sleep AS SELECT 0 AS seconds;
         GRANT SELECT ON public.sleep TO PUBLIC;
         CREATE FUNCTION public.sleeps() RETURNS integer LANGUAGE plpgsql AS $$
         BEGIN
             PERFORM pg_sleep(seconds) FROM public.sleep;
             RETURN 1;
         END $$",
    );
    // What is refreshed in full takes its time, and refreshes for changes have to wait after it.
    let mut anna = cluster.connect_as("shop", "anna");
    create_all_views(&mut anna);
    for _ in 0..2 {
        run(&mut shop, SALE);
        wait_for(&mut shop, IS_FRESH, Duration::from_secs(180));
        run(&mut anna, "SELECT * FROM metabase.refresh('all')");
    }
    for (role, view) in [("bert", "a1"), ("bert", "a2"), ("bert", "a3"), ("carl", "b1")] {
        run(
            &mut cluster.connect_as("shop", role),
            &format!(
                "SELECT metabase.create_custom_view('{view}', 'SELECT public.sleeps() AS a', ARRAY['a'], '* * * * *')"
            ),
        );
    }
    wait_until(
        &mut shop,
        "SELECT count(*) = 4 FROM metabase_internal.schedule_state WHERE view_name ~ '^[ab][123]$' AND next_due IS NOT NULL",
    );
    run(&mut shop, "UPDATE public.sleep SET seconds = 3");
    let before: i64 = value(
        &mut shop,
        "SELECT coalesce(max(id), 0) FROM metabase.refresh_history",
    );
    let_pass(&mut shop, 61);
    wait_until(
        &mut shop,
        &format!(
            "SELECT EXISTS (SELECT FROM metabase.refresh_history WHERE id > {before} AND view_name ~ '^[ab][123]$')"
        ),
    );
    run(&mut shop, SALE);
    wait_until(
        &mut shop,
        &format!(
            "SELECT count(DISTINCT view_name) = 4 FROM metabase.refresh_history WHERE id > {before} AND view_name ~ '^[ab][123]$'"
        ),
    );
    let order = column(
        &mut shop,
        &format!(
            "SELECT CASE WHEN view_name ~ '^[ab][123]$' THEN left(view_name, 1) ELSE 'seven' END FROM metabase.refresh_history
             WHERE id > {before} AND (view_name ~ '^[ab][123]$' OR (view_name = 'metabase_executive_metrics' AND cause = 'event'))
             ORDER BY id LIMIT 5"
        ),
    );
    // What was sold while the first of them ran is shown before the second one, and that is the other role's.
    assert_eq!(order[1], "seven", "{order:?}");
    assert_ne!(order[0], order[2], "{order:?}");
}

/// What a function leaves in its session, such as a connection of dblink, no view of another role's finds there: each role's views are
/// refreshed by processes of their own, those of this extension like users' own.
#[test]
fn the_views_of_two_roles_are_not_refreshed_by_one_process() {
    let cluster = Cluster::make("fairness-processes", TWO_WORKERS);
    let mut shop = shop_on(&cluster);
    run(
        &mut shop,
        "CREATE TABLE public.been (pid integer, role name);
         GRANT INSERT ON public.been TO PUBLIC;
         CREATE FUNCTION public.been(shown text) RETURNS text LANGUAGE plpgsql AS $$
         BEGIN
             INSERT INTO public.been VALUES (pg_catalog.pg_backend_pid(), current_user);
             RETURN shown;
         END $$;
         CREATE ROLE anna LOGIN; CREATE ROLE bert LOGIN; CREATE ROLE carl LOGIN;
         SELECT metabase.grant_operator(rolname) FROM pg_roles WHERE rolname IN ('anna', 'bert', 'carl')",
    );
    let mut anna = cluster.connect_as("shop", "anna");
    run(
        &mut anna,
        "SELECT metabase.map_source('supplier', 'core.suppliers', '{\"name\": \"public.been(business_name)\"}')",
    );
    create_all_views(&mut anna);
    run(
        &mut anna,
        "SELECT metabase.set_strategy('metabase_supplier_performance', '* * * * *')",
    );
    for (role, view) in [("bert", "a1"), ("bert", "a2"), ("carl", "b1"), ("anna", "c1")] {
        run(
            &mut cluster.connect_as("shop", role),
            &format!(
                "SELECT metabase.create_custom_view('{view}', 'SELECT public.been(''x'') AS a', ARRAY['a'], '* * * * *')"
            ),
        );
    }
    run(&mut shop, "TRUNCATE public.been");
    for _ in 0..2 {
        let before: i64 = value(
            &mut shop,
            "SELECT coalesce(max(id), 0) FROM metabase.refresh_history",
        );
        let_pass(&mut shop, 61);
        run(
            &mut shop,
            "UPDATE core.suppliers SET business_name = business_name || '.'",
        );
        wait_until(
            &mut shop,
            &format!(
                "SELECT count(DISTINCT view_name) = 5 FROM metabase.refresh_history
                 WHERE id > {before} AND status = 'completed' AND view_name IN ('a1', 'a2', 'b1', 'c1', 'metabase_supplier_performance')"
            ),
        );
    }
    let shared = column(
        &mut shop,
        "SELECT pid || ': ' || string_agg(DISTINCT role, ', ') FROM public.been GROUP BY pid HAVING count(DISTINCT role) > 1",
    );
    assert!(shared.is_empty(), "{shared:?}");
    let roles = column(&mut shop, "SELECT DISTINCT role FROM public.been ORDER BY role");
    assert_eq!(roles, ["anna", "bert", "carl"]);
}

/// Whoever owns a view has its schedule locked by dropping it, for as long as the transaction goes on.
#[test]
fn a_view_that_is_being_dropped_keeps_no_other_waiting() {
    let cluster = Cluster::make("droppers-of-views", TWO_WORKERS);
    let mut shop = open_shop(&cluster);
    let mut superuser = cluster.connect("shop");
    run(
        &mut superuser,
        "CREATE ROLE bert LOGIN; CREATE ROLE carl LOGIN;
         SELECT metabase.grant_operator(rolname) FROM pg_roles WHERE rolname IN ('bert', 'carl')",
    );
    let create = |role: &str, view: &str| {
        run(
            &mut cluster.connect_as("shop", role),
            &format!(
                "SELECT metabase.create_custom_view('{view}', 'SELECT 1 AS a', ARRAY['a'], '* * * * *')"
            ),
        );
    };
    let bert_has = ["b1", "b2", "b3", "b4", "b5", "b6"];
    bert_has.iter().for_each(|view| create("bert", view));
    create("carl", "c1");
    wait_until(
        &mut shop,
        "SELECT count(*) = 7 FROM metabase_internal.schedule_state WHERE view_name ~ '^[bc][1-6]$' AND next_due IS NOT NULL",
    );
    let mut bert = cluster.connect_as("shop", "bert");
    run(&mut bert, "BEGIN");
    for view in &bert_has[1..] {
        run(&mut bert, &format!("SELECT metabase.drop_view('{view}')"));
    }
    let_pass(&mut shop, 61);
    run(&mut shop, SALE);
    wait_until(&mut shop, IS_FRESH);
    let refreshed = |view: &str| {
        format!(
            "SELECT EXISTS (SELECT FROM metabase.refresh_history WHERE view_name = '{view}' AND cause <> 'call' AND status = 'completed')"
        )
    };
    // The views of others, and bert's that are not dropped.
    wait_until(&mut shop, &refreshed("c1"));
    wait_until(&mut shop, &refreshed("b1"));
    assert!(
        cluster
            .logged("the schedule could not be read or kept")
            .is_empty(),
        "nothing has waited for a lock in vain"
    );
    assert_eq!(
        column(
            &mut shop,
            "SELECT count(*) FROM metabase.refresh_history WHERE view_name ~ '^b[2-6]$' AND cause <> 'call'"
        ),
        ["0"]
    );
    // What is kept after all is made up for.
    run(&mut bert, "ROLLBACK");
    for view in bert_has {
        wait_until(&mut shop, &refreshed(view));
    }
}
