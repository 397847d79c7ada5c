//! Names, texts, values, sessions and objects that somebody made in order to break things, or that just are as they are.

use postgres::Client;

use crate::cluster::{Database, SqlError, create_all_views, error_of, refresh_all, value};
use crate::rows::rows;
use crate::shop::{VIEWS, run};

/// Texts that end a string, a statement or a name for those who paste them together.
const NASTY_TEXTS: [&str; 12] = [
    "O'Neill",
    r#"the "best" \ shop"#,
    "'; DROP TABLE transactions.orders; --",
    ":'time_zone' :\"role\" $1 %s %I ${x}",
    "",
    " ",
    "NULL",
    "a,b;c|d\te\r\nf",
    "$$ $body$ E'\\x00' \\",
    "{\"json\": [1, null]}",
    "Größe 42½ 👟 \u{202e}ynnuf \u{feff}",
    "\u{10ffff}\u{fffd}\u{1}",
];

/// Texts that are more or less than one expression.
const NO_EXPRESSIONS: [&str; 33] = [
    "",
    "   ",
    "-- nothing",
    "id) FROM shop.other --",
    "id) AS a, (id",
    "1; DROP TABLE shop.other",
    "1; SELECT 1",
    "1;",
    "(SELECT 1) UNION SELECT 2",
    "1 UNION SELECT 2",
    "1 AS a, 2",
    "1 AS a",
    "1 a",
    "1, 2",
    "(id",
    "id)",
    "id)) OR ((true",
    "*",
    "source.*",
    "(source).*",
    "'open",
    "\"open",
    "$$open",
    "/* open",
    "id FROM shop.other",
    "1 WHERE true",
    "1 GROUP BY 1",
    "1 ORDER BY 1",
    "1 LIMIT 1",
    "1 FOR UPDATE",
    "DISTINCT id",
    "SELECT 1",
    "1 INTO shop.new",
];

#[test]
fn any_name_that_sql_allows_may_be_a_tables_or_a_columns() {
    let database = Database::with_extension();
    database.run_file("tests/layouts/d_quoted.sql");
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source('order', '"we""ird; drop"."we""ird; drop"', jsonb_build_object(
               'id', 'select',
               'stock_item_id', 'the "item"',
               'platform_id', 'source',
               'status', '100%s %d',
               'sold_at', '$1',
               'gross_sale', E'amount'' || ''\nin €',
               'country', 'a_column_with_a_name_of_sixty_three_bytes_as_long_as_names_get_',
               'city', ':''time_zone'''
           ));
           SELECT metabase.map_source('stock_item', '"my shop"."stock -- item"', jsonb_build_object(
               'id', 'id)',
               'product_id', 'product\n',
               'size', 'size /*'
           ))"#,
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    assert_eq!(
        rows(
            &mut client,
            "SELECT country, city, country_code, total_orders, total_revenue, platforms_used, unique_products
             FROM analytics.metabase_customer_geography"
        ),
        ["Germany | Z | DE | 1 | 12.50 | 1 | 1"]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT inventory_id, product_id, size, times_sold, last_sold_at AT TIME ZONE 'UTC'
             FROM analytics.metabase_inventory_status"
        ),
        ["1 | 7 | 42 | 1 | 2024-06-01 12:00:00"]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT DISTINCT relation FROM metabase.sources WHERE relation IS NOT NULL ORDER BY 1"
        ),
        [
            r#""my shop"."stock -- item""#,
            r#""we""ird; drop"."we""ird; drop""#
        ]
    );
    // The same columns as expressions, where they stand in quotes.
    run(
        &mut client,
        r#"SELECT metabase.map_source('stock_item', '"my shop"."stock -- item"', jsonb_build_object(
               'id', '"id)"',
               'product_id', 'source."product\n" * 2',
               'size', '"size /*" || ''"'' || $$''$$'
           ))"#,
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT bool_and(created) FROM metabase.create_all_views(drop_existing => true)"
        ),
        ["t"]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT inventory_id, product_id, size FROM analytics.metabase_inventory_status"
        ),
        [r#"1 | 14 | 42"'"#]
    );
}

#[test]
fn errors_show_names_as_they_are() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    for (statement, message) in [
        (
            r#"SELECT metabase.map_source('brand', '"100%s"."%n ''x'' ""y"""')"#,
            r#"entity "brand" cannot be read from 100%s.%n 'x' "y": there is no such table"#,
        ),
        (
            "SELECT metabase.map_source('100%s', 'core.brands')",
            r#"there is no entity "100%s""#,
        ),
        (
            "SELECT metabase.view_status('%s''\"\\')",
            r#"there is no view "%s'"\""#,
        ),
        (
            "SELECT metabase.map_source('brand', 'core.brands; DROP TABLE core.brands')",
            r#""core.brands; DROP TABLE core.brands" is not the name of a table with its schema"#,
        ),
    ] {
        let error = error_of(&mut client, statement);
        assert_eq!(error.message, message);
        assert!(error.hint.is_some(), "{statement}");
    }
}

#[test]
fn a_search_path_with_traps_is_not_used() {
    let database = hand_worked_shop();
    let before = content(&database);
    run(&mut database.connect(), TRAPS);

    let mut client = database.connect();
    run(&mut client, "SET search_path = trap, pg_catalog, public");
    the_traps_are_armed(&mut client);
    use_everything(&mut client);
    refresh_by_hand(&mut client);
    assert_eq!(content(&database), before);
}

#[test]
fn temporary_objects_with_names_of_the_catalog_are_not_used() {
    let database = hand_worked_shop();
    let before = content(&database);
    run(&mut database.connect(), TRAPS);

    let mut client = database.connect();
    run(
        &mut client,
        "CREATE TEMP VIEW pg_class AS SELECT trap.spring() AS relname;
         CREATE TEMP VIEW pg_namespace AS SELECT trap.spring() AS nspname;
         CREATE TEMP VIEW pg_roles AS SELECT trap.spring() AS rolname;
         CREATE TEMP VIEW orders AS SELECT trap.spring() AS id;
         CREATE TEMP VIEW setting AS SELECT trap.spring() AS name;
         CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (trap.spring() = 0);
         CREATE DOMAIN pg_temp.date AS pg_catalog.date CHECK (trap.spring() = 0);
         CREATE DOMAIN pg_temp.uuid AS pg_catalog.uuid CHECK (trap.spring() = 0)",
    );
    for armed in ["SELECT FROM pg_class WHERE relname = 1", "SELECT 'a'::text"] {
        assert_eq!(
            error_of(&mut client, armed).message,
            "a trap was sprung",
            "{armed}"
        );
    }
    use_everything(&mut client);
    refresh_by_hand(&mut client);
    assert_eq!(content(&database), before);
}

#[test]
fn an_operator_whose_role_has_a_search_path_with_traps_walks_into_none() {
    let database = hand_worked_shop();
    let before = content(&database);
    let operator = database.create_role("operator");
    let mut superuser = database.connect();
    run(&mut superuser, TRAPS);
    run(
        &mut superuser,
        &format!(
            "GRANT USAGE ON SCHEMA trap TO {operator};
             GRANT SELECT ON ALL TABLES IN SCHEMA trap TO {operator};
             ALTER ROLE {operator} SET search_path = trap, pg_catalog;
             SELECT metabase.grant_operator('{operator}')"
        ),
    );
    let mut client = database.connect_as(&operator);
    the_traps_are_armed(&mut client);
    use_everything(&mut client);
    refresh_by_hand(&mut client);
    assert_eq!(content(&database), before);
}

#[test]
fn a_mapping_cannot_say_more_than_one_expression() {
    let database = shop_with_other_table();
    let mut client = database.connect();
    for text in NO_EXPRESSIONS {
        for (what, error) in [
            (
                "column \"gross_sale\"",
                map_source(&mut client, &[("gross_sale", text)], None),
            ),
            ("the filter", map_source(&mut client, &[], Some(text))),
        ] {
            assert_eq!(
                error.sqlstate.code(),
                "42601",
                "{what}: {text}: {}",
                error.message
            );
            assert!(
                error.message.starts_with(&format!("{what} of entity \"order\"")),
                "{}",
                error.message
            );
        }
    }
    nothing_has_changed(&mut client);
}

#[test]
fn an_expression_that_does_not_work_is_refused_by_name() {
    let database = shop_with_other_table();
    let mut client = database.connect();
    for (expression, sqlstate, cause) in [
        ("$1", "42P02", "there is no parameter $1"),
        (
            "no_such_column",
            "42703",
            "column \"no_such_column\" does not exist",
        ),
        (
            "other.id",
            "42P01",
            "missing FROM-clause entry for table \"other\"",
        ),
        (
            "100 % 'x'",
            "22P02",
            "invalid input syntax for type integer: \"x\"",
        ),
    ] {
        let error = map_source(&mut client, &[("gross_sale", expression)], None);
        assert_eq!(error.sqlstate.code(), sqlstate, "{expression}: {}", error.message);
        assert_eq!(
            error.message,
            format!("column \"gross_sale\" of entity \"order\" does not work on shop.sale: {cause}")
        );
    }
    nothing_has_changed(&mut client);
}

#[test]
fn a_comment_in_an_expression_ends_with_its_line() {
    let database = shop_with_other_table();
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source(
               'order', 'shop.sale', '{"gross_sale": "gross_sale -- in euro"}', 'true /* all */ -- of them')"#,
    );
    create_all_views(&mut client);
    assert_eq!(
        rows(
            &mut client,
            "SELECT total_orders, total_revenue FROM analytics.metabase_platform_performance"
        ),
        ["1 | 9.50"]
    );
}

#[test]
fn a_query_of_ones_own_is_one_select() {
    let database = shop_with_other_table();
    let mut client = database.connect();
    for query in [
        "",
        ";",
        "-- nothing",
        "SELECT 1 AS a; DROP TABLE shop.other",
        "SELECT 1 AS a; SELECT 2",
        "SELECT 1 AS a) TO STDOUT; --",
        "SELECT 1 AS a INTO shop.new",
        "SELECT 1 AS a WITH NO DATA",
        "DROP TABLE shop.other",
        "DELETE FROM shop.other RETURNING id AS a",
        "UPDATE shop.other SET id = 2 RETURNING id AS a",
        "INSERT INTO shop.other VALUES (2) RETURNING id AS a",
        "EXPLAIN SELECT 1 AS a",
        "DO $$ BEGIN END $$",
        "SELECT 1 AS a /* open",
        "SELECT 'open",
    ] {
        let error = create_custom_view(&mut client, query, "{}");
        assert_eq!(error.sqlstate.code(), "42601", "{query}: {}", error.message);
    }
    for (query, sqlstate) in [
        ("SELECT 1 AS a INTO shop.new UNION SELECT 2", "42601"),
        // The only statement that changes data and looks like a SELECT.
        (
            "WITH gone AS (DELETE FROM shop.other RETURNING id) SELECT id AS a FROM gone",
            "0A000",
        ),
        ("SELECT $1 AS a", "42P02"),
    ] {
        let error = create_custom_view(&mut client, query, "{}");
        assert_eq!(error.sqlstate.code(), sqlstate, "{query}: {}", error.message);
    }
    nothing_has_changed(&mut client);
}

#[test]
fn an_index_of_ones_own_is_a_list_of_columns_or_expressions() {
    let database = shop_with_other_table();
    let mut client = database.connect();
    for index in [
        "",
        "a,",
        "a,, b",
        "a)",
        "(a",
        "a) --",
        "a); DROP TABLE shop.other; --",
        "a); DROP TABLE shop.other; SELECT (1",
        "a) WHERE (true",
        "a) INCLUDE (b",
        "a) WITH (fillfactor = 50",
        "a) NULLS NOT DISTINCT WITH (fillfactor = 50",
        "a) TABLESPACE pg_default --",
        "a /* open",
        "'open",
    ] {
        let indexes = format!("{{{}}}", serde_json::to_string(index).expect("a text is JSON"));
        let error = create_custom_view(&mut client, "SELECT 1 AS a, 2 AS b", &indexes);
        assert_eq!(error.sqlstate.code(), "42601", "{index}: {}", error.message);
    }
    nothing_has_changed(&mut client);
}

#[test]
fn a_view_of_ones_own_may_have_any_name_and_a_query_with_any_end() {
    let database = shop_with_other_table();
    let mut client = database.connect();
    for (name, query) in [
        (
            r#"we"ird; drop"#,
            "SELECT id, 'it''s; ' || id AS label FROM shop.other;",
        ),
        (
            "100%s '$1'",
            "SELECT id, '' AS label FROM shop.other ; -- all of them",
        ),
        ("select", "TABLE shop.other"),
    ] {
        client
            .execute(
                "SELECT metabase.create_custom_view($1, $2, ARRAY['id'], indexes => ARRAY['id DESC, (id + 1) -- next'])",
                &[&name, &query],
            )
            .expect("any name will do");
        let status = client
            .query_one("SELECT * FROM metabase.view_status($1)", &[&name])
            .expect("its status can be asked for");
        assert_eq!(status.get::<_, Option<i64>>("row_count"), Some(1));
        assert_eq!(status.get::<_, Vec<String>>("indexes").len(), 2);
        let refreshed = client
            .query_one("SELECT status FROM metabase.refresh_view($1)", &[&name])
            .expect("it can be refreshed");
        assert_eq!(refreshed.get::<_, &str>("status"), "completed");
        client
            .execute("SELECT metabase.drop_view($1)", &[&name])
            .expect("it can be dropped");
    }
    nothing_has_changed(&mut client);
}

#[test]
fn texts_are_shown_as_they_are() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    let mut texts: Vec<String> = NASTY_TEXTS.iter().map(|text| (*text).to_owned()).collect();
    // As long as the shop allows it, four bytes a character.
    texts.push("👟".repeat(100));
    client
        .execute(
            "WITH nasty AS (
                 SELECT text, number, md5(number::text)::uuid AS id
                 FROM unnest($1::text[]) WITH ORDINALITY AS given (text, number)
             ),
             platform AS (INSERT INTO core.platforms SELECT id, text, text FROM nasty),
             supplier AS (INSERT INTO core.suppliers SELECT id, text, text, left(text, 50), text, 1 FROM nasty),
             brand AS (INSERT INTO core.brands SELECT id, text, left(text, 50), left(text, 50), text, false, id FROM nasty),
             category AS (INSERT INTO products.categories SELECT id, text FROM nasty),
             product AS (INSERT INTO products.products SELECT id, text, text, id, id FROM nasty),
             item AS (
                 INSERT INTO products.inventory
                 SELECT id, id, id, 1, 1, 0, '2024-01-01 12:00+00',
                     left(text, 50), left(text, 50), left(text, 20), left(text, 50), now(), now()
                 FROM nasty
             )
             INSERT INTO transactions.orders (
                 id, inventory_item_id, platform_id, status, sold_at, gross_sale,
                 buyer_destination_country, buyer_destination_city, created_at, updated_at
             )
             SELECT id, id, id, 'completed', '2024-01-01 12:00+00', number, text, text, now(), now()
             FROM nasty",
            &[&texts],
        )
        .expect("they are just texts");
    create_all_views(&mut client);
    refresh_all(&mut client);
    for (view, order, columns) in [
        (
            "metabase_executive_metrics",
            "total_revenue",
            "platform_name, platform_slug",
        ),
        (
            "metabase_product_performance",
            "total_revenue",
            "product_name, product_sku, category_name, brand_name",
        ),
        (
            "metabase_brand_analytics",
            "total_revenue",
            "brand_name, target_demographic, parent_brand_name",
        ),
        (
            "metabase_platform_performance",
            "total_revenue",
            "platform_name, platform_slug",
        ),
        (
            "metabase_inventory_status",
            "total_revenue",
            "product_name, sku, brand_name, category_name, supplier_name",
        ),
        (
            "metabase_customer_geography",
            "total_revenue",
            "country, city, platform_names",
        ),
        (
            "metabase_supplier_performance",
            "total_revenue_generated",
            "supplier_name, contact_email, country, brand_list",
        ),
    ] {
        for column in columns.split(", ") {
            let shown: Vec<String> = client
                .query(
                    &format!("SELECT {column} FROM analytics.{view} ORDER BY {order}"),
                    &[],
                )
                .expect("it can be read")
                .iter()
                .map(|row| row.get(0))
                .collect();
            assert_eq!(shown, texts, "{view}.{column}");
        }
    }
}

#[test]
fn a_text_that_no_index_can_hold_fails_its_view_alone() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    run(
        &mut client,
        "ALTER TABLE transactions.orders ALTER buyer_destination_country TYPE text;
         ALTER TABLE products.products ALTER name TYPE text, ALTER sku TYPE text",
    );
    create_all_views(&mut client);
    // A product's name has no index, a country has; a text that repeats itself is packed, and fits.
    run(
        &mut client,
        "INSERT INTO products.products VALUES (md5('p')::uuid, repeat('x', 10000), repeat('x', 1000000), NULL, NULL);
         INSERT INTO products.inventory VALUES
             (md5('i')::uuid, md5('p')::uuid, NULL, 1, 1, 0, NULL, '', '', '', '', now(), now());
         INSERT INTO core.platforms VALUES (md5('s')::uuid, 'StockX', 'stockx');
         INSERT INTO transactions.orders (
             id, inventory_item_id, platform_id, status, gross_sale, buyer_destination_country, created_at, updated_at
         )
         VALUES (md5('o')::uuid, md5('i')::uuid, md5('s')::uuid, 'completed', 1, repeat('x', 10000), now(), now())",
    );
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders
         SET buyer_destination_country = (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 100) AS n)",
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT view_name, status, substring(error_message FROM 'SQLSTATE .....') FROM metabase.refresh('all')
             WHERE status <> 'completed'"
        ),
        ["metabase_customer_geography | failed | SQLSTATE 54000"]
    );
}

#[test]
fn amounts_may_be_no_numbers_or_infinite() {
    let database = shop_with_other_table();
    let mut client = database.connect();
    run(
        &mut client,
        r#"ALTER TABLE shop.sale ALTER gross_sale TYPE numeric;
           SELECT metabase.map_source('order', 'shop.sale', '{
               "stock_item_id": "id",
               "net_profit": "gross_sale",
               "platform_fee": "gross_sale",
               "shipping_cost": "gross_sale",
               "roi": "gross_sale",
               "country": "status"
           }');
           SELECT metabase.map_source('stock_item', 'shop.sale', '{
               "product_id": "1",
               "supplier_id": "1",
               "purchase_price": "gross_sale"
           }');
           SELECT metabase.map_source('product', 'shop.sale', '{"brand_id": "1"}')"#,
    );
    create_all_views(&mut client);
    for (amount, total) in [
        ("'NaN'", "NaN"),
        ("'Infinity'", "Infinity"),
        ("'-Infinity'", "-Infinity"),
        // 9.50 less 9.50: shares of nothing.
        ("-9.5", "0"),
    ] {
        run(
            &mut client,
            &format!(
                "DELETE FROM shop.sale WHERE id = 2;
                 INSERT INTO shop.sale VALUES (2, 'completed', '2024-06-01 13:00+00', {amount})"
            ),
        );
        refresh_all(&mut client);
        assert_eq!(
            rows(
                &mut client,
                "SELECT trim_scale(total_revenue), market_share_pct FROM analytics.metabase_brand_analytics"
            ),
            [match total {
                "0" => "0 | -".to_owned(),
                total => format!("{total} | NaN"),
            }]
        );
    }
}

#[test]
fn infinite_times_are_unknown_and_far_ones_are_shown() {
    let database = shop_of_times();
    let mut client = database.connect();
    run(
        &mut client,
        "INSERT INTO shop.sale VALUES
             (1, 'completed', 'infinity', 1),
             (2, 'completed', '-infinity', 2),
             (3, 'completed', '0044-03-15 12:00:00+00 BC', 4),
             (4, 'completed', '12024-03-15 12:00:00+00', 8)",
    );
    refresh_all(&mut client);
    assert_eq!(
        rows(
            &mut client,
            "SELECT sale_date, sale_week, sale_year, total_orders, total_revenue
             FROM analytics.metabase_executive_metrics ORDER BY sale_date"
        ),
        [
            "0044-03-15 BC | 0044-03-11 BC | 0044-01-01 BC | 1 | 4.00",
            "12024-03-15 | 12024-03-11 | 12024-01-01 | 1 | 8.00",
            "- | - | - | 2 | 3.00"
        ]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT inventory_id, purchase_date IS NULL, days_in_stock, stock_category
             FROM analytics.metabase_inventory_status ORDER BY inventory_id"
        ),
        [
            "1 | t | - | Unknown",
            "2 | t | - | Unknown",
            "3 | f | 0 | Fast Moving",
            "4 | f | 0 | Fast Moving"
        ]
    );
}

#[test]
fn the_first_and_last_times_that_there_are_do_not_stop_a_view() {
    let database = shop_of_times();
    let mut client = database.connect();
    run(
        &mut client,
        "INSERT INTO shop.sale VALUES
             (1, 'completed', '4714-11-24 00:00:00+00 BC', 1),
             (2, 'completed', '294276-12-31 23:59:59.999999+00', 2)",
    );
    // Where days, weeks and years begin outside of what a timestamp can be, depends on the zone.
    for zone in ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"] {
        run(
            &mut client,
            &format!("SELECT metabase.set_setting('time_zone', '{zone}')"),
        );
        let failed = rows(
            &mut client,
            "SELECT view_name, error_message FROM metabase.create_all_views(drop_existing => true) WHERE NOT created",
        );
        assert_eq!(failed, [""; 0], "{zone}");
        refresh_all(&mut client);
    }
}

#[test]
fn what_bears_a_views_name_is_neither_replaced_nor_run() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    run(&mut client, TRAPS);
    run(
        &mut client,
        "CREATE SCHEMA analytics;
         CREATE TABLE analytics.metabase_brand_analytics AS SELECT 'keep me' AS brand_name;
         CREATE VIEW analytics.metabase_customer_geography AS SELECT trap.spring() AS total_orders;
         CREATE SEQUENCE analytics.metabase_supplier_performance",
    );
    let taken = [
        ("metabase_brand_analytics", "a table"),
        ("metabase_customer_geography", "a view"),
        ("metabase_supplier_performance", "a sequence"),
    ];
    for drop_existing in [false, true] {
        let refused = rows(
            &mut client,
            &format!(
                "SELECT view_name, split_part(error_message, E'\\n', 1)
                 FROM metabase.create_all_views(drop_existing => {drop_existing}) WHERE NOT created"
            ),
        );
        assert_eq!(
            refused,
            taken.map(|(view, kind)| format!(
                "{view} | analytics.{view} is {kind}, not a materialized view (SQLSTATE 42809)"
            ))
        );
    }
    let reader = database.create_role("reader");
    run(&mut client, &format!("SELECT metabase.grant_reader('{reader}')"));
    for (view, _) in taken {
        assert_eq!(
            rows(
                &mut client,
                &format!(
                    r#"SELECT "exists", row_count, has_table_privilege('{reader}', 'analytics.{view}', 'SELECT')
                       FROM metabase.view_status('{view}')"#
                )
            ),
            ["f | - | f"],
            "{view}"
        );
        let refreshed = rows(
            &mut client,
            &format!("SELECT status, error_message FROM metabase.refresh_view('{view}')"),
        );
        assert!(
            refreshed[0].starts_with("failed | ") && refreshed[0].contains("42809"),
            "{refreshed:?}"
        );
        let error = error_of(&mut client, &format!("SELECT metabase.drop_view('{view}')"));
        assert_eq!(error.sqlstate.code(), "42809");
    }
    assert_eq!(
        rows(&mut client, "TABLE analytics.metabase_brand_analytics"),
        ["keep me"]
    );
}

#[test]
fn an_index_of_a_views_owner_never_runs_with_the_privileges_of_who_replaces_the_view() {
    let database = hand_worked_shop();
    let operator = database.create_role("operator");
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!(
            "CREATE SCHEMA own AUTHORIZATION {operator};
             SELECT metabase.grant_operator('{operator}')"
        ),
    );
    run(
        &mut database.connect_as(&operator),
        "CREATE FUNCTION own.take_over() RETURNS void LANGUAGE plpgsql AS $$
         BEGIN
             IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
                 EXECUTE (
                     SELECT 'ALTER ROLE ' || nspowner::regrole || ' SUPERUSER'
                     FROM pg_catalog.pg_namespace
                     WHERE nspname = 'own'
                 );
             END IF;
         END $$;
         CREATE FUNCTION own.innocent(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
         BEGIN
             PERFORM own.take_over();
             RETURN $1;
         END $$;
         CREATE INDEX by_function ON analytics.metabase_brand_analytics (own.innocent(brand_name));
         CREATE INDEX by_condition ON analytics.metabase_brand_analytics (brand_id) WHERE own.innocent(brand_name) <> '';
         CREATE INDEX by_name ON analytics.metabase_brand_analytics (brand_name DESC)",
    );
    // Replacing the view would make its indexes again, as the superuser: it stays with its owner.
    let replaced = "SELECT DISTINCT created, left(error_message, 200) LIKE '%SQLSTATE 42501%SET ROLE%'
                    FROM metabase.create_all_views(drop_existing => true)";
    assert_eq!(rows(&mut superuser, replaced), ["f | t"]);
    run(
        &mut superuser,
        "SELECT * FROM metabase.refresh('all');
         SELECT * FROM metabase.view_status()",
    );
    assert_eq!(
        rows(
            &mut superuser,
            &format!("SELECT rolsuper FROM pg_roles WHERE rolname = '{operator}'")
        ),
        ["f"]
    );
    // One's own indexes are kept, whatever they are made of.
    let own_indexes = "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'by\\_%' ORDER BY indexname";
    let mut owner = database.connect_as(&operator);
    run(
        &mut owner,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(
        rows(&mut owner, own_indexes),
        ["by_condition", "by_function", "by_name"]
    );
}

#[test]
fn no_setting_of_the_session_changes_what_is_made_and_none_is_changed() {
    let database = hand_worked_shop();
    let before = content(&database);
    let mut client = database.connect();
    run(
        &mut client,
        "SET standard_conforming_strings = off;
         SET escape_string_warning = off;
         SET backslash_quote = on;
         -- With it, PostgreSQL's own REFRESH … CONCURRENTLY fails.
         SET quote_all_identifiers = on;
         SET transform_null_equals = on;
         SET array_nulls = off;
         SET DateStyle = 'German';
         SET IntervalStyle = 'sql_standard';
         SET TimeZone = 'Pacific/Kiritimati';
         SET extra_float_digits = -15;
         SET bytea_output = 'escape';
         SET lc_numeric = 'C.UTF-8';
         SET lc_monetary = 'C.UTF-8';
         SET lc_time = 'C.UTF-8';
         SET row_security = off;
         SET check_function_bodies = off;
         SET enable_seqscan = off;
         SET plan_cache_mode = 'force_generic_plan';
         SET session_replication_role = 'replica';
         SET default_transaction_isolation = 'serializable'",
    );
    // Those of libraries come with them.
    let settings = "SELECT name, setting FROM pg_settings
                    WHERE name NOT LIKE 'metabase_views.%' AND name NOT LIKE 'plpgsql.%' ORDER BY name";
    let settings_before = rows(&mut client, settings);
    use_everything(&mut client);
    assert_eq!(rows(&mut client, settings), settings_before);
    assert_eq!(
        rows(&mut client, "SELECT current_user, session_user"),
        ["postgres | postgres"]
    );
    assert_eq!(content(&database), before);
}

#[test]
fn a_mapping_and_a_query_mean_the_same_under_another_reading_of_strings() {
    let database = shop_with_other_table();
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source('order', 'shop.sale', '{"country": "regexp_replace(status, ''\\d+|d$'', ''!'')"}');
           SELECT metabase.create_custom_view('texts', $$SELECT ' \' || '; DROP TABLE shop.other; --' AS a$$, ARRAY['a'])"#,
    );
    create_all_views(&mut client);
    let country = "SELECT country FROM analytics.metabase_customer_geography";
    let text = "SELECT a FROM analytics.texts";
    assert_eq!(rows(&mut client, country), ["complete!"]);
    assert_eq!(rows(&mut client, text), [r" \; DROP TABLE shop.other; --"]);
    run(
        &mut client,
        "SET standard_conforming_strings = off;
         SELECT * FROM metabase.create_all_views(drop_existing => true);
         SELECT * FROM metabase.create_view('texts', drop_existing => true)",
    );
    assert_eq!(rows(&mut client, country), ["complete!"]);
    assert_eq!(rows(&mut client, text), [r" \; DROP TABLE shop.other; --"]);
}

#[test]
fn roles_may_have_any_name() {
    let database = hand_worked_shop();
    let before = content(&database);
    let mut superuser = database.connect();
    for name in [
        r#"we"ird; drop"#,
        "'); DROP ROLE postgres; --",
        "100%s $1 \\ :\"role\"",
        "Größe",
        "select",
    ] {
        // Roles belong to the cluster, so that a name alone would meet other runs of this test.
        let role = format!("{name} {}", database.name());
        let quoted = format!("\"{}\"", role.replace('"', "\"\""));
        run(&mut superuser, &format!("CREATE ROLE {quoted} LOGIN"));

        for function in ["grant_reader", "grant_operator"] {
            let answer: String = superuser
                .query_one(&format!("SELECT metabase.{function}($1)"), &[&role])
                .unwrap_or_else(|error| panic!("{role}: {error:?}"))
                .get(0);
            assert!(answer.starts_with(&format!("role {role} may ")), "{answer}");
        }
        let mut operator = database.connect_as(&role);
        use_everything(&mut operator);
        assert_eq!(content(&database), before);
        // The next one starts anew.
        run(
            &mut superuser,
            &format!(
                "SELECT metabase.drop_view(view_name) FROM metabase.view_status();
                 DROP OWNED BY {quoted};
                 DROP ROLE {quoted}"
            ),
        );
        create_all_views(&mut superuser);
    }
}

/// A schema in which everything that the extension and its definitions use by name raises an error.
const TRAPS: &str = r#"
    CREATE SCHEMA trap;
    CREATE FUNCTION trap.spring() RETURNS integer LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a trap was sprung';
    END $$;

    DO $$
    DECLARE
        made text;
    BEGIN
        -- Functions that match as well as those of the catalog do.
        FOREACH made IN ARRAY ARRAY[
            'round(numeric, integer) RETURNS numeric',
            'lower(text) RETURNS text',
            'upper(text) RETURNS text',
            'date_trunc(text, timestamp) RETURNS timestamp',
            'date_trunc(text, timestamptz) RETURNS timestamptz',
            'timezone(text, timestamptz) RETURNS timestamp',
            'timezone(text, timestamp) RETURNS timestamptz',
            'now() RETURNS timestamptz',
            'country_code(text) RETURNS text',
            'to_jsonb(anyelement) RETURNS jsonb',
            'format_type(oid, integer) RETURNS text',
            'pg_get_userbyid(oid) RETURNS name',
            'sources() RETURNS text',
            'settings() RETURNS text',
            'add(numeric, numeric) RETURNS numeric',
            'add_row(bigint) RETURNS bigint',
            'add_any(bigint, bigint) RETURNS bigint',
            'add_time(timestamptz, timestamptz) RETURNS timestamptz',
            'same(uuid, uuid) RETURNS boolean',
            'same(text, text) RETURNS boolean',
            'same(name, text) RETURNS boolean',
            'same(oid, oid) RETURNS boolean',
            'above(numeric, numeric) RETURNS boolean',
            'times(numeric, numeric) RETURNS numeric',
            'between(timestamptz, timestamptz) RETURNS interval',
            'between(date, date) RETURNS integer'
        ] LOOP
            EXECUTE format('CREATE FUNCTION trap.%s LANGUAGE plpgsql AS ''BEGIN PERFORM trap.spring(); RETURN NULL; END''', made);
        END LOOP;
        FOREACH made IN ARRAY ARRAY[
            'count(*) (SFUNC = trap.add_row, STYPE = bigint)',
            'count(bigint) (SFUNC = trap.add_any, STYPE = bigint)',
            'sum(numeric) (SFUNC = trap.add, STYPE = numeric)',
            'avg(numeric) (SFUNC = trap.add, STYPE = numeric)',
            'min(timestamptz) (SFUNC = trap.add_time, STYPE = timestamptz)',
            'max(timestamptz) (SFUNC = trap.add_time, STYPE = timestamptz)'
        ] LOOP
            EXECUTE 'CREATE AGGREGATE trap.' || made;
        END LOOP;
        FOREACH made IN ARRAY ARRAY[
            '= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = trap.same)',
            '= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.same)',
            '= (LEFTARG = name, RIGHTARG = text, FUNCTION = trap.same)',
            '= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = trap.same)',
            '> (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = trap.above)',
            '* (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = trap.times)',
            '/ (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = trap.times)',
            '- (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = trap.between)',
            '- (LEFTARG = date, RIGHTARG = date, FUNCTION = trap.between)'
        ] LOOP
            EXECUTE 'CREATE OPERATOR trap.' || made;
        END LOOP;
        -- Relations that are named like sources, adapters, tables of the extension and tables of the catalog.
        FOREACH made IN ARRAY ARRAY[
            'orders', 'stock_items', 'products', 'brands', 'categories', 'platforms', 'suppliers', 'sizes', 'inventory',
            'setting', 'source_mapping', 'custom_view', 'reader', 'refresh_log', 'metabase_brand_analytics',
            'pg_class', 'pg_attribute', 'pg_namespace', 'pg_roles', 'pg_index', 'pg_extension', 'pg_timezone_names'
        ] LOOP
            EXECUTE format('CREATE VIEW trap.%I AS SELECT trap.spring() AS id', made);
        END LOOP;
        -- Types, last, because what stands above is made of those of the catalog.
        FOREACH made IN ARRAY ARRAY['text', 'date', 'timestamptz', 'jsonb', 'oid', 'uuid', 'name', 'regclass'] LOOP
            EXECUTE format('CREATE DOMAIN trap.%I AS pg_catalog.%I CHECK (trap.spring() = 0)', made, made);
        END LOOP;
    END $$;
"#;

fn the_traps_are_armed(client: &mut Client) {
    for statement in [
        "SELECT round(1.5, 0)",
        "SELECT count(*)",
        "SELECT 1.5 * 2.5",
        "TABLE orders",
        "TABLE pg_class",
        "SELECT 'a'::text",
    ] {
        assert_eq!(
            error_of(client, statement).message,
            "a trap was sprung",
            "{statement}"
        );
    }
}

/// Calls of all that the API has, by one who may; in the end all is as it was.
fn use_everything(client: &mut Client) {
    for statement in [
        "SELECT * FROM metabase.detect_sources()",
        "SELECT metabase.map_source('brand', 'core.brands', '{\"name\": \"upper(name)\"}', 'name IS NOT NULL')",
        "TABLE metabase.sources",
        "SELECT metabase.unmap_source('brand')",
        "SELECT metabase.set_setting('completed_statuses', 'paid')",
        "TABLE metabase.settings",
        "SELECT metabase.set_setting('completed_statuses', NULL)",
        "SELECT metabase.set_setting('time_zone', 'europe/berlin')",
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
        "SELECT * FROM metabase.create_all_views()",
        "SELECT * FROM metabase.create_view('metabase_brand_analytics', drop_existing => true)",
        "SELECT * FROM metabase.view_status()",
        "SELECT * FROM metabase.check_data()",
        "SELECT * FROM metabase.refresh('all')",
        "SELECT * FROM metabase.refresh_view('metabase_inventory_status', 'full')",
        "SELECT metabase.create_custom_view(
             'by_country',
             'SELECT country, count(*) AS suppliers, round(avg(rating), 2) AS rating FROM core.suppliers GROUP BY country',
             ARRAY['country'],
             indexes => ARRAY['suppliers DESC, lower(country)'])",
        "SELECT * FROM metabase.refresh_view('by_country')",
        "SELECT metabase.drop_view('by_country')",
        "SELECT * FROM metabase.refresh('hourly')",
        "TABLE metabase.refresh_history",
    ] {
        for row in rows(client, statement) {
            assert!(!row.contains("sprung"), "{statement}: {row}");
            assert!(!row.contains("SQLSTATE") || row.contains("42P07"), "{statement}: {row}");
        }
    }
}

/// What an administrator or a script may do without this extension.
fn refresh_by_hand(client: &mut Client) {
    for view in VIEWS {
        run(client, &format!("REFRESH MATERIALIZED VIEW analytics.{view}"));
        run(
            client,
            &format!("REFRESH MATERIALIZED VIEW CONCURRENTLY analytics.{view}"),
        );
    }
}

/// The shop that was worked out by hand, with its views.
fn hand_worked_shop() -> Database {
    let database = Database::with_layout_a();
    database.run_file("tests/hand_worked/shop.sql");
    let mut client = database.connect();
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'Europe/Berlin')",
    );
    create_all_views(&mut client);
    database
}

/// All rows of the seven views, as a session of no peculiarities reads them.
fn content(database: &Database) -> Vec<String> {
    let mut client = database.connect();
    VIEWS
        .iter()
        .flat_map(|view| {
            rows(
                &mut client,
                &format!("SELECT '{view}', row::text FROM analytics.{view} AS row ORDER BY row::text"),
            )
        })
        .collect()
}

/// A shop of one sale whose orders and stock items are mapped, and another table, which somebody would like to drop.
fn shop_with_other_table() -> Database {
    let database = Database::with_extension();
    run(
        &mut database.connect(),
        r#"CREATE SCHEMA shop;
           CREATE TABLE shop.sale (id integer PRIMARY KEY, status text, sold_at timestamptz, gross_sale numeric(10, 2));
           CREATE TABLE shop.other (id integer PRIMARY KEY);
           INSERT INTO shop.sale VALUES (1, 'completed', '2024-06-01 12:00+00', 9.50);
           INSERT INTO shop.other VALUES (1);
           SELECT metabase.map_source('order', 'shop.sale');
           SELECT metabase.map_source('stock_item', 'shop.sale', '{"product_id": "id"}')"#,
    );
    database
}

/// A shop in which the time of a sale is any other time, too. It has its views and no sale yet.
fn shop_of_times() -> Database {
    let database = shop_with_other_table();
    let mut client = database.connect();
    run(
        &mut client,
        r#"TRUNCATE shop.sale;
           SELECT metabase.map_source('order', 'shop.sale', '{"stock_item_id": "id", "payout_date": "sold_at"}');
           SELECT metabase.map_source('stock_item', 'shop.sale', '{
               "product_id": "1",
               "supplier_id": "1",
               "purchase_date": "sold_at",
               "created_at": "sold_at"
           }')"#,
    );
    create_all_views(&mut client);
    database
}

fn nothing_has_changed(client: &mut Client) {
    assert_eq!(rows(client, "TABLE shop.other"), ["1"]);
    assert_eq!(
        rows(
            client,
            "SELECT entity, columns, filter FROM metabase_internal.source_mapping ORDER BY entity"
        ),
        ["order | {} | -", r#"stock_item | {"product_id": "id"} | -"#]
    );
    assert_eq!(rows(client, "TABLE metabase_internal.custom_view"), [""; 0]);
    assert_eq!(
        rows(
            client,
            "SELECT oid::regclass FROM pg_class
             WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('analytics', 'shop')) AND relkind <> 'i'
             ORDER BY oid"
        ),
        ["shop.sale", "shop.other"]
    );
    let adapters: i64 = value(
        client,
        "SELECT count(*) FROM pg_views WHERE schemaname = 'metabase_internal' AND viewname <> 'queue'",
    );
    assert_eq!(adapters, 0);
}

/// What map_source() says to columns and a filter of orders that it must refuse.
fn map_source(client: &mut Client, columns: &[(&str, &str)], filter: Option<&str>) -> SqlError {
    let columns: serde_json::Map<String, serde_json::Value> = columns
        .iter()
        .map(|(column, expression)| ((*column).to_owned(), (*expression).into()))
        .collect();
    run(
        client,
        "PREPARE refused (text, text) AS SELECT metabase.map_source('order', 'shop.sale', $1::jsonb, $2)",
    );
    let error = error_of(
        client,
        &format!(
            "EXECUTE refused ({}, {})",
            literal(&serde_json::Value::Object(columns).to_string()),
            filter.map_or("NULL".to_owned(), literal)
        ),
    );
    run(client, "DEALLOCATE refused");
    error
}

/// What create_custom_view() says to a query or to indexes that it must refuse.
fn create_custom_view(client: &mut Client, query: &str, indexes: &str) -> SqlError {
    error_of(
        client,
        &format!(
            "SELECT metabase.create_custom_view('custom', {}, ARRAY['a'], indexes => {})",
            literal(query),
            literal(indexes)
        ),
    )
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
