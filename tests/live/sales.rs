//! The view of single sales, beside the seven: what reaches its rows, how a shop is without it, and what a refresh for an event
//! takes on of it.

use postgres::Client;

use crate::cluster::{Cluster, Database, PRELOADED, create_all_views, refresh_all, value};
use crate::rows::rows;
use crate::schedule::have_worker_look;
use crate::sessions::wait_until;
use crate::shop::{
    VIEWS, assert_incremental, assert_right, column, completed_and_failed, differences, refresh_view,
    refreshed, refreshed_shop, run, shop, shop_on, shop_with_views,
};

const SALES: &str = "metabase_sales";

/// The seven, which each shop has.
fn the_seven() -> Vec<&'static str> {
    VIEWS.into_iter().filter(|view| *view != SALES).collect()
}

/// What became of each view that was to be created.
fn created(client: &mut Client, call: &str) -> Vec<String> {
    column(
        client,
        &format!(
            "SELECT view_name || CASE WHEN created THEN '' ELSE ': ' || error_message END FROM metabase.{call}"
        ),
    )
}

// Its rows

#[test]
fn a_completed_order_without_item_platform_and_country_has_a_row() {
    let database = Database::with_layout_a();
    database.run_file("tests/layouts/a_loosened.sql");
    let mut client = database.connect();
    run(
        &mut client,
        "INSERT INTO transactions.orders (id, status, gross_sale) VALUES
             ('70000000-0000-0000-0000-000000000001', 'completed', 5), ('70000000-0000-0000-0000-000000000002', 'pending', 6)",
    );
    create_all_views(&mut client);
    let shown = "SELECT jsonb_strip_nulls(to_jsonb(sale)) FROM analytics.metabase_sales AS sale";
    let expected =
        [r#"{"units": 1, "order_id": "70000000-0000-0000-0000-000000000001", "gross_sale": 5.00}"#];
    assert_eq!(column(&mut client, shown), expected);
    refresh_all(&mut client);
    // By what changed, too.
    run(
        &mut client,
        "UPDATE transactions.orders SET status = 'completed', gross_sale = 7.5",
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
    assert_eq!(
        column(&mut client, "SELECT gross_sale FROM analytics.metabase_sales"),
        ["7.50", "7.50"]
    );
}

#[test]
fn what_an_order_is_labelled_with_reaches_each_of_its_rows_and_no_others() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "UPDATE products.products SET category_id = '40000000-0000-0000-0000-000000000002' WHERE sku = 'GEL14'",
    );
    refresh_all(&mut client);
    for (change, sales) in [
        ("UPDATE core.brands SET name = 'NIKE' WHERE name = 'Nike'", 8),
        (
            "UPDATE products.products SET name = 'Air Force One', sku = 'AF-1' WHERE sku = 'AF1'",
            5,
        ),
        (
            "UPDATE products.categories SET name = 'Care' WHERE name = 'Accessories'",
            3,
        ),
        ("UPDATE core.platforms SET slug = 'e-bay' WHERE slug = 'ebay'", 9),
        (
            "UPDATE core.suppliers SET business_name = 'Sole' WHERE business_name = 'Sole Supply GmbH'",
            5,
        ),
        (
            "UPDATE products.products SET brand_id = NULL WHERE sku = 'SAMBA'",
            2,
        ),
        (
            "UPDATE products.inventory SET condition = 'worn' WHERE condition = 'used'",
            4,
        ),
        ("UPDATE products.inventory SET size = 'M' WHERE size IS NULL", 2),
        (
            "UPDATE products.inventory SET purchase_date = purchase_date - interval '1 day' WHERE size = '40'",
            2,
        ),
        (
            "UPDATE transactions.orders SET payout_date = now() WHERE external_id = 'O05'",
            1,
        ),
        (
            "UPDATE transactions.orders SET buyer_destination_country = 'FR' WHERE buyer_destination_country = 'France'",
            2,
        ),
        ("DELETE FROM transactions.orders WHERE external_id = 'O10'", 1),
        // What was written again as it was, and what no sale has.
        (
            "UPDATE core.platforms SET name = name; UPDATE core.brands SET segment = 'x'",
            0,
        ),
        (
            "UPDATE products.inventory SET color = 'red'; UPDATE transactions.orders SET updated_at = now()",
            0,
        ),
    ] {
        run(&mut client, change);
        let rows = refreshed(&mut client, "refresh('all')");
        assert_incremental(&rows);
        assert_right(&mut client);
        assert_eq!(
            rows.last().and_then(|row| row.rows_changed),
            Some(sales),
            "{change}"
        );
    }
}

#[test]
fn units_are_those_of_the_order() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        "UPDATE transactions.orders SET quantity = 3 WHERE external_id = 'O01'",
    );
    create_all_views(&mut client);
    let units = "SELECT count(*), sum(units), max(units) FROM analytics.metabase_sales";
    assert_eq!(rows(&mut client, units), ["18 | 20 | 3"]);
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET quantity = 12 WHERE external_id = 'O02'",
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
    assert_eq!(rows(&mut client, units), ["18 | 31 | 12"]);
}

#[test]
fn sizes_of_a_table_of_their_own_reach_the_sales() {
    let database = Database::with_extension();
    database.run_file("tests/layouts/b.sql");
    database.run_file("tests/layouts/b_rows.sql");
    let mut client = database.connect();
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(&mut client, "UPDATE core.sizes SET value = value || ' 2/3'");
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
    assert_eq!(
        column(
            &mut client,
            "SELECT size FROM analytics.metabase_sales ORDER BY 1"
        ),
        ["42 2/3", "43 2/3"]
    );
}

// Without it

#[test]
fn a_shop_that_does_not_want_it_has_the_seven() {
    let database = shop();
    let mut client = database.connect();
    run(&mut client, "SELECT metabase.set_setting('sales_view', 'off')");
    assert_eq!(created(&mut client, "create_all_views()"), the_seven());
    assert_is_without(&mut client, "null");
    // Asked for by its name, it is made all the same.
    assert_eq!(created(&mut client, &format!("create_view('{SALES}')")), [SALES]);
    refresh_all(&mut client);
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
}

#[test]
fn a_shop_that_lacks_it_goes_on_and_can_have_it() {
    let (_database, mut client) = shop_with_views();
    // As in a database that was set up before there was such a view.
    run(&mut client, "DROP MATERIALIZED VIEW analytics.metabase_sales");
    assert_is_without(&mut client, "false");
    let problems = "SELECT metabase.sync_status() ->> 'problems'";
    let said = column(&mut client, problems).join("");
    assert!(
        said.contains("metabase_sales is not there: SELECT metabase.create_view"),
        "{said}"
    );
    let row = refresh_view(&mut client, SALES);
    assert_eq!(
        row.error_message.as_deref(),
        Some(
            "materialized view analytics.metabase_sales does not exist (SQLSTATE 42P01)\n\
             Create it: SELECT * FROM metabase.create_view('metabase_sales');"
        )
    );
    let again = created(&mut client, "create_all_views()");
    assert_eq!(again.last().map(String::as_str), Some(SALES));
    assert_eq!(column(&mut client, problems), ["[]"]);
    assert!(
        again[..7].iter().all(|row| row.contains("exists already")),
        "{again:?}"
    );
    refresh_all(&mut client);
    run(&mut client, "UPDATE core.brands SET name = name || '.'");
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
}

/// Refreshes, and asks for all that says something of all views; `exists` is what sync_status() says of this one.
#[track_caller]
fn assert_is_without(client: &mut Client, exists: &str) {
    refresh_all(client);
    run(client, "UPDATE core.brands SET name = name || '.'");
    for call in ["refresh('all')", "sync_all()"] {
        let refreshed = refreshed(client, call);
        assert_eq!(completed_and_failed(&refreshed), (the_seven(), vec![]));
        assert!(
            refreshed.iter().all(|row| row.mode == "incremental"),
            "{refreshed:?}"
        );
    }
    for call in ["refresh('hourly')", "sync_on_order_event()"] {
        let refreshed = refreshed(client, call);
        assert!(
            refreshed
                .iter()
                .all(|row| row.status == "completed" && row.view_name != SALES)
        );
    }
    let existing = "SELECT view_name FROM metabase.view_status() WHERE exists";
    assert_eq!(column(client, existing), the_seven());
    assert_eq!(
        rows(
            client,
            "SELECT status->'total_views', status->'existing_views', status->'missing_views',
                    coalesce(status->'sales_view'->'exists', status->'sales_view')
             FROM (SELECT metabase.sync_status() AS status) AS status"
        ),
        [format!("7 | 7 | 0 | {exists}")]
    );
    for view in the_seven() {
        assert_eq!(differences(client, view), 0, "{view}");
    }
    run(client, "SELECT * FROM metabase.check_data()");
}

#[test]
fn one_that_is_not_wanted_any_more_is_refreshed_until_the_views_are_created_anew() {
    let (_database, mut client) = refreshed_shop();
    run(&mut client, "SELECT metabase.set_setting('sales_view', 'off')");
    run(&mut client, "UPDATE core.brands SET name = name || '.'");
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
    assert_eq!(
        column(
            &mut client,
            "SELECT metabase.sync_status()->'sales_view'->'exists'"
        ),
        ["true"]
    );

    // What depends on it keeps it, and says so; the seven are made anew.
    run(
        &mut client,
        "CREATE VIEW public.mine AS SELECT order_id FROM analytics.metabase_sales",
    );
    let anew = created(&mut client, "create_all_views(drop_existing => true)");
    assert_eq!(anew[..7], the_seven());
    assert!(
        anew[7].starts_with("metabase_sales: materialized view analytics.metabase_sales cannot be dropped because other objects depend on it"),
        "{anew:?}"
    );

    run(&mut client, "DROP VIEW public.mine");
    assert_eq!(
        created(&mut client, "create_all_views(drop_existing => true)"),
        the_seven()
    );
    assert_is_without(&mut client, "null");
}

#[test]
fn an_order_that_stands_twice_keeps_nothing_but_the_view_of_sales_from_being_made() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        "ALTER TABLE transactions.orders DROP CONSTRAINT orders_pkey;
         INSERT INTO transactions.orders SELECT * FROM transactions.orders WHERE external_id = 'O01'",
    );
    let rows = created(&mut client, "create_all_views()");
    assert_eq!(rows[..7], the_seven());
    assert_eq!(
        rows[7],
        "metabase_sales: analytics.metabase_sales has a row for each order, and the key of an order stands twice (SQLSTATE 23505)\n\
         SELECT * FROM metabase.check_data() has the key. Remove one of the two, map the key to a column that tells them apart, or do \
         without this view: SELECT metabase.set_setting('sales_view', 'off');"
    );
    assert_eq!(
        completed_and_failed(&refreshed(&mut client, "refresh('all')")),
        (the_seven(), vec![])
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT entity FROM metabase.check_data() WHERE finding = 'key_twice'"
        ),
        ["order"]
    );
}

// What waits

/// A shop with so many more completed orders of one brand, each of an item of its own.
fn add_sales(client: &mut Client, orders: u32) {
    run(
        client,
        &format!(
            "INSERT INTO products.inventory (id, product_id, status, created_at, updated_at)
             SELECT md5('item ' || n)::uuid, '50000000-0000-0000-0000-000000000005', 'sold', now(), now()
             FROM generate_series(1, {orders}) AS n;
             INSERT INTO transactions.orders (id, inventory_item_id, platform_id, status, sold_at, gross_sale, created_at, updated_at)
             SELECT md5('order ' || n)::uuid, md5('item ' || n)::uuid, '10000000-0000-0000-0000-000000000001', 'completed',
                    now(), 10, now(), now()
             FROM generate_series(1, {orders}) AS n"
        ),
    );
}

/// How many of its sales show the name that a brand has now.
const RENAMED: &str = "SELECT count(*) FROM analytics.metabase_sales WHERE brand_name = 'NB'";

#[test]
fn a_refresh_for_an_event_takes_on_a_part_of_what_a_label_touches() {
    let cluster = Cluster::make("sales-parts", PRELOADED);
    let mut client = shop_on(&cluster);
    add_sales(&mut client, 15_000);
    create_all_views(&mut client);
    refresh_all(&mut client);
    have_worker_look(&mut client);
    // Two of its sales were there before.
    let all = 15_000 + 2;
    let renamed_at: String = value(&mut client, "SELECT clock_timestamp()::text");
    run(
        &mut client,
        "UPDATE core.brands SET name = 'NB' WHERE name = 'New Balance';
         INSERT INTO transactions.orders (id, inventory_item_id, platform_id, status, sold_at, gross_sale, created_at, updated_at)
         VALUES (md5('new')::uuid, md5('item 1')::uuid, '10000000-0000-0000-0000-000000000001', 'completed', now(), 1, now(), now())",
    );
    wait_until(
        &mut client,
        "SELECT EXISTS (SELECT FROM metabase.refresh_history WHERE view_name = 'metabase_sales' AND cause = 'event' AND status = 'completed')",
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT mode, mode_reason, rows_changed FROM metabase.refresh_history
             WHERE view_name = 'metabase_sales' AND cause = 'event'"
        ),
        ["incremental | its changes were captured; 5003 rows are left to later refreshes | 10000"]
    );
    let pending =
        "SELECT pending_changes, pending_since IS NOT NULL FROM metabase.view_status('metabase_sales')";
    assert_eq!(rows(&mut client, pending), ["5003 | t"]);

    // What is left is known to be missing also where nobody captures any more what is to come.
    run(&mut client, "BEGIN; SELECT metabase.disable_capture()");
    let is_older = format!("SELECT as_of < '{renamed_at}' FROM metabase.data_as_of('{{metabase_sales}}')");
    assert!(value::<bool>(&mut client, &is_older));
    run(&mut client, "ROLLBACK");

    // The next event shows what has changed just now, and the rest.
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = 2 WHERE id = md5('new')::uuid",
    );
    wait_until(
        &mut client,
        &format!(
            "SELECT count(*) = {all} + 1 FROM ({}) AS sale",
            "SELECT FROM analytics.metabase_sales WHERE brand_name = 'NB'"
        ),
    );
    wait_until(
        &mut client,
        "SELECT pending_changes = 0 FROM metabase.view_status('metabase_sales')",
    );
    assert_eq!(differences(&mut client, SALES), 0);
    assert_eq!(value::<i64>(&mut client, RENAMED), all + 1);
}

#[test]
fn a_refresh_that_is_asked_for_takes_on_all() {
    let (_database, mut client) = shop_with_views();
    add_sales(&mut client, 12_000);
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE core.brands SET name = 'NB' WHERE name = 'New Balance'",
    );
    // What is applied for another view waits.
    refreshed(&mut client, "refresh('daily')");
    let pending = "SELECT pending_changes FROM metabase.view_status('metabase_sales')";
    assert_eq!(column(&mut client, pending), ["12002"]);
    let row = refresh_view(&mut client, SALES);
    assert_eq!(
        (row.mode.as_str(), row.rows_changed),
        ("incremental", Some(12_002))
    );
    assert_eq!(column(&mut client, pending), ["0"]);
    assert_eq!(differences(&mut client, SALES), 0);
}
