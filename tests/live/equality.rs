//! What is equal to what: statuses in any letter case and locale, keys, numbers, and rows whose key is NULL.

use postgres::Client;

use crate::available::{has_extension, has_icu};
use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::rows::rows;
use crate::shop::{
    VIEWS, assert_error, assert_incremental, assert_right, column, refreshed, refreshed_shop, run,
    shop as hand_worked,
};

/// The least that a shop has. `{status}` is the type of statuses, `{key}` that of keys of platforms and products, `{refers}` that of
/// what refers to these.
const SHOP: &str = "
    CREATE SCHEMA core; CREATE SCHEMA products; CREATE SCHEMA transactions;
    CREATE TABLE core.platforms (id {key} PRIMARY KEY, name text, slug text);
    CREATE TABLE products.products (id {key} PRIMARY KEY, name text);
    CREATE TABLE products.inventory (id integer PRIMARY KEY, product_id {refers});
    CREATE TABLE transactions.orders (
        id                integer PRIMARY KEY,
        inventory_item_id integer,
        platform_id       {refers},
        status            {status},
        sold_at           timestamptz,
        gross_sale        numeric
    )";

fn shop(client: &mut Client, status: &str, key: &str, refers: &str) {
    let tables = SHOP
        .replace("{status}", status)
        .replace("{key}", key)
        .replace("{refers}", refers);
    run(client, &tables);
}

// Statuses

/// What databases are made with whose idea of letters is another one each.
const LOCALES: [&str; 6] = [
    "",
    "TEMPLATE template0 LOCALE 'C'",
    "TEMPLATE template0 LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'",
    "TEMPLATE template0 LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE-u-ks-level1'",
    "TEMPLATE template0 LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'lt'",
    "TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'und'",
];

/// What is set, what the shop writes, and whether that is the same.
const STATUSES: [(&str, &str, bool); 18] = [
    ("DELIVERED", "DELIVERED", true),
    ("DELIVERED", "delivered", true),
    ("delivered", "Delivered", true),
    ("Выполнен", "Выполнен", true),
    ("выполнен", "ВЫПОЛНЕН", true),
    ("İPTAL EDİLMEDİ", "İPTAL EDİLMEDİ", true),
    ("iptal edilmedi", "İPTAL EDİLMEDİ", true),
    ("ödendi ılık", "ÖDENDİ ILIK", true),
    ("Weiß", "WEISS", true),
    ("weiß", "WEIẞ", true),
    ("ΟΛΟΚΛΗΡΩΘΗΚΕΣ", "ολοκληρωθηκες", true),
    ("ολοκληρωθηκεσ", "ΟΛΟΚΛΗΡΩΘΗΚΕΣ", true),
    ("Ǆ done", "ǆ DONE", true),
    ("完了", "完了", true),
    ("payé", "PAYÉ", true),
    ("payé", "paye", false),
    ("completed", "complete", false),
    ("a'b\\c", "A'B\\C", true),
];

#[test]
fn statuses_are_the_same_in_any_case_and_locale_and_of_any_type() {
    let types = ["varchar(40)", "character(40)", "text COLLATE any_case", "citext"];
    for (number, locale) in LOCALES.into_iter().enumerate() {
        if locale.contains("icu") && !has_icu() {
            continue;
        }
        // Each type in one of them.
        for status_type in ["text"]
            .into_iter()
            .chain(types.get(number).copied().filter(is_there))
        {
            let database = Database::made_with(locale);
            let mut client = with_types_in(&database);
            shop(&mut client, status_type, "integer", "integer");
            let list: Vec<&str> = STATUSES.iter().map(|(set, ..)| *set).collect();
            client
                .execute(
                    "SELECT metabase.set_setting('completed_statuses', $1)",
                    &[&list.join(", ")],
                )
                .expect("it can be set");
            for (number, (_, written, _)) in STATUSES.iter().enumerate() {
                let number = number as i32;
                client
                    .execute(
                        "INSERT INTO transactions.orders (id, status, sold_at, gross_sale) VALUES ($1, $2::text, '2025-02-01', 1)",
                        &[&number, written],
                    )
                    .expect("an order can be written");
            }
            create_all_views(&mut client);
            refresh_all(&mut client);
            let expected: Vec<String> = STATUSES
                .iter()
                .enumerate()
                .filter(|(_, (_, _, is_same))| *is_same)
                .map(|(number, _)| number.to_string())
                .collect();
            assert_eq!(
                column(
                    &mut client,
                    "SELECT id FROM metabase_internal.orders WHERE is_completed ORDER BY id"
                ),
                expected,
                "{locale} {status_type}"
            );
            let total =
                "SELECT coalesce(sum(total_orders), 0)::bigint FROM analytics.metabase_executive_metrics";
            assert_eq!(
                value::<i64>(&mut client, total),
                expected.len() as i64,
                "{locale} {status_type}"
            );
            // What changes later counts by the same rule.
            run(
                &mut client,
                "UPDATE transactions.orders SET status = 'ВЫПОЛНЕН' WHERE id = 16;
                 UPDATE transactions.orders SET status = 'open' WHERE id = 0;
                 UPDATE transactions.orders SET status = 'dELIVERED' WHERE id = 1",
            );
            assert_incremental(&refreshed(&mut client, "refresh('all')"));
            assert_eq!(
                value::<i64>(&mut client, total),
                expected.len() as i64,
                "{locale} {status_type}"
            );
            assert_right(&mut client);
            assert_eq!(
                column(
                    &mut client,
                    "SELECT problem FROM metabase.check_dashboard('executive')"
                ),
                [""; 0]
            );
        }
    }
}

#[test]
fn an_enums_labels_are_statuses_too_and_so_are_those_of_a_domain_over_it() {
    for state in ["public.state", "public.known_state", "public.\"Known State\""] {
        let database = Database::with_extension();
        let mut client = database.connect();
        run(
            &mut client,
            "CREATE TYPE public.state AS ENUM ('Offen', 'ERFÜLLT');
             CREATE DOMAIN public.known_state AS public.state CHECK (value IS NOT NULL);
             CREATE DOMAIN public.\"Known State\" AS public.known_state",
        );
        shop(&mut client, state, "integer", "integer");
        run(
            &mut client,
            &format!(
                "SELECT metabase.set_setting('completed_statuses', 'erfüllt');
                 ALTER TABLE transactions.orders ADD country {state};
                 INSERT INTO transactions.orders VALUES (1, 1, 1, 'ERFÜLLT', '2025-02-01', 5, 'Offen'), (2, 1, 1, 'Offen', '2025-02-01', 7, 'Offen')"
            ),
        );
        create_all_views(&mut client);
        assert_eq!(
            column(
                &mut client,
                "SELECT total_revenue FROM analytics.metabase_platform_performance"
            ),
            ["5.00"],
            "{state}"
        );
        assert_eq!(
            column(
                &mut client,
                "SELECT reason FROM metabase.capture_status() WHERE entity = 'order'"
            ),
            ["NULL"],
            "{state}"
        );
    }
}

#[test]
fn a_time_zone_is_found_by_its_name_in_any_case_and_locale() {
    for locale in LOCALES {
        let database = Database::made_with(locale);
        let mut client = database.connect();
        run(&mut client, "CREATE EXTENSION metabase_views");
        for (given, zone) in [
            ("ASIA/ISTANBUL", "Asia/Istanbul"),
            ("africa/algiers", "Africa/Algiers"),
        ] {
            assert_eq!(
                column(
                    &mut client,
                    &format!("SELECT metabase.set_setting('time_zone', '{given}')")
                ),
                [format!("time_zone is now {zone}")],
                "{locale}"
            );
        }
    }
}

// Keys

/// Types of keys with an idea of their own of what is equal, and how they are called in an error.
const OWN_EQUALITY: [(&str, &str); 6] = [
    ("citext", "public.citext"),
    ("words", "public.words"),
    ("text COLLATE any_case", "text in a nondeterministic collation"),
    (
        "varchar(20) COLLATE any_case",
        "character varying(20) in a nondeterministic collation",
    ),
    ("name COLLATE any_case", "name in a nondeterministic collation"),
    ("any_word", "public.any_word in a nondeterministic collation"),
];

/// A database in which these types are.
fn with_types() -> (Database, Client) {
    let database = Database::empty();
    let client = with_types_in(&database);
    (database, client)
}

fn with_types_in(database: &Database) -> Client {
    let mut client = database.connect();
    run(&mut client, "CREATE EXTENSION metabase_views");
    if is_there(&"citext") {
        run(
            &mut client,
            "CREATE EXTENSION citext; CREATE DOMAIN words AS citext CHECK (value <> '')",
        );
    }
    if is_there(&"any_case") {
        run(
            &mut client,
            "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
             CREATE DOMAIN any_word AS text COLLATE any_case",
        );
    }
    client
}

/// Whether a type of a column can be had, with its collation.
fn is_there(column: &&str) -> bool {
    match *column {
        "citext" | "words" => has_extension("citext"),
        column if column.contains("any_") || column.contains("icu") => has_icu(),
        _ => true,
    }
}

const SALES: &str = "
    INSERT INTO core.platforms VALUES ('StockX', 'StockX', 'stockx'), ('eBay', 'eBay', 'ebay');
    INSERT INTO products.products VALUES ('DD1391-100', 'Panda');
    INSERT INTO products.inventory VALUES (1, 'dd1391-100'), (2, 'DD1391-100');
    INSERT INTO transactions.orders VALUES
        (1, 1, 'STOCKX', 'completed', '2025-02-01', 100), (2, 2, 'eBay', 'completed', '2025-02-01', 50)";

const SOLD: &str = "
    SELECT format('%s: %s', platform_slug, total_revenue) FROM analytics.metabase_executive_metrics
    UNION ALL
    SELECT format('%s: %s', product_name, units_sold) FROM analytics.metabase_product_performance
    ORDER BY 1";

#[test]
fn keys_that_take_different_texts_for_equal_are_refused_until_they_are_mapped() {
    for (key, named) in OWN_EQUALITY.into_iter().filter(|(key, _)| is_there(key)) {
        let (_database, mut client) = with_types();
        shop(&mut client, "text", key, key);
        run(&mut client, SALES);
        let mapped = |entity: &str, relation: &str, column: &str| {
            format!(
                "SELECT metabase.map_source('{entity}', '{relation}', E'{{\"{column}\":\"lower(source.\\\\\"{column}\\\\\"::text) COLLATE \\\\\"default\\\\\"\"}}');"
            )
        };
        for (entity, relation, column) in [
            ("order", "transactions.orders", "platform_id"),
            ("stock_item", "products.inventory", "product_id"),
            ("product", "products.products", "id"),
            ("platform", "core.platforms", "id"),
        ] {
            let error = error_of(&mut client, "SELECT * FROM metabase.create_all_views()");
            let by_name = mapped(entity, relation, column);
            assert_error(
                &error,
                "42804",
                &format!(
                    "column \"{column}\" of entity \"{entity}\" is {named}, which takes different texts for equal, and views join keys by their bytes"
                ),
                Some(&format!(
                    "Map it, and each column that holds the same key, to an expression that is one text for all that are equal: {} with a \
                     stored generated column in its place, refreshes can be incremental.",
                    by_name
                )),
            );
            // What is said to help does.
            run(&mut client, &by_name);
        }
        create_all_views(&mut client);
        assert_eq!(
            column(&mut client, SOLD),
            ["Panda: 2", "ebay: 50.00", "stockx: 100.00"],
            "{key}"
        );
        refresh_all(&mut client);
        run(
            &mut client,
            "UPDATE transactions.orders SET platform_id = 'STOCKx' WHERE id = 2",
        );
        refresh_all(&mut client);
        assert_eq!(column(&mut client, SOLD), ["Panda: 2", "stockx: 150.00"], "{key}");
        assert_right(&mut client);
    }
}

#[test]
fn with_generated_columns_such_keys_are_refreshed_incrementally() {
    if !is_there(&"citext") {
        return;
    }
    let (_database, mut client) = with_types();
    shop(&mut client, "text", "citext", "citext");
    run(&mut client, SALES);
    for (entity, relation, name) in [
        ("order", "transactions.orders", "platform_id"),
        ("stock_item", "products.inventory", "product_id"),
        ("product", "products.products", "id"),
        ("platform", "core.platforms", "id"),
    ] {
        run(
            &mut client,
            &format!(
                "ALTER TABLE {relation} ADD COLUMN own_key text NOT NULL GENERATED ALWAYS AS (lower({name}::text)) STORED;
                 SELECT metabase.map_source('{entity}', '{relation}', '{{\"{name}\": \"own_key\"}}')"
            ),
        );
    }
    create_all_views(&mut client);
    refresh_all(&mut client);
    for change in [
        "UPDATE transactions.orders SET platform_id = 'STOCKx' WHERE id = 2",
        "UPDATE core.platforms SET id = 'stockX', slug = 'x' WHERE id = 'STOCKX'",
        "UPDATE products.products SET id = 'dd1391-100', name = 'Panda Low'",
        "INSERT INTO transactions.orders VALUES (3, 1, 'EBAY', 'completed', '2025-02-02', 7)",
    ] {
        run(&mut client, change);
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_right(&mut client);
    }
    assert_eq!(
        column(&mut client, SOLD),
        ["Panda Low: 3", "ebay: 7.00", "x: 150.00"]
    );
}

#[test]
fn keys_that_are_equal_by_their_bytes_are_taken_whatever_their_collation() {
    for (key, refers) in [
        ("text", "varchar"),
        ("text COLLATE \"C\"", "text COLLATE \"und-x-icu\""),
        ("character(20)", "character(20)"),
        ("name", "text"),
    ]
    .into_iter()
    .filter(|(_, refers)| is_there(refers))
    {
        let (_database, mut client) = with_types();
        shop(&mut client, "text", key, refers);
        run(
            &mut client,
            &SALES
                .replace("'dd1391", "'DD1391")
                .replace("'STOCKX'", "'StockX'"),
        );
        create_all_views(&mut client);
        refresh_all(&mut client);
        run(
            &mut client,
            "UPDATE transactions.orders SET platform_id = 'StockX' WHERE id = 2",
        );
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_eq!(column(&mut client, SOLD), ["Panda: 2", "stockx: 150.00"], "{key}");
        assert_right(&mut client);
    }
}

#[test]
fn the_key_of_orders_may_have_any_equality_since_nothing_is_joined_with_it() {
    for key in ["citext", "text COLLATE any_case"].into_iter().filter(is_there) {
        let (_database, mut client) = with_types();
        shop(&mut client, "text", "text", "text");
        run(
            &mut client,
            &format!(
                "ALTER TABLE transactions.orders ALTER id TYPE {key}; {}",
                SALES.replace("'STOCKX'", "'StockX'")
            ),
        );
        create_all_views(&mut client);
        refresh_all(&mut client);
        run(
            &mut client,
            "INSERT INTO transactions.orders VALUES ('a', 1, 'eBay', 'completed', '2025-02-01', 1);
             UPDATE transactions.orders SET id = 'A', gross_sale = 2 WHERE id = 'a'",
        );
        refresh_all(&mut client);
        assert_right(&mut client);
        assert_eq!(
            column(
                &mut client,
                "SELECT sum(total_revenue) FROM analytics.metabase_executive_metrics"
            ),
            ["152.00"]
        );
    }
}

// Texts that are read as something else

#[test]
fn a_text_is_captured_unless_what_it_is_read_as_has_words_for_the_time() {
    let (_database, mut client) = with_types();
    shop(&mut client, "text", "integer", "integer");
    run(
        &mut client,
        "CREATE DOMAIN price AS numeric(10, 2) CHECK (value > 0);
         CREATE DOMAIN day AS date;
         ALTER TABLE transactions.orders ADD amount text, ADD flag text, ADD day text, ADD days text[], ADD word text;
         INSERT INTO transactions.orders VALUES (1, 1, 1, 'completed', '2025-02-01', 1, '2,5', 'yes', '2025-01-01 10:00', '{2025-01-01}', 'pg_class')",
    );
    let times = "it is mapped with a text that is read as another type, which can stand for the current time";
    for (name, expression, reason) in [
        ("gross_sale", "replace(amount, ',', '.')::numeric", None),
        ("gross_sale", "replace(amount, ',', '.')::numeric(10,1)", None),
        ("gross_sale", "split_part(amount, ',', 1)::bigint", None),
        ("gross_sale", "split_part(amount, ',', 1)::smallint", None),
        ("gross_sale", "replace(amount, ',', '.')::float8::numeric", None),
        (
            "gross_sale",
            "replace(amount, ',', '.')::varchar::public.price",
            None,
        ),
        ("payout_received", "flag::boolean", None),
        ("payout_received", "(flag::text)::varchar(10)::boolean", None),
        ("stock_item_id", "split_part(amount, ',', 1)::integer", None),
        ("payout_date", "day::date", Some(times)),
        ("payout_date", "day::public.day", Some(times)),
        ("payout_date", "day::timestamp", Some(times)),
        ("payout_date", "day::timestamptz", Some(times)),
        ("payout_date", "(days::date[])[1]", Some(times)),
        ("gross_sale", "extract(hour FROM day::time)", Some(times)),
        (
            "gross_sale",
            "(word::regclass IS NULL)::integer",
            Some(
                "it is mapped with function regclass(text), whose result can change by itself (it is not IMMUTABLE)",
            ),
        ),
        ("gross_sale", "(word::regtype IS NULL)::integer", Some(times)),
    ] {
        assert_captured(&mut client, name, expression, reason);
    }
}

/// Maps a column of the orders, and asserts that their changes are captured, or why not.
#[track_caller]
fn assert_captured(client: &mut Client, name: &str, expression: &str, reason: Option<&str>) {
    client
        .execute(
            "SELECT metabase.map_source('order', 'transactions.orders', jsonb_build_object($1::text, $2::text))",
            &[&name, &expression],
        )
        .unwrap_or_else(|error| panic!("{expression}: {error:?}"));
    run(
        client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(
        column(
            client,
            "SELECT reason FROM metabase.capture_status() WHERE entity = 'order'"
        ),
        [reason.unwrap_or("NULL")],
        "{expression}"
    );
}

// Values that are written as texts

#[test]
fn a_value_is_captured_unless_what_it_is_written_as_changes_by_itself() {
    let (_database, mut client) = with_types();
    shop(&mut client, "text", "integer", "integer");
    run(
        &mut client,
        "CREATE TYPE tier AS ENUM ('a', 'b');
         CREATE TYPE pair AS (one integer, two integer);
         CREATE DOMAIN seller AS regrole;
         ALTER TABLE transactions.orders ADD role regrole, ADD roles regrole[], ADD seller seller, ADD relation regclass, ADD type regtype,
             ADD cost money, ADD pair pair, ADD tier tier, ADD bytes bytea, ADD span interval, ADD days daterange, ADD numbers integer[],
             ADD document jsonb, ADD float float8, ADD day date, ADD tiers tier[], ADD address inet;",
    );
    for (expression, r#type) in [
        ("role::text", "regrole"),
        ("roles::text", "regrole[]"),
        ("seller::text", "public.seller"),
        ("relation::text", "regclass"),
        ("(type::text)::varchar(10)", "regtype"),
        ("concat(role, ' ', id)", "regrole"),
        ("format('%s', relation)", "regclass"),
        ("CASE WHEN role IS NULL THEN 'x' ELSE 'y' END", "regrole"),
        ("pair::text", "public.pair"),
        ("(source)::text", "transactions.orders"),
        ("ROW(id, 1)::text", "record"),
        ("cost::text", "money"),
    ] {
        let reason = format!("it is mapped with a value of type {type}, whose text can change by itself");
        assert_captured(&mut client, "city", expression, Some(&reason));
    }
    for expression in [
        "tier::text",
        "tiers::text",
        "bytes::text",
        "span::text",
        "days::text",
        "numbers::text",
        "document ->> 'city'",
        "document::text",
        "float::text",
        "day::text",
        "address::text",
        "concat(id, ' ', day)",
    ] {
        assert_captured(&mut client, "city", expression, None);
    }
}

// Numbers

#[test]
fn a_sum_has_the_decimals_of_its_definition_whatever_was_in_it_before() {
    let database = hand_worked();
    let mut client = database.connect();
    run(
        &mut client,
        "ALTER TABLE transactions.orders ALTER gross_sale TYPE numeric, ALTER net_profit TYPE numeric, ALTER platform_fee TYPE numeric,
             ALTER shipping_cost TYPE numeric, ALTER net_proceeds TYPE numeric;
         ALTER TABLE products.inventory ALTER purchase_price TYPE numeric, ALTER gross_purchase_price TYPE numeric",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    assert_right(&mut client);
    for change in [
        // More decimals come, and go again.
        "UPDATE transactions.orders SET gross_sale = gross_sale + 0.1234, net_profit = 1.00001, platform_fee = 3, shipping_cost = 1.50000",
        "UPDATE transactions.orders SET gross_sale = gross_sale - 0.1234, net_profit = 1, platform_fee = 3.000, shipping_cost = 1.5",
        "UPDATE products.inventory SET purchase_price = 50.125, gross_purchase_price = 60.0000",
        "UPDATE products.inventory SET purchase_price = 50.1, gross_purchase_price = 60",
        // The same number, written otherwise.
        "UPDATE transactions.orders SET gross_sale = trim_scale(gross_sale), net_proceeds = 7.70",
        "UPDATE transactions.orders SET gross_sale = gross_sale + 0.000000, net_proceeds = 7.7",
        "UPDATE transactions.orders SET gross_sale = 'NaN' WHERE ctid IN (SELECT max(ctid) FROM transactions.orders)",
        "UPDATE transactions.orders SET gross_sale = 12.3 WHERE gross_sale = 'NaN'",
        "DELETE FROM transactions.orders WHERE ctid IN (SELECT min(ctid) FROM transactions.orders)",
    ] {
        run(&mut client, change);
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_right(&mut client);
    }
}

// Dates

#[test]
fn a_day_that_no_timestamp_reaches_is_none() {
    let (_database, mut client) = with_types();
    shop(&mut client, "text", "integer", "integer");
    run(
        &mut client,
        "ALTER TABLE transactions.orders ALTER sold_at TYPE date;
         ALTER TABLE products.inventory ADD purchase_date date;
         INSERT INTO products.inventory VALUES (1, 1, '2025-01-01'), (2, 1, '300000-01-01');
         INSERT INTO transactions.orders VALUES
             (1, 1, 1, 'completed', '300000-01-01', 5), (2, 2, 1, 'completed', '5874897-12-31', 7), (3, 1, 1, 'completed', 'infinity', 1),
             (4, 1, 1, 'completed', '4713-01-01 BC', 1), (5, 1, 1, 'completed', '-infinity', 1), (6, 1, 1, 'completed', '2025-02-01', 3)",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    let by_day =
        "SELECT sale_date, total_orders, total_revenue FROM analytics.metabase_executive_metrics ORDER BY 1";
    assert_eq!(
        rows(&mut client, by_day),
        ["2025-02-01 | 1 | 3.00", "- | 5 | 15.00"]
    );
    run(
        &mut client,
        "UPDATE transactions.orders SET sold_at = '294277-01-01' WHERE id = 6;
         UPDATE products.inventory SET purchase_date = '5874897-12-31'",
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(rows(&mut client, by_day), ["- | 6 | 18.00"]);
    assert_right(&mut client);
}

// Rows without a key

/// A view of one's own, and what is done to its table with how many rows that changes.
const BY_BRAND: &str = "
    CREATE TABLE public.t (brand text, size integer, n integer, note json);
    INSERT INTO public.t VALUES ('Acme', 1, 1, '{\"a\": 1}'), (NULL, 1, 2, NULL), (NULL, NULL, 3, '{}'), ('Zen', NULL, 4, '[]');
    SELECT metabase.create_custom_view('by_brand', 'SELECT brand, size, n, note FROM public.t', key_columns => ARRAY['brand', 'size'])";

#[test]
fn a_row_whose_key_holds_a_null_is_written_only_if_it_has_changed() {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(&mut client, BY_BRAND);
    for (change, so_many) in [
        ("SELECT", 0),
        ("UPDATE public.t SET n = 20 WHERE brand IS NULL AND size = 1", 1),
        ("UPDATE public.t SET n = 10 WHERE brand = 'Acme'", 1),
        ("UPDATE public.t SET note = '{ }' WHERE n = 3", 1),
        ("INSERT INTO public.t VALUES ('New', NULL, 5), ('New', 1, 5)", 2),
        ("DELETE FROM public.t WHERE brand IS NULL", 2),
        ("SELECT", 0),
        ("DELETE FROM public.t WHERE size IS NULL", 2),
        ("INSERT INTO public.t VALUES (NULL, NULL, 1)", 1),
        ("TRUNCATE public.t", 3),
    ] {
        run(&mut client, change);
        let refreshed = &refreshed(&mut client, "refresh_view('by_brand')")[0];
        assert_eq!(
            (refreshed.status.as_str(), refreshed.rows_changed),
            ("completed", Some(so_many)),
            "{change}: {:?}",
            refreshed.error_message
        );
        let rows_of =
            |relation: &str| format!("SELECT (brand, size, n, note)::text FROM {relation} ORDER BY 1");
        assert_eq!(
            column(&mut client, &rows_of("analytics.by_brand")),
            column(&mut client, &rows_of("public.t")),
            "{change}"
        );
    }
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT mode_reason FROM metabase.refresh_history WHERE mode_reason NOT LIKE 'created%'"
        ),
        ["a view of your own is computed from its query each time"]
    );
}

#[test]
fn the_same_row_twice_is_an_error_as_it_is_without_nulls() {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(&mut client, BY_BRAND);
    run(
        &mut client,
        "INSERT INTO public.t SELECT * FROM public.t WHERE brand IS NULL AND size = 1",
    );
    let failed = &refreshed(&mut client, "refresh_view('by_brand')")[0];
    assert_eq!(failed.status, "failed", "{failed:?}");
    assert_eq!(
        column(&mut client, "SELECT count(*) FROM analytics.by_brand"),
        ["4"]
    );
    run(
        &mut client,
        "DELETE FROM public.t WHERE ctid IN (SELECT max(ctid) FROM public.t)",
    );
    let row = &refreshed(&mut client, "refresh_view('by_brand')")[0];
    assert_eq!((row.status.as_str(), row.rows_changed), ("completed", Some(0)));
}

#[test]
fn one_of_the_seven_that_is_refreshed_in_full_keeps_its_rows_without_a_key() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "ALTER TABLE transactions.orders ALTER platform_id DROP NOT NULL;
         UPDATE transactions.orders SET sold_at = NULL, platform_id = NULL
         WHERE ctid IN (SELECT ctid FROM transactions.orders WHERE status = 'completed' LIMIT 3);
         SELECT metabase.disable_capture()",
    );
    refresh_all(&mut client);
    assert_right(&mut client);
    let again = refreshed(&mut client, "refresh('all')");
    for row in again {
        assert_eq!(
            (row.mode.as_str(), row.rows_changed),
            ("full", Some(0)),
            "{}",
            row.view_name
        );
    }
}

/// With 16 digits before the point, PostgreSQL rounds a quotient where the decimals of the sum say, and a sum that is kept up to date has those
/// of rows that are gone.
#[test]
fn averages_of_amounts_of_many_digits_are_the_same_however_they_came_about() {
    let database = Database::with_layout_a();
    database.run_file("tests/hand_worked/shop.sql");
    let mut client = database.connect();
    run(
        &mut client,
        "ALTER TABLE transactions.orders
             ALTER gross_sale TYPE numeric, ALTER platform_fee TYPE numeric, ALTER shipping_cost TYPE numeric, ALTER roi TYPE numeric;
         ALTER TABLE products.inventory ALTER purchase_price TYPE numeric",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    for amount in ["100000000000000000000", "1", "0.001", "12345678901234567.8"] {
        run(
            &mut client,
            &format!(
                "UPDATE transactions.orders SET gross_sale = {amount}, platform_fee = {amount}, shipping_cost = {amount}, roi = {amount}
                 WHERE id = (SELECT min(id::text)::uuid FROM transactions.orders WHERE gross_sale IS DISTINCT FROM {amount});
                 UPDATE products.inventory SET purchase_price = {amount}
                 WHERE id = (SELECT min(id::text)::uuid FROM products.inventory WHERE purchase_price IS DISTINCT FROM {amount})"
            ),
        );
        refresh_all(&mut client);
        run(
            &mut client,
            "UPDATE transactions.orders SET gross_sale = 1000000000000000000, roi = 1000000000000000000 WHERE status = 'completed'",
        );
        refresh_all(&mut client);
        for view in VIEWS {
            let wrong = format!("SELECT count(*) FROM metabase.verify('{view}')");
            assert_eq!(value::<i64>(&mut client, &wrong), 0, "{view}, {amount}");
        }
    }
}
