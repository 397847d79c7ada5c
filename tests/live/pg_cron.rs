//! pg_cron as the one who keeps the times, where this library is not preloaded.

use std::time::Duration;

use postgres::Client;

use crate::available::has_extension;
use crate::cluster::{Cluster, create_all_views, error_of, refresh_all};
use crate::rows::rows;
use crate::sessions::wait_for;
use crate::shop::{assert_error, column, run, shop_on};

/// pg_cron runs jobs in background workers here, so that it needs no connection.
const PG_CRON: &[&str] = &[
    "fsync=off",
    "shared_preload_libraries=pg_cron",
    "cron.database_name=shop",
    "cron.use_background_workers=on",
    "max_worker_processes=30",
];

/// A shop, and pg_cron, where there is one.
fn cluster_with_pg_cron(name: &str) -> Option<(Cluster, Client)> {
    has_extension("pg_cron").then(|| {
        let cluster = Cluster::make(name, PG_CRON);
        let client = shop_on(&cluster);
        (cluster, client)
    })
}

/// A shop with its views, and pg_cron.
fn shop_with_pg_cron(name: &str) -> Option<(Cluster, Client)> {
    let (cluster, mut client) = cluster_with_pg_cron(name)?;
    run(&mut client, "CREATE EXTENSION pg_cron");
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'Europe/Berlin')",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    Some((cluster, client))
}

const JOBS: &str = "SELECT jobname, schedule, username FROM cron.job ORDER BY jobname";

#[test]
fn jobs_are_made_changed_run_and_removed() {
    let Some((_cluster, mut client)) = shop_with_pg_cron("cron-jobs") else {
        return;
    };
    // Nobody else is there.
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.setup_refresh_schedule('auto') WHERE next_refresh > now()"
        ),
        ["8"]
    );
    assert_eq!(
        column(&mut client, "SELECT metabase.sync_status()->>'engine'"),
        ["pg_cron"]
    );
    // Its clock shows GMT: a daily view's time is one of two in the course of a year, and the job finds out which.
    assert_eq!(
        rows(&mut client, JOBS),
        [
            "refresh_metabase_brand_analytics | 0 0,1 * * * | postgres",
            "refresh_metabase_customer_geography | 0 0,1 * * * | postgres",
            "refresh_metabase_executive_metrics | 0 * * * * | postgres",
            "refresh_metabase_inventory_status | 0 * * * * | postgres",
            "refresh_metabase_platform_performance | 0 * * * * | postgres",
            "refresh_metabase_product_performance | 0 0,1 * * * | postgres",
            "refresh_metabase_sales | 0 * * * * | postgres",
            "refresh_metabase_supplier_performance | 0 1,2 * * * | postgres",
        ]
    );
    run(
        &mut client,
        "SELECT metabase.set_strategy('metabase_executive_metrics', '* * * * *');
         SELECT metabase.set_strategy('metabase_brand_analytics', 'realtime');
         SELECT metabase.set_strategy('metabase_inventory_status', 'manual');
         SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], 'hourly')",
    );
    let some =
        "SELECT jobname, schedule FROM cron.job WHERE jobname ~ 'executive|brand|inventory|mine' ORDER BY 1";
    assert_eq!(
        rows(&mut client, some),
        [
            "refresh_metabase_brand_analytics | * * * * *",
            "refresh_metabase_executive_metrics | * * * * *",
            "refresh_mine | 0 * * * *",
        ]
    );
    run(&mut client, "SELECT metabase.drop_view('mine')");
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM cron.job WHERE jobname = 'refresh_mine'"
        ),
        ["0"]
    );
    // The first time that comes is the first that counts.
    let set_up: String = crate::cluster::value(&mut client, "SELECT now()::text");
    wait_for(
        &mut client,
        "SELECT count(DISTINCT view_name) = 2 FROM metabase.refresh_history
         WHERE cause = 'schedule' AND status = 'completed'",
        Duration::from_secs(90),
    );
    assert_eq!(
        column(
            &mut client,
            &format!(
                "SELECT min(started_at) - '{set_up}' < interval '65 seconds'
                 FROM metabase.refresh_history WHERE cause = 'schedule'"
            )
        ),
        ["t"]
    );
    wait_for(
        &mut client,
        "SELECT count(DISTINCT command) = 2 FROM cron.job_run_details
         WHERE status = 'succeeded' AND command ~ 'executive_metrics|brand_analytics'",
        Duration::from_secs(10),
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.unschedule() WHERE next_refresh IS NULL"
        ),
        ["8"]
    );
    assert_eq!(rows(&mut client, JOBS), [""; 0]);
}

#[test]
fn an_operator_needs_the_privilege_and_leaves_the_jobs_of_others_alone() {
    let Some((cluster, mut client)) = shop_with_pg_cron("cron-operator") else {
        return;
    };
    run(
        &mut client,
        "CREATE ROLE operator LOGIN;
         SELECT metabase.grant_operator('operator');
         SELECT cron.schedule('nightly', '0 3 * * *', 'VACUUM')",
    );
    let mut operator = cluster.connect_as("shop", "operator");
    let error = error_of(&mut operator, "SELECT metabase.setup_refresh_schedule('pg_cron')");
    assert_error(
        &error,
        "42501",
        "role \"operator\" may not use pg_cron",
        Some("As a superuser: GRANT USAGE ON SCHEMA cron TO \"operator\";"),
    );
    // What needs no job needs no privilege.
    run(&mut operator, "SELECT metabase.unschedule()");
    run(&mut client, "GRANT USAGE ON SCHEMA cron TO operator");
    run(&mut operator, "SELECT metabase.setup_refresh_schedule('pg_cron')");
    // Twice is once.
    run(&mut operator, "SELECT metabase.setup_refresh_schedule('pg_cron')");
    let jobs = "SELECT username, count(*) FROM cron.job GROUP BY username ORDER BY username";
    assert_eq!(rows(&mut client, jobs), ["operator | 8", "postgres | 1"]);
    run(&mut operator, "SELECT metabase.unschedule()");
    assert_eq!(rows(&mut client, jobs), ["postgres | 1"]);
}

#[test]
fn each_view_has_one_job_whoever_has_set_them_up() {
    let Some((cluster, mut client)) = shop_with_pg_cron("cron-several") else {
        return;
    };
    run(
        &mut client,
        "CREATE ROLE operator LOGIN;
         CREATE ROLE other LOGIN;
         GRANT USAGE ON SCHEMA cron TO operator, other;
         SELECT metabase.grant_operator('operator');
         SELECT metabase.grant_operator('other');
         SELECT cron.schedule('refresh_of_mine', '0 3 * * *', 'VACUUM')",
    );
    let jobs = "SELECT username, count(*), count(DISTINCT jobname) FROM cron.job WHERE command <> 'VACUUM' GROUP BY 1 ORDER BY 1";
    let mut operator = cluster.connect_as("shop", "operator");
    let set_up = "SELECT metabase.setup_refresh_schedule('pg_cron')";
    for _ in 0..2 {
        run(&mut client, set_up);
        assert_eq!(rows(&mut client, jobs), ["postgres | 8 | 8"]);
        run(&mut operator, set_up);
        assert_eq!(rows(&mut client, jobs), ["operator | 8 | 8"]);
    }
    // A view that comes gets its job, and takes none from another role's views.
    let mut other = cluster.connect_as("shop", "other");
    run(
        &mut other,
        "SELECT metabase.create_custom_view('theirs', 'SELECT 1 AS a', ARRAY['a'], 'hourly')",
    );
    assert_eq!(rows(&mut client, jobs), ["operator | 8 | 8", "other | 1 | 1"]);
    // A strategy that somebody else sets is heeded, too.
    run(
        &mut client,
        "SELECT metabase.set_strategy('metabase_brand_analytics', '5 * * * *')",
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT jobname, schedule FROM cron.job WHERE jobname ~ 'brand_analytics'"
        ),
        ["refresh_metabase_brand_analytics | 5 * * * *"]
    );
    // Under the name that a role has now.
    run(&mut operator, set_up);
    drop(operator);
    run(&mut client, "ALTER ROLE operator RENAME TO operator_now");
    let mut operator = cluster.connect_as("shop", "operator_now");
    run(&mut operator, set_up);
    assert_eq!(
        rows(&mut client, jobs),
        ["operator_now | 8 | 8", "postgres | 1 | 1"]
    );
    run(&mut operator, "SELECT metabase.unschedule()");
    assert_eq!(rows(&mut client, jobs), [""; 0]);
    assert_eq!(
        column(&mut client, "SELECT jobname FROM cron.job"),
        ["refresh_of_mine"]
    );
}

#[test]
fn whoever_sets_a_strategy_during_a_migration_takes_no_jobs_of_the_views_that_are_away() {
    let Some((cluster, mut client)) = shop_with_pg_cron("cron-migration") else {
        return;
    };
    run(
        &mut client,
        "CREATE ROLE operator LOGIN;
         CREATE ROLE other LOGIN;
         CREATE ROLE brands_owner LOGIN;
         ALTER DATABASE shop OWNER TO brands_owner;
         ALTER TABLE core.brands OWNER TO brands_owner;
         GRANT USAGE ON SCHEMA core TO brands_owner;
         GRANT USAGE ON SCHEMA cron TO operator, other;
         SELECT metabase.grant_operator('operator');
         SELECT metabase.grant_operator('other')",
    );
    let jobs = "SELECT username, jobid, jobname, schedule FROM cron.job WHERE jobname <> 'refresh_theirs' ORDER BY jobid";
    let mut operator = cluster.connect_as("shop", "operator");
    let mut other = cluster.connect_as("shop", "other");
    run(
        &mut operator,
        "SELECT metabase.create_custom_view('mine', 'SELECT name FROM core.brands', ARRAY['name'], 'hourly');
         SELECT metabase.setup_refresh_schedule('pg_cron')",
    );
    run(
        &mut other,
        "SELECT metabase.create_custom_view('theirs', 'SELECT 1 AS a', ARRAY['a'], 'hourly')",
    );
    let before = rows(&mut client, jobs);
    assert_eq!(before.len(), 9);
    let mut brands_owner = cluster.connect_as("shop", "brands_owner");
    run(&mut brands_owner, "SELECT metabase.before_migration()");
    run(&mut other, "SELECT metabase.set_strategy('theirs', 'daily')");
    // Nor does the owner make one that it had not.
    run(
        &mut operator,
        "SELECT metabase.set_strategy('metabase_brand_analytics', 'weekly');
         SELECT metabase.setup_refresh_schedule('pg_cron')",
    );
    assert_eq!(rows(&mut client, jobs), before);
    assert_eq!(
        rows(
            &mut client,
            "SELECT username, schedule FROM cron.job WHERE jobname = 'refresh_theirs'"
        ),
        ["other | 0 0,1 * * *"]
    );
    run(&mut operator, "SELECT metabase.after_migration()");
    run(
        &mut other,
        "SELECT metabase.create_custom_view('more', 'SELECT 1 AS a', ARRAY['a'])",
    );
    let owners = "SELECT DISTINCT username FROM cron.job WHERE jobname ~ '^refresh_(metabase_.*|mine)$'";
    assert_eq!(column(&mut client, owners), ["operator"]);
    // The strategy that was set meanwhile is that of the job.
    assert_eq!(
        column(
            &mut client,
            "SELECT schedule FROM cron.job WHERE jobname = 'refresh_metabase_brand_analytics'"
        ),
        ["0 1,2 * * *"]
    );
}

#[test]
fn jobs_can_be_set_up_before_there_are_views() {
    let Some((cluster, mut client)) = cluster_with_pg_cron("cron-first") else {
        return;
    };
    run(
        &mut client,
        "CREATE EXTENSION pg_cron; SELECT metabase.setup_refresh_schedule('pg_cron'); CREATE ROLE operator LOGIN",
    );
    let jobs = "SELECT username, count(*) FROM cron.job GROUP BY 1";
    assert_eq!(rows(&mut client, jobs), ["postgres | 8"]);
    run(
        &mut client,
        "GRANT USAGE ON SCHEMA cron TO operator; SELECT metabase.grant_operator('operator')",
    );
    // They become the jobs of whoever makes the views.
    create_all_views(&mut cluster.connect_as("shop", "operator"));
    assert_eq!(rows(&mut client, jobs), ["operator | 8"]);
}

#[test]
fn a_job_does_nothing_before_the_views_time_or_when_others_keep_it() {
    let Some((_cluster, mut client)) = shop_with_pg_cron("cron-due") else {
        return;
    };
    run(&mut client, "SELECT metabase.setup_refresh_schedule('pg_cron')");
    let due = "SELECT count(*) FROM metabase.refresh_if_due('metabase_supplier_performance')";
    assert_eq!(column(&mut client, due), ["0"]);
    run(&mut client, "SET metabase_views.clock_offset = '7 d'");
    assert_eq!(column(&mut client, due), ["1"]);
    assert_eq!(column(&mut client, due), ["0"]);
    run(
        &mut client,
        "SELECT metabase.unschedule(); SET metabase_views.clock_offset = '20 d'",
    );
    assert_eq!(column(&mut client, due), ["0"]);
}
