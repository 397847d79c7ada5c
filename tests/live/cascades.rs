//! DROP … CASCADE takes views and adapters away: errors say what to do, that works, and nothing is captured for nobody.

use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres::Client;

use crate::cluster::{Cluster, Database, PRELOADED, create_all_views, refresh_all, value};
use crate::migrations::TABLES;
use crate::rows::rows;
use crate::shop::{VIEWS, assert_right, column, run, shop_on};

/// What somebody does, and whether all of the seven are gone then.
const CASES: [(&str, bool); 12] = [
    ("DROP TABLE core.sizes CASCADE", false),
    ("DROP TABLE core.brands CASCADE", false),
    ("DROP TABLE products.categories CASCADE", false),
    ("DROP TABLE core.platforms CASCADE", false),
    ("ALTER TABLE core.brands DROP COLUMN segment CASCADE", false),
    ("ALTER TABLE transactions.orders DROP COLUMN roi CASCADE", true),
    ("ALTER TABLE products.products DROP COLUMN sku CASCADE", false),
    ("DROP SCHEMA analytics CASCADE", true),
    ("DROP VIEW metabase_internal.sizes CASCADE", false),
    ("DROP VIEW metabase_internal.orders CASCADE", true),
    ("DROP MATERIALIZED VIEW analytics.metabase_brand_analytics", false),
    (
        "DROP OWNED BY {operator}; SELECT metabase.grant_operator('{operator}')",
        true,
    ),
];

fn captured_for_nobody(client: &mut Client) -> i64 {
    value(
        client,
        "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'metabase\\_views\\_%')
             + (SELECT count(*) FROM metabase_internal.queue) + (to_regclass('metabase_internal.sale_fact') IS NOT NULL)::int",
    )
}

#[test]
fn what_was_taken_is_made_again_by_what_the_errors_say() {
    for (statement, all_are_gone) in CASES {
        let database = Database::with_extension();
        let operator = database.create_role("operator");
        let mut client = database.connect();
        run(&mut client, TABLES);
        run(
            &mut client,
            &format!("SELECT metabase.grant_operator('{operator}')"),
        );
        if statement.contains("{operator}") {
            run(&mut client, &format!("SET ROLE {operator}"));
        }
        create_all_views(&mut client);
        refresh_all(&mut client);
        run(&mut client, "RESET ROLE");
        run(&mut client, &statement.replace("{operator}", &operator));
        run(
            &mut client,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
        );
        if statement.contains("{operator}") {
            run(&mut client, &format!("SET ROLE {operator}"));
        }
        let failed = column(
            &mut client,
            "SELECT error_message FROM metabase.refresh('all') WHERE status = 'failed'",
        );
        assert!(!failed.is_empty(), "{statement}");
        if all_are_gone {
            assert_eq!(failed.len(), 7, "{statement}");
            run(&mut client, "RESET ROLE");
            // Where whoever refreshes may not lock the sources, a process takes the triggers off.
            let begin = Instant::now();
            while captured_for_nobody(&mut client) > 0 {
                assert!(begin.elapsed() < Duration::from_secs(60), "{statement}");
                sleep(Duration::from_millis(50));
            }
            if statement.contains("{operator}") {
                run(&mut client, &format!("SET ROLE {operator}"));
            }
        }
        // The first by its hint, all others by one call.
        let (_, hint) = failed[0].split_once("Create it: ").expect("a hint");
        assert_eq!(
            rows(
                &mut client,
                &hint.replace("SELECT *", "SELECT created, error_message")
            ),
            ["t | -"],
            "{statement}"
        );
        run(&mut client, "SELECT * FROM metabase.create_all_views()");
        assert_eq!(
            column(
                &mut client,
                "SELECT view_name FROM metabase.view_status() WHERE exists"
            ),
            VIEWS,
            "{statement}"
        );
        refresh_all(&mut client);
        refresh_all(&mut client);
        assert_eq!(
            rows(
                &mut client,
                "SELECT DISTINCT mode, mode_reason FROM metabase.view_status()"
            ),
            ["incremental | its changes were captured"],
            "{statement}"
        );
        run(&mut client, "RESET ROLE");
        assert_right(&mut client);
    }
}

#[test]
fn the_worker_stops_capture_where_the_views_are_gone_and_says_so_once() {
    let cluster = Cluster::make("cascades", PRELOADED);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(&mut client, "DROP SCHEMA analytics CASCADE");
    let begin = Instant::now();
    while captured_for_nobody(&mut client) > 0 {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "{:?}",
            cluster.logged("WARNING")
        );
        run(
            &mut client,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
        );
        sleep(Duration::from_millis(200));
    }
    sleep(Duration::from_secs(2));
    let warnings = cluster.logged("the views in schema analytics are gone");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    // During a migration nobody misses them, and nothing is logged.
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(&mut client, "SELECT metabase.before_migration()");
    sleep(Duration::from_secs(3));
    run(&mut client, "SELECT * FROM metabase.after_migration()");
    let warnings = cluster.logged("WARNING");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn that_refreshes_are_full_for_good_is_said_once_a_reason() {
    let cluster = Cluster::make("for_good", &["fsync=off"]);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    refresh_all(&mut client);
    let problems = |client: &mut Client| rows(client, "SELECT metabase.sync_status() -> 'problems'");
    let warned = || {
        cluster
            .logged("all refreshes are full until this is mended")
            .len()
    };
    assert_eq!(problems(&mut client), ["[]"]);
    // The same once more is said once more.
    for times in 1..=2 {
        let (cause, cure) = (
            "ALTER TABLE transactions.orders SET UNLOGGED",
            "ALTER TABLE transactions.orders SET LOGGED",
        );
        run(&mut client, cause);
        for _ in 0..3 {
            refresh_all(&mut client);
            assert_eq!(warned(), times);
        }
        let told = problems(&mut client);
        assert!(told[0].contains("unlogged"), "{told:?}");
        assert!(
            told[0].contains("SELECT * FROM metabase.capture_status()"),
            "{told:?}"
        );
        run(&mut client, cure);
        refresh_all(&mut client);
        refresh_all(&mut client);
        refresh_all(&mut client);
        assert_eq!(problems(&mut client), ["[]"], "{cure}");
        assert_eq!(warned(), times);
    }
    // Nothing is wrong where it was asked for.
    run(&mut client, "SELECT metabase.disable_capture()");
    refresh_all(&mut client);
    assert_eq!(problems(&mut client), ["[]"]);
    assert_eq!(warned(), 2);
}
