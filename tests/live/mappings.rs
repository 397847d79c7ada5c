//! Shops that look like none of the known layouts, read through mappings; and the settings that change what numbers mean.

use postgres::{Client, Config, NoTls};

use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::rows::rows;
use crate::shop::run;

#[test]
fn a_shop_of_one_channel_with_amounts_in_cents() {
    let database = cents();
    let mut client = database.connect();
    // 129.99 + 150.01 + 20.00; the refunded and the unpaid sale do not count.
    assert_eq!(
        rows(
            &mut client,
            "SELECT platform_id, platform_name, total_orders, trim_scale(total_revenue), avg_order_value, active_months,
                 countries_served, cities_served, total_fees
             FROM analytics.metabase_platform_performance"
        ),
        ["- | - | 3 | 300 | 100.0000 | 2 | 2 | 1 | -"]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT sale_date, platform_slug, total_orders, trim_scale(total_revenue)
             FROM analytics.metabase_executive_metrics ORDER BY sale_date"
        ),
        ["2024-01-31 | - | 1 | 129.99", "2024-02-15 | - | 2 | 170.01"]
    );
    // (50.00 + 60.50) / 2; the deviation of 129.99 and 150.01 is 20.02 / √2.
    assert_eq!(
        rows(
            &mut client,
            "SELECT product_id, product_name, units_sold, avg_sale_price, price_volatility, avg_purchase_price, supplier_count
             FROM analytics.metabase_product_performance"
        ),
        ["1 | Dunk Low | 2 | 140.0000 | 14.1563 | 55.2500 | 0"]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT inventory_id, times_sold, days_in_stock, stock_category, trim_scale(current_inventory_value)
             FROM analytics.metabase_inventory_status ORDER BY inventory_id"
        ),
        [
            "10 | 1 | 30 | Fast Moving | 0",
            "11 | 1 | 45 | Normal | 0",
            "12 | 0 | - | Unknown | 40"
        ]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT country, city, country_code, trim_scale(total_revenue)
             FROM analytics.metabase_customer_geography ORDER BY country"
        ),
        ["DE | Berlin | DE | 129.99", "FR | - | FR | 150.01"]
    );
    for view in ["metabase_brand_analytics", "metabase_supplier_performance"] {
        let rows: i64 = value(&mut client, &format!("SELECT count(*) FROM analytics.{view}"));
        assert_eq!(rows, 0, "{view}");
    }
}

#[test]
fn a_table_of_orders_a_year_with_an_enum_and_brands_that_are_words() {
    let database = yearly();
    let mut client = database.connect();
    // 100 + 150 + 90 + 5 + 110: a number that comes back in another year is another order, the test order is none.
    assert_eq!(
        rows(
            &mut client,
            "SELECT total_orders, total_revenue FROM analytics.metabase_platform_performance"
        ),
        ["5 | 455.00"]
    );
    // Nike is the brand of two products and still one brand, with each order once.
    assert_eq!(
        rows(
            &mut client,
            "SELECT brand_id, brand_name, total_sales, total_revenue, product_variety, market_share_pct
             FROM analytics.metabase_brand_analytics ORDER BY total_revenue DESC"
        ),
        [
            "Nike | Nike | 2 | 250.00 | 2 | 55.56",
            "adidas | adidas | 2 | 200.00 | 1 | 44.44"
        ]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT product_id, product_name, brand_id, units_sold
             FROM analytics.metabase_product_performance ORDER BY product_id"
        ),
        [
            "1 | Air Max | Nike | 1",
            "2 | Dunk | Nike | 1",
            "3 | Samba | adidas | 2",
            "4 | Laces | - | 1"
        ]
    );
}

#[test]
fn a_partition_that_is_attached_later_is_read_too() {
    let database = yearly();
    let mut client = database.connect();
    run(
        &mut client,
        "CREATE TABLE shop.orders_2025 (LIKE shop.orders INCLUDING ALL);
         INSERT INTO shop.orders_2025 VALUES (1, 1, 'Completed', '2025-02-01 10:00+00', 45);
         ALTER TABLE shop.orders ATTACH PARTITION shop.orders_2025
             FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2026-01-01 00:00+00')",
    );
    refresh_all(&mut client);
    let revenue: String = value(
        &mut client,
        "SELECT total_revenue::text FROM analytics.metabase_platform_performance",
    );
    assert_eq!(revenue, "500.00");
}

#[test]
fn views_whose_clocks_have_no_zone_are_read_in_the_configured_one() {
    let database = ledger();
    let mut client = database.connect();
    run(&mut client, "SET TimeZone = 'Asia/Tokyo'");
    // 23:30 on the wall is 21:30 in UTC, now that the clocks have gone forward, and noon the day before is 11:00.
    assert_eq!(
        rows(
            &mut client,
            "SELECT sale_date, platform_slug, total_orders, total_revenue, first_sale AT TIME ZONE 'UTC'
             FROM analytics.metabase_executive_metrics ORDER BY sale_date, platform_slug"
        ),
        [
            "2024-03-30 | ebay | 1 | 120.50 | 2024-03-30 11:00:00",
            "2024-03-31 | ebay | 1 | 130.25 | 2024-03-31 21:30:00",
            "2024-03-31 | fair | 1 | 80.00 | 2024-03-31 21:30:00",
            "- | - | 1 | 10.00 | -"
        ]
    );
    // A day is its midnight: 35 hours and 24.5 hours, one of the nights having 23; (35 + 24.5) / 2 / 24, 24.5 / 24.
    assert_eq!(
        rows(
            &mut client,
            "SELECT platform_id, total_orders, avg_payout_days
             FROM analytics.metabase_platform_performance ORDER BY platform_id COLLATE \"C\""
        ),
        ["Fair | 1 | 1.0208", "eBay | 2 | 1.2396", "- | 1 | -"]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT inventory_id, product_id, times_sold, days_in_stock
             FROM analytics.metabase_inventory_status ORDER BY inventory_id"
        ),
        [
            "B1 | Dunk Low | 1 | 29",
            "B2 | Dunk Low | 1 | 0",
            "B3 | Samba | 1 | -",
            "B4 | Samba | 1 | -"
        ]
    );
}

#[test]
fn a_mapping_of_the_tables_alone_finds_the_usual_columns() {
    let database = renamed();
    let mut client = database.connect();
    create_all_views(&mut client);
    assert_eq!(
        rows(
            &mut client,
            "SELECT platform_slug, total_orders, total_revenue, total_profit FROM analytics.metabase_platform_performance"
        ),
        ["ebay | 1 | 90.00 | 20.00"]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT product_name, sku, supplier_name, purchase_price, size, color, times_sold
             FROM analytics.metabase_inventory_status ORDER BY size"
        ),
        [
            "Samba | SMB | Sole Supply | 60.00 | 42 | green | 1",
            "Samba | SMB | Sole Supply | 70.00 | 43 | black | 0"
        ]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT supplier_name, contact_email, rating, sell_through_rate FROM analytics.metabase_supplier_performance"
        ),
        ["Sole Supply | sales@sole.example | 4.50 | 50.00"]
    );
}

#[test]
fn columns_and_whole_entities_can_be_mapped_away_and_come_back() {
    let database = renamed();
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source('supplier', 'webshop.vendor', '{"rating": null, "contact_email": "upper(email)"}');
           SELECT metabase.map_source('platform', NULL)"#,
    );
    create_all_views(&mut client);
    let supplier = "SELECT supplier_name, contact_email, rating FROM analytics.metabase_supplier_performance";
    let platform = "SELECT platform_id IS NULL, platform_name, platform_slug, total_orders
                    FROM analytics.metabase_platform_performance";
    assert_eq!(
        rows(&mut client, supplier),
        ["Sole Supply | SALES@SOLE.EXAMPLE | -"]
    );
    assert_eq!(rows(&mut client, platform), ["f | - | - | 1"]);

    run(
        &mut client,
        "SELECT metabase.map_source('supplier', 'webshop.vendor');
         SELECT metabase.map_source('platform', 'webshop.channel')",
    );
    recreate_all_views(&mut client);
    assert_eq!(
        rows(&mut client, supplier),
        ["Sole Supply | sales@sole.example | 4.50"]
    );
    assert_eq!(rows(&mut client, platform), ["f | eBay | ebay | 1"]);

    // Nothing has the usual name, so what is not mapped is not there.
    let unmapped: String = value(&mut client, "SELECT metabase.unmap_source('supplier')");
    assert_eq!(unmapped, "entity supplier is detected again");
    let unmapped: String = value(&mut client, "SELECT metabase.unmap_source('supplier')");
    assert_eq!(unmapped, "entity supplier was not mapped");
    recreate_all_views(&mut client);
    assert_eq!(rows(&mut client, supplier), ["- | - | -"]);
}

#[test]
fn an_entity_that_every_shop_has_cannot_be_mapped_away() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    for entity in ["order", "stock_item"] {
        let error = error_of(
            &mut client,
            &format!("SELECT metabase.map_source('{entity}', NULL)"),
        );
        assert_eq!(error.sqlstate.code(), "22023");
        assert_eq!(
            error.message,
            format!("entity \"{entity}\" cannot be absent: every shop has it")
        );
    }
}

#[test]
fn texts_may_have_any_collation() {
    let database = Database::with_extension();
    database.run_file("tests/layouts/d_collated.sql");
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source('order', 'shop.orders', '{"country": "country"}');
           SELECT metabase.map_source('stock_item', 'shop.items');
           SELECT metabase.map_source('platform', 'shop.markets');
           SELECT metabase.map_source('size', 'shop.sizes')"#,
    );
    create_all_views(&mut client);
    assert_eq!(
        rows(
            &mut client,
            "SELECT platform_name, platform_slug, total_orders FROM analytics.metabase_executive_metrics"
        ),
        ["eBay | ebay | 2"]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT inventory_id, size FROM analytics.metabase_inventory_status ORDER BY inventory_id"
        ),
        ["i1 | 42", "i2 | 43"]
    );
    // As the shop writes it: what the shop's collation takes for the same are two countries here.
    assert_eq!(
        rows(
            &mut client,
            "SELECT country, country_code, total_orders FROM analytics.metabase_customer_geography ORDER BY country COLLATE \"C\""
        ),
        ["GERMANY | DE | 1", "Germany | DE | 1"]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT attrelid::regclass, attname, attcollation::regcollation
             FROM pg_attribute
             JOIN pg_class ON pg_class.oid = attrelid
             WHERE relnamespace IN ('analytics'::regnamespace, 'metabase_internal'::regnamespace)
                 AND relkind IN ('v', 'm')
                 AND attcollation NOT IN (0, 'pg_catalog.default'::regcollation)"
        ),
        [""; 0]
    );
}

#[test]
fn sources_say_where_each_column_comes_from() {
    let database = Database::with_extension();
    database.run_file("tests/layouts/b.sql");
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source('supplier', 'core.suppliers', '{
               "name": "display_name",
               "rating": null,
               "country": "upper(country)"
           }', 'phone <> ''''')"#,
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT relation, column_name, expression, source_type, origin, note
             FROM metabase.sources WHERE entity = 'supplier'"
        ),
        [
            "core.suppliers | id | id | uuid | detected | only rows where phone <> ''",
            "core.suppliers | name | display_name | character varying(200) | mapped | -",
            "core.suppliers | contact_email | email | character varying(200) | detected | -",
            "core.suppliers | phone | phone | character varying(50) | detected | -",
            "core.suppliers | country | upper(country) | text | mapped | -",
            "core.suppliers | rating | - | - | missing | mapped to null",
        ]
    );
    // Detection does not know of mappings.
    assert_eq!(
        rows(
            &mut client,
            "SELECT column_name, expression, origin, note FROM metabase.detect_sources() WHERE entity = 'supplier'"
        ),
        [
            "id | id | detected | -",
            "name | name | detected | -",
            "contact_email | email | detected | -",
            "phone | phone | detected | -",
            "country | country | detected | -",
            "rating | rating | detected | -",
        ]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT column_name, origin, substring(expression FROM 'upper') FROM metabase.sources
             WHERE entity IN ('order', 'stock_item', 'brand') AND origin <> 'detected'"
        ),
        [
            "is_completed | derived | upper",
            "quantity | missing | -",
            "is_gone | derived | upper",
            "currency | missing | -",
            "condition | missing | -",
            "size | missing | -",
            "color | missing | -",
            "quantity | missing | -",
            "is_in_stock | derived | upper",
            "currency | missing | -",
            "segment | missing | -",
            "price_tier | missing | -",
            "target_demographic | missing | -",
            "is_collaboration | missing | -",
            "parent_brand_id | missing | -",
        ]
    );
}

#[test]
fn an_empty_database_says_what_it_lacks() {
    let database = Database::with_extension();
    let mut client = database.connect();
    assert_eq!(
        rows(
            &mut client,
            "SELECT entity, note FROM metabase.detect_sources() WHERE note IS NOT NULL"
        ),
        [
            r#"order | entity "order" needs a table, and none of transactions.orders, sales.order, sales.orders exists"#,
            r#"stock_item | entity "stock_item" needs a table, and none of products.inventory, inventory.stock exists"#,
        ]
    );
}

#[test]
fn a_column_whose_type_does_not_fit_is_noted_and_null() {
    let database = Database::with_extension();
    database.run_file("tests/layouts/b.sql");
    let mut client = database.connect();
    run(
        &mut client,
        "ALTER TABLE transactions.orders ALTER payout_received TYPE text, ALTER payout_date TYPE text",
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT column_name, note FROM metabase.sources WHERE entity = 'order' AND note IS NOT NULL"
        ),
        [
            r#"payout_received | "payout_received" is text, not boolean"#,
            r#"payout_date | "payout_date" is text, not a timestamp or a date"#,
        ]
    );
    create_all_views(&mut client);
}

#[test]
fn a_mapping_gives_one_value_a_row_and_says_so_otherwise() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    for (expression, sqlstate) in [
        ("sum(gross_sale)", "42803"),
        ("rank() OVER ()", "42P20"),
        ("generate_series(1, 2)", "0A000"),
    ] {
        let error = error_of(
            &mut client,
            &format!(
                r#"SELECT metabase.map_source('order', 'transactions.orders', '{{"gross_sale": "{expression}"}}')"#
            ),
        );
        assert_eq!(error.sqlstate.code(), sqlstate, "{}", error.message);
        assert!(
            error
                .message
                .starts_with(r#"column "gross_sale" of entity "order" does not work on transactions.orders"#),
            "{}",
            error.message
        );
    }
    let error = error_of(
        &mut client,
        "SELECT metabase.map_source('order', 'transactions.orders', '{}', 'count(*) > 1')",
    );
    assert_eq!(error.sqlstate.code(), "42803", "{}", error.message);
}

#[test]
fn a_mapping_that_does_not_work_any_more_leaves_the_views_as_they_are() {
    let database = renamed();
    let mut client = database.connect();
    create_all_views(&mut client);
    run(
        &mut client,
        r#"CREATE TABLE webshop.color (id uuid PRIMARY KEY, label text);
           SELECT metabase.map_source('category', 'webshop.color', '{"name": "label"}');
           DROP TABLE webshop.color"#,
    );
    let error = error_of(
        &mut client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(error.sqlstate.code(), "42P01");
    assert_eq!(
        error.message,
        r#"entity "category" cannot be read from webshop.color: there is no such table"#
    );
    assert_eq!(
        rows(
            &mut client,
            r#"SELECT count(*), sum(row_count) FROM metabase.view_status() WHERE "exists""#
        ),
        ["8 | 7"]
    );
}

#[test]
fn a_mapping_that_changes_a_type_asks_for_all_views_to_be_made_anew() {
    let database = yearly();
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source('product', 'shop.products', $${"id": "'P' || id", "name": "title"}$$);
           SELECT metabase.map_source('stock_item', 'shop.stock', $${"product_id": "'P' || product_id"}$$)"#,
    );
    let error = error_of(
        &mut client,
        "SELECT * FROM metabase.create_view('metabase_product_performance', drop_existing => true)",
    );
    assert_eq!(error.sqlstate.code(), "55000");
    assert_eq!(
        error.message,
        "the sources or the settings have changed since analytics.metabase_executive_metrics was created"
    );
    recreate_all_views(&mut client);
    assert_eq!(
        rows(
            &mut client,
            "SELECT product_id, product_name FROM analytics.metabase_product_performance ORDER BY product_id"
        ),
        ["P1 | Air Max", "P2 | Dunk", "P3 | Samba", "P4 | Laces"]
    );
}

#[test]
fn completed_statuses_say_which_orders_count() {
    let database = renamed();
    let mut client = database.connect();
    let orders = "SELECT coalesce(sum(total_orders), 0)::bigint FROM analytics.metabase_platform_performance";
    for (statuses, completed) in [
        ("' Delivered ,COMPLETED'", 2),
        ("'delivered'", 1),
        ("'paid'", 0),
        ("NULL", 1),
    ] {
        run(
            &mut client,
            &format!("SELECT metabase.set_setting('completed_statuses', {statuses})"),
        );
        recreate_all_views(&mut client);
        assert_eq!(value::<i64>(&mut client, orders), completed, "{statuses}");
    }
}

#[test]
fn a_setting_takes_effect_where_views_are_created() {
    let database = renamed();
    let mut client = database.connect();
    create_all_views(&mut client);
    run(
        &mut client,
        "SELECT metabase.set_setting('completed_statuses', 'delivered')",
    );
    refresh_all(&mut client);
    let revenue = "SELECT total_revenue FROM analytics.metabase_platform_performance";
    assert_eq!(rows(&mut client, revenue), ["90.00"]);
    recreate_all_views(&mut client);
    assert_eq!(rows(&mut client, revenue), ["95.00"]);
}

#[test]
fn settings_are_checked_and_go_back_to_their_defaults() {
    let database = Database::with_extension();
    let mut client = database.connect();
    for (name, given, answer) in [
        ("time_zone", "'europe/berlin'", "time_zone is now Europe/Berlin"),
        (
            "completed_statuses",
            "' Completed,, PAID '",
            "completed_statuses is now completed, paid",
        ),
        ("gone_statuses", "''", "gone_statuses is now empty"),
        ("gone_statuses", "'Lost, sold'", "gone_statuses is now lost, sold"),
        ("currency", "'usd'", "currency is now USD"),
        ("currency", "NULL", "currency is back to its default"),
    ] {
        let answered: String = value(
            &mut client,
            &format!("SELECT metabase.set_setting('{name}', {given})"),
        );
        assert_eq!(answered, answer);
    }
    assert_eq!(
        rows(
            &mut client,
            "SELECT name, value, is_default FROM metabase.settings ORDER BY name"
        ),
        [
            "completed_statuses | completed, paid | f",
            "currency | EUR | t",
            "daily_check | on | t",
            "gone_statuses | lost, sold | f",
            "history_days | 30 | t",
            "monthly_revenue_goal |  | t",
            "sales_view | on | t",
            "time_zone | Europe/Berlin | f"
        ]
    );
    for (arguments, sqlstate, message) in [
        ("'timezone', 'UTC'", "22023", r#"there is no setting "timezone""#),
        (
            "'time_zone', 'Mars/Olympus'",
            "22023",
            r#"setting "time_zone" cannot be "Mars/Olympus": there is no time zone of that name in pg_timezone_names"#,
        ),
        (
            "'completed_statuses', ' , '",
            "22023",
            r#"setting "completed_statuses" cannot be " , ": it names no status"#,
        ),
        (
            "'gone_statuses', ' , '",
            "22023",
            r#"setting "gone_statuses" cannot be " , ": it names no status"#,
        ),
        (
            "'currency', 'XXL'",
            "22023",
            r#"setting "currency" cannot be "XXL": it is not a code of ISO 4217"#,
        ),
        ("NULL, 'UTC'", "22004", r#"argument "name" must not be NULL"#),
    ] {
        let error = error_of(&mut client, &format!("SELECT metabase.set_setting({arguments})"));
        assert_eq!(error.sqlstate.code(), sqlstate);
        assert_eq!(error.message, message);
        assert!(error.hint.is_some(), "{message}");
    }
}

#[test]
fn the_zone_is_the_databases_whatever_the_client_asks_for() {
    let database = yearly();
    let mut client = database.connect();
    run(
        &mut client,
        &format!(
            "ALTER DATABASE {} SET TimeZone = 'Pacific/Kiritimati'",
            database.name()
        ),
    );
    let mut client = connect_with(&database, "-c TimeZone=America/Los_Angeles");
    assert_eq!(
        value::<String>(&mut client, "SHOW TimeZone"),
        "America/Los_Angeles"
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT value, is_default FROM metabase.settings WHERE name = 'time_zone'"
        ),
        ["Pacific/Kiritimati | t"]
    );
    // 14 hours east of Greenwich, 10:00 on New Year's Eve is New Year.
    recreate_all_views(&mut client);
    let first_day = "SELECT min(sale_date) FROM analytics.metabase_executive_metrics";
    assert_eq!(rows(&mut client, first_day), ["2024-01-01"]);
    // A zone that was set wins.
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'America/New_York')",
    );
    recreate_all_views(&mut client);
    assert_eq!(rows(&mut client, first_day), ["2023-12-31"]);
    assert_eq!(
        value::<String>(&mut client, "SHOW TimeZone"),
        "America/Los_Angeles"
    );
}

#[test]
fn a_zone_that_is_an_offset_means_what_it_means_to_the_server() {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(
        &mut client,
        &format!("ALTER DATABASE {} SET TimeZone = '+02'", database.name()),
    );
    // As a setting it is east of Greenwich; in AT TIME ZONE, where POSIX rules, "+02" is west of it.
    let local: String = value(
        &mut client,
        "SELECT (timestamptz '2024-01-01 12:00+00' AT TIME ZONE value)::text FROM metabase.settings WHERE name = 'time_zone'",
    );
    assert_eq!(local, "2024-01-01 14:00:00");
}

#[test]
fn a_zone_that_all_databases_share_is_the_default_too() {
    let database = Database::with_extension();
    let mut client = database.connect();
    // Never committed: other tests' sessions would have it.
    let mut transaction = client.transaction().expect("a transaction can begin");
    transaction
        .batch_execute("ALTER ROLE ALL SET TimeZone = 'Asia/Kathmandu'")
        .expect("a superuser may");
    let zone: String = transaction
        .query_one(
            "SELECT value FROM metabase.settings WHERE name = 'time_zone'",
            &[],
        )
        .expect("it has a value")
        .get(0);
    assert_eq!(zone, "Asia/Kathmandu");
}

#[test]
fn a_day_in_a_mapping_is_the_shops_day_whoever_creates_and_refreshes() {
    let database = yearly();
    let mut client = database.connect();
    // The first order is of 10:00 in UTC: in Berlin that is past 10:30, and on Samoa New Year's Eve has not begun.
    run(
        &mut client,
        r#"SELECT metabase.set_setting('time_zone', 'Europe/Berlin');
           SELECT metabase.map_source('order', 'shop.orders', '{"gross_sale": "extract(hour FROM sold_at)"}',
               $$sold_at < '2023-12-31 10:30' AND NOT is_test$$)"#,
    );
    let orders = "SELECT count(*) FROM analytics.metabase_platform_performance";
    let hours = "SELECT trim_scale(max(total_revenue)) FROM analytics.metabase_platform_performance";
    for zone in ["UTC", "Pacific/Pago_Pago", "Asia/Tokyo"] {
        run(&mut client, &format!("SET TimeZone = '{zone}'"));
        recreate_all_views(&mut client);
        assert_eq!(rows(&mut client, orders), ["0"], "created under {zone}");
    }
    run(
        &mut client,
        r#"SELECT metabase.map_source('order', 'shop.orders', '{"gross_sale": "extract(hour FROM sold_at)"}',
               $$sold_at < '2024-01-01 00:00'$$)"#,
    );
    recreate_all_views(&mut client);
    for zone in ["UTC", "Asia/Tokyo"] {
        run(&mut client, &format!("SET TimeZone = '{zone}'"));
        refresh_all(&mut client);
        assert_eq!(rows(&mut client, hours), ["11"], "refreshed under {zone}");
    }
}

#[test]
fn a_dump_carries_mappings_settings_and_views() {
    let database = yearly();
    let mut client = database.connect();
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'Pacific/Kiritimati');
         SELECT metabase.set_setting('completed_statuses', 'completed, cancelled');
         SELECT metabase.create_custom_view(
             'orders_by_status', 'SELECT status, count(*) AS orders FROM shop.orders GROUP BY status', ARRAY['status'])",
    );
    recreate_all_views(&mut client);

    let restored = Database::restored(&database.dump());
    let mut copy = restored.connect();

    for query in [
        "SELECT * FROM metabase.sources",
        "SELECT * FROM metabase.settings",
        "SELECT * FROM metabase_internal.source_mapping",
        "SELECT * FROM analytics.metabase_executive_metrics ORDER BY sale_date",
        "SELECT * FROM analytics.metabase_brand_analytics ORDER BY brand_id",
        "SELECT * FROM analytics.metabase_inventory_status ORDER BY inventory_id",
        "SELECT * FROM analytics.orders_by_status ORDER BY status",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'analytics' ORDER BY indexdef",
        r#"SELECT view_name, "exists", row_count FROM metabase.view_status()"#,
    ] {
        let original = rows(&mut client, query);
        assert!(!original.is_empty(), "{query}");
        assert_eq!(rows(&mut copy, query), original, "{query}");
    }

    run(
        &mut copy,
        "INSERT INTO shop.orders VALUES (7, 4, 'Completed', '2024-06-01 10:00+00', 20, false)",
    );
    refresh_all(&mut copy);
    let revenue = "SELECT total_revenue FROM analytics.metabase_platform_performance";
    // 455 and the canceled order of 999, as before, and the new one.
    assert_eq!(rows(&mut client, revenue), ["1454.00"]);
    assert_eq!(rows(&mut copy, revenue), ["1474.00"]);
    recreate_all_views(&mut copy);
    assert_eq!(rows(&mut copy, revenue), ["1474.00"]);
}

/// The shop of d_cents.sql with its views.
pub fn cents() -> Database {
    let database = Database::with_extension();
    database.run_file("tests/layouts/d_cents.sql");
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source('order', 'shop.sales', '{
               "id": "sale_no",
               "stock_item_id": "piece_no",
               "is_completed": "paid_at IS NOT NULL AND refunded_at IS NULL",
               "sold_at": "paid_at",
               "gross_sale": "amount_cents / 100.0",
               "country": "ship_to ->> ''country''",
               "city": "ship_to ->> ''city''"
           }');
           SELECT metabase.map_source('stock_item', 'shop.pieces', '{
               "id": "piece_no",
               "product_id": "article_no",
               "purchase_price": "cost_cents / 100.0",
               "purchase_date": "bought_at"
           }');
           SELECT metabase.map_source('product', 'shop.articles', '{"id": "article_no", "name": "title"}')"#,
    );
    create_all_views(&mut client);
    database
}

/// The shop of d_yearly.sql with its views.
fn yearly() -> Database {
    let database = Database::with_extension();
    database.run_file("tests/layouts/d_yearly.sql");
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source('order', 'shop.orders',
               $${"id": "extract(year FROM sold_at AT TIME ZONE 'UTC') || '-' || source.id"}$$, 'NOT is_test');
           SELECT metabase.map_source('stock_item', 'shop.stock');
           SELECT metabase.map_source('product', 'shop.products', '{"name": "title", "brand_id": "brand_name"}');
           SELECT metabase.map_source('brand', 'shop.products', '{"id": "brand_name", "name": "brand_name"}')"#,
    );
    create_all_views(&mut client);
    database
}

/// The shop of d_ledger.sql with its views, in Berlin.
fn ledger() -> Database {
    let database = Database::with_extension();
    database.run_file("tests/layouts/d_ledger.sql");
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.set_setting('time_zone', 'Europe/Berlin');
           SELECT metabase.set_setting('completed_statuses', 'done, paid');
           SELECT metabase.map_source('order', 'ledger.sale', '{
               "stock_item_id": "box",
               "platform_id": "market",
               "status": "state",
               "sold_at": "booked_at",
               "gross_sale": "amount",
               "payout_date": "paid_on"
           }');
           SELECT metabase.map_source('stock_item', 'ledger.box', '{
               "id": "label",
               "product_id": "model",
               "purchase_date": "received"
           }');
           SELECT metabase.map_source('platform', 'ledger.market', '{
               "id": "market",
               "name": "market",
               "slug": "lower(market)"
           }')"#,
    );
    create_all_views(&mut client);
    database
}

/// The shop of d_renamed.sql with its mappings, which name tables only.
fn renamed() -> Database {
    let database = Database::with_extension();
    database.run_file("tests/layouts/d_renamed.sql");
    run(
        &mut database.connect(),
        "SELECT metabase.map_source('order', 'webshop.purchase');
         SELECT metabase.map_source('stock_item', 'webshop.pair');
         SELECT metabase.map_source('product', 'webshop.shoe');
         SELECT metabase.map_source('platform', 'webshop.channel');
         SELECT metabase.map_source('supplier', 'webshop.vendor')",
    );
    database
}

/// Creates all views anew, whether they are there or not, and makes sure that there are eight.
pub fn recreate_all_views(client: &mut Client) {
    assert_eq!(
        rows(
            client,
            "SELECT created, error_message FROM metabase.create_all_views(drop_existing => true)"
        ),
        ["t | -"; 8]
    );
}

/// A session whose client asks for settings at its start, as PGTZ and PGOPTIONS do.
fn connect_with(database: &Database, options: &str) -> Client {
    Config::new()
        .host_path(database.socket())
        .user("postgres")
        .dbname(database.name())
        .options(options)
        .connect(NoTls)
        .expect("the cluster is up")
}
