//! Entities that are read from two tables: which second table is found, what map_source() takes, and what becomes of it later.

use std::collections::BTreeSet;

use postgres::Client;

use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::rows::rows;
use crate::shop::{VIEWS, assert_error, assert_incremental, assert_right, column, refreshed, run};

/// A shop whose sales have their fees in another table, of which one has none.
const SHOP: &str = r#"
    CREATE SCHEMA shop;
    CREATE TABLE shop.items (id bigint PRIMARY KEY, product_id bigint);
    CREATE TABLE shop."Sales" (
        id bigint PRIMARY KEY, item bigint, at timestamptz, amount numeric, state text, "the Fee" bigint
    );
    CREATE TABLE shop."the Fees" (no integer PRIMARY KEY, "of" bigint UNIQUE, fee numeric, land text);
    INSERT INTO shop.items VALUES (1, 7), (2, 7), (3, 8);
    INSERT INTO shop."Sales" VALUES
        (10, 1, '2024-01-10 12:00+00', 100, 'completed', 1),
        (11, 2, '2024-01-11 12:00+00', 200, 'completed', 2),
        (12, 3, '2024-01-12 12:00+00', 300, 'completed', NULL);
    INSERT INTO shop."the Fees" VALUES (1, 10, 5, 'DE'), (2, 11, 6, 'FR'), (3, NULL, 99, 'US');
    SELECT metabase.map_source('stock_item', 'shop.items')"#;

/// Maps the sales, with a second table that is linked like this.
fn map(link: &str) -> String {
    format!(
        r#"SELECT metabase.map_source('order', 'shop."Sales"', '{{
            "stock_item_id": "item", "sold_at": "at", "gross_sale": "amount", "status": "state",
            "platform_fee": "fee", "net_proceeds": "source.amount - joined.fee", "country": "joined.land"
        }}', join => '{{"relation": "shop.\"the Fees\"", {link}}}')"#
    )
}

const BY_KEY: &str = r#""column": "of""#;
const BY_LINK: &str = r#""column": "no", "source_column": "the Fee""#;

/// That shop, mapped, with views.
fn shop(link: &str) -> (Database, Client) {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(&mut client, SHOP);
    run(&mut client, &map(link));
    create_all_views(&mut client);
    refresh_all(&mut client);
    (database, client)
}

/// Sales, fees and proceeds by country.
const FIGURES: &str = "
    SELECT country, total_orders, (SELECT trim_scale(total_fees) FROM analytics.metabase_platform_performance)
    FROM analytics.metabase_customer_geography
    ORDER BY country COLLATE \"C\"";

#[test]
fn a_mapping_joins_a_second_table_in_either_direction() {
    for link in [BY_KEY, BY_LINK] {
        let (_database, mut client) = shop(link);
        assert_eq!(
            rows(&mut client, FIGURES),
            ["DE | 1 | 11", "FR | 1 | 11"],
            "{link}"
        );
        assert_eq!(
            rows(
                &mut client,
                "SELECT relation, expression, origin FROM metabase.sources
                 WHERE entity = 'order' AND column_name IN ('gross_sale', 'net_proceeds', 'platform_fee')"
            ),
            [
                r#"shop."Sales" | amount | mapped"#,
                r#"shop."Sales" | source.amount - joined.fee | mapped"#,
                r#"shop."the Fees" | fee | mapped"#
            ]
        );
        // The sale without a fee is one all the same.
        let orders: i64 = value(
            &mut client,
            "SELECT total_orders FROM analytics.metabase_platform_performance",
        );
        assert_eq!(orders, 3, "{link}");
        for change in [
            r#"UPDATE shop."the Fees" SET fee = fee * 2, land = 'US'"#,
            r#"UPDATE shop."the Fees" SET "of" = 12, no = 4 WHERE no = 1"#,
            r#"UPDATE shop."Sales" SET "the Fee" = 4, amount = 17 WHERE id = 11"#,
            r#"DELETE FROM shop."the Fees" WHERE no = 2"#,
            r#"INSERT INTO shop."the Fees" VALUES (2, 11, 1.5, 'DE')"#,
        ] {
            run(&mut client, change);
            assert_incremental(&refreshed(&mut client, "refresh('all')"));
            assert_right(&mut client);
        }
    }
}

#[test]
fn an_unmapped_second_table_is_read_no_more_and_its_changes_are_nobodys_business() {
    for link in [BY_KEY, BY_LINK] {
        let (_database, mut client) = shop(link);
        run(
            &mut client,
            r#"SELECT metabase.map_source('order', 'shop."Sales"', '{
                "stock_item_id": "item", "sold_at": "at", "gross_sale": "amount", "status": "state"
            }', 'true')"#,
        );
        run(
            &mut client,
            "SELECT * FROM metabase.create_all_views(drop_existing => true)",
        );
        refresh_all(&mut client);
        assert_eq!(rows(&mut client, FIGURES), [""; 0], "{link}");
        run(&mut client, r#"UPDATE shop."the Fees" SET fee = 1"#);
        let queued: i64 = value(&mut client, "SELECT count(*) FROM metabase_internal.queue");
        assert_eq!(queued, 0, "{link}");
    }
}

/// The reasons why views are not refreshed after this.
fn reasons_after(client: &mut Client, statement: &str) -> Vec<String> {
    run(client, statement);
    let reasons: BTreeSet<String> = refreshed(client, "refresh('all')")
        .into_iter()
        .filter_map(|row| row.error_message)
        .collect();
    reasons.into_iter().collect()
}

#[test]
fn a_second_table_that_has_lost_its_unique_index_would_count_orders_twice_and_is_not_read() {
    for (link, constraint) in [(BY_KEY, "the Fees_of_key"), (BY_LINK, "the Fees_pkey")] {
        let (_database, mut client) = shop(link);
        let lost = reasons_after(
            &mut client,
            &format!(r#"ALTER TABLE shop."the Fees" DROP CONSTRAINT "{constraint}""#),
        );
        assert_eq!(lost.len(), VIEWS.len(), "{lost:?}");
        assert!(lost.iter().all(|reason| reason.contains("no unique index")));
        let unique = match link {
            BY_KEY => r#"CREATE UNIQUE INDEX ON shop."the Fees" ("of")"#,
            _ => r#"CREATE UNIQUE INDEX ON shop."the Fees" (no)"#,
        };
        run(&mut client, unique);
        refresh_all(&mut client);
        run(&mut client, r#"UPDATE shop."the Fees" SET fee = 1"#);
        refresh_all(&mut client);
        assert_right(&mut client);
    }
}

#[test]
fn a_second_table_with_another_name_is_read_on_and_one_in_its_place_is_followed() {
    for link in [BY_KEY, BY_LINK] {
        let (_database, mut client) = shop(link);
        run(
            &mut client,
            r#"ALTER TABLE shop."the Fees" RENAME TO former; UPDATE shop.former SET fee = fee + 1"#,
        );
        refresh_all(&mut client);
        assert_right(&mut client);
        assert_eq!(
            rows(&mut client, FIGURES),
            ["DE | 1 | 13", "FR | 1 | 13"],
            "{link}"
        );
        let said = column(&mut client, "SELECT metabase.sync_status() ->> 'changed_sources'");
        assert!(said[0].contains("shop.former"), "{said:?}");
        // Still by what changes: keys are captured there.
        run(&mut client, "UPDATE shop.former SET fee = fee + 1");
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_right(&mut client);
        run(
            &mut client,
            r#"CREATE TABLE shop."the Fees" (LIKE shop.former INCLUDING ALL);
               INSERT INTO shop."the Fees" SELECT no, "of", 50, land FROM shop.former"#,
        );
        refresh_all(&mut client);
        assert_eq!(
            rows(&mut client, FIGURES),
            ["DE | 1 | 100", "FR | 1 | 100"],
            "{link}"
        );
        assert_right(&mut client);
    }
}

#[test]
fn a_second_table_in_partitions_is_captured() {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(&mut client, SHOP);
    run(
        &mut client,
        r#"ALTER TABLE shop."the Fees" RENAME TO whole;
           CREATE TABLE shop."the Fees" (no integer, "of" bigint PRIMARY KEY, fee numeric, land text) PARTITION BY HASH ("of");
           CREATE TABLE shop.fees_0 PARTITION OF shop."the Fees" FOR VALUES WITH (MODULUS 2, REMAINDER 0);
           CREATE TABLE shop.fees_1 (land text, fee numeric, "of" bigint NOT NULL, no integer);
           ALTER TABLE shop."the Fees" ATTACH PARTITION shop.fees_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
           INSERT INTO shop."the Fees" SELECT * FROM shop.whole WHERE "of" IS NOT NULL"#,
    );
    run(&mut client, &map(BY_KEY));
    create_all_views(&mut client);
    refresh_all(&mut client);
    for change in [
        r#"UPDATE shop."the Fees" SET fee = 9"#,
        r#"UPDATE shop.fees_1 SET fee = 10"#,
        r#"DELETE FROM shop.fees_0"#,
    ] {
        run(&mut client, change);
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_right(&mut client);
    }
    run(&mut client, "TRUNCATE shop.fees_1");
    refresh_all(&mut client);
    assert_right(&mut client);
}

#[test]
fn a_link_that_says_too_little_makes_refreshes_full_and_says_why() {
    for (statement, reason) in [
        // A key that no unique index covers is shown once: which row that is, the second table decides, too.
        (
            r#"ALTER TABLE shop."Sales" DROP CONSTRAINT "Sales_pkey""#,
            "no unique index",
        ),
        (
            r#"ALTER TABLE shop."the Fees" DROP CONSTRAINT "the Fees_pkey"; ALTER TABLE shop."the Fees" ALTER no TYPE varchar(9);
               CREATE UNIQUE INDEX ON shop."the Fees" (no); ALTER TABLE shop."Sales" ALTER "the Fee" TYPE char(9);
               SELECT metabase.map_source('order', 'shop."Sales"', '{
                   "stock_item_id": "item", "sold_at": "at", "gross_sale": "amount", "status": "state", "platform_fee": "fee"
               }', 'fee > 5', '{"relation": "shop.\"the Fees\"", "column": "no", "source_column": "the Fee"}')"#,
            "the filter reads it",
        ),
    ] {
        let database = Database::with_extension();
        let mut client = database.connect();
        run(&mut client, SHOP);
        run(&mut client, &map(BY_LINK));
        run(&mut client, statement);
        create_all_views(&mut client);
        refresh_all(&mut client);
        let why = column(
            &mut client,
            r#"SELECT reason FROM metabase.capture_status() WHERE relation = 'shop."the Fees"'"#,
        );
        assert!(why[0].contains(reason), "{why:?}");
        run(&mut client, r#"UPDATE shop."the Fees" SET fee = 9"#);
        assert!(
            refreshed(&mut client, "refresh('all')")
                .iter()
                .all(|row| row.mode == "full")
        );
        assert_right(&mut client);
    }
}

#[test]
fn a_migration_makes_views_of_two_tables_again() {
    for link in [BY_KEY, BY_LINK] {
        let (_database, mut client) = shop(link);
        // Each in a transaction of its own, so that capture has begun when the last one returns.
        run(&mut client, "SELECT metabase.before_migration()");
        run(
            &mut client,
            r#"ALTER TABLE shop."the Fees" ALTER fee TYPE numeric(12, 3)"#,
        );
        run(&mut client, "SELECT * FROM metabase.after_migration()");
        refresh_all(&mut client);
        run(&mut client, r#"UPDATE shop."the Fees" SET fee = 0.125"#);
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_right(&mut client);
        assert_eq!(
            rows(&mut client, FIGURES),
            ["DE | 1 | 0.25", "FR | 1 | 0.25"],
            "{link}"
        );
    }
}

#[test]
fn an_operator_reads_and_captures_both_tables() {
    let database = Database::with_extension();
    let mut superuser = database.connect();
    run(&mut superuser, SHOP);
    run(&mut superuser, &map(BY_LINK));
    let operator = database.create_operator("operator");
    let mut client = database.connect_as(&operator);
    create_all_views(&mut client);
    refresh_all(&mut client);
    refresh_all(&mut client);
    run(&mut superuser, r#"UPDATE shop."the Fees" SET fee = 3"#);
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(rows(&mut client, FIGURES), ["DE | 1 | 6", "FR | 1 | 6"]);
    // Policies that hide rows from it make refreshes full.
    run(
        &mut superuser,
        r#"ALTER TABLE shop."the Fees" ENABLE ROW LEVEL SECURITY; CREATE POLICY first ON shop."the Fees" USING (no = 1)"#,
    );
    refresh_all(&mut client);
    let why = column(
        &mut client,
        r#"SELECT reason FROM metabase.capture_status() WHERE relation = 'shop."the Fees"'"#,
    );
    assert!(why[0].contains("row-level security"), "{why:?}");
    assert_eq!(rows(&mut client, FIGURES), ["DE | 1 | 3"]);
}

/// A shop of layout A whose orders lack their shipping cost, and a table beside them that has it.
fn shop_with_transactions(transactions: &str) -> (Database, Client) {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    run(
        &mut client,
        "ALTER TABLE transactions.orders DROP COLUMN shipping_cost",
    );
    run(&mut client, transactions);
    (database, client)
}

/// What is read for the shipping cost of the orders, and what is said of the orders.
const SHIPPING: &str = "
    SELECT
        (SELECT relation || '.' || expression FROM metabase.detect_sources() WHERE entity = 'order' AND column_name = 'shipping_cost'),
        (SELECT note FROM metabase.detect_sources() WHERE entity = 'order' AND column_name = 'id')";

#[test]
fn a_second_table_is_joined_where_a_foreign_key_or_a_name_says_how() {
    for transactions in [
        "CREATE TABLE transactions.transactions (order_id uuid UNIQUE, shipping_fee numeric)",
        "CREATE TABLE transactions.transactions (belongs_to uuid UNIQUE REFERENCES transactions.orders, shipping_fee numeric)",
        "CREATE TABLE transactions.transactions (id int PRIMARY KEY, shipping_fee numeric);
         ALTER TABLE transactions.orders ADD COLUMN transaction_id int",
        "CREATE TABLE transactions.transactions (no int PRIMARY KEY, shipping_fee numeric);
         ALTER TABLE transactions.orders ADD COLUMN paid_by int REFERENCES transactions.transactions",
        "CREATE SCHEMA sales; CREATE TABLE sales.transactions (order_id uuid UNIQUE, shipping_cost numeric)",
    ] {
        let (_database, mut client) = shop_with_transactions(transactions);
        let found = rows(&mut client, SHIPPING);
        assert!(
            found[0].contains("transactions.shipping_"),
            "{transactions}: {found:?}"
        );
        assert!(found[0].contains(" | joined with "), "{transactions}: {found:?}");
    }
}

#[test]
fn what_is_not_certain_is_said_and_not_joined() {
    let undecided = |why: &str, column: &str, source_column: &str| {
        format!(
            "entity \"order\" is read without transactions.transactions: {why}: Say how it is joined: SELECT metabase.map_source('order', \
             'transactions.orders', join => '{{\"column\":\"{column}\",\"relation\":\"transactions.transactions\",\
             \"source_column\":\"{source_column}\"}}');"
        )
    };
    let not_unique = "entity \"order\" cannot be joined with transactions.transactions: no unique index says that it has one row for each \
                      value of \"order_id\": If it has one row for each: CREATE UNIQUE INDEX ON transactions.transactions (\"order_id\"); else \
                      make a view that has, and map that.";
    for (transactions, said) in [
        (
            "CREATE TABLE transactions.transactions (order_id uuid, shipping_fee numeric)",
            not_unique.to_owned(),
        ),
        (
            "CREATE TABLE transactions.transactions (order_id uuid, shipping_fee numeric);
             CREATE UNIQUE INDEX ON transactions.transactions (order_id) WHERE shipping_fee > 0",
            not_unique.to_owned(),
        ),
        (
            "CREATE TABLE transactions.transactions (sale uuid UNIQUE, shipping_fee numeric)",
            undecided(
                "no foreign key and no column order_id or transaction_id says which row of transactions.transactions is of which order",
                "…",
                "…",
            ),
        ),
        (
            "CREATE TABLE transactions.transactions (id int PRIMARY KEY, order_id uuid UNIQUE, shipping_fee numeric);
             ALTER TABLE transactions.orders ADD COLUMN transaction_id int",
            undecided(
                "transactions.transactions is linked in more than one way: order_id = id, id = transaction_id",
                "order_id",
                "id",
            ),
        ),
        (
            "CREATE TABLE transactions.transactions (order_id uuid UNIQUE, shipping_fee numeric);
             CREATE SCHEMA sales;
             CREATE TABLE sales.transactions (order_id uuid UNIQUE, shipping_fee numeric)",
            undecided(
                "it could be any of transactions.transactions, sales.transactions",
                "order_id",
                "id",
            ),
        ),
    ] {
        let (_database, mut client) = shop_with_transactions(transactions);
        assert_eq!(
            rows(&mut client, SHIPPING),
            [format!("- | {said}")]
        );
        // It is in nobody's way.
        create_all_views(&mut client);
    }
}

/// Orders in two tables whose keys are integers of two widths, with views.
fn shop_with_narrow_keys() -> (Database, Client) {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(
        &mut client,
        "CREATE SCHEMA transactions;
         CREATE TABLE transactions.orders (
             id bigint PRIMARY KEY, inventory_item_id bigint, status text, sold_at timestamptz, gross_sale numeric
         );
         CREATE TABLE transactions.transactions (order_id integer PRIMARY KEY, platform_fee numeric);
         CREATE SCHEMA products;
         CREATE TABLE products.inventory (id bigint PRIMARY KEY, product_id bigint);
         INSERT INTO products.inventory VALUES (1, 1);
         INSERT INTO transactions.orders
         SELECT number, 1, 'completed', '2024-01-01', 100 FROM generate_series(1, 9) AS number;
         INSERT INTO transactions.transactions SELECT number, number FROM generate_series(1, 8) AS number",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    (database, client)
}

const FEES: &str = "SELECT sum(platform_fee)::int FROM analytics.metabase_sales";

#[test]
fn keys_may_be_integers_of_two_widths() {
    let (_database, mut client) = shop_with_narrow_keys();
    assert_eq!(column(&mut client, FEES), ["36"]);
    for (change, fees) in [
        (
            "UPDATE transactions.transactions SET platform_fee = 10 WHERE order_id = 1",
            "45",
        ),
        ("INSERT INTO transactions.transactions VALUES (9, 5)", "50"),
        ("DELETE FROM transactions.transactions WHERE order_id = 2", "48"),
        (
            "UPDATE transactions.transactions SET order_id = 2 WHERE order_id = 9",
            "48",
        ),
        (
            "INSERT INTO transactions.orders VALUES (5000000000, 1, 'completed', '2024-01-02', 1)",
            "48",
        ),
    ] {
        run(&mut client, change);
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_eq!(column(&mut client, FEES), [fees], "{change}");
        assert_right(&mut client);
    }
}

/// What is wrong with the table that views read is said, and nothing else is read in its place.
#[test]
fn what_views_read_of_a_second_table_wins_over_what_comes_under_another_name() {
    let come = "CREATE SCHEMA sales;
                CREATE TABLE sales.transactions (order_id bigint PRIMARY KEY, platform_fee numeric);
                INSERT INTO sales.transactions VALUES (1, 1000)";
    let (_database, mut client) = shop_with_narrow_keys();
    run(&mut client, come);
    refresh_all(&mut client);
    assert_eq!(column(&mut client, FEES), ["36"]);
    let said = reasons_after(
        &mut client,
        "ALTER TABLE transactions.transactions DROP CONSTRAINT transactions_pkey",
    );
    assert_eq!(said.len(), VIEWS.len());
    assert!(
        said.iter().all(|said| said.contains("no unique index says")),
        "{said:?}"
    );

    // The name says what is meant, also where the table that had it has another known name now.
    let (_database, mut client) = shop_with_narrow_keys();
    run(
        &mut client,
        "CREATE SCHEMA sales;
         ALTER TABLE transactions.transactions SET SCHEMA sales;
         CREATE TABLE transactions.transactions (order_id integer PRIMARY KEY, platform_fee numeric);
         INSERT INTO transactions.transactions VALUES (1, 500)",
    );
    refresh_all(&mut client);
    assert_eq!(column(&mut client, FEES), ["500"]);
    assert_right(&mut client);
}

#[test]
fn a_second_table_that_the_owner_of_the_views_may_not_read_any_more_is_missed() {
    let (database, mut superuser) = shop_with_narrow_keys();
    let operator = database.create_operator("operator");
    run(
        &mut superuser,
        "SELECT metabase.drop_view(view_name) FROM metabase.view_status()",
    );
    let mut client = database.connect_as(&operator);
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(
        &mut superuser,
        &format!("REVOKE SELECT ON transactions.transactions FROM {operator}"),
    );
    let error = error_of(
        &mut client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(error.sqlstate.code(), "42501", "{error:?}");
    assert!(error.message.contains("transactions.transactions"), "{error:?}");
}

/// While the second table goes by another name, the first may become another one, too.
#[test]
fn what_has_changed_about_the_first_table_is_seen_while_the_second_has_lost_its_name() {
    for change in [
        "ALTER TABLE transactions.orders DROP CONSTRAINT orders_pkey; ALTER TABLE products.inventory DROP CONSTRAINT inventory_pkey",
        "ALTER TABLE transactions.orders RENAME gross_sale TO net; ALTER TABLE transactions.orders ADD COLUMN gross_sale numeric",
    ] {
        let (_database, mut client) = shop_with_narrow_keys();
        run(
            &mut client,
            "ALTER TABLE transactions.transactions RENAME TO paid",
        );
        refresh_all(&mut client);
        assert_eq!(column(&mut client, FEES), ["36"]);
        run(&mut client, change);
        let refreshed = refreshed(&mut client, "refresh('all')");
        let failed = refreshed.iter().filter(|row| row.status == "failed").count();
        let is_right = VIEWS.iter().all(|view| {
            let wrong = format!("SELECT count(*) FROM metabase.verify('{view}')");
            column(&mut client, &wrong) == ["0"]
        });
        let gross = column(
            &mut client,
            "SELECT sum(total_revenue) FROM analytics.metabase_executive_metrics",
        );
        assert!(
            failed == VIEWS.len() || is_right && gross == ["900.00"],
            "{change}: {refreshed:?}, {gross:?}"
        );
    }
}

#[test]
fn a_second_table_with_nothing_that_is_lacking_is_not_joined() {
    let (_database, mut client) =
        shop_with_transactions("CREATE TABLE transactions.transactions (order_id uuid, gross_sale numeric)");
    assert_eq!(rows(&mut client, SHIPPING), ["- | -"]);
}

#[test]
fn a_strangers_table_is_not_joined_for_its_name() {
    let (database, mut client) = shop_with_transactions("SELECT");
    let stranger = database.create_role("stranger");
    run(
        &mut client,
        &format!(
            "CREATE TABLE transactions.transactions (order_id uuid UNIQUE, shipping_fee numeric);
             ALTER TABLE transactions.transactions OWNER TO {stranger}"
        ),
    );
    let said = rows(&mut client, SHIPPING);
    assert!(said[0].contains("belongs to role"), "{said:?}");
    // What is needed is an error.
    run(
        &mut client,
        "ALTER TABLE transactions.orders DROP COLUMN gross_sale;
         ALTER TABLE transactions.transactions ADD COLUMN sale_price numeric",
    );
    let error = error_of(
        &mut client,
        "SELECT * FROM metabase.create_view('metabase_brand_analytics')",
    );
    assert_error(
        &error,
        "55000",
        &format!(
            "entity \"order\" is read without transactions.transactions: transactions.transactions, or what it is made of, belongs to role \
             \"{stranger}\""
        ),
        Some(concat!(
            "Say how it is joined: SELECT metabase.map_source('order', 'transactions.orders', join => ",
            r#"'{"column":"order_id","relation":"transactions.transactions","source_column":"id"}');"#
        )),
    );
    // A superuser may say that it is the one.
    run(
        &mut client,
        r#"SELECT metabase.map_source('order', 'transactions.orders',
               join => '{"relation": "transactions.transactions", "column": "order_id"}')"#,
    );
    create_all_views(&mut client);
}

#[test]
fn another_second_table_that_comes_is_named_and_the_views_go_on() {
    let table = "(order_id uuid UNIQUE REFERENCES transactions.orders, shipping_fee numeric)";
    let (_database, mut client) =
        shop_with_transactions(&format!("CREATE TABLE transactions.transactions {table}"));
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        &format!("CREATE SCHEMA sales; CREATE TABLE sales.transactions {table}"),
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(
        column(
            &mut client,
            "SELECT jsonb_array_elements_text(metabase.sync_status() -> 'changed_sources')"
        ),
        [
            "entity order could be joined with sales.transactions as well: the views go on reading transactions.transactions"
        ]
    );
}

#[test]
fn a_mapping_speaks_for_the_owner_that_the_second_table_had() {
    let database = Database::with_extension();
    let mut superuser = database.connect();
    run(&mut superuser, SHOP);
    run(&mut superuser, &map(BY_KEY));
    let stranger = database.create_role("stranger");
    run(
        &mut superuser,
        &format!(r#"ALTER TABLE shop."the Fees" OWNER TO {stranger}"#),
    );
    let error = error_of(
        &mut superuser,
        "SELECT * FROM metabase.create_view('metabase_brand_analytics')",
    );
    assert_eq!(error.sqlstate.code(), "42501", "{error:?}");
    assert!(error.message.contains(&stranger), "{error:?}");
}

#[test]
fn a_table_that_comes_is_joined_from_then_on() {
    let (_database, mut client) = shop_with_transactions("SELECT");
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        "CREATE TABLE transactions.transactions (order_id uuid UNIQUE REFERENCES transactions.orders, shipping_fee numeric)",
    );
    refresh_all(&mut client);
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.capture_status() WHERE relation = 'transactions.transactions' AND captured"
        ),
        ["1"]
    );
    assert_right(&mut client);
    // Without the index nobody knows how many rows an order has.
    let lost = reasons_after(
        &mut client,
        "ALTER TABLE transactions.transactions DROP CONSTRAINT transactions_order_id_key",
    );
    assert_eq!(lost.len(), VIEWS.len(), "{lost:?}");
    assert!(lost.iter().all(|reason| reason.contains("no unique index")));
}
