//! Each known layout of a shop gives all views without configuration, with the columns, types, indexes and comments
//! that are promised.

use postgres::Client;

use crate::cluster::{Database, create_all_views, refresh_all, value};
use crate::mappings;
use crate::rows::rows;
use crate::shop::{assert_incremental, assert_right, refreshed, run};

/// The layouts that need no mapping, with their tables.
const LAYOUTS: [(&str, &[&str]); 5] = [
    ("A", &["demo/schema.sql"]),
    ("B", &["tests/layouts/b.sql"]),
    ("C", &["tests/layouts/c.sql"]),
    ("E", &["tests/layouts/b.sql", "tests/layouts/e.sql"]),
    ("F", &["tests/layouts/b.sql", "tests/layouts/f.sql"]),
];

/// A column with its type; "key" stands for the type that the shop's keys have.
type Column = (&'static str, &'static str);

/// An index with what it is made of.
type Index = (&'static str, &'static str);

/// A view, as promised.
struct Promise {
    view: &'static str,
    columns: &'static [Column],
    /// What its unique index is made of.
    key: &'static str,
    indexes: &'static [Index],
}

const TIME: &str = "timestamp with time zone";

const PROMISES: [Promise; 8] = [
    Promise {
        view: "metabase_executive_metrics",
        columns: &[
            ("sale_date", "date"),
            ("sale_week", "date"),
            ("sale_month", "date"),
            ("sale_quarter", "date"),
            ("sale_year", "date"),
            ("platform_name", "text"),
            ("platform_slug", "text"),
            ("total_orders", "bigint"),
            ("active_days", "bigint"),
            ("total_revenue", "numeric"),
            ("total_net_proceeds", "numeric"),
            ("total_profit", "numeric"),
            ("total_fees", "numeric"),
            ("total_shipping", "numeric"),
            ("avg_roi", "numeric"),
            ("avg_order_value", "numeric"),
            ("first_sale", TIME),
            ("last_sale", TIME),
        ],
        key: "sale_date, platform_slug",
        indexes: &[
            ("idx_exec_metrics_date", "sale_date DESC"),
            ("idx_exec_metrics_month", "sale_month DESC"),
            ("idx_exec_metrics_platform", "platform_slug"),
            ("idx_exec_metrics_date_platform", "sale_date DESC, platform_slug"),
        ],
    },
    Promise {
        view: "metabase_product_performance",
        columns: &[
            ("product_id", "key"),
            ("product_name", "text"),
            ("product_sku", "text"),
            ("category_id", "key"),
            ("category_name", "text"),
            ("brand_id", "key"),
            ("brand_name", "text"),
            ("brand_segment", "text"),
            ("price_tier", "text"),
            ("is_collaboration", "boolean"),
            ("units_sold", "bigint"),
            ("total_revenue", "numeric"),
            ("avg_sale_price", "numeric"),
            ("min_sale_price", "numeric"),
            ("max_sale_price", "numeric"),
            ("price_volatility", "numeric"),
            ("total_profit", "numeric"),
            ("avg_roi", "numeric"),
            ("total_fees_paid", "numeric"),
            ("avg_purchase_price", "numeric"),
            ("supplier_count", "bigint"),
            ("first_sale_date", TIME),
            ("last_sale_date", TIME),
            ("sales_duration_days", "numeric"),
        ],
        key: "product_id",
        indexes: &[
            ("idx_prod_perf_product", "product_id"),
            ("idx_prod_perf_brand", "brand_id"),
            ("idx_prod_perf_revenue", "total_revenue DESC"),
            ("idx_prod_perf_units", "units_sold DESC"),
        ],
    },
    Promise {
        view: "metabase_brand_analytics",
        columns: &[
            ("brand_id", "key"),
            ("brand_name", "text"),
            ("segment", "text"),
            ("price_tier", "text"),
            ("target_demographic", "text"),
            ("is_collaboration", "boolean"),
            ("parent_brand_name", "text"),
            ("total_sales", "bigint"),
            ("total_revenue", "numeric"),
            ("avg_price", "numeric"),
            ("price_variance", "numeric"),
            ("total_profit", "numeric"),
            ("avg_roi", "numeric"),
            ("product_variety", "bigint"),
            ("active_months", "bigint"),
            ("first_sale", TIME),
            ("last_sale", TIME),
            ("market_share_pct", "numeric"),
            ("sales_share_pct", "numeric"),
            ("price_positioning", "text"),
            ("volume_tier", "text"),
        ],
        key: "brand_id",
        indexes: &[
            ("idx_brand_analytics_id", "brand_id"),
            ("idx_brand_analytics_revenue", "total_revenue DESC"),
            ("idx_brand_analytics_share", "market_share_pct DESC"),
        ],
    },
    Promise {
        view: "metabase_platform_performance",
        columns: &[
            ("platform_id", "key"),
            ("platform_name", "text"),
            ("platform_slug", "text"),
            ("total_orders", "bigint"),
            ("active_months", "bigint"),
            ("total_revenue", "numeric"),
            ("avg_order_value", "numeric"),
            ("min_order_value", "numeric"),
            ("max_order_value", "numeric"),
            ("total_fees", "numeric"),
            ("avg_fee", "numeric"),
            ("avg_fee_pct", "numeric"),
            ("total_shipping", "numeric"),
            ("avg_shipping", "numeric"),
            ("total_proceeds", "numeric"),
            ("total_profit", "numeric"),
            ("avg_roi", "numeric"),
            ("avg_profit_margin", "numeric"),
            ("payouts_received", "bigint"),
            ("avg_payout_days", "numeric"),
            ("countries_served", "bigint"),
            ("cities_served", "bigint"),
            ("first_sale", TIME),
            ("last_sale", TIME),
        ],
        key: "platform_id",
        indexes: &[
            ("idx_platform_perf_id", "platform_id"),
            ("idx_platform_perf_revenue", "total_revenue DESC"),
            ("idx_platform_perf_orders", "total_orders DESC"),
        ],
    },
    Promise {
        view: "metabase_inventory_status",
        columns: &[
            ("inventory_id", "key"),
            ("product_id", "key"),
            ("product_name", "text"),
            ("sku", "text"),
            ("brand_name", "text"),
            ("category_name", "text"),
            ("purchase_price", "numeric"),
            ("gross_purchase_price", "numeric"),
            ("vat_amount", "numeric"),
            ("purchase_date", TIME),
            ("supplier_name", "text"),
            ("inventory_status", "text"),
            ("condition", "text"),
            ("size", "text"),
            ("color", "text"),
            ("times_sold", "bigint"),
            ("last_sold_at", TIME),
            ("total_revenue", "numeric"),
            ("total_profit", "numeric"),
            ("days_in_stock", "integer"),
            ("stock_category", "text"),
            ("current_inventory_value", "numeric"),
            ("created_at", TIME),
            ("updated_at", TIME),
            ("quantity", "bigint"),
            ("units_sold", "bigint"),
            ("units_in_stock", "bigint"),
            ("is_in_stock", "boolean"),
        ],
        key: "inventory_id",
        indexes: &[
            ("idx_inv_status_id", "inventory_id"),
            ("idx_inv_status_product", "product_id"),
            ("idx_inv_status_brand", "brand_name"),
            ("idx_inv_status_category", "stock_category"),
            ("idx_inv_status_aging", "days_in_stock DESC"),
        ],
    },
    Promise {
        view: "metabase_customer_geography",
        columns: &[
            ("country", "text"),
            ("city", "text"),
            ("country_code", "text"),
            ("total_orders", "bigint"),
            ("active_months", "bigint"),
            ("total_revenue", "numeric"),
            ("avg_order_value", "numeric"),
            ("total_profit", "numeric"),
            ("avg_roi", "numeric"),
            ("avg_shipping_cost", "numeric"),
            ("platforms_used", "bigint"),
            ("platform_names", "text"),
            ("unique_products", "bigint"),
            ("unique_brands", "bigint"),
            ("first_order", TIME),
            ("last_order", TIME),
        ],
        key: "country, city",
        indexes: &[
            ("idx_cust_geo_country", "country"),
            ("idx_cust_geo_city", "city"),
            ("idx_cust_geo_revenue", "total_revenue DESC"),
        ],
    },
    Promise {
        view: "metabase_supplier_performance",
        columns: &[
            ("supplier_id", "key"),
            ("supplier_name", "text"),
            ("contact_email", "text"),
            ("phone", "text"),
            ("country", "text"),
            ("rating", "numeric"),
            ("total_purchases", "bigint"),
            ("total_spent", "numeric"),
            ("avg_purchase_price", "numeric"),
            ("unique_products", "bigint"),
            ("unique_brands", "bigint"),
            ("brand_list", "text"),
            ("units_sold", "bigint"),
            ("sell_through_rate", "numeric"),
            ("total_revenue_generated", "numeric"),
            ("total_profit_generated", "numeric"),
            ("avg_roi", "numeric"),
            ("avg_days_to_sell", "numeric"),
            ("unsold_units", "bigint"),
            ("unsold_value", "numeric"),
            ("first_purchase", TIME),
            ("last_purchase", TIME),
        ],
        key: "supplier_id",
        indexes: &[
            ("idx_supp_perf_id", "supplier_id"),
            ("idx_supp_perf_revenue", "total_revenue_generated DESC"),
            ("idx_supp_perf_roi", "avg_roi DESC"),
        ],
    },
    Promise {
        view: "metabase_sales",
        columns: &[
            ("order_id", "key"),
            ("sold_at", TIME),
            ("sale_date", "date"),
            ("platform_id", "key"),
            ("platform_name", "text"),
            ("platform_slug", "text"),
            ("stock_item_id", "key"),
            ("product_id", "key"),
            ("product_name", "text"),
            ("product_sku", "text"),
            ("category_name", "text"),
            ("brand_id", "key"),
            ("brand_name", "text"),
            ("size", "text"),
            ("condition", "text"),
            ("supplier_id", "key"),
            ("supplier_name", "text"),
            ("country", "text"),
            ("country_code", "text"),
            ("city", "text"),
            ("units", "bigint"),
            ("gross_sale", "numeric"),
            ("net_proceeds", "numeric"),
            ("net_profit", "numeric"),
            ("roi", "numeric"),
            ("platform_fee", "numeric"),
            ("shipping_cost", "numeric"),
            ("purchase_price", "numeric"),
            ("purchase_date", TIME),
            ("days_to_sell", "integer"),
            ("payout_received", "boolean"),
            ("payout_date", TIME),
            ("payout_days", "numeric"),
        ],
        key: "order_id",
        indexes: &[
            ("idx_sales_date", "sale_date DESC"),
            ("idx_sales_product", "product_id"),
            ("idx_sales_brand", "brand_name"),
            ("idx_sales_platform", "platform_slug"),
            ("idx_sales_country", "country_code"),
        ],
    },
];

#[test]
fn an_empty_shop_of_each_layout_gives_empty_views_without_configuration() {
    for (layout, tables) in LAYOUTS {
        let database = Database::with_extension();
        for file in tables {
            database.run_file(file);
        }
        let mut client = database.connect();
        let created: i64 = value(
            &mut client,
            "SELECT count(*) FROM metabase.create_all_views() WHERE created",
        );
        assert_eq!(created, 8, "layout {layout}");
        refresh_all(&mut client);
        for Promise { view, .. } in &PROMISES {
            let rows: i64 = value(&mut client, &format!("SELECT count(*) FROM analytics.{view}"));
            assert_eq!(rows, 0, "{view} in layout {layout}");
        }
    }
}

#[test]
fn the_documented_layout_shows_every_label() {
    let database = shop_in_layout_a();
    let mut client = database.connect();
    numbers_are_right(&mut client);
    assert_eq!(
        rows(
            &mut client,
            "SELECT brand_name, segment, price_tier, target_demographic, is_collaboration, parent_brand_name
             FROM analytics.metabase_brand_analytics ORDER BY brand_name COLLATE \"C\""
        ),
        [
            "Nike | Sportswear | Mid | Everyone | f | -",
            "Travis Scott | Streetwear | Luxury | Collectors | t | Nike"
        ]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT product_name, size, condition, color
             FROM analytics.metabase_inventory_status ORDER BY purchase_date"
        ),
        [
            "Air Max | 42 | new | white",
            "Dunk | 43 | used | black",
            "Dunk | 43 | new | -"
        ]
    );
}

#[test]
fn layout_b_shows_sizes_by_their_key_and_nulls_for_what_it_lacks() {
    let database = shop_in_layout_b();
    let mut client = database.connect();
    numbers_are_right(&mut client);
    labels_of_layouts_b_and_c_are_right(&mut client);
}

#[test]
fn layout_c_shows_the_same_as_layout_b() {
    let database = shop_in_layout_c();
    let mut client = database.connect();
    numbers_are_right(&mut client);
    labels_of_layouts_b_and_c_are_right(&mut client);
}

#[test]
fn layout_e_reads_the_money_from_a_table_that_has_the_orders_keys() {
    let database = shop_in_layout_e();
    let mut client = database.connect();
    numbers_are_right(&mut client);
    labels_of_layouts_b_and_c_are_right(&mut client);
    assert_eq!(
        rows(&mut client, READ_OF_ORDERS),
        [
            "id | sales.orders | id | joined with sales.transactions by its column order_id = id",
            "stock_item_id | sales.orders | inventory_item_id | -",
            "platform_id | sales.transactions | platform_id | -",
            "status | sales.orders | order_status | -",
            "sold_at | sales.orders | order_date | -",
            "gross_sale | sales.transactions | sale_price | -",
            "shipping_cost | sales.transactions | shipping_fee | -",
            "country | sales.transactions | buyer_destination_country | -",
        ]
    );
    changes_of_both_tables_are_captured(
        &mut client,
        "sales.transactions",
        &[
            "UPDATE sales.transactions SET sale_price = sale_price + 10",
            "UPDATE sales.transactions SET buyer_destination_country = 'France', shipping_fee = 1.25",
            "UPDATE sales.orders SET order_status = 'completed'",
            // A row of one order becomes that of another one.
            "DELETE FROM sales.transactions WHERE order_id = md5('order 1')::uuid;
             UPDATE sales.transactions SET order_id = md5('order 1')::uuid WHERE order_id = md5('order 2')::uuid",
            "DELETE FROM sales.orders WHERE id = md5('order 1')::uuid",
            "INSERT INTO sales.transactions (order_id, platform_id, sale_price)
             VALUES (md5('order 2')::uuid, md5('eBay')::uuid, 77)",
            "DELETE FROM sales.transactions",
        ],
    );
}

#[test]
fn layout_f_reads_platform_fee_shipping_and_country_from_a_table_whose_keys_the_orders_have() {
    let database = shop_in_layout_f();
    let mut client = database.connect();
    numbers_are_right(&mut client);
    labels_of_layouts_b_and_c_are_right(&mut client);
    assert_eq!(
        rows(&mut client, READ_OF_ORDERS),
        [
            "id | transactions.orders | id | joined with transactions.transactions by its column id = transaction_id",
            "stock_item_id | transactions.orders | inventory_item_id | -",
            "platform_id | transactions.transactions | platform_id | -",
            "status | transactions.orders | status | -",
            "sold_at | transactions.orders | sold_at | -",
            "gross_sale | transactions.orders | gross_sale | -",
            "shipping_cost | transactions.transactions | shipping_cost | -",
            "country | transactions.transactions | buyer_destination_country | -",
        ]
    );
    changes_of_both_tables_are_captured(
        &mut client,
        "transactions.transactions",
        &[
            "UPDATE transactions.transactions SET platform_fee = platform_fee + 10",
            "UPDATE transactions.transactions SET buyer_destination_country = 'France', shipping_cost = 1.25",
            "UPDATE transactions.orders SET status = 'completed'",
            // An order gets the transaction of another one, and that goes.
            "UPDATE transactions.orders SET transaction_id = NULL WHERE id = md5('order 2')::uuid;
             UPDATE transactions.orders
             SET transaction_id = (SELECT id FROM transactions.transactions WHERE external_id = md5('order 2')::uuid::text)
             WHERE id = md5('order 1')::uuid",
            "DELETE FROM transactions.transactions WHERE external_id = md5('order 1')::uuid::text",
            "UPDATE transactions.orders SET transaction_id = NULL; DELETE FROM transactions.transactions",
        ],
    );
}

/// Where some columns of the orders are read from.
const READ_OF_ORDERS: &str = "
    SELECT column_name, relation, expression, note
    FROM metabase.sources
    WHERE entity = 'order'
        AND column_name IN (
            'id', 'stock_item_id', 'platform_id', 'status', 'sold_at', 'gross_sale', 'shipping_cost', 'country'
        )";

/// After each of these changes a refresh is incremental, and what it leaves is the truth.
fn changes_of_both_tables_are_captured(client: &mut Client, second: &str, changes: &[&str]) {
    refresh_all(client);
    let captured = rows(
        client,
        &format!(
            "SELECT entity, captured, reason FROM metabase.capture_status() WHERE relation = '{second}'"
        ),
    );
    assert_eq!(captured, ["order | t | -"]);
    for change in changes {
        run(client, change);
        assert_incremental(&refreshed(client, "refresh('all')"));
        assert_right(client);
    }
    // What it held is not known any more.
    run(client, &format!("TRUNCATE {second} CASCADE"));
    refresh_all(client);
    assert_right(client);
}

#[test]
fn a_view_that_keeps_the_old_name_of_a_renamed_table_is_not_read() {
    let database = shop_in_layout_c();
    let mut client = database.connect();
    run(
        &mut client,
        "CREATE SCHEMA transactions;
         CREATE VIEW transactions.orders AS SELECT * FROM sales.\"order\"",
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT DISTINCT relation FROM metabase.detect_sources() WHERE entity = 'order'"
        ),
        [r#"sales."order""#]
    );
}

#[test]
fn every_view_has_the_promised_columns_in_order_with_their_types() {
    for (layout, key_type, database) in one_shop_of_each_layout() {
        let mut client = database.connect();
        for Promise { view, columns, .. } in &PROMISES {
            let promised: Vec<String> = columns
                .iter()
                .map(|(column, sql_type)| match *sql_type {
                    "key" => format!("{column} | {key_type}"),
                    sql_type => format!("{column} | {sql_type}"),
                })
                .collect();
            let columns = format!(
                "SELECT attname, format_type(atttypid, atttypmod)
                 FROM pg_attribute
                 WHERE attrelid = 'analytics.{view}'::regclass AND attnum > 0 AND NOT attisdropped
                 ORDER BY attnum"
            );
            assert_eq!(rows(&mut client, &columns), promised, "{view} in layout {layout}");
        }
    }
}

#[test]
fn every_text_column_has_the_collation_of_the_database() {
    for (layout, _, database) in one_shop_of_each_layout() {
        let others = rows(
            &mut database.connect(),
            "SELECT attrelid::regclass, attname, attcollation::regcollation
             FROM pg_attribute
             WHERE attrelid IN (SELECT ('analytics.' || matviewname)::regclass FROM pg_matviews)
                 AND attcollation NOT IN (0, 'pg_catalog.default'::regcollation)",
        );
        assert_eq!(others, [""; 0], "layout {layout}");
    }
}

#[test]
fn every_view_has_the_promised_indexes_and_its_unique_one() {
    for (layout, _, database) in one_shop_of_each_layout() {
        let mut client = database.connect();
        for Promise {
            view, key, indexes, ..
        } in &PROMISES
        {
            let mut promised = vec![format!(
                "CREATE UNIQUE INDEX uq_{view} ON analytics.{view} USING btree ({key}) NULLS NOT DISTINCT"
            )];
            promised.extend(indexes.iter().map(|(index, columns)| {
                format!("CREATE INDEX {index} ON analytics.{view} USING btree ({columns})")
            }));
            promised.sort();
            let mut found = rows(
                &mut client,
                &format!(
                    "SELECT pg_get_indexdef(indexrelid)
                     FROM pg_index
                     WHERE indrelid = 'analytics.{view}'::regclass AND indisvalid"
                ),
            );
            found.sort();
            assert_eq!(found, promised, "layout {layout}");
        }
    }
}

#[test]
fn every_view_column_function_and_adapter_has_a_comment() {
    for (layout, _, database) in one_shop_of_each_layout() {
        let mut client = database.connect();
        // The first refresh makes the tables of facts and rollups. They say what they are; their columns are nobody's business.
        refresh_all(&mut client);
        let without_comment = rows(
            &mut client,
            "WITH shown AS (
                 SELECT oid, relname ~ '_fact$|_rollup$|^dirty_' AS is_state
                 FROM pg_class
                 WHERE relnamespace IN ('analytics'::regnamespace, 'metabase'::regnamespace, 'metabase_internal'::regnamespace)
                     AND relkind IN ('r', 'v', 'm')
             )
             SELECT oid::regclass::text
             FROM shown
             WHERE coalesce(btrim(obj_description(oid, 'pg_class')), '') = ''
             UNION ALL
             SELECT shown.oid::regclass || '.' || attname
             FROM shown
             JOIN pg_attribute ON attrelid = shown.oid AND attnum > 0 AND NOT attisdropped
             WHERE NOT is_state AND coalesce(btrim(col_description(shown.oid, attnum)), '') = ''
             UNION ALL
             SELECT oid::regprocedure::text
             FROM pg_proc
             WHERE pronamespace = 'metabase'::regnamespace
                 AND coalesce(btrim(obj_description(oid, 'pg_proc')), '') = ''
             UNION ALL
             SELECT nspname::text
             FROM pg_namespace
             WHERE nspname IN ('metabase', 'metabase_internal')
                 AND coalesce(btrim(obj_description(oid, 'pg_namespace')), '') = ''",
        );
        assert_eq!(without_comment, [""; 0], "layout {layout}");
    }
}

/// Layouts A, B, C, E, F and a mapped shop whose keys are bigint: the layout, the type of its keys, a database with its views.
fn one_shop_of_each_layout() -> Vec<(&'static str, &'static str, Database)> {
    vec![
        ("A", "uuid", shop_in_layout_a()),
        ("B", "uuid", shop_in_layout_b()),
        ("C", "uuid", shop_in_layout_c()),
        ("E", "uuid", shop_in_layout_e()),
        ("F", "uuid", shop_in_layout_f()),
        ("D", "bigint", mappings::cents()),
    ]
}

/// The small shop in a layout, with its views.
fn shop_in(files: &[&str]) -> Database {
    let database = Database::with_extension();
    for file in files {
        database.run_file(file);
    }
    create_all_views(&mut database.connect());
    database
}

fn shop_in_layout_a() -> Database {
    shop_in(&["demo/schema.sql", "tests/layouts/a_rows.sql"])
}

fn shop_in_layout_b() -> Database {
    shop_in(&["tests/layouts/b.sql", "tests/layouts/b_rows.sql"])
}

fn shop_in_layout_c() -> Database {
    shop_in(&["tests/layouts/c.sql", "tests/layouts/c_rows.sql"])
}

fn shop_in_layout_e() -> Database {
    shop_in(&[
        "tests/layouts/b.sql",
        "tests/layouts/b_rows.sql",
        "tests/layouts/e.sql",
    ])
}

fn shop_in_layout_f() -> Database {
    shop_in(&[
        "tests/layouts/b.sql",
        "tests/layouts/b_rows.sql",
        "tests/layouts/f.sql",
    ])
}

/// What the shop shows in every layout.
fn numbers_are_right(client: &mut Client) {
    assert_eq!(
        rows(
            client,
            "SELECT sale_date, platform_name, platform_slug, total_orders, total_revenue, total_net_proceeds, total_profit
             FROM analytics.metabase_executive_metrics ORDER BY sale_date"
        ),
        [
            "2024-01-10 | StockX | stockx | 1 | 150.00 | 130.00 | 30.00",
            "2024-02-20 | eBay | ebay | 1 | 250.00 | 230.00 | 50.00"
        ]
    );
    assert_eq!(
        rows(
            client,
            "SELECT product_name, product_sku, category_name, brand_name, units_sold, total_revenue, avg_purchase_price
             FROM analytics.metabase_product_performance ORDER BY product_sku"
        ),
        ["Air Max | AM | Sneakers | Nike | 1 | 150.00 | 100.0000", "Dunk | DK | - | Travis Scott | 1 | 250.00 | 200.0000"]
    );
    assert_eq!(
        rows(
            client,
            "SELECT brand_name, total_sales, market_share_pct, sales_share_pct, price_positioning
             FROM analytics.metabase_brand_analytics ORDER BY brand_name COLLATE \"C\""
        ),
        [
            "Nike | 1 | 37.50 | 50.00 | Mid-Range",
            "Travis Scott | 1 | 62.50 | 50.00 | Premium"
        ]
    );
    assert_eq!(
        rows(
            client,
            "SELECT platform_name, total_orders, total_fees, avg_fee_pct, total_shipping, payouts_received, avg_payout_days
             FROM analytics.metabase_platform_performance ORDER BY platform_name COLLATE \"C\""
        ),
        ["StockX | 1 | 15.00 | 10.00 | 5.00 | 1 | 3.0000", "eBay | 1 | 20.00 | 8.00 | - | 0 | -"]
    );
    assert_eq!(
        rows(
            client,
            "SELECT product_name, size, inventory_status, times_sold, total_revenue, current_inventory_value
             FROM analytics.metabase_inventory_status ORDER BY purchase_date"
        ),
        [
            "Air Max | 42 | sold | 1 | 150.00 | 0",
            "Dunk | 43 | sold | 1 | 250.00 | 0",
            // Its orders are canceled and pending: it is in stock.
            "Dunk | 43 | in_stock | 0 | - | 180.00"
        ]
    );
    assert_eq!(
        rows(
            client,
            "SELECT country, city, country_code, total_orders, platform_names
             FROM analytics.metabase_customer_geography ORDER BY country COLLATE \"C\""
        ),
        ["Germany | Berlin | DE | 1 | StockX", "US | - | US | 1 | eBay"]
    );
    assert_eq!(
        rows(
            client,
            "SELECT supplier_name, contact_email, phone, country, rating, total_purchases, total_spent, brand_list, units_sold,
                 sell_through_rate, unsold_units, unsold_value
             FROM analytics.metabase_supplier_performance"
        ),
        [concat!(
            "Sole Supply | sales@sole.example | +49 30 1 | Germany | 4.50 | 3 | 537.00 | Nike, Travis Scott | ",
            "2 | 66.67 | 1 | 180.00"
        )]
    );
}

fn labels_of_layouts_b_and_c_are_right(client: &mut Client) {
    assert_eq!(
        rows(
            client,
            "SELECT DISTINCT segment, price_tier, target_demographic, is_collaboration, parent_brand_name
             FROM analytics.metabase_brand_analytics"
        ),
        ["- | - | - | - | -"]
    );
    assert_eq!(
        rows(
            client,
            "SELECT DISTINCT brand_segment, price_tier, is_collaboration FROM analytics.metabase_product_performance"
        ),
        ["- | - | -"]
    );
    assert_eq!(
        rows(
            client,
            "SELECT DISTINCT condition, color FROM analytics.metabase_inventory_status"
        ),
        ["- | -"]
    );
}
