//! How fresh the views are, as a dashboard says it: up to when they hold what was committed.

use postgres::Client;

use crate::cluster::{error_of, refresh_all};
use crate::sessions::PausedRefresh;
use crate::shop::{VIEWS, assert_denied, column, refreshed_shop, run, shop_with_views};

/// The state of views, and whether they hold what was committed until now.
fn freshness(client: &mut Client, views: &str) -> Vec<String> {
    column(
        client,
        &format!(
            "SELECT state || ', ' || CASE WHEN as_of > clock_timestamp() - interval '1 second' THEN 'now' ELSE 'before' END
             FROM metabase.data_as_of({views})"
        ),
    )
}

/// Asserts that all views together are of the time that a query tells.
fn assert_as_of(client: &mut Client, time: &str) {
    let differing = column(
        client,
        &format!("SELECT as_of FROM metabase.data_as_of() WHERE as_of IS DISTINCT FROM ({time})"),
    );
    assert!(differing.is_empty(), "{differing:?}");
}

const ORDERS: &str = "UPDATE transactions.orders SET gross_sale = gross_sale + 1";
const LAST_SEEN: &str = "
    SELECT min(seen)
    FROM (
        SELECT max(seen_until) AS seen
        FROM metabase_internal.refresh_log
        WHERE view_name ~ '^metabase_' AND status = 'completed'
        GROUP BY view_name
    ) AS last";
const OLDEST: &str = "SELECT min(captured_at) FROM metabase_internal.queue";

#[test]
fn views_that_lack_nothing_are_of_now() {
    let (_database, mut client) = refreshed_shop();
    assert_eq!(freshness(&mut client, ""), ["up to date, now"]);
}

#[test]
fn views_are_as_old_as_the_oldest_change_that_waits() {
    let (_database, mut client) = refreshed_shop();
    run(&mut client, ORDERS);
    assert_as_of(&mut client, OLDEST);
    // Views that do not show what has changed are of now.
    run(&mut client, "SELECT metabase.refresh('all')");
    run(&mut client, "UPDATE core.suppliers SET phone = phone || '1'");
    let brands = "'{metabase_brand_analytics, metabase_platform_performance}'";
    assert_eq!(freshness(&mut client, brands), ["up to date, now"]);
    assert_as_of(&mut client, OLDEST);
}

#[test]
fn views_are_late_once_their_strategys_time_has_passed() {
    let (_database, mut client) = refreshed_shop();
    run(&mut client, ORDERS);
    let waiting_for = |client: &mut Client, interval: &str| {
        run(
            client,
            &format!(
                "UPDATE metabase_internal.order_queue SET captured_at = clock_timestamp() - interval '{interval}'"
            ),
        );
    };
    for (strategy, interval, state) in [
        ("hourly", "1 minute", "up to date"),
        ("hourly", "80 minutes", "late"),
        ("weekly", "80 minutes", "up to date"),
        ("weekly", "8 days", "late"),
        ("realtime", "20 minutes", "late"),
        ("manual", "8 days", "up to date"),
    ] {
        run(
            &mut client,
            &format!("SELECT metabase.set_strategy('metabase_executive_metrics', '{strategy}')"),
        );
        waiting_for(&mut client, interval);
        assert_eq!(
            freshness(&mut client, "'{metabase_executive_metrics}'"),
            [format!("{state}, before")],
            "{strategy}, {interval}"
        );
    }
}

#[test]
fn views_whose_changes_are_not_captured_are_of_their_last_refresh() {
    let (_database, mut client) = refreshed_shop();
    run(&mut client, "SELECT metabase.disable_capture()");
    assert_as_of(&mut client, LAST_SEEN);
    run(
        &mut client,
        "UPDATE metabase_internal.refresh_log SET seen_until = seen_until - interval '40 days'",
    );
    assert_eq!(freshness(&mut client, ""), ["late, before"]);
}

/// Asserts that nobody is told that views which are not captured hold what was committed at that time.
fn assert_not_of(client: &mut Client, time: &str) {
    run(client, "SELECT metabase.disable_capture()");
    let shown = column(
        client,
        &format!("SELECT as_of < '{time}' FROM metabase.data_as_of()"),
    );
    assert_eq!(shown, ["t"]);
}

#[test]
fn what_is_committed_while_facts_are_built_is_not_held() {
    let (database, mut client) = refreshed_shop();
    run(&mut client, "VACUUM FULL core.brands");
    let refresh = PausedRefresh::before_step(&database, "postgres", 60);
    assert!(refresh.is_waiting());
    run(&mut client, ORDERS);
    let written = column(&mut client, "SELECT clock_timestamp()").remove(0);
    let failed = "SELECT view_name FROM metabase.refresh_history WHERE status <> 'completed'";
    assert_eq!(refresh.go_on().expect("it completes").len(), VIEWS.len());
    assert_eq!(column(&mut client, failed), [""; 0]);
    assert_not_of(&mut client, &written);
}

#[test]
fn what_an_old_snapshot_does_not_show_is_not_held() {
    let (database, mut client) = refreshed_shop();
    let mut old = database.connect();
    run(
        &mut old,
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM transactions.orders",
    );
    run(&mut client, ORDERS);
    let written = column(&mut client, "SELECT clock_timestamp()").remove(0);
    run(
        &mut old,
        "SELECT * FROM metabase.refresh_view('metabase_executive_metrics', 'full'); COMMIT",
    );
    assert_not_of(&mut client, &written);
}

#[test]
fn a_view_that_is_named_often_is_looked_at_once() {
    let (_database, mut client) = refreshed_shop();
    assert_eq!(
        freshness(&mut client, "array_fill('metabase_sales'::text, ARRAY[50000])"),
        ["up to date, now"]
    );
}

#[test]
fn a_source_that_was_altered_makes_nobody_believe_that_all_is_captured() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "ALTER TABLE transactions.orders DISABLE TRIGGER USER",
    );
    run(&mut client, ORDERS);
    assert_as_of(&mut client, LAST_SEEN);
}

#[test]
fn a_view_of_somebody_elses_is_of_its_last_refresh() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "SELECT metabase.create_custom_view('by_platform', 'SELECT platform_id, count(*) FROM transactions.orders GROUP BY platform_id', '{platform_id}');
         SELECT metabase.refresh('all')",
    );
    let differing = column(
        &mut client,
        "SELECT as_of FROM metabase.data_as_of('{by_platform}')
         WHERE as_of IS DISTINCT FROM (SELECT max(seen_until) FROM metabase_internal.refresh_log WHERE view_name = 'by_platform')",
    );
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn ages_are_of_their_day() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "UPDATE metabase_internal.view_sync SET day = day - 3 WHERE view_name = 'metabase_inventory_status'",
    );
    assert_as_of(
        &mut client,
        "SELECT (date_trunc('day', clock_timestamp() AT TIME ZONE zone) - interval '2 days') AT TIME ZONE zone
         FROM (SELECT value AS zone FROM metabase.settings WHERE name = 'time_zone') AS setting",
    );
}

/// The triggers are on the table that has lost its name; what goes into the new one is noted nowhere.
#[test]
fn a_name_that_means_another_table_makes_nobody_believe_that_all_is_captured() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "CREATE TABLE transactions.new_orders (LIKE transactions.orders INCLUDING ALL);
         ALTER TABLE transactions.orders RENAME TO old_orders;
         ALTER TABLE transactions.new_orders RENAME TO orders",
    );
    assert_as_of(&mut client, LAST_SEEN);
}

#[test]
fn what_a_transaction_does_not_see_is_not_held() {
    let (database, mut client) = refreshed_shop();
    run(&mut client, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    run(&mut database.connect(), ORDERS);
    assert_as_of(&mut client, "SELECT transaction_timestamp()");
}

#[test]
fn no_views_are_all_views() {
    let (_database, mut client) = refreshed_shop();
    run(&mut client, ORDERS);
    let differing = column(
        &mut client,
        "SELECT * FROM metabase.data_as_of('{}') EXCEPT SELECT * FROM metabase.data_as_of()",
    );
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn a_view_that_is_not_filled_has_no_date() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "REFRESH MATERIALIZED VIEW analytics.metabase_brand_analytics WITH NO DATA",
    );
    let state = column(
        &mut client,
        "SELECT (as_of, state)::text FROM metabase.data_as_of()",
    );
    assert_eq!(state, ["(,\"not filled\")"]);
}

#[test]
fn a_view_in_whose_place_somebody_has_put_another_has_no_date() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "DO $$
         DECLARE definition text := pg_get_viewdef('analytics.metabase_brand_analytics');
         BEGIN
             DROP MATERIALIZED VIEW analytics.metabase_brand_analytics;
             EXECUTE 'CREATE MATERIALIZED VIEW analytics.metabase_brand_analytics AS ' || definition;
         END $$",
    );
    let brands = "SELECT (as_of, state)::text FROM metabase.data_as_of('{metabase_brand_analytics}')";
    assert_eq!(column(&mut client, brands), ["(,\"not filled\")"]);
    run(
        &mut client,
        "SELECT * FROM metabase.create_view('metabase_brand_analytics', drop_existing => true)",
    );
    assert_eq!(
        freshness(&mut client, "")[0].split(',').next(),
        Some("up to date")
    );
}

#[test]
fn errors_in_the_shops_data_are_said() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "ALTER TABLE transactions.orders ALTER COLUMN sold_at DROP NOT NULL;
         UPDATE transactions.orders SET status = 'nobody knows';
         SELECT metabase.refresh('all')",
    );
    let errors = column(
        &mut client,
        "SELECT finding FROM metabase.check_data() WHERE severity = 'error'",
    );
    assert!(!errors.is_empty());
    assert_eq!(freshness(&mut client, ""), ["data has errors, now"]);
}

#[test]
fn a_reader_may_ask_and_an_outsider_may_not() {
    let (database, mut client) = shop_with_views();
    refresh_all(&mut client);
    let reader = database.create_role("reader");
    run(&mut client, &format!("SELECT metabase.grant_reader('{reader}')"));
    let mut session = database.connect_as(&reader);
    assert!(freshness(&mut session, "")[0].starts_with("up to date"));
    let outsider = database.create_role("outsider");
    assert_denied(
        &mut database.connect_as(&outsider),
        "SELECT * FROM metabase.data_as_of()",
    );
}

#[test]
fn views_that_are_not_known_are_named() {
    let (_database, mut client) = shop_with_views();
    let error = error_of(
        &mut client,
        "SELECT * FROM metabase.data_as_of('{metabase_brand_analytics, nosuch}')",
    );
    assert_eq!(error.sqlstate.code(), "42P01", "{error:?}");
    assert!(error.message.contains("nosuch"), "{error:?}");
}

#[test]
fn a_view_whose_changes_are_captured_is_filled_whatever_the_log_says() {
    let (_database, mut client) = refreshed_shop();
    run(&mut client, "TRUNCATE metabase_internal.refresh_log");
    assert_eq!(freshness(&mut client, ""), ["up to date, now"]);
    run(&mut client, "SELECT metabase.disable_capture()");
    assert_eq!(freshness(&mut client, ""), ["not filled, before"]);
}
