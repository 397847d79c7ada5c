//! What people do to a shop's tables, case by case: how the next refresh goes, what it says, and that the views are right then.

use postgres::Client;

use crate::cluster::{Cluster, Database, PRELOADED, create_all_views, error_of, refresh_all, value};
use crate::sessions::wait_until;
use crate::shop::{assert_right, column, refreshed, refreshed_shop, run, shop, shop_on};

/// What the last refreshes said, each answer once.
fn said(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT DISTINCT coalesce(last_error, mode || ': ' || mode_reason) FROM metabase.view_status() ORDER BY 1",
    )
}

fn sum_of_orders(client: &mut Client) -> (String, String) {
    let sum = |client: &mut Client, query: &str| column(client, query).swap_remove(0);
    (
        sum(
            client,
            "SELECT sum(total_revenue) FROM analytics.metabase_executive_metrics",
        ),
        sum(
            client,
            "SELECT sum(gross_sale) FROM transactions.orders WHERE lower(status) = 'completed'",
        ),
    )
}

const SWAP: &str = "CREATE TABLE transactions.fresh (LIKE transactions.orders INCLUDING ALL);
                    INSERT INTO transactions.fresh SELECT * FROM transactions.orders;
                    UPDATE transactions.fresh SET gross_sale = gross_sale + 1000;
                    ALTER TABLE transactions.orders RENAME TO stale;
                    ALTER TABLE transactions.fresh RENAME TO orders";

#[test]
fn views_follow_what_the_names_mean() {
    let follows = |what: &str| format!("full: the views follow their sources: {what}");
    for (alteration, what) in [
        (SWAP, "transactions.orders is another table"),
        (
            "ALTER TABLE core.brands RENAME TO makers; CREATE VIEW core.brands AS SELECT * FROM core.makers",
            "core.brands is another table",
        ),
        (
            "CREATE TABLE core.sizes (id uuid PRIMARY KEY, value text);
             ALTER TABLE products.inventory ADD COLUMN size_id uuid",
            "products.inventory has another column for size_id; core.sizes has come",
        ),
        (
            "ALTER TABLE products.products DROP CONSTRAINT products_pkey CASCADE;
             INSERT INTO products.products SELECT * FROM products.products LIMIT 1",
            "products.products has another unique key",
        ),
        (
            "ALTER TABLE transactions.orders RENAME COLUMN gross_sale TO net;
             ALTER TABLE transactions.orders RENAME COLUMN net_profit TO gross_sale;
             ALTER TABLE transactions.orders RENAME COLUMN net TO net_profit",
            "transactions.orders has another column for gross_sale, net_profit",
        ),
        (
            "CREATE SCHEMA sales; ALTER TABLE transactions.orders SET SCHEMA sales; ALTER TABLE sales.orders RENAME TO \"order\"",
            "sales.\"order\" is read by an adapter that was made in another way",
        ),
    ] {
        let (_database, mut client) = refreshed_shop();
        run(&mut client, alteration);
        // Before any refresh, the status tells that there is something.
        assert!(
            said(&mut client)[0].contains("the sources have changed: "),
            "{alteration}"
        );
        assert_ne!(
            column(&mut client, "SELECT metabase.sync_status() ->> 'changed_sources'"),
            ["[]"]
        );
        refresh_all(&mut client);
        assert_eq!(said(&mut client), [follows(what)], "{alteration}");
        assert_right(&mut client);
        // From then on, what is new is captured, if it can be.
        refresh_all(&mut client);
        refresh_all(&mut client);
        assert_right(&mut client);
        assert_eq!(
            column(&mut client, "SELECT metabase.sync_status() ->> 'changed_sources'"),
            ["[]"]
        );
    }
}

#[test]
fn a_table_that_was_swapped_is_shown_and_captured() {
    let (_database, mut client) = refreshed_shop();
    run(&mut client, SWAP);
    refresh_all(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    let rows = refreshed(&mut client, "refresh('all')");
    assert!(rows.iter().all(|row| row.mode == "incremental"), "{rows:?}");
    let (view, shop) = sum_of_orders(&mut client);
    assert_eq!(view, shop);
    assert_eq!(
        column(
            &mut client,
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'transactions.stale'::regclass AND tgname ~ 'metabase'"
        ),
        [""; 0]
    );
}

#[test]
fn what_is_left_of_capture_is_taken_off_once_nobody_uses_it() {
    for is_operators in [false, true] {
        let database = shop();
        let role = match is_operators {
            true => database.create_operator("operator"),
            false => "postgres".to_owned(),
        };
        let mut session = database.connect_as(&role);
        let mut client = database.connect();
        create_all_views(&mut session);
        refresh_all(&mut session);
        refresh_all(&mut session);
        run(
            &mut client,
            "ALTER TABLE transactions.orders RENAME TO orders_old;
             CREATE TABLE transactions.orders (LIKE transactions.orders_old INCLUDING ALL) PARTITION BY HASH (id)",
        );
        run(
            &mut client,
            &format!(
                "GRANT SELECT ON transactions.orders TO {role}; SELECT metabase.grant_operator(rolname::text) FROM pg_roles WHERE rolname = '{role}' AND NOT rolsuper"
            ),
        );
        let mut reader = database.connect();
        run(
            &mut reader,
            "BEGIN; SELECT * FROM transactions.orders_old LIMIT 1",
        );
        for _ in 0..3 {
            refresh_all(&mut session);
        }
        let strays = "SELECT count(*) = 0 FROM pg_trigger
                      WHERE tgrelid = 'transactions.orders_old'::regclass AND tgname ~ 'metabase'";
        assert_eq!(column(&mut client, strays), ["f"]);
        run(&mut reader, "COMMIT");
        refresh_all(&mut session);
        wait_until(&mut client, strays);
        run(
            &mut client,
            "ALTER TABLE transactions.orders ATTACH PARTITION transactions.orders_old FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        );
        for _ in 0..2 {
            refresh_all(&mut session);
            assert_right(&mut client);
        }
    }
}

#[test]
fn what_views_cannot_follow_fails_each_refresh_with_what_to_do() {
    for (alteration, what) in [
        (
            "CREATE TABLE transactions.fresh (LIKE transactions.orders INCLUDING ALL);
             ALTER TABLE transactions.fresh DROP COLUMN platform_fee;
             ALTER TABLE transactions.orders RENAME TO stale;
             ALTER TABLE transactions.fresh RENAME TO orders",
            "transactions.orders is another table than the views read, and has no column platform_fee",
        ),
        (
            "CREATE TABLE core.fresh (id text PRIMARY KEY, name text);
             ALTER TABLE core.brands RENAME TO stale;
             ALTER TABLE core.fresh RENAME TO brands",
            "core.brands is another table than the views read, and has no column",
        ),
        (
            "ALTER TABLE transactions.orders RENAME TO stale;
             CREATE SEQUENCE transactions.orders",
            "transactions.orders",
        ),
    ] {
        let (_database, mut client) = refreshed_shop();
        run(&mut client, alteration);
        for mode in ["auto", "full"] {
            for row in refreshed(
                &mut client,
                &format!("refresh_view('metabase_brand_analytics', '{mode}')"),
            ) {
                let error = row.error_message.unwrap_or_default();
                assert_eq!(row.status, "failed", "{alteration}");
                assert!(
                    error.contains("would not show what the sources are now"),
                    "{error}"
                );
                assert!(
                    error.contains("create_all_views(drop_existing => true)"),
                    "{error}"
                );
            }
        }
        let error = &said(&mut client)[0];
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn what_has_lost_its_name_is_read_on_and_not_given_up_by_accident() {
    for (alteration, entity, note) in [
        (
            "ALTER TABLE core.brands RENAME TO makers",
            "brand",
            "core.brands is not there any more: the views go on reading core.makers",
        ),
        (
            "ALTER TABLE core.brands RENAME COLUMN segment TO part",
            "brand",
            "core.brands has no column segment any more: the views go on reading what was called that",
        ),
    ] {
        let (_database, mut client) = refreshed_shop();
        run(&mut client, alteration);
        let captured: String = value(
            &mut client,
            &format!("SELECT relation FROM metabase.capture_status() WHERE entity = '{entity}' AND captured"),
        );
        run(&mut client, &format!("UPDATE {captured} SET name = name || '!'"));
        // The facts are built anew where a column has another name.
        refresh_all(&mut client);
        run(&mut client, &format!("UPDATE {captured} SET name = name || '?'"));
        let rows = refreshed(&mut client, "refresh('all')");
        assert!(rows.iter().all(|row| row.mode == "incremental"), "{rows:?}");
        assert_right(&mut client);
        assert_eq!(
            column(
                &mut client,
                "SELECT metabase.sync_status() -> 'changed_sources' ->> 0"
            ),
            [note]
        );
        let error = error_of(
            &mut client,
            "SELECT * FROM metabase.create_all_views(drop_existing => true)",
        );
        assert_eq!(error.sqlstate.code(), "55000");
        let lost = format!("the views would lose what they show of entity {entity}: ");
        assert!(error.message.starts_with(&lost), "{error:?}");
        assert!(
            error
                .hint
                .as_deref()
                .unwrap_or_default()
                .contains(&format!("map_source('{entity}', NULL)"))
        );
        // Whoever says so gives it up.
        run(
            &mut client,
            &format!("SELECT metabase.map_source('{entity}', NULL)"),
        );
        run(
            &mut client,
            "SELECT * FROM metabase.create_all_views(drop_existing => true)",
        );
    }
}

#[test]
fn a_column_that_comes_is_shown() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        "ALTER TABLE transactions.orders DROP COLUMN platform_fee",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        "ALTER TABLE transactions.orders ADD COLUMN platform_fee numeric;
         UPDATE transactions.orders SET platform_fee = 5",
    );
    refresh_all(&mut client);
    assert!(said(&mut client)[0].contains("transactions.orders has another column for platform_fee"));
    let fees: bool = value(
        &mut client,
        "SELECT sum(total_fees) = 5 * sum(total_orders) FROM analytics.metabase_executive_metrics",
    );
    assert!(fees);
}

#[test]
fn a_definition_told_by_another_major_version_is_told_again_and_not_distrusted() {
    let (_database, mut client) = refreshed_shop();
    // As after pg_upgrade: each version writes a definition in words of its own, and the catalog is another one.
    run(
        &mut client,
        "UPDATE metabase_internal.view_definition SET definition = 'as before', server_major = server_major - 1;
         UPDATE metabase_internal.made_from SET server_major = server_major - 1;
         DELETE FROM metabase_internal.source_names",
    );
    refresh_all(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    let rows = refreshed(&mut client, "refresh('all')");
    assert!(rows.iter().all(|row| row.mode == "incremental"), "{rows:?}");
    assert_right(&mut client);
}

#[test]
fn a_zone_that_the_database_did_not_have_before_changes_nothing() {
    let (database, mut client) = refreshed_shop();
    let name = database.name();
    run(
        &mut client,
        &format!("ALTER DATABASE {name} SET \"TimeZone\" = 'Asia/Tokyo'"),
    );
    let mut client = database.connect();
    run(
        &mut client,
        "DELETE FROM metabase_internal.source_names; TRUNCATE products.categories CASCADE",
    );
    refresh_all(&mut client);
    refresh_all(&mut client);
    let reasons = column(
        &mut client,
        "SELECT reason FROM metabase.capture_status() WHERE reason IS NOT NULL",
    );
    assert_eq!(reasons, [""; 0]);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    let rows = refreshed(&mut client, "refresh('all')");
    assert!(rows.iter().all(|row| row.mode == "incremental"), "{rows:?}");
    assert_right(&mut client);
}

#[test]
fn what_adapters_show_values_by_is_looked_at() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        "CREATE TYPE public.tier AS ENUM ('premium', 'basic');
         ALTER TABLE core.brands ALTER COLUMN price_tier TYPE public.tier USING 'premium';
         CREATE TYPE public.stage AS ENUM ('new', 'old');
         ALTER TABLE core.brands ADD COLUMN stages public.stage[] DEFAULT ARRAY['new'::public.stage];
         SELECT metabase.map_source('brand', 'core.brands', '{\"segment\": \"stages[1]::text\"}');
         CREATE FUNCTION public.within(amount numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1';
         CREATE FUNCTION public.in_eur(amount numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE
             AS 'BEGIN RETURN public.within(amount); END';
         SELECT metabase.map_source('order', 'transactions.orders', '{\"gross_sale\": \"public.in_eur(gross_sale)\"}')",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    for alteration in [
        "ALTER TYPE public.tier RENAME VALUE 'premium' TO 'luxury'",
        "ALTER TYPE public.stage RENAME VALUE 'new' TO 'fresh'",
        "CREATE OR REPLACE FUNCTION public.in_eur(amount numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE
             AS 'BEGIN RETURN public.within(amount) * 2; END'",
        "CREATE OR REPLACE FUNCTION public.within(amount numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1'",
    ] {
        run(&mut client, alteration);
        refresh_all(&mut client);
        assert_right(&mut client);
        assert!(said(&mut client)[0].starts_with("full: "), "{alteration}");
    }
}

#[test]
fn whom_policies_hide_rows_from_is_asked_each_time() {
    let database = shop();
    let mut client = database.connect();
    run(&mut client, "ALTER TABLE transactions.orders ENABLE ROW LEVEL SECURITY;
                      CREATE POLICY early ON transactions.orders USING (id::text < '70000000-0000-0000-0000-000000000005')");
    let operator = database.create_operator("operator");
    run(&mut client, &format!("ALTER ROLE {operator} BYPASSRLS"));
    let mut session = database.connect_as(&operator);
    create_all_views(&mut session);
    refresh_all(&mut session);
    refresh_all(&mut session);
    run(&mut client, &format!("ALTER ROLE {operator} NOBYPASSRLS"));
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    refresh_all(&mut session);
    assert!(said(&mut session)[0].contains("row-level security decides which rows"));
    assert_right(&mut session);
}

#[test]
fn a_queue_that_cannot_be_written_to_leaves_a_mark() {
    for alteration in [
        "ALTER TABLE metabase_internal.order_queue ADD COLUMN note text",
        "ALTER TABLE metabase_internal.order_queue RENAME TO other_queue",
        "ALTER TABLE metabase_internal.order_queue ALTER COLUMN key_integer TYPE integer",
    ] {
        let (_database, mut client) = refreshed_shop();
        let undo = match alteration.contains("RENAME") {
            true => "ALTER TABLE metabase_internal.other_queue RENAME TO order_queue",
            false => "SELECT",
        };
        // The view of all queues is in the way of another type.
        let _ = client.simple_query(alteration);
        run(
            &mut client,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
        );
        run(&mut client, undo);
        refresh_all(&mut client);
        assert_right(&mut client);
    }
}

#[test]
fn alterations_within_savepoints_are_the_transactions_own() {
    let (_database, mut client) = refreshed_shop();
    let off = "ALTER TABLE transactions.orders DISABLE TRIGGER ALL";
    let on = "ALTER TABLE transactions.orders ENABLE ALWAYS TRIGGER metabase_views_capture_order;
              ALTER TABLE transactions.orders ENABLE ALWAYS TRIGGER metabase_views_truncate_order";
    run(
        &mut client,
        &format!(
            "BEGIN; SAVEPOINT s; {off}; {on};
             SELECT * FROM metabase.refresh('all');
             {off}; UPDATE transactions.orders SET gross_sale = gross_sale + 1; {on};
             SELECT * FROM metabase.refresh('all');
             RELEASE s; COMMIT"
        ),
    );
    assert_right(&mut client);
    refresh_all(&mut client);
    assert_right(&mut client);
}

#[test]
fn what_is_not_found_by_name_is_never_taken_for_captured() {
    let mapping = r#"SELECT metabase.map_source('order', 'transactions.orders',
        '{"platform_fee": "(SELECT count(*) FROM core.platforms)"}')"#;
    for alteration in [
        "ALTER TABLE transactions.orders RENAME TO sold",
        "ALTER SCHEMA transactions RENAME TO sales",
    ] {
        let database = shop();
        let mut client = database.connect();
        run(&mut client, mapping);
        create_all_views(&mut client);
        refresh_all(&mut client);
        run(&mut client, alteration);
        let orders: String = value(
            &mut client,
            "SELECT oid::regclass::text FROM pg_class WHERE relname IN ('sold', 'orders') AND relkind = 'r'",
        );
        for _ in 0..3 {
            run(
                &mut client,
                &format!("UPDATE {orders} SET gross_sale = gross_sale + 1"),
            );
            refresh_all(&mut client);
            assert_right(&mut client);
        }
    }
}

#[test]
fn a_view_that_is_created_beside_others_follows_nothing_in_silence() {
    for alteration in [
        "ALTER TABLE transactions.orders RENAME COLUMN gross_sale TO former;
         ALTER TABLE transactions.orders ADD COLUMN gross_sale numeric DEFAULT 7",
        SWAP,
    ] {
        let (_database, mut client) = refreshed_shop();
        run(&mut client, alteration);
        let error = error_of(
            &mut client,
            "SELECT * FROM metabase.create_view('metabase_brand_analytics', drop_existing => true)",
        );
        assert_eq!(error.sqlstate.code(), "55000", "{error:?}");
        refresh_all(&mut client);
        assert_right(&mut client);
        let (view, shop) = sum_of_orders(&mut client);
        assert_eq!(view.parse::<f64>().ok(), shop.parse::<f64>().ok(), "{alteration}");
    }
}

#[test]
fn a_column_in_the_place_of_another_is_noticed_beside_one_that_is_lost() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "ALTER TABLE transactions.orders RENAME COLUMN platform_fee TO fees;
         ALTER TABLE transactions.orders RENAME COLUMN gross_sale TO former;
         ALTER TABLE transactions.orders ADD COLUMN gross_sale numeric DEFAULT 7",
    );
    let rows = refreshed(&mut client, "refresh('all')");
    for row in rows {
        let error = row.error_message.unwrap_or_default();
        assert!(error.contains("has another column for gross_sale"), "{error}");
        assert!(error.contains("no column platform_fee"), "{error}");
    }
}

#[test]
fn whoever_cannot_have_adapters_follow_goes_on_where_the_tables_are_the_same() {
    let (database, mut client) = refreshed_shop();
    database.create_operator("owner");
    let stranger = database.create_operator("stranger");
    run(
        &mut client,
        &format!(
            "ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics OWNER TO {stranger};
             ALTER TABLE transactions.orders ADD COLUMN remark text"
        ),
    );
    let mut session = database.connect_as(&stranger);
    let rows = refreshed(&mut session, "refresh_view('metabase_brand_analytics')");
    let error = rows[0].error_message.clone().unwrap_or_default();
    assert!(!error.contains("is another table"), "{error}");
}

#[test]
fn whoever_may_not_have_adapters_follow_is_told_so() {
    let (database, mut client) = refreshed_shop();
    // The first is given all that a superuser has made.
    database.create_operator("owner");
    let stranger = database.create_operator("stranger");
    run(
        &mut client,
        &format!("ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics OWNER TO {stranger}; {SWAP}"),
    );
    let mut session = database.connect_as(&stranger);
    let rows = refreshed(&mut session, "refresh_view('metabase_brand_analytics')");
    assert!(
        rows[0]
            .error_message
            .as_deref()
            .unwrap_or_default()
            .contains("transactions.orders is another table"),
        "{rows:?}"
    );
}

/// A cluster with a worker, whose views are due an hour from now at the earliest.
fn shop_with_worker(name: &str) -> (Cluster, Client) {
    let cluster = Cluster::make(name, PRELOADED);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    refresh_all(&mut client);
    (cluster, client)
}

#[test]
fn the_worker_has_views_follow_and_hears_what_comes_after() {
    let (_cluster, mut client) = shop_with_worker("drift");
    // A key that has another name for a while, as migrations have it.
    run(
        &mut client,
        "ALTER TABLE transactions.orders RENAME COLUMN id TO key;
         UPDATE transactions.orders SET gross_sale = gross_sale + 1;
         ALTER TABLE transactions.orders RENAME COLUMN key TO id",
    );
    let is_right = "SELECT (SELECT sum(total_revenue) FROM analytics.metabase_executive_metrics)
                        = (SELECT sum(gross_sale) FROM transactions.orders WHERE lower(status) = 'completed')";
    wait_until(&mut client, is_right);
    // Anything that is committed has the worker look.
    run(&mut client, SWAP);
    run(&mut client, "UPDATE core.brands SET name = name || '!'");
    wait_until(&mut client, is_right);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    wait_until(&mut client, is_right);
}

#[test]
fn a_dump_of_views_that_have_followed_is_restored_to_the_same() {
    let (database, mut client) = refreshed_shop();
    run(&mut client, SWAP);
    refresh_all(&mut client);
    let restored = Database::restored(&database.dump());
    let mut client = restored.connect();
    assert_eq!(
        column(&mut client, "SELECT metabase.sync_status() ->> 'changed_sources'"),
        ["[]"]
    );
    refresh_all(&mut client);
    refresh_all(&mut client);
    assert_right(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    let rows = refreshed(&mut client, "refresh('all')");
    assert!(rows.iter().all(|row| row.mode == "incremental"), "{rows:?}");
}
