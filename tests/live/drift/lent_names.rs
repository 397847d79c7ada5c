//! Names that something else bears for a while: triggers and functions find things by name, adapters hold them by number.

use postgres::Client;

use crate::cluster::{Database, create_all_views, refresh_all};
use crate::shop::{assert_incremental, assert_right, column, refreshed, refreshed_shop, run, shop};

/// How the shop's orders are laid out.
const LAYOUTS: [&str; 4] = [
    "SELECT",
    // In partitions, of which one has its columns the other way round.
    "CREATE TABLE transactions.split (LIKE transactions.orders INCLUDING DEFAULTS, PRIMARY KEY (id)) PARTITION BY HASH (id);
     DO $$ BEGIN
         EXECUTE (
             SELECT 'CREATE TABLE transactions.reversed (' || string_agg(
                 format('%I %s', attname, format_type(atttypid, atttypmod)) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END,
                 ', ' ORDER BY attnum DESC
             ) || ')'
             FROM pg_attribute WHERE attrelid = 'transactions.orders'::regclass AND attnum > 0
         );
     END $$;
     ALTER TABLE transactions.split ATTACH PARTITION transactions.reversed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
     CREATE TABLE transactions.straight PARTITION OF transactions.split FOR VALUES WITH (MODULUS 2, REMAINDER 1);
     INSERT INTO transactions.split SELECT * FROM transactions.orders;
     DROP TABLE transactions.orders;
     ALTER TABLE transactions.split RENAME TO orders",
    // With a second table that has their keys.
    r#"CREATE TABLE transactions.shipments AS SELECT id AS key, id AS spare, 7 AS cost FROM transactions.orders;
       ALTER TABLE transactions.shipments ADD PRIMARY KEY (key);
       UPDATE transactions.shipments SET spare = gen_random_uuid();
       SELECT metabase.map_source('order', 'transactions.orders', '{"shipping_cost": "cost"}',
           join => '{"relation": "transactions.shipments", "column": "key"}')"#,
    // With a second table whose keys they have.
    r#"ALTER TABLE transactions.orders ADD COLUMN shipment bigint;
       CREATE SEQUENCE transactions.number;
       UPDATE transactions.orders SET shipment = nextval('transactions.number');
       CREATE TABLE transactions.shipments AS SELECT shipment AS key, -shipment AS spare, 7 AS cost FROM transactions.orders;
       ALTER TABLE transactions.shipments ADD PRIMARY KEY (key);
       SELECT metabase.map_source('order', 'transactions.orders', '{"shipping_cost": "cost"}',
           join => '{"relation": "transactions.shipments", "column": "key", "source_column": "shipment"}')"#,
];

/// A shop laid out like this, whose tables all have another column of their key's type.
fn shop_with_spare_keys(layout: &str) -> (Database, Client) {
    let database = shop();
    let mut client = database.connect();
    for table in TABLES.iter().filter(|table| **table != "transactions.shipments") {
        run(
            &mut client,
            &format!("ALTER TABLE {table} ADD COLUMN spare uuid NOT NULL DEFAULT gen_random_uuid()"),
        );
    }
    run(&mut client, layout);
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    (database, client)
}

const TABLES: [&str; 8] = [
    "transactions.orders",
    "transactions.shipments",
    "products.inventory",
    "products.products",
    "products.categories",
    "core.brands",
    "core.platforms",
    "core.suppliers",
];

/// What is written to a table meanwhile, of which views show something.
fn writes(table: &str) -> &'static [&'static str] {
    match table {
        "transactions.orders" => &[
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1, status = 'completed', sold_at = '2024-02-02'",
            "DELETE FROM transactions.orders",
        ],
        "transactions.shipments" => &[
            "UPDATE transactions.shipments SET cost = cost + 1",
            "DELETE FROM transactions.shipments",
        ],
        "products.inventory" => &["UPDATE products.inventory SET purchase_price = purchase_price + 1"],
        "products.products" => &["UPDATE products.products SET name = name || '!'"],
        "products.categories" => &["UPDATE products.categories SET name = name || '!'"],
        "core.brands" => &["UPDATE core.brands SET name = name || '!'"],
        "core.platforms" => &["UPDATE core.platforms SET name = name || '!', slug = slug || '-x'"],
        "core.suppliers" => &["UPDATE core.suppliers SET business_name = business_name || '!'"],
        _ => unreachable!("each table is written to"),
    }
}

#[test]
fn a_key_that_lends_its_name_for_a_moment_is_noted() {
    for (number, layout) in LAYOUTS.into_iter().enumerate() {
        let (_database, mut client) = shop_with_spare_keys(layout);
        for table in TABLES {
            let (has_shipments, is_shipments) = (number > 1, table == "transactions.shipments");
            // The other tables are as they are in the first layout.
            if number > 0 && table != "transactions.orders" && !(has_shipments && is_shipments) {
                continue;
            }
            if is_shipments && !has_shipments {
                continue;
            }
            let key = if is_shipments { "key" } else { "id" };
            let swap = format!(
                "ALTER TABLE {table} RENAME {key} TO lent;
                 ALTER TABLE {table} RENAME spare TO {key};
                 ALTER TABLE {table} RENAME lent TO spare"
            );
            for write in writes(table) {
                run(&mut client, &format!("BEGIN; {swap}; {write}; {swap}; COMMIT"));
                refresh_all(&mut client);
                assert_right(&mut client);
                refresh_all(&mut client);
                assert_right(&mut client);
            }
        }
    }
}

#[test]
fn a_table_that_has_lost_its_name_is_captured_by_its_own_key_or_not_at_all() {
    for (layout, table, key, write) in [
        (LAYOUTS[0], "core.brands", "id", "name = name || '!'"),
        (LAYOUTS[2], "transactions.shipments", "key", "cost = cost + 1"),
        (LAYOUTS[3], "transactions.shipments", "key", "cost = cost + 1"),
    ] {
        let (_database, mut client) = shop_with_spare_keys(layout);
        let schema = table.split('.').next().expect("a schema");
        run(
            &mut client,
            &format!(
                "ALTER TABLE {table} RENAME TO former;
                 ALTER TABLE {schema}.former RENAME {key} TO lent;
                 ALTER TABLE {schema}.former RENAME spare TO {key}"
            ),
        );
        for _ in 0..4 {
            run(&mut client, &format!("UPDATE {schema}.former SET {write}"));
            refresh_all(&mut client);
            assert_right(&mut client);
        }
    }
}

/// What an operator calls columns of the adapters.
const OTHER_NAMES: [&str; 4] = [
    "ALTER VIEW metabase_internal.orders RENAME gross_sale TO lent;
     ALTER VIEW metabase_internal.orders RENAME net_profit TO gross_sale;
     ALTER VIEW metabase_internal.orders RENAME lent TO net_profit",
    "ALTER VIEW metabase_internal.orders RENAME id TO lent;
     ALTER VIEW metabase_internal.orders RENAME stock_item_id TO id;
     ALTER VIEW metabase_internal.orders RENAME lent TO stock_item_id",
    "ALTER VIEW metabase_internal.brands RENAME name TO lent;
     ALTER VIEW metabase_internal.brands RENAME segment TO name;
     ALTER VIEW metabase_internal.brands RENAME lent TO segment",
    "ALTER VIEW metabase_internal.orders RENAME gross_sale TO lent",
];

/// A change of what these columns show.
const CHANGE: &str =
    "UPDATE transactions.orders SET gross_sale = gross_sale + 1, net_profit = net_profit + 3;
                      UPDATE core.brands SET name = name || '!', segment = segment || '?'";

#[test]
fn adapters_whose_columns_have_other_names_are_not_read_by_these() {
    for rename in OTHER_NAMES {
        let (_database, mut client) = refreshed_shop();
        run(&mut client, rename);
        for _ in 0..3 {
            run(&mut client, CHANGE);
            refresh_all(&mut client);
            assert_right(&mut client);
        }
        let reasons = column(
            &mut client,
            "SELECT DISTINCT mode_reason FROM metabase.view_status() ORDER BY 1",
        );
        assert!(
            reasons[0].contains("made in another way"),
            "{rename}: {reasons:?}"
        );
    }
}

#[test]
fn columns_of_adapters_that_have_their_names_back_are_read_again() {
    for rename in &OTHER_NAMES[..3] {
        let (_database, mut client) = refreshed_shop();
        run(
            &mut client,
            &format!(
                "BEGIN; {rename}; {CHANGE}; SELECT * FROM metabase.refresh('all'); {rename}; COMMIT; {CHANGE}"
            ),
        );
        for _ in 0..3 {
            refresh_all(&mut client);
            assert_right(&mut client);
            run(&mut client, CHANGE);
        }
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_right(&mut client);
    }
}

/// What a function that an adapter calls finds by name, and how that comes to be something else.
const FOUND_BY_NAME: [(&str, &str, &str); 7] = [
    (
        "CREATE SCHEMA tax; CREATE FUNCTION tax.rate() RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 1.0';
         CREATE SCHEMA later; CREATE FUNCTION later.rate() RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 2.0'",
        "RETURN $1 * tax.rate()",
        "ALTER SCHEMA tax RENAME TO former; ALTER SCHEMA later RENAME TO tax",
    ),
    (
        "CREATE TYPE public.rate AS ENUM ('1', '2')",
        "RETURN $1 * (enum_first(NULL::public.rate))::text::numeric",
        "ALTER TYPE public.rate RENAME VALUE '1' TO '3'",
    ),
    (
        "CREATE TYPE public.rate AS ENUM ('1'); CREATE TYPE public.other AS ENUM ('2')",
        "RETURN $1 * (enum_first(NULL::public.rate))::text::numeric",
        "ALTER TYPE public.rate RENAME TO former; ALTER TYPE public.other RENAME TO rate",
    ),
    (
        "CREATE DOMAIN public.rate AS numeric CHECK (VALUE < 1000000000)",
        "BEGIN PERFORM $1::public.rate; RETURN $1; EXCEPTION WHEN OTHERS THEN RETURN 0; END",
        "ALTER DOMAIN public.rate ADD CHECK (VALUE < 0) NOT VALID",
    ),
    (
        "CREATE DOMAIN public.rate AS numeric CONSTRAINT low CHECK (VALUE < 0)",
        "BEGIN PERFORM $1::public.rate; RETURN $1; EXCEPTION WHEN OTHERS THEN RETURN 0; END",
        "ALTER DOMAIN public.rate DROP CONSTRAINT low",
    ),
    (
        "CREATE TYPE public.rate AS ENUM ('1', '2');
         CREATE FUNCTION public.one(public.rate) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
         CREATE FUNCTION public.two(public.rate) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 2';
         CREATE CAST (public.rate AS integer) WITH FUNCTION public.one(public.rate)",
        "RETURN $1 * ('1'::public.rate)::integer",
        "DROP CAST (public.rate AS integer); CREATE CAST (public.rate AS integer) WITH FUNCTION public.two(public.rate)",
    ),
    (
        "CREATE FUNCTION public.one(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1';
         CREATE FUNCTION public.two(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
         CREATE OPERATOR public.%% (FUNCTION = public.one, LEFTARG = numeric, RIGHTARG = numeric)",
        "RETURN $1 OPERATOR(public.%%) 2",
        "DROP OPERATOR public.%% (numeric, numeric);
         CREATE OPERATOR public.%% (FUNCTION = public.two, LEFTARG = numeric, RIGHTARG = numeric)",
    ),
];

#[test]
fn what_a_called_function_finds_by_name_is_looked_at() {
    for (given, body, alteration) in FOUND_BY_NAME {
        let database = shop();
        let mut client = database.connect();
        run(&mut client, given);
        run(
            &mut client,
            &format!(
                "CREATE FUNCTION public.charged(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE
                     AS $do$ BEGIN {body}; END $do$;
                 SELECT metabase.map_source('order', 'transactions.orders', '{{\"gross_sale\": \"public.charged(gross_sale)\"}}')"
            ),
        );
        create_all_views(&mut client);
        refresh_all(&mut client);
        run(&mut client, CHANGE);
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        let sum = "SELECT sum(total_revenue) FROM analytics.metabase_executive_metrics";
        let before = column(&mut client, sum);
        run(&mut client, alteration);
        // A session goes on with the casts that a function has found once.
        let mut client = database.connect();
        refresh_all(&mut client);
        assert_right(&mut client);
        assert_ne!(column(&mut client, sum), before, "{alteration}");
    }
}
