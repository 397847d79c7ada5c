//! What is in stock: quantities, what is gone without a completed order, and what the shop itself says.

use postgres::Client;

use crate::cluster::{Database, create_all_views, refresh_all};
use crate::mappings::recreate_all_views;
use crate::rows::rows;
use crate::shop::{assert_incremental, assert_right, refreshed, run};

/// Ten pairs for 50 each, bought on New Year's Day and listed; each was sold a month later.
const SHOP: &str = "
    CREATE SCHEMA transactions;
    CREATE SCHEMA products;
    CREATE TABLE products.products (id int PRIMARY KEY, sku text, name text);
    CREATE TABLE products.inventory (
        id int PRIMARY KEY, product_id int, supplier_id int, purchase_price numeric, purchase_date date, status text
    );
    CREATE TABLE transactions.orders (
        id int PRIMARY KEY, inventory_item_id int, status text, sold_at timestamptz, gross_sale numeric
    );
    INSERT INTO products.products SELECT i, 'SKU-' || i, 'Shoe ' || i FROM generate_series(1, 10) AS i;
    INSERT INTO products.inventory SELECT i, i, 1, 50, '2024-01-01', 'in_stock' FROM generate_series(1, 10) AS i;
    INSERT INTO transactions.orders SELECT i, i, 'completed', '2024-02-01 12:00+00', 100 FROM generate_series(1, 10) AS i";

fn shop() -> (Database, Client) {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(&mut client, SHOP);
    run(&mut client, "SELECT metabase.set_setting('time_zone', 'UTC')");
    (database, client)
}

/// Creates the views, and facts, so that the next refresh is incremental.
fn create_views(client: &mut Client) {
    create_all_views(client);
    refresh_all(client);
}

/// Refreshes by what has changed alone, to what the definitions say.
#[track_caller]
fn refresh(client: &mut Client) {
    assert_incremental(&refreshed(client, "refresh('all')"));
    assert_right(client);
}

/// The stock items by their status: how many, how many of these are in stock, and what they are worth.
fn stock(client: &mut Client) -> Vec<String> {
    rows(
        client,
        "SELECT inventory_status, count(*), count(*) FILTER (WHERE is_in_stock), trim_scale(sum(current_inventory_value)),
             string_agg(DISTINCT stock_category, ', ')
         FROM analytics.metabase_inventory_status GROUP BY 1 ORDER BY 1",
    )
}

#[test]
fn what_is_sold_or_shipped_without_a_completed_order_is_not_in_stock() {
    let (_database, mut client) = shop();
    run(
        &mut client,
        "UPDATE products.inventory SET status = 'sold' WHERE id <= 8;
         DELETE FROM transactions.orders WHERE id > 3;
         UPDATE transactions.orders SET status = 'shipped' WHERE id = 3",
    );
    create_views(&mut client);
    // Two of the eight have a completed order, of the other six nobody knows when they went. Two are there.
    let expected = [
        "in_stock | 2 | 2 | 100 | Dead Stock",
        "sold | 8 | 0 | 0 | Normal, Unknown",
    ];
    assert_eq!(stock(&mut client), expected);
    // An order that is shipped takes its item along, whatever the item's status says.
    run(
        &mut client,
        "INSERT INTO transactions.orders VALUES (9, 9, 'Shipped', NULL, NULL), (10, 10, 'pending', NULL, NULL)",
    );
    refresh(&mut client);
    assert_eq!(
        stock(&mut client),
        [
            "in_stock | 2 | 1 | 50 | Dead Stock, Unknown",
            "sold | 8 | 0 | 0 | Normal, Unknown"
        ]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT total_purchases, units_sold, sell_through_rate, unsold_units, trim_scale(unsold_value)
             FROM analytics.metabase_supplier_performance"
        ),
        ["10 | 2 | 20.00 | 1 | 50"]
    );
    // It comes back, and is sold in the end.
    run(
        &mut client,
        "UPDATE transactions.orders SET status = 'returned' WHERE id = 9",
    );
    refresh(&mut client);
    assert_eq!(stock(&mut client)[0], "in_stock | 2 | 2 | 100 | Dead Stock");
    run(
        &mut client,
        "UPDATE transactions.orders SET status = 'completed', sold_at = '2024-01-11' WHERE id = 9",
    );
    refresh(&mut client);
    assert_eq!(
        stock(&mut client)[0],
        "in_stock | 2 | 1 | 50 | Dead Stock, Fast Moving"
    );
}

/// The first stock item.
fn item(client: &mut Client) -> Vec<String> {
    rows(
        client,
        "SELECT quantity, times_sold, units_sold, units_in_stock, is_in_stock, trim_scale(current_inventory_value), stock_category
         FROM analytics.metabase_inventory_status WHERE inventory_id = 1",
    )
}

#[test]
fn several_orders_each_sell_a_part_of_an_item() {
    let (_database, mut client) = shop();
    run(
        &mut client,
        "ALTER TABLE products.inventory ADD quantity int;
         ALTER TABLE transactions.orders ADD qty int;
         UPDATE products.inventory SET quantity = 20 WHERE id = 1;
         UPDATE transactions.orders SET qty = 3 WHERE id = 1",
    );
    create_views(&mut client);
    // It says nothing of the other nine: one unit each, all sold.
    assert_eq!(
        rows(
            &mut client,
            "SELECT total_purchases, trim_scale(total_spent), trim_scale(avg_purchase_price), units_sold, sell_through_rate, unsold_units,
                 trim_scale(unsold_value)
             FROM analytics.metabase_supplier_performance"
        ),
        ["29 | 1450 | 50 | 12 | 41.38 | 17 | 850"]
    );
    assert_eq!(item(&mut client), ["20 | 1 | 3 | 17 | t | 850 | Dead Stock"]);
    for (change, expected) in [
        (
            "INSERT INTO transactions.orders VALUES (11, 1, 'completed', '2024-01-11', 100, 10)",
            "20 | 2 | 13 | 7 | t | 350 | Dead Stock",
        ),
        (
            "INSERT INTO transactions.orders VALUES (12, 1, 'shipped', NULL, NULL, 2)",
            "20 | 2 | 13 | 5 | t | 250 | Dead Stock",
        ),
        (
            "UPDATE transactions.orders SET qty = 6 WHERE id = 12",
            "20 | 2 | 13 | 1 | t | 50 | Dead Stock",
        ),
        // A month passed until the last of it was sold.
        (
            "UPDATE transactions.orders SET qty = 7 WHERE id = 12",
            "20 | 2 | 13 | 0 | f | 0 | Normal",
        ),
        (
            "UPDATE transactions.orders SET status = 'completed' WHERE id = 12",
            "20 | 3 | 20 | 0 | f | 0 | Normal",
        ),
        (
            "UPDATE products.inventory SET quantity = 21, purchase_price = 60 WHERE id = 1",
            "21 | 3 | 20 | 1 | t | 60 | Dead Stock",
        ),
        (
            "DELETE FROM transactions.orders WHERE inventory_item_id = 1",
            "21 | 0 | 0 | 21 | t | 1260 | Dead Stock",
        ),
        (
            "UPDATE products.inventory SET status = 'WRITTEN_OFF' WHERE id = 1",
            "21 | 0 | 0 | 0 | f | 0 | Unknown",
        ),
    ] {
        run(&mut client, change);
        refresh(&mut client);
        assert_eq!(item(&mut client), [expected], "{change}");
    }
}

#[test]
fn what_is_no_number_of_units_makes_no_refresh_fail() {
    let (_database, mut client) = shop();
    run(
        &mut client,
        "ALTER TABLE products.inventory ADD quantity float8;
         ALTER TABLE transactions.orders ADD units numeric;
         DELETE FROM transactions.orders WHERE id = 1",
    );
    create_views(&mut client);
    for (given, units) in [
        ("NULL", "1"),
        ("'NaN'", "1"),
        ("'Infinity'", "1"),
        ("'-Infinity'", "0"),
        ("-3", "0"),
        ("0.99", "0"),
        ("2.99", "2"),
        ("1e300", "2147483647"),
    ] {
        run(
            &mut client,
            &format!(
                "UPDATE products.inventory SET quantity = {given} WHERE id = 1;
                 UPDATE transactions.orders SET units = {given} WHERE id = 2"
            ),
        );
        refresh(&mut client);
        assert_eq!(
            rows(
                &mut client,
                "SELECT item.units_in_stock, sold.units_sold
                 FROM analytics.metabase_inventory_status AS item, analytics.metabase_inventory_status AS sold
                 WHERE item.inventory_id = 1 AND sold.inventory_id = 2"
            ),
            [format!("{units} | {units}")],
            "{given}"
        );
    }
}

#[test]
fn what_the_shop_says_of_its_stock_wins() {
    let (_database, mut client) = shop();
    run(
        &mut client,
        "ALTER TABLE products.inventory ADD in_stock boolean;
         DELETE FROM transactions.orders WHERE id = 2",
    );
    create_views(&mut client);
    let items = "SELECT units_in_stock, is_in_stock, trim_scale(current_inventory_value) FROM analytics.metabase_inventory_status
                 WHERE inventory_id <= 2 ORDER BY inventory_id";
    for (says, status, sold, unsold) in [
        ("NULL", "'listed'", "0 | f | 0", "1 | t | 50"),
        ("true", "'listed'", "1 | t | 50", "1 | t | 50"),
        ("false", "'listed'", "0 | f | 0", "0 | f | 0"),
        ("NULL", "'lost'", "0 | f | 0", "0 | f | 0"),
        ("true", "'lost'", "1 | t | 50", "1 | t | 50"),
        ("NULL", "NULL", "0 | f | 0", "1 | t | 50"),
    ] {
        run(
            &mut client,
            &format!("UPDATE products.inventory SET in_stock = {says}, status = {status} WHERE id <= 2"),
        );
        refresh(&mut client);
        assert_eq!(rows(&mut client, items), [sold, unsold], "{says} {status}");
    }
    // A number of that name is how many are left: it says neither yes nor no.
    run(
        &mut client,
        "SELECT metabase.before_migration();
         ALTER TABLE products.inventory ALTER in_stock TYPE int USING 7;
         SELECT * FROM metabase.after_migration()",
    );
    assert_eq!(rows(&mut client, items), ["0 | f | 0", "1 | t | 50"]);
    assert_eq!(
        rows(
            &mut client,
            "SELECT origin, note FROM metabase.sources WHERE column_name = 'is_in_stock'"
        ),
        [r#"derived | "in_stock" is integer, not boolean"#]
    );
    run(
        &mut client,
        r#"SELECT metabase.map_source('stock_item', 'products.inventory', '{"is_in_stock": "in_stock < 7"}')"#,
    );
    recreate_all_views(&mut client);
    assert_eq!(rows(&mut client, items), ["0 | f | 0", "0 | f | 0"]);
}

#[test]
fn which_statuses_say_that_something_is_gone_can_be_set() {
    let (_database, mut client) = shop();
    run(
        &mut client,
        "DELETE FROM transactions.orders WHERE id <= 3;
         INSERT INTO transactions.orders VALUES (3, 3, 'in transit', NULL, NULL);
         UPDATE products.inventory SET status = 'Verkauft' WHERE id = 1;
         UPDATE products.inventory SET status = 'sold' WHERE id = 2",
    );
    let in_stock = "SELECT string_agg(inventory_id::text, ' ' ORDER BY inventory_id) FROM analytics.metabase_inventory_status WHERE is_in_stock";
    for (statuses, expected) in [
        ("NULL", "1 3"),
        ("'VERKAUFT, in transit'", "2"),
        ("'verkauft'", "2 3"),
        ("''", "1 2 3"),
    ] {
        run(
            &mut client,
            &format!("SELECT metabase.set_setting('gone_statuses', {statuses})"),
        );
        recreate_all_views(&mut client);
        assert_eq!(rows(&mut client, in_stock), [expected], "{statuses}");
    }
    // Mapped to null, no status says that an item is gone; of orders, an expression can say it.
    run(
        &mut client,
        r#"SELECT metabase.set_setting('gone_statuses', NULL);
           SELECT metabase.map_source('stock_item', 'products.inventory', '{"is_in_stock": null}');
           SELECT metabase.map_source('order', 'transactions.orders', '{"is_gone": "status ~ ''transit''"}')"#,
    );
    recreate_all_views(&mut client);
    assert_eq!(rows(&mut client, in_stock), ["1 2"]);
}
