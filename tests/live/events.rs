//! What is changed in the shop is in the views shortly after it is committed: the background worker sees to it.

use std::time::Instant;

use postgres::Client;

use crate::cluster::{Cluster, PRELOADED_TWO_PHASE, create_all_views, refresh_all, value};
use crate::rows::rows;
use crate::schedule::have_worker_look;
use crate::sessions::{Background, wait_until};
use crate::shop::{Truth, column, differences, run, shop_on, violations_after_refresh};

const NOT_PRELOADED: &[&str] = &["fsync=off", "max_prepared_transactions=5"];

const ORDER_VIEWS: [&str; 4] = [
    "metabase_executive_metrics",
    "metabase_platform_performance",
    "metabase_product_performance",
    "metabase_sales",
];
const INVENTORY_VIEWS: [&str; 4] = [
    "metabase_inventory_status",
    "metabase_product_performance",
    "metabase_sales",
    "metabase_supplier_performance",
];

/// A completed order of an item that is sold for the first time.
const NEW_ORDER: &str = "INSERT INTO transactions.orders
    (id, inventory_item_id, platform_id, status, sold_at, gross_sale, created_at, updated_at)
    SELECT gen_random_uuid(), item.id, '10000000-0000-0000-0000-000000000001', 'completed', now(), 333, now(), now()
    FROM products.inventory AS item
    WHERE NOT EXISTS (SELECT FROM transactions.orders WHERE inventory_item_id = item.id)
    LIMIT 1";
const NEW_PRICE: &str = "UPDATE transactions.orders SET gross_sale = gross_sale + 1";
const NEW_STOCK: &str =
    "UPDATE products.inventory SET purchase_price = purchase_price + 1 WHERE status = 'in_stock'";

/// A shop with a worker, whose views are up to date and refreshed by what changes from now on.
fn shop_with_worker(name: &str) -> (Cluster, Client) {
    let cluster = Cluster::make(name, PRELOADED_TWO_PHASE);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    refresh_all(&mut client);
    have_worker_look(&mut client);
    (cluster, client)
}

/// The views that were refreshed for an event.
fn refreshed_for_events(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT DISTINCT view_name FROM metabase.refresh_history WHERE cause = 'event' AND status = 'completed' ORDER BY 1",
    )
}

fn wait_until_refreshed(client: &mut Client, views: &[&str]) {
    let names = views.join("', '");
    wait_until(
        client,
        &format!(
            "SELECT count(DISTINCT view_name) = {} FROM metabase.refresh_history
             WHERE cause = 'event' AND status = 'completed' AND view_name IN ('{names}')",
            views.len()
        ),
    );
}

fn assert_true(client: &mut Client, views: &[&str]) {
    for view in views {
        assert_eq!(differences(client, view), 0, "{view}");
    }
}

/// Of the views that are refreshed for events, none waits for its time.
#[test]
fn another_exchange_rate_is_an_event() {
    let (_cluster, mut client) = shop_with_worker("events-rates");
    run(
        &mut client,
        "SELECT metabase.set_exchange_rate('USD', '2000-01-01', 0.5);
         ALTER TABLE transactions.orders ADD COLUMN currency text;
         UPDATE transactions.orders SET currency = 'USD' WHERE status = 'completed'",
    );
    refresh_all(&mut client);
    run(
        &mut client,
        "SELECT metabase.set_exchange_rate('USD', '2000-01-01', 0.25)",
    );
    wait_until(
        &mut client,
        "SELECT coalesce(array_agg(view_name ORDER BY view_name) = '{metabase_brand_analytics, metabase_customer_geography}', false)
         FROM metabase.view_status()
         WHERE mode_reason LIKE '%since then%exchange rates have changed'",
    );
    assert_true(&mut client, &ORDER_VIEWS);
}

#[test]
fn a_committed_order_is_in_the_order_views_within_the_delay_and_a_second() {
    let (_cluster, mut client) = shop_with_worker("events-orders");
    run(&mut client, NEW_ORDER);
    let committed: String = value(&mut client, "SELECT clock_timestamp()::text");
    wait_until_refreshed(&mut client, &ORDER_VIEWS);
    let seconds: f64 = value(
        &mut client,
        &format!(
            "SELECT extract(epoch FROM max(completed_at) - '{committed}')::float8
             FROM metabase.refresh_history WHERE cause = 'event'"
        ),
    );
    // metabase_views.event_delay is a second.
    assert!(seconds < 2.0, "{seconds} seconds");
    assert_eq!(refreshed_for_events(&mut client), ORDER_VIEWS);
    assert_true(&mut client, &ORDER_VIEWS);
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT mode FROM metabase.refresh_history WHERE cause = 'event'"
        ),
        ["incremental"]
    );
}

#[test]
fn a_change_of_stock_is_in_the_inventory_views() {
    let (_cluster, mut client) = shop_with_worker("events-stock");
    run(&mut client, NEW_STOCK);
    wait_until_refreshed(&mut client, &INVENTORY_VIEWS);
    assert_eq!(refreshed_for_events(&mut client), INVENTORY_VIEWS);
    assert_true(&mut client, &INVENTORY_VIEWS);
}

#[test]
fn what_is_rolled_back_refreshes_nothing() {
    let (_cluster, mut client) = shop_with_worker("events-rollback");
    run(&mut client, &format!("BEGIN; {NEW_ORDER}; ROLLBACK"));
    run(
        &mut client,
        &format!("BEGIN; SAVEPOINT before; {NEW_PRICE}; ROLLBACK TO before; COMMIT"),
    );
    run(
        &mut client,
        &format!("BEGIN; {NEW_PRICE}; PREPARE TRANSACTION 'order'"),
    );
    run(&mut client, "ROLLBACK PREPARED 'order'");
    // What is committed after that concerns other views, and has the worker look at all of them.
    run(&mut client, NEW_STOCK);
    wait_until_refreshed(&mut client, &INVENTORY_VIEWS);
    assert_eq!(refreshed_for_events(&mut client), INVENTORY_VIEWS);
}

#[test]
fn what_was_prepared_is_seen_when_it_is_committed() {
    let (_cluster, mut client) = shop_with_worker("events-prepared");
    run(
        &mut client,
        &format!("BEGIN; {NEW_ORDER}; PREPARE TRANSACTION 'order'"),
    );
    have_worker_look(&mut client);
    assert_eq!(refreshed_for_events(&mut client), [""; 0]);
    run(&mut client, "COMMIT PREPARED 'order'");
    wait_until_refreshed(&mut client, &ORDER_VIEWS);
    assert_true(&mut client, &ORDER_VIEWS);
}

#[test]
fn ten_thousand_commits_cost_few_refreshes() {
    let (cluster, mut client) = shop_with_worker("events-burst");
    let begin = Instant::now();
    let script = format!("{}/burst.sql", cluster.socket());
    std::fs::write(
        &script,
        "UPDATE transactions.orders SET gross_sale = 100 + :client_id + random()
         WHERE ctid = ANY (ARRAY(SELECT ctid FROM transactions.orders OFFSET :client_id LIMIT 1));\n",
    )
    .expect("the script can be written");
    let output = cluster
        .program("pgbench", "shop")
        .args(["-n", "-c", "4", "-j", "2", "-t", "2500", "-f", &script])
        .output()
        .expect("pgbench can be run");
    assert!(output.status.success(), "{output:?}");
    let summary = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(summary.contains("10000/10000"), "{summary}");
    wait_until(
        &mut client,
        "SELECT bool_and(pending_changes = 0) FROM metabase.view_status() WHERE view_name ~ 'executive|platform|product|sales'",
    );
    let seconds = begin.elapsed().as_secs();
    let refreshes: i64 = value(
        &mut client,
        "SELECT count(*) FROM metabase.refresh_history
         WHERE cause = 'event' AND view_name = 'metabase_executive_metrics'",
    );
    // One for each event_delay at most.
    assert!(
        (1..=seconds as i64 + 1).contains(&refreshes),
        "{refreshes} refreshes in {seconds} seconds"
    );
    assert_true(&mut client, &ORDER_VIEWS);
    let truth = Truth::of(&mut client);
    assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0]);
}

#[test]
fn without_events_views_wait_and_the_queue_stays_short() {
    let (_cluster, mut client) = shop_with_worker("events-off");
    assert_eq!(
        column(&mut client, "SELECT metabase.disable_event_sync()"),
        ["changes wait for the next time that the views are due"]
    );
    run(&mut client, NEW_ORDER);
    wait_until(
        &mut client,
        "SELECT NOT EXISTS (SELECT FROM metabase_internal.order_queue)",
    );
    assert_eq!(refreshed_for_events(&mut client), [""; 0]);
    assert_ne!(differences(&mut client, "metabase_executive_metrics"), 0);
    assert_eq!(
        rows(
            &mut client,
            "SELECT pending_changes > 0, pending_since IS NOT NULL
             FROM metabase.view_status('metabase_executive_metrics')"
        ),
        ["t | t"]
    );
    // What waits is refreshed when events count again.
    run(&mut client, "SELECT metabase.enable_event_sync()");
    wait_until_refreshed(&mut client, &ORDER_VIEWS);
    assert_true(&mut client, &ORDER_VIEWS);
}

#[test]
fn what_was_committed_while_there_was_no_worker_is_found_when_there_is_one() {
    let (mut cluster, _) = shop_with_worker("events-downtime");
    cluster.restart_with(NOT_PRELOADED);
    run(&mut cluster.connect("shop"), NEW_ORDER);
    cluster.restart_with(PRELOADED_TWO_PHASE);
    let mut client = cluster.connect("shop");
    wait_until_refreshed(&mut client, &ORDER_VIEWS);
    assert_true(&mut client, &ORDER_VIEWS);
}

#[test]
fn views_whose_changes_cannot_be_captured_are_not_refreshed_at_each_commit() {
    let cluster = Cluster::make("events-uncaptured", PRELOADED_TWO_PHASE);
    let mut client = shop_on(&cluster);
    run(
        &mut client,
        "CREATE VIEW public.sales AS SELECT * FROM transactions.orders;
         SELECT metabase.map_source('order', 'public.sales')",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(&mut client, "ALTER SYSTEM SET metabase_views.event_delay = 0");
    run(&mut client, "SELECT pg_reload_conf()");
    for _ in 0..3 {
        run(&mut client, NEW_ORDER);
        run(&mut client, NEW_STOCK);
        have_worker_look(&mut client);
    }
    assert_eq!(refreshed_for_events(&mut client), [""; 0]);
}

#[test]
fn sessions_that_write_at_once_and_one_that_refreshes_are_all_right() {
    let (cluster, mut client) = shop_with_worker("events-sessions");
    let statements = format!("{NEW_ORDER}; {NEW_PRICE}; {NEW_STOCK}; SELECT pg_sleep(0.3); {NEW_PRICE};");
    for _ in 0..2 {
        let sessions: Vec<Background> = [&statements, &statements, "SELECT * FROM metabase.refresh('all')"]
            .iter()
            .map(|statements| Background::start(cluster.connect("shop"), statements))
            .collect();
        for session in sessions {
            session.result().expect("it succeeds");
        }
    }
    wait_until(
        &mut client,
        "SELECT bool_and(pending_changes = 0) FROM metabase.view_status() WHERE view_name ~ 'executive|platform|product|sales'",
    );
    assert_true(&mut client, &ORDER_VIEWS);
    // A refresh of what the others have changed may still be under way.
    assert_eq!(
        column(
            &mut client,
            "SELECT error_message FROM metabase.refresh_history WHERE status NOT IN ('completed', 'running')"
        ),
        [""; 0]
    );
}

#[test]
fn a_failure_of_the_moment_does_not_end_the_refreshes_for_events() {
    let (_cluster, mut client) = shop_with_worker("events-failure");
    // Like a disk that is full for a moment, while somebody refreshes by hand.
    run(
        &mut client,
        &format!(
            "BEGIN;
             CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 RAISE EXCEPTION 'there is no room' USING ERRCODE = 'disk_full';
             END $$;
             CREATE TRIGGER fail BEFORE UPDATE OF applied_at ON metabase_internal.incremental
                 FOR EACH STATEMENT EXECUTE FUNCTION fail();
             {NEW_PRICE};
             SELECT * FROM metabase.refresh('all');
             DROP FUNCTION fail CASCADE;
             COMMIT"
        ),
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT mode_reason FROM metabase.view_status()"
        ),
        ["changes could not be applied: there is no room"]
    );
    run(&mut client, NEW_STOCK);
    wait_until_refreshed(&mut client, &INVENTORY_VIEWS);
    assert_true(&mut client, &INVENTORY_VIEWS);
}
