//! What `metabase.check_data()` finds: each finding by a flaw that is planted into a shop without any.

use postgres::Client;

use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::rows::{cells, rows};
use crate::shop::{assert_error, run, shop, shop_with_views};

/// A shop of 2,000 completed orders, the same each time, with its seven views.
fn demo() -> (Database, Client) {
    let database = Database::with_layout_a();
    let psql = database
        .program("psql")
        .args(["-X", "-q", "-v", "orders=2000", "-v", "today=2025-06-30", "-f"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/demo/data.sql"))
        .output()
        .expect("psql can be run");
    assert!(psql.status.success(), "{}", String::from_utf8_lossy(&psql.stderr));
    let mut client = database.connect();
    create_all_views(&mut client);
    (database, client)
}

/// A row of check_data().
#[derive(Debug)]
struct Found {
    severity: String,
    entity: String,
    finding: String,
    message: String,
    rows: String,
    share: String,
    examples: String,
    views: String,
    remedy: String,
}

/// The flaws that are found.
fn check(client: &mut Client) -> Vec<Found> {
    let found = found(client);
    found
        .into_iter()
        .filter(|found| found.severity != "info")
        .collect()
}

fn found(client: &mut Client) -> Vec<Found> {
    cells(client, "SELECT * FROM metabase.check_data()")
        .into_iter()
        .map(|row| {
            let row: Vec<String> = row.into_iter().map(|cell| cell.expect("no NULLs")).collect();
            let [
                severity,
                entity,
                finding,
                message,
                rows,
                share,
                examples,
                views,
                remedy,
            ] = <[String; 9]>::try_from(row).expect("nine columns");
            Found {
                severity,
                entity,
                finding,
                message,
                rows,
                share,
                examples,
                views,
                remedy,
            }
        })
        .collect()
}

/// The findings by entity and name.
fn names(found: &[Found]) -> Vec<String> {
    found
        .iter()
        .map(|found| format!("{} {}", found.entity, found.finding))
        .collect()
}

/// A flaw, and what is found then.
struct Case {
    finding: &'static str,
    severity: &'static str,
    entity: &'static str,
    /// What brings the flaw into the shop.
    plant: &'static str,
    /// The keys of the rows that have it.
    flawed: &'static str,
    /// The views that it bends, without what all their names begin with.
    views: &'static [&'static str],
    /// What the message has to name.
    says: &'static str,
    /// Other findings that follow from it.
    others: &'static [&'static str],
    /// Whether the remedy is a call that mends it.
    is_mended: bool,
}

const BLANK: Case = Case {
    finding: "",
    severity: "warning",
    entity: "order",
    plant: "",
    flawed: "",
    views: &[
        "executive_metrics",
        "product_performance",
        "brand_analytics",
        "platform_performance",
        "inventory_status",
        "customer_geography",
        "supplier_performance",
        "sales",
    ],
    says: "",
    others: &[],
    is_mended: false,
};

/// The views that read stock items, and those that read purchases.
const OF_ITEMS: &[&str] = &[
    "product_performance",
    "brand_analytics",
    "inventory_status",
    "customer_geography",
    "supplier_performance",
    "sales",
];
const OF_PURCHASES: &[&str] = &["inventory_status", "supplier_performance", "sales"];
const OF_PLATFORMS: &[&str] = &[
    "executive_metrics",
    "platform_performance",
    "customer_geography",
    "sales",
];
const OF_SUPPLIERS: &[&str] = &["inventory_status", "supplier_performance", "sales"];

const CASES: &[Case] = &[
    Case {
        finding: "no_status_counts",
        severity: "error",
        plant: "UPDATE transactions.orders SET status = 'Erledigt'",
        flawed: "SELECT id FROM transactions.orders",
        says: "\"Erledigt\" 2090 (do not count)",
        ..BLANK
    },
    Case {
        finding: "status_not_counted",
        plant: "UPDATE transactions.orders SET status = 'Sale completed' WHERE status = 'cancelled'",
        flawed: "SELECT id FROM transactions.orders WHERE status = 'Sale completed'",
        says: "\"Sale completed\" do not count",
        is_mended: true,
        ..BLANK
    },
    Case {
        finding: "status_not_counted",
        plant: "UPDATE transactions.orders SET status = E'O''Neill \\\\ \"sold\"\\n$1 :key' WHERE status = 'cancelled'",
        flawed: "SELECT id FROM transactions.orders WHERE status LIKE 'O%'",
        says: "\"O'Neill \\ \"sold\" $1 :key\" do not count",
        is_mended: true,
        ..BLANK
    },
    // What no list between commas can name.
    Case {
        finding: "status_not_counted",
        plant: "UPDATE transactions.orders SET status = ' sold, it''s \\ paid ' WHERE status = 'cancelled'",
        flawed: "SELECT id FROM transactions.orders WHERE status LIKE ' sold%'",
        says: "\" sold, it's \\ paid \" do not count",
        is_mended: true,
        ..BLANK
    },
    Case {
        finding: "order_without_date",
        plant: "UPDATE transactions.orders SET sold_at = NULL WHERE status = 'completed' AND sold_at < '2021-01-01'",
        flawed: "SELECT id FROM transactions.orders WHERE status = 'completed' AND sold_at IS NULL",
        says: "(sold_at)",
        ..BLANK
    },
    Case {
        finding: "order_without_amount",
        severity: "error",
        plant: "UPDATE transactions.orders SET gross_sale = NULL WHERE status = 'completed' AND sold_at < '2020-08-01'",
        flawed: "SELECT id FROM transactions.orders WHERE status = 'completed' AND gross_sale IS NULL",
        says: "(gross_sale)",
        ..BLANK
    },
    Case {
        finding: "order_without_stock_item",
        plant: "ALTER TABLE transactions.orders ALTER inventory_item_id DROP NOT NULL;
                UPDATE products.inventory SET status = 'lost' WHERE id IN (
                    SELECT inventory_item_id FROM transactions.orders WHERE sold_at < '2020-08-01'
                );
                UPDATE transactions.orders SET inventory_item_id = NULL
                WHERE status = 'completed' AND sold_at < '2020-08-01'",
        flawed: "SELECT id FROM transactions.orders WHERE inventory_item_id IS NULL",
        views: OF_ITEMS,
        ..BLANK
    },
    Case {
        finding: "order_without_platform",
        plant: "ALTER TABLE transactions.orders ALTER platform_id DROP NOT NULL;
                UPDATE transactions.orders SET platform_id = NULL
                WHERE status = 'completed' AND sold_at < '2020-08-01'",
        flawed: "SELECT id FROM transactions.orders WHERE platform_id IS NULL",
        views: OF_PLATFORMS,
        ..BLANK
    },
    Case {
        finding: "sold_before_bought",
        plant: "UPDATE products.inventory AS item SET purchase_date = sale.sold_at + interval '2 days'
                FROM transactions.orders AS sale
                WHERE item.id = sale.inventory_item_id AND sale.status = 'completed' AND sale.sold_at < '2020-07-20'",
        flawed: "SELECT sale.id FROM transactions.orders AS sale
                 JOIN products.inventory AS item ON item.id = sale.inventory_item_id
                 WHERE sale.status = 'completed' AND sale.sold_at + interval '1 day' < item.purchase_date",
        views: OF_PURCHASES,
        ..BLANK
    },
    Case {
        finding: "item_status_disagrees",
        entity: "stock_item",
        plant: "UPDATE products.inventory SET status = 'Sold_on StockX'
                WHERE status = 'listed' AND purchase_date < '2025-01-01'",
        flawed: "SELECT id FROM products.inventory WHERE status LIKE 'Sold%'",
        views: OF_PURCHASES,
        says: "\"Sold_on StockX\" have no completed order, and count as in stock",
        ..BLANK
    },
    Case {
        finding: "item_status_disagrees",
        entity: "stock_item",
        plant: "UPDATE products.inventory SET status = 'In Stock'
                WHERE status = 'sold' AND purchase_date < '2020-08-01'",
        flawed: "SELECT id FROM products.inventory WHERE status = 'In Stock'",
        views: OF_PURCHASES,
        says: "\"In Stock\" have a completed order",
        ..BLANK
    },
    Case {
        finding: "amount_not_positive",
        plant: "UPDATE transactions.orders SET gross_sale = CASE WHEN sold_at < '2020-07-10' THEN 0 ELSE -gross_sale END
                WHERE status = 'completed' AND gross_sale > 0 AND sold_at < '2020-07-20'
                    AND inventory_item_id NOT IN (SELECT inventory_item_id FROM transactions.orders WHERE gross_sale < 0)",
        flawed: "SELECT id FROM transactions.orders
                 WHERE status = 'completed' AND gross_sale <= 0 AND sold_at < '2020-07-20'",
        ..BLANK
    },
    Case {
        finding: "amount_not_positive",
        entity: "stock_item",
        plant: "UPDATE products.inventory SET purchase_price = -0.01 WHERE purchase_date < '2020-07-01'",
        flawed: "SELECT id FROM products.inventory WHERE purchase_price < 0",
        views: &["product_performance", "inventory_status", "supplier_performance", "sales"],
        ..BLANK
    },
    Case {
        finding: "stock_without_price",
        entity: "stock_item",
        severity: "notice",
        plant: "UPDATE products.inventory SET purchase_price = NULL
                WHERE id NOT IN (SELECT inventory_item_id FROM transactions.orders) AND status = 'listed' AND id::text < '8'",
        flawed: "SELECT id FROM products.inventory
                 WHERE purchase_price IS NULL AND id NOT IN (SELECT inventory_item_id FROM transactions.orders)",
        views: &["product_performance", "inventory_status", "supplier_performance", "sales"],
        ..BLANK
    },
    Case {
        finding: "no_such_country",
        severity: "notice",
        plant: "UPDATE transactions.orders SET buyer_destination_country = 'Atlantis'
                WHERE status = 'completed' AND buyer_destination_city = 'Lyon';
                UPDATE transactions.orders SET buyer_destination_country = E'\\n' WHERE buyer_destination_city = 'Brno'",
        flawed: "SELECT id FROM transactions.orders
                 WHERE status = 'completed' AND buyer_destination_country IN ('Atlantis', E'\\n')",
        views: &["customer_geography", "sales"],
        says: "\"Atlantis\", \" \"",
        ..BLANK
    },
    Case {
        finding: "city_spelled_differently",
        severity: "notice",
        plant: "UPDATE transactions.orders SET buyer_destination_city = ' MÜNCHEN'
                WHERE buyer_destination_city = 'München' AND sold_at < '2022-01-01'",
        flawed: "SELECT id FROM transactions.orders
                 WHERE status = 'completed' AND buyer_destination_city = ' MÜNCHEN'",
        views: &["customer_geography", "sales"],
        says: "\" MÜNCHEN\" beside \"München\"",
        ..BLANK
    },
    Case {
        finding: "key_twice",
        severity: "error",
        plant: "ALTER TABLE transactions.orders DROP CONSTRAINT orders_pkey;
                INSERT INTO transactions.orders
                SELECT * FROM transactions.orders WHERE status = 'completed' AND sold_at < '2020-07-20'",
        flawed: "SELECT id FROM transactions.orders GROUP BY id HAVING count(*) > 1",
        ..BLANK
    },
    Case {
        finding: "key_twice",
        entity: "product",
        plant: "ALTER TABLE products.products DROP CONSTRAINT products_pkey CASCADE;
                INSERT INTO products.products SELECT id, sku, name || '!', brand_id, category_id FROM products.products WHERE name < 'B';
                INSERT INTO products.products SELECT * FROM products.products WHERE name > 'Y'",
        flawed: "SELECT id FROM products.products GROUP BY id HAVING count(DISTINCT name) > 1",
        views: OF_ITEMS,
        ..BLANK
    },
    Case {
        finding: "key_missing",
        entity: "supplier",
        plant: "ALTER TABLE core.suppliers DROP CONSTRAINT suppliers_pkey CASCADE;
                ALTER TABLE core.suppliers ALTER id DROP NOT NULL;
                INSERT INTO core.suppliers (business_name) VALUES ('Nobody')",
        flawed: "SELECT id FROM core.suppliers WHERE id IS NULL",
        views: OF_SUPPLIERS,
        ..BLANK
    },
    Case {
        finding: "dangling_reference",
        severity: "error",
        plant: "ALTER TABLE transactions.orders DROP CONSTRAINT orders_inventory_item_id_fkey;
                DELETE FROM products.inventory WHERE id IN (
                    SELECT inventory_item_id FROM transactions.orders WHERE status = 'completed' AND sold_at < '2020-07-20'
                )",
        flawed: "SELECT id FROM transactions.orders
                 WHERE status = 'completed' AND inventory_item_id NOT IN (SELECT id FROM products.inventory)",
        views: OF_ITEMS,
        says: "stock_item_id of orders refers to stock items",
        ..BLANK
    },
    Case {
        finding: "dangling_reference",
        plant: "ALTER TABLE transactions.orders DROP CONSTRAINT orders_platform_id_fkey;
                DELETE FROM core.platforms WHERE slug = 'klekt'",
        flawed: "SELECT id FROM transactions.orders
                 WHERE status = 'completed' AND platform_id NOT IN (SELECT id FROM core.platforms)",
        views: OF_PLATFORMS,
        says: "platform_id of orders refers to platforms",
        ..BLANK
    },
    Case {
        finding: "dangling_reference",
        severity: "error",
        entity: "stock_item",
        plant: "ALTER TABLE products.inventory DROP CONSTRAINT inventory_product_id_fkey;
                DELETE FROM products.products WHERE name < 'B'",
        flawed: "SELECT id FROM products.inventory WHERE product_id NOT IN (SELECT id FROM products.products)",
        views: OF_ITEMS,
        says: "product_id of stock items refers to products",
        ..BLANK
    },
    Case {
        finding: "dangling_reference",
        entity: "stock_item",
        plant: "ALTER TABLE products.inventory DROP CONSTRAINT inventory_supplier_id_fkey;
                DELETE FROM core.suppliers WHERE country = 'Italy'",
        flawed: "SELECT id FROM products.inventory WHERE supplier_id NOT IN (SELECT id FROM core.suppliers)",
        views: OF_SUPPLIERS,
        says: "supplier_id of stock items refers to suppliers",
        ..BLANK
    },
    Case {
        finding: "dangling_reference",
        entity: "product",
        plant: "ALTER TABLE products.products DROP CONSTRAINT products_category_id_fkey;
                UPDATE products.products SET category_id = gen_random_uuid() WHERE name < 'B'",
        flawed: "SELECT id FROM products.products WHERE name < 'B'",
        views: &["product_performance", "inventory_status", "sales"],
        says: "category_id of products refers to categories",
        ..BLANK
    },
    Case {
        finding: "dangling_reference",
        entity: "brand",
        plant: "ALTER TABLE core.brands DROP CONSTRAINT brands_parent_brand_id_fkey;
                UPDATE core.brands SET parent_brand_id = gen_random_uuid() WHERE parent_brand_id IS NOT NULL",
        flawed: "SELECT id FROM core.brands WHERE parent_brand_id IS NOT NULL",
        views: &["brand_analytics"],
        says: "parent_brand_id of brands refers to brands",
        ..BLANK
    },
    Case {
        finding: "item_without_supplier",
        severity: "notice",
        entity: "stock_item",
        plant: "UPDATE products.inventory SET supplier_id = NULL WHERE size IN ('42', '43', '44')",
        flawed: "SELECT id FROM products.inventory WHERE supplier_id IS NULL",
        views: &["product_performance", "inventory_status", "supplier_performance", "sales"],
        says: "Stock items have no supplier",
        ..BLANK
    },
    Case {
        finding: "product_without_brand",
        severity: "notice",
        entity: "product",
        plant: "UPDATE products.products SET brand_id = NULL WHERE sku < 'D'",
        flawed: "SELECT id FROM products.products WHERE brand_id IS NULL",
        views: OF_ITEMS,
        says: "Products have no brand",
        ..BLANK
    },
    Case {
        finding: "product_without_category",
        severity: "notice",
        entity: "product",
        plant: "UPDATE products.products SET category_id = NULL WHERE sku < 'D'",
        flawed: "SELECT id FROM products.products WHERE category_id IS NULL",
        views: &["product_performance", "inventory_status", "sales"],
        says: "Products have no category",
        ..BLANK
    },
    Case {
        finding: "amount_unusable",
        severity: "error",
        plant: "UPDATE transactions.orders SET shipping_cost = 'NaN' WHERE status = 'completed' AND sold_at < '2020-08-01'",
        flawed: "SELECT id FROM transactions.orders WHERE shipping_cost = 'NaN'",
        says: "have a \"shipping_cost\" that is no number",
        ..BLANK
    },
    Case {
        finding: "amount_unusable",
        severity: "error",
        entity: "stock_item",
        plant: "UPDATE products.inventory SET purchase_price = 'NaN' WHERE purchase_date < '2020-08-01'",
        flawed: "SELECT id FROM products.inventory WHERE purchase_price = 'NaN'",
        views: &[
            "product_performance",
            "inventory_status",
            "supplier_performance",
            "sales",
        ],
        says: "have a \"purchase_price\" that is no number",
        ..BLANK
    },
    // Columns of the demo shop's tables have room for less than that.
    Case {
        finding: "text_too_long",
        severity: "error",
        plant: "SELECT metabase.map_source('order', 'transactions.orders',
                    '{\"city\": \"CASE WHEN sold_at < ''2020-08-01'' THEN repeat(''City '', 500) ELSE buyer_destination_city END\"}');
                SELECT metabase.create_all_views(drop_existing => true)",
        flawed: "SELECT id FROM transactions.orders WHERE status = 'completed' AND sold_at < '2020-08-01'",
        views: &["customer_geography"],
        says: "country, city of orders",
        ..BLANK
    },
    Case {
        finding: "text_too_long",
        severity: "error",
        entity: "brand",
        plant: "SELECT metabase.map_source('brand', 'core.brands', '{\"name\": \"repeat(name, 500)\"}');
                SELECT metabase.create_all_views(drop_existing => true)",
        flawed: "SELECT id FROM core.brands WHERE length(name) * 500 > 2000",
        views: &["inventory_status", "sales"],
        says: "name of brands",
        ..BLANK
    },
    Case {
        finding: "unread_column",
        plant: "ALTER TABLE transactions.orders ADD \"Amount\" double precision;
                UPDATE transactions.orders SET \"Amount\" = gross_sale, gross_sale = NULL
                WHERE status = 'completed' AND gross_sale > 0 AND sold_at > '2025-01-01'",
        flawed: "SELECT id FROM transactions.orders WHERE status = 'completed' AND \"Amount\" IS NOT NULL",
        says: "column \"Amount\" of transactions.orders",
        others: &["order order_without_amount"],
        is_mended: true,
        ..BLANK
    },
    // A clock on the wall beside a point in time.
    Case {
        finding: "unread_column",
        plant: "ALTER TABLE transactions.orders ADD order_date timestamp, ADD stockx_created_at timestamptz;
                UPDATE transactions.orders
                SET order_date = sold_at AT TIME ZONE 'Europe/Berlin', sold_at = NULL, stockx_created_at = sold_at
                WHERE status = 'completed' AND sold_at < '2023-01-01'",
        flawed: "SELECT id FROM transactions.orders WHERE status = 'completed' AND order_date IS NOT NULL",
        says: "column \"order_date\" of transactions.orders",
        others: &["order order_without_date"],
        is_mended: true,
        ..BLANK
    },
    Case {
        finding: "unread_column",
        plant: "ALTER TABLE transactions.orders ADD sale_currency text;
                UPDATE transactions.orders SET sale_currency = 'EUR'",
        flawed: "SELECT id FROM transactions.orders WHERE status = 'completed'",
        says: "column \"sale_currency\" of transactions.orders",
        is_mended: true,
        ..BLANK
    },
    Case {
        finding: "nulls_increase",
        plant: "UPDATE transactions.orders SET platform_fee = NULL WHERE sold_at > '2025-06-10'",
        flawed: "SELECT id FROM transactions.orders WHERE status = 'completed' AND platform_fee IS NULL",
        says: "lack \"platform_fee\" more often than before:",
        ..BLANK
    },
];

/// Whoever may write orders keeps no check at its work by them: this many are read in a moment, and as pairs they were as good as endless.
#[test]
fn many_refunds_of_one_item_are_looked_at_once_each() {
    let (_database, mut client) = demo();
    run(
        &mut client,
        "INSERT INTO transactions.orders (id, inventory_item_id, platform_id, status, sold_at, gross_sale, created_at, updated_at)
         SELECT gen_random_uuid(), item.id, platform.id, 'completed', '2025-06-01', CASE WHEN number % 2 = 0 THEN -10 END, now(), now()
         FROM generate_series(1, 30000) AS number
         CROSS JOIN (SELECT id FROM products.inventory ORDER BY id LIMIT 1) AS item
         CROSS JOIN (SELECT id FROM core.platforms ORDER BY id LIMIT 1) AS platform;
         SET statement_timeout = '60s'",
    );
    found(&mut client);
}

/// Whoever runs a remedy has the orders count as sales, so that only what sounds like one and nothing else is found.
#[test]
fn a_status_that_sounds_like_no_sale_is_none() {
    let (_database, mut client) = demo();
    for status in [
        "shipment_lost",
        "delivery_exception",
        "auction closed, unsold",
        "payout_reversed",
        "fulfillment_error",
        "out_for_delivery",
        "sale on hold",
        "payout_blocked",
        "closed_without_sale",
        "chargeback closed",
        "claim paid",
        "stolen in shipping",
        "ready to ship",
        "payment pending",
        "delivery failed",
    ] {
        run(
            &mut client,
            &format!("BEGIN; UPDATE transactions.orders SET status = '{status}' WHERE status = 'cancelled'"),
        );
        assert_eq!(names(&check(&mut client)), [""; 0], "{status}");
        run(&mut client, "ROLLBACK");
    }
    for status in [
        "pre-sold",
        "not yet sold",
        "sold, payment blocked",
        "lost before it was sold",
    ] {
        run(
            &mut client,
            &format!("BEGIN; UPDATE products.inventory SET status = '{status}' WHERE status = 'listed'"),
        );
        assert_eq!(names(&check(&mut client)), [""; 0], "{status}");
        run(&mut client, "ROLLBACK");
    }
}

/// Nobody has counted the rows of a table that was just filled, and the worker waits for the check.
#[test]
fn a_table_that_was_not_analyzed_is_not_read_once_for_each_of_its_rows() {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(
        &mut client,
        "CREATE SCHEMA transactions; CREATE SCHEMA products;
         CREATE TABLE products.inventory (id int PRIMARY KEY, product_id int);
         CREATE TABLE transactions.orders (
             id int PRIMARY KEY, inventory_item_id int, status text, sold_at timestamptz, gross_sale numeric,
             buyer_destination_country text, buyer_destination_city text, currency text
         ) WITH (autovacuum_enabled = false);
         INSERT INTO products.inventory VALUES (1, 1);
         INSERT INTO transactions.orders
         SELECT number, 1, 'completed', '2024-01-01', 5, 'DE' FROM generate_series(1, 30) AS number;
         ANALYZE;
         INSERT INTO transactions.orders
         SELECT number, 1, 'completed', '2024-01-01', 5, 'Land ' || number, 'X' || number % 9, 'EUR'
         FROM generate_series(31, 20000) AS number",
    );
    create_all_views(&mut client);
    run(&mut client, "SET statement_timeout = '60s'");
    assert_eq!(names(&check(&mut client)), ["order no_such_country"]);
}

/// Two days have two rates, and a refund is one all the same; and what a currency without a rate does is said once.
#[test]
fn amounts_of_other_currencies_are_no_flaws_of_their_own() {
    let (_database, mut client) = demo();
    run(
        &mut client,
        "ALTER TABLE transactions.orders ADD COLUMN currency text;
         SELECT metabase.set_setting('currency', 'EUR');
         SELECT metabase.set_exchange_rate('USD', '2020-01-01', 0.9), metabase.set_exchange_rate('USD', '2025-06-01', 0.95);
         WITH sold AS (
             SELECT DISTINCT ON (inventory_item_id) *
             FROM transactions.orders
             WHERE status = 'completed' AND gross_sale > 0 AND sold_at < '2025-05-01'
             ORDER BY inventory_item_id, sold_at DESC
             LIMIT 5
         ), dollars AS (
             UPDATE transactions.orders SET currency = 'USD' FROM sold WHERE sold.id = orders.id
         )
         INSERT INTO transactions.orders (id, inventory_item_id, platform_id, status, sold_at, gross_sale, currency, created_at, updated_at)
         SELECT gen_random_uuid(), inventory_item_id, platform_id, 'completed', '2025-06-02', -gross_sale, 'USD', now(), now() FROM sold",
    );
    refresh_all(&mut client);
    assert_eq!(names(&check(&mut client)), ["order several_currencies"]);
    run(
        &mut client,
        "UPDATE transactions.orders SET currency = 'JPY' WHERE sold_at > '2025-06-05' AND random() < 0.9",
    );
    assert_eq!(
        names(&check(&mut client)),
        ["order currency_without_rate", "order several_currencies"]
    );
}

#[test]
fn a_view_that_the_shop_does_without_is_not_named() {
    let (_database, mut client) = demo();
    let named = "SELECT count(*) FROM metabase.check_data() WHERE 'metabase_sales' = ANY (views)";
    assert_ne!(value::<i64>(&mut client, named), 0);
    run(&mut client, "SELECT metabase.drop_view('metabase_sales')");
    assert_eq!(value::<i64>(&mut client, named), 0);
}

#[test]
fn each_flaw_is_found_and_nothing_else() {
    let (_database, mut client) = demo();
    assert_eq!(names(&check(&mut client)), [""; 0], "the shop as it is");
    for case in CASES {
        let label = format!("{} of {}: {}", case.finding, case.entity, case.plant);
        run(&mut client, &format!("BEGIN; {}", case.plant));
        let found = check(&mut client);
        let mut expected = vec![format!("{} {}", case.entity, case.finding)];
        expected.extend(case.others.iter().map(|other| (*other).to_owned()));
        expected.sort();
        let mut named = names(&found);
        named.sort();
        assert_eq!(named, expected, "{label}");
        let found = found
            .into_iter()
            .find(|found| found.finding == case.finding)
            .expect("it is there");
        assert_eq!(found.severity, case.severity, "{label}");
        let table = match case.entity {
            "order" => "transactions.orders",
            "stock_item" => "products.inventory",
            "product" => "products.products",
            "supplier" => "core.suppliers",
            "brand" => "core.brands",
            other => panic!("{other}"),
        };
        let counted = rows(
            &mut client,
            &format!(
                "SELECT count(*), round(100.0 * count(*) / (SELECT count(*) FROM {table}), 2),
                     coalesce((array_agg(id ORDER BY id) FILTER (WHERE id IS NOT NULL))[1:5], '{{}}')
                 FROM ({}) AS flawed",
                case.flawed
            ),
        );
        assert_ne!(found.rows, "0", "{label}");
        assert_eq!(
            format!("{} | {} | {}", found.rows, found.share, found.examples),
            counted[0],
            "{label}"
        );
        let views: Vec<String> = case.views.iter().map(|view| format!("metabase_{view}")).collect();
        assert_eq!(found.views, format!("{{{}}}", views.join(",")), "{label}");
        assert!(found.message.contains(case.says), "{label}: {}", found.message);
        assert_eq!(
            found.remedy.starts_with("SELECT metabase."),
            case.is_mended,
            "{}",
            found.remedy
        );
        if case.is_mended {
            run(&mut client, &found.remedy);
            assert_eq!(names(&check(&mut client)), [""; 0], "{label}: {}", found.remedy);
        }
        run(&mut client, "ROLLBACK");
    }
}

/// Each status with its orders, whether these count or not.
#[test]
fn statuses_are_told_with_whether_their_orders_count() {
    let database = Database::with_layout_a();
    database.run_file("tests/hand_worked/shop.sql");
    let mut client = database.connect();
    run(
        &mut client,
        "ALTER TABLE transactions.orders ALTER status DROP NOT NULL;
         UPDATE transactions.orders SET status = NULL WHERE status ILIKE 'pending'",
    );
    create_all_views(&mut client);
    let told = |client: &mut Client| -> Vec<String> {
        let found = found(client);
        let infos = found.iter().filter(|found| found.severity == "info");
        infos
            .map(|found| format!("{} | {} | {}", found.rows, found.message, found.remedy))
            .collect()
    };
    let counts = "Orders with the status \"completed\" count as sales.";
    let told_before = told(&mut client);
    assert!(
        told_before.iter().any(|row| row.contains(counts)),
        "{told_before:?}"
    );
    let by_status = rows(
        &mut client,
        "SELECT count(*) FROM transactions.orders GROUP BY status ORDER BY count(*) DESC, status COLLATE \"C\"",
    );
    let rows_told: Vec<&str> = told_before
        .iter()
        .map(|row| row.split(" | ").next().unwrap_or_default())
        .collect();
    assert_eq!(rows_told, by_status);
    // One that does not count says how it would.
    let cancelled = found(&mut client)
        .into_iter()
        .find(|found| found.severity == "info" && found.message.contains("\" do not count"))
        .expect("there are some");
    let call = cancelled
        .remedy
        .strip_prefix("None is needed. If they are sales: ");
    run(&mut client, call.expect("it says when"));
    let told_after = told(&mut client);
    assert!(
        told_after
            .iter()
            .any(|row| row.contains(&cancelled.message.replace("do not count", "count"))),
        "{told_after:?}"
    );
}

/// What `make demo` shows beside the shop that is in order.
#[test]
fn the_demo_shop_with_flaws_has_some_of_each() {
    let (database, mut client) = demo();
    database.run_file("demo/flaws.sql");
    run(&mut client, "SELECT FROM metabase.create_all_views()");
    let mut named: Vec<String> = check(&mut client)
        .into_iter()
        .map(|found| found.finding)
        .collect();
    named.sort();
    named.dedup();
    let mut cases: Vec<&str> = CASES.iter().map(|case| case.finding).collect();
    cases.sort_unstable();
    cases.dedup();
    // Where some orders count, that none does is not found; each row of the shop has a key, and no column has room for such a text.
    cases.retain(|finding| !["no_status_counts", "key_missing", "text_too_long"].contains(finding));
    assert_eq!(named, cases);
}

#[test]
fn sync_status_counts_the_findings_of_the_last_check() {
    let (_database, mut client) = shop_with_views();
    let data = |client: &mut Client| rows(client, "SELECT metabase.sync_status() -> 'data' -> 'findings'");
    assert_eq!(data(&mut client), ["-"]);
    check(&mut client);
    let counted = rows(
        &mut client,
        "SELECT jsonb_build_object('error', 0, 'warning', 0, 'notice', 0, 'info', 0) || jsonb_object_agg(severity, findings)
         FROM (SELECT severity, count(*) AS findings FROM metabase.check_data() GROUP BY severity) AS counted",
    );
    assert_eq!(data(&mut client), counted);
    // What may not write is answered all the same.
    run(&mut client, "UPDATE products.inventory SET purchase_price = -1");
    run(&mut client, "BEGIN READ ONLY");
    check(&mut client);
    run(&mut client, "ROLLBACK");
    assert_eq!(data(&mut client), counted);
    check(&mut client);
    assert_ne!(data(&mut client), counted);
}

/// A check that is noted in a transaction which goes on keeps no other one waiting.
#[test]
fn checks_do_not_wait_for_each_other() {
    let (database, mut client) = shop_with_views();
    run(&mut client, "BEGIN");
    check(&mut client);
    let mut another = database.connect();
    run(&mut another, "SET lock_timeout = 1");
    check(&mut another);
    run(&mut another, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    run(&mut client, "COMMIT");
    check(&mut another);
    run(&mut another, "COMMIT");
}

#[test]
fn an_empty_shop_and_a_small_one_have_no_findings() {
    let empty = Database::with_layout_a();
    let mut client = empty.connect();
    create_all_views(&mut client);
    assert_eq!(names(&check(&mut client)), [""; 0]);

    let layout_c = Database::with_extension();
    layout_c.run_file("tests/layouts/c.sql");
    layout_c.run_file("tests/layouts/c_rows.sql");
    let mut client = layout_c.connect();
    create_all_views(&mut client);
    assert_eq!(names(&check(&mut client)), [""; 0]);
    run(
        &mut client,
        "UPDATE sales.\"order\" SET status = 'Delivered' WHERE status = 'CANCELED'",
    );
    let found = check(&mut client);
    assert_eq!(names(&found), ["order status_not_counted"]);
    run(&mut client, &found[0].remedy);
    assert_eq!(
        value::<String>(
            &mut client,
            "SELECT value FROM metabase.settings WHERE name = 'completed_statuses'"
        ),
        "completed, delivered"
    );
}

/// A shop of another layout: keys are bigint, suppliers are names beside the items, brands are kept without a unique key.
#[test]
fn a_mapped_shop_is_checked_by_what_it_is_mapped_to() {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(
        &mut client,
        r#"CREATE SCHEMA "the shop";
           CREATE TABLE "the shop"."Sales" (no bigint PRIMARY KEY, piece bigint, paid_at date, euro numeric, "total" text);
           CREATE TABLE "the shop".pieces (no bigint PRIMARY KEY, article bigint NOT NULL, supplier text);
           CREATE TABLE "the shop".articles (no bigint PRIMARY KEY, title text);
           INSERT INTO "the shop".articles VALUES (1, 'Dunk'), (2, 'Dunk'), (3, NULL), (4, 'Samba');
           INSERT INTO "the shop".pieces SELECT n, 1, CASE WHEN n % 2 = 0 THEN 'O''Neill' END FROM generate_series(1, 20) AS n;
           INSERT INTO "the shop"."Sales" SELECT n, n, '2024-01-01', 100, 'x' FROM generate_series(1, 12) AS n;
           UPDATE "the shop"."Sales" SET piece = 99 WHERE no IN (9, 10);
           SELECT metabase.map_source('order', '"the shop"."Sales"',
               '{"id": "no", "stock_item_id": "piece", "sold_at": "paid_at", "gross_sale": "euro", "is_completed": "true"}',
               'no <> 12 -- a test');
           SELECT metabase.map_source('stock_item', '"the shop".pieces', '{"id": "no", "product_id": "article"}');
           SELECT metabase.map_source('product', '"the shop".articles', '{"id": "no", "name": "title"}');
           SELECT metabase.map_source('brand', '"the shop".articles', '{"id": "title", "name": "no"}')"#,
    );
    create_all_views(&mut client);
    let found = check(&mut client);
    assert_eq!(
        names(&found),
        [
            "order dangling_reference",
            "stock_item unread_column",
            "brand key_twice"
        ]
    );
    // In the order of numbers.
    assert_eq!(
        (
            found[0].rows.as_str(),
            found[0].share.as_str(),
            found[0].examples.as_str()
        ),
        ("2", "18.18", "{9,10}")
    );
    assert_eq!(
        (found[1].rows.as_str(), found[1].examples.as_str()),
        ("10", "{2,4,6,8,10}")
    );
    assert_eq!(found[2].examples, "{Dunk}");
    assert_eq!(
        found[1].remedy,
        "SELECT metabase.map_source('supplier', '\"the shop\".pieces', '{\"id\":\"supplier\",\"name\":\"supplier\"}'); \
         SELECT metabase.map_source('stock_item', '\"the shop\".pieces', \
         '{\"id\":\"no\",\"product_id\":\"article\",\"supplier_id\":\"supplier\"}'); \
         SELECT * FROM metabase.create_all_views(drop_existing => true);"
    );
    run(&mut client, &found[1].remedy);
    assert_eq!(
        rows(
            &mut client,
            "SELECT supplier_name, total_purchases FROM analytics.metabase_supplier_performance"
        ),
        ["O'Neill | 10"]
    );
    // That each name stands there often, and in some rows none, is what it was mapped for.
    assert_eq!(
        names(&check(&mut client)),
        ["order dangling_reference", "brand key_twice"]
    );
}

/// A statement finds a table by its name, which nobody may give to another one meanwhile, and with it whatever functions a mapping names.
#[test]
fn beneath_the_adapters_nothing_is_read_that_somebody_could_replace() {
    let (database, mut client) = shop_with_views();
    let stranger = database.create_role("stranger");
    run(
        &mut client,
        "ALTER TABLE transactions.orders ADD amount numeric;
         UPDATE transactions.orders SET amount = gross_sale, gross_sale = NULL;
         CREATE FUNCTION transactions.paid(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true'",
    );
    let is_looked_at = |client: &mut Client| {
        let found = check(client);
        found.iter().any(|found| found.finding == "unread_column")
    };
    assert!(is_looked_at(&mut client));
    run(
        &mut client,
        &format!("BEGIN; ALTER SCHEMA transactions OWNER TO {stranger}"),
    );
    assert!(!is_looked_at(&mut client));
    run(
        &mut client,
        &format!(
            "ALTER TABLE transactions.orders OWNER TO {stranger}; SELECT metabase.map_source('order', 'transactions.orders')"
        ),
    );
    assert!(is_looked_at(&mut client), "the table is the stranger's, too");
    run(&mut client, "ROLLBACK");
    for mapping in [
        r#"'{"is_completed": "transactions.paid(status)"}'"#,
        r#"'{"is_completed": "EXISTS (SELECT FROM core.platforms WHERE id = source.platform_id)"}'"#,
        r#"'{}', 'transactions.paid(status)'"#,
    ] {
        run(
            &mut client,
            &format!(
                "BEGIN;
                 SELECT metabase.map_source('order', 'transactions.orders', {mapping});
                 SELECT * FROM metabase.create_all_views(drop_existing => true)"
            ),
        );
        assert!(!is_looked_at(&mut client), "{mapping}");
        run(&mut client, "ROLLBACK");
    }
}

#[test]
fn the_shop_that_was_worked_out_by_hand_has_the_flaws_that_it_tells_of() {
    let (_database, mut client) = shop_with_views();
    let found: Vec<String> = check(&mut client)
        .iter()
        .map(|found| {
            format!(
                "{} | {} | {} | {}, {} %",
                found.severity, found.finding, found.examples, found.rows, found.share
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            // O16.
            "error | order_without_amount | {70000000-0000-0000-0000-000000000016} | 1, 4.76 %",
            // O17 and O18.
            "warning | order_without_date | {70000000-0000-0000-0000-000000000017,70000000-0000-0000-0000-000000000018} | 2, 9.52 %",
            // O10, and not the refund O03.
            "warning | amount_not_positive | {70000000-0000-0000-0000-000000000010} | 1, 4.76 %",
            // O08.
            "warning | sold_before_bought | {70000000-0000-0000-0000-000000000008} | 1, 4.76 %",
            // I08 has a sale for which it is in stock, and I24 claims one that no order knows of.
            "warning | item_status_disagrees | {60000000-0000-0000-0000-000000000008} | 1, 4.17 %",
            "warning | item_status_disagrees | {60000000-0000-0000-0000-000000000024} | 1, 4.17 %",
            // O10, to Atlantis.
            "notice | no_such_country | {70000000-0000-0000-0000-000000000010} | 1, 4.76 %",
            // I27, of which nobody knows what it has cost.
            "notice | stock_without_price | {60000000-0000-0000-0000-000000000027} | 1, 4.17 %",
            "notice | product_without_brand | {50000000-0000-0000-0000-000000000007} | 1, 10.00 %",
            "notice | product_without_category | {50000000-0000-0000-0000-000000000006} | 1, 10.00 %",
        ]
    );
}

#[test]
fn nothing_is_written_and_only_the_views_owner_is_answered() {
    let database = shop();
    let operator = database.create_operator("operator");
    let another = database.create_operator("another");
    let mut client = database.connect_as(&operator);
    let error = error_of(&mut client, "SELECT * FROM metabase.check_data()");
    assert_error(
        &error,
        "55000",
        "there are no views yet whose data could be checked, or not all of what they read is there and one role's",
        Some("Create them: SELECT * FROM metabase.create_all_views();"),
    );
    create_all_views(&mut client);
    run(&mut client, "BEGIN READ ONLY");
    assert!(!check(&mut client).is_empty());
    run(&mut client, "ROLLBACK");
    // A superuser may act as anybody, and reads as the views' owner.
    assert!(!check(&mut database.connect()).is_empty());
    let error = error_of(
        &mut database.connect_as(&another),
        "SELECT * FROM metabase.check_data()",
    );
    assert_error(
        &error,
        "42501",
        &format!("the views belong to role \"{operator}\", and \"{another}\" may not act as that role"),
        Some(&format!("Do this as their owner: SET ROLE \"{operator}\";")),
    );
    let nobody = database.create_role("nobody");
    let error = error_of(
        &mut database.connect_as(&nobody),
        "SELECT * FROM metabase.check_data()",
    );
    assert_eq!(error.sqlstate.code(), "42501", "{error:?}");
    run(&mut client, "SELECT metabase.before_migration()");
    let error = error_of(&mut client, "SELECT * FROM metabase.check_data()");
    assert!(error.message.contains("migration"), "{error:?}");
}

/// Whoever runs a remedy does not become the author of what somebody else has mapped.
#[test]
fn a_remedy_is_run_as_whoever_may() {
    let database = shop();
    let operator = database.create_operator("operator");
    let mut session = database.connect_as(&operator);
    run(
        &mut session,
        "SELECT metabase.map_source('order', 'transactions.orders', '{\"city\": \"upper(buyer_destination_city)\"}')",
    );
    create_all_views(&mut session);
    let mut superuser = database.connect();
    run(
        &mut superuser,
        "UPDATE transactions.orders SET status = 'sold, paid' WHERE status ILIKE 'cancelled'",
    );
    let remedy = |client: &mut Client| {
        let mut found = check(client).into_iter();
        found
            .find(|found| found.finding == "status_not_counted")
            .map(|found| found.remedy)
    };
    let own = remedy(&mut session).expect("the status is found");
    assert!(own.starts_with("SELECT metabase.map_source("), "{own}");
    let of_superuser = remedy(&mut superuser).expect("the status is found");
    assert_eq!(
        of_superuser,
        format!("SET ROLE \"{operator}\"; {own} SET ROLE \"postgres\";")
    );
    run(&mut superuser, &of_superuser);
    assert_eq!(remedy(&mut superuser), None);
    assert_eq!(
        rows(
            &mut superuser,
            "SELECT DISTINCT author.role_name, matviewowner, current_user
             FROM metabase_internal.source_mapping AS mapping
             JOIN metabase_internal.known_roles() AS author ON author.id = mapping.mapped_by
             CROSS JOIN pg_matviews
             WHERE schemaname = 'analytics'"
        ),
        [format!("{operator} | {operator} | postgres")]
    );
}

/// What a remedy or an example shows, a terminal does not do.
#[test]
fn what_controls_a_terminal_stays_in_the_shop() {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(
        &mut client,
        "CREATE SCHEMA sales; CREATE SCHEMA inventory;
         CREATE TABLE sales.\"order\" (id text PRIMARY KEY, status text, sold_at timestamptz, gross_sale numeric);
         CREATE TABLE inventory.stock (id text PRIMARY KEY, product_id text);
         INSERT INTO sales.\"order\"
         SELECT n || E'\\x1b[31m\\u202e', E'sold\\u202e\\x03\\nDROP TABLE x;\\n--', now(), n FROM generate_series(1, 9) AS n",
    );
    create_all_views(&mut client);
    for found in found(&mut client) {
        for text in [&found.message, &found.remedy, &found.examples] {
            let controls = text
                .chars()
                .any(|character| character.is_control() || character == '\u{202e}');
            assert!(!controls, "{text:?}");
        }
    }
    let remedy = found(&mut client)
        .into_iter()
        .find(|found| found.finding == "status_not_counted")
        .expect("the status is found")
        .remedy;
    run(&mut client, &remedy);
    assert_eq!(
        value::<i64>(
            &mut client,
            "SELECT sum(total_orders)::bigint FROM analytics.metabase_executive_metrics"
        ),
        9
    );
}

#[test]
fn texts_of_the_shop_are_short_and_few() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        "ALTER TABLE transactions.orders ALTER status TYPE text, ALTER buyer_destination_country TYPE text;
         ALTER TABLE products.inventory ALTER status TYPE text",
    );
    create_all_views(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET status = repeat('sold ', 100000) WHERE status ILIKE 'cancelled';
         UPDATE transactions.orders SET buyer_destination_country = repeat(id::text, 10000);
         UPDATE transactions.orders SET buyer_destination_city = upper(buyer_destination_city) || repeat(' ', 100)
         WHERE platform_id::text LIKE '%1';
         UPDATE products.inventory SET status = 'in stock ' || id || repeat('x', 100000);
         -- More statuses than anybody reads.
         INSERT INTO products.inventory
         SELECT gen_random_uuid(), product_id, NULL, 1, 1, 1, NULL, 'sold ' || n, NULL, NULL, NULL, now(), now()
         FROM products.inventory, generate_series(1, 100) AS n",
    );
    let found = check(&mut client);
    let disagreeing = found
        .iter()
        .filter(|found| found.finding == "item_status_disagrees");
    assert_eq!(disagreeing.count(), 20);
    for found in &found {
        assert!(found.message.chars().count() < 2_000, "{found:?}");
        assert!(found.examples.len() < 600, "{found:?}");
        assert!(found.remedy.len() < 500, "{found:?}");
    }
}
