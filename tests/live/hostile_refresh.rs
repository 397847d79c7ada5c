//! Those who would have a refresh run something for them, or show what is not so.

use postgres::Client;

use crate::cluster::{Database, create_all_views, refresh_all, value};
use crate::shop::{assert_right, column, refreshed_shop, run, shop, shop_with_views};

/// Functions and an operator that make their owner a superuser if they are ever run by one. {role} owns them, in a schema of
/// its name.
const TRAPS: &str = "
    CREATE FUNCTION {role}.spring() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user) THEN
            ALTER ROLE {role} SUPERUSER;
        END IF;
    END $$;
    CREATE FUNCTION {role}.now() RETURNS timestamptz LANGUAGE plpgsql AS $$
    BEGIN PERFORM {role}.spring(); RETURN pg_catalog.now(); END $$;
    CREATE FUNCTION {role}.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$
    BEGIN PERFORM {role}.spring(); RETURN pg_catalog.clock_timestamp(); END $$;
    CREATE FUNCTION {role}.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN PERFORM {role}.spring(); RETURN $1 OPERATOR(pg_catalog.=) $2; END $$;
    CREATE OPERATOR {role}.= (LEFTARG = text, RIGHTARG = text, FUNCTION = {role}.equal);
    -- What a mapping calls leaves a path behind on which the traps stand first.
    CREATE FUNCTION {role}.leave_path(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN PERFORM pg_catalog.set_config('search_path', '{role}, pg_catalog', false); RETURN $1; END $$";

/// A shop, and an operator of it with a schema of its own.
fn shop_with_operator() -> (Database, Client, Client, String) {
    let database = shop();
    let mut client = database.connect();
    let role = database.create_role("operator");
    run(
        &mut client,
        &format!(
            "SELECT metabase.grant_operator('{role}');
             CREATE SCHEMA {role} AUTHORIZATION {role};
             GRANT UPDATE ON transactions.orders TO {role}"
        ),
    );
    let operator = database.connect_as(&role);
    (database, client, operator, role)
}

#[test]
fn what_changes_while_the_schema_has_another_name_is_not_missed() {
    let (_database, mut client) = shop_with_views();
    refresh_all(&mut client);
    run(&mut client, "ALTER SCHEMA metabase_internal RENAME TO elsewhere");
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    run(&mut client, "ALTER SCHEMA elsewhere RENAME TO metabase_internal");
    refresh_all(&mut client);
    assert_right(&mut client);
}

/// Changes all orders, refreshes all views, and looks at them.
#[track_caller]
fn assert_right_after_a_change(client: &mut Client) {
    run(
        client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    refresh_all(client);
    assert_right(client);
}

// Running something as somebody else

#[test]
fn a_search_path_that_a_mapping_leaves_behind_leads_nobody_into_a_trap() {
    for expression in ["leave_path(buyer_destination_city)", "leave_path(''x''::text)"] {
        let (_database, mut client, mut operator, role) = shop_with_operator();
        run(&mut operator, &TRAPS.replace("{role}", &role));
        run(
            &mut operator,
            &format!(
                "SELECT metabase.map_source('order', 'transactions.orders', '{{\"city\": \"{role}.{expression}\"}}')"
            ),
        );
        create_all_views(&mut operator);
        for _ in 0..3 {
            run(
                &mut operator,
                "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
            );
            refresh_all(&mut operator);
        }
        let is_superuser = format!("SELECT rolsuper FROM pg_roles WHERE rolname = '{role}'");
        assert!(!value::<bool>(&mut client, &is_superuser), "{expression}");
    }
}

#[test]
fn what_a_refresh_calls_cannot_pull_the_facts_from_under_it() {
    let (_database, mut client, mut operator, role) = shop_with_operator();
    run(
        &mut operator,
        &format!(
            "CREATE FUNCTION {role}.meddle(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
             BEGIN
                 IF current_setting('trap.is_set', true) = 'on' THEN
                     PERFORM set_config('trap.is_set', 'off', false);
                     PERFORM metabase.rebuild();
                     PERFORM metabase.refresh('all');
                 END IF;
                 RETURN $1;
             END $$;
             SELECT metabase.map_source('order', 'transactions.orders',
                 '{{\"city\": \"{role}.meddle(buyer_destination_city)\"}}')"
        ),
    );
    create_all_views(&mut operator);
    refresh_all(&mut operator);
    refresh_all(&mut operator);
    run(
        &mut operator,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1; SET trap.is_set = 'on'",
    );
    refresh_all(&mut operator);
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT mode_reason FROM metabase.view_status()"
        ),
        [
            "changes could not be applied: views are being refreshed, and what that calls cannot refresh, build, create or \
             drop them"
        ]
    );
    assert_right(&mut client);
}

// Showing what is not so

#[test]
fn a_table_that_begins_to_inherit_is_seen() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "CREATE TABLE transactions.orders_of_2030 () INHERITS (transactions.orders);
         INSERT INTO transactions.orders_of_2030 SELECT * FROM ONLY transactions.orders;
         UPDATE transactions.orders_of_2030 SET id = gen_random_uuid()",
    );
    refresh_all(&mut client);
    assert_right(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders_of_2030 SET gross_sale = 1",
    );
    refresh_all(&mut client);
    assert_right(&mut client);
}

#[test]
fn columns_that_swap_their_names_are_seen() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "ALTER TABLE products.inventory ADD COLUMN other_id uuid NOT NULL DEFAULT gen_random_uuid()",
    );
    refresh_all(&mut client);
    run(
        &mut client,
        "ALTER TABLE products.inventory RENAME COLUMN id TO old_id;
         ALTER TABLE products.inventory RENAME COLUMN other_id TO id;
         UPDATE products.inventory SET color = 'red', purchase_price = 1",
    );
    refresh_all(&mut client);
    assert_right(&mut client);
    assert_right_after_a_change(&mut client);
}

#[test]
fn a_table_that_a_crash_would_empty_is_not_captured() {
    let (_database, mut client) = refreshed_shop();
    run(&mut client, "ALTER TABLE transactions.orders SET UNLOGGED");
    assert_right_after_a_change(&mut client);
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT mode_reason FROM metabase.view_status()"
        ),
        [
            "changes of entity order are not captured: transactions.orders is unlogged: a crash empties it unseen"
        ]
    );
}

#[test]
fn rows_that_a_policy_hides_by_other_tables_are_read_anew_each_time() {
    let (_database, mut client, mut operator, role) = shop_with_operator();
    create_all_views(&mut operator);
    refresh_all(&mut operator);
    run(
        &mut client,
        &format!(
            "CREATE TABLE transactions.hidden (city text);
             GRANT SELECT ON transactions.hidden TO {role};
             ALTER TABLE transactions.orders ENABLE ROW LEVEL SECURITY;
             CREATE POLICY shown ON transactions.orders FOR SELECT TO {role}
                 USING (NOT EXISTS (SELECT FROM transactions.hidden AS h WHERE h.city = buyer_destination_city))"
        ),
    );
    refresh_all(&mut operator);
    run(
        &mut client,
        "INSERT INTO transactions.hidden SELECT buyer_destination_city FROM transactions.orders",
    );
    refresh_all(&mut operator);
    assert_right(&mut operator);
}

#[test]
fn a_view_of_another_definition_is_refreshed_by_its_own() {
    let (_database, mut client) = refreshed_shop();
    let definition: String = value(
        &mut client,
        "SELECT rtrim(replace(definition, 'Premium', 'Posh'), ';') FROM pg_matviews
         WHERE matviewname = 'metabase_brand_analytics'",
    );
    run(
        &mut client,
        &format!(
            "DROP MATERIALIZED VIEW analytics.metabase_brand_analytics;
             CREATE MATERIALIZED VIEW analytics.metabase_brand_analytics AS {definition};
             CREATE UNIQUE INDEX ON analytics.metabase_brand_analytics (brand_id)"
        ),
    );
    refresh_all(&mut client);
    assert_right_after_a_change(&mut client);
}

#[test]
fn a_zone_that_is_set_for_the_views_to_come_does_not_change_those_there_are() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'Europe/Berlin');
         SELECT metabase.map_source('order', 'transactions.orders', '{\"city\": \"to_char(sold_at, ''HH24'')\"}')",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'Asia/Tokyo');
         UPDATE transactions.orders SET gross_sale = gross_sale + 1
         WHERE id IN (SELECT id FROM transactions.orders ORDER BY id LIMIT 2)",
    );
    refresh_all(&mut client);
    run(&mut client, "SET TimeZone = 'Europe/Berlin'");
    assert_right(&mut client);
}

#[test]
fn triggers_that_are_switched_twice_in_one_transaction_are_seen() {
    let (_database, mut client) = refreshed_shop();
    let switch =
        |how: &str| format!("ALTER TABLE transactions.orders {how} TRIGGER metabase_views_capture_order");
    let (off, on) = (switch("DISABLE"), switch("ENABLE ALWAYS"));
    run(&mut client, &format!("BEGIN; {off}; {on}"));
    refresh_all(&mut client);
    run(
        &mut client,
        &format!("{off}; UPDATE transactions.orders SET gross_sale = gross_sale + 1; {on}; COMMIT"),
    );
    refresh_all(&mut client);
    assert_right(&mut client);
}

#[test]
fn queues_that_nobody_needs_are_emptied() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "CREATE TABLE transactions.more_orders () INHERITS (transactions.orders)",
    );
    let queued = "SELECT count(*)::text FROM metabase_internal.stock_item_queue";
    for _ in 0..2 {
        run(&mut client, "UPDATE products.inventory SET color = 'red'");
        refresh_all(&mut client);
    }
    assert_eq!(column(&mut client, queued), ["0"]);
}
