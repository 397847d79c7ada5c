//! The facts, and all that refreshes work on, are the extension's own: what an operator owns cannot come between.

use postgres::Client;

use super::trap::Trap;
use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::shop::{VIEWS, assert_error, assert_incremental, column, differences, refreshed, run, shop};

/// A change of everything that views show.
const CHANGE: &str = "
    UPDATE transactions.orders SET gross_sale = coalesce(gross_sale, 0) + 1;
    UPDATE products.inventory SET purchase_price = coalesce(purchase_price, 0) + 1;
    UPDATE products.products SET brand_id = (SELECT max(id::text)::uuid FROM core.brands), name = name || '!';
    UPDATE products.categories SET name = name || '!';
    UPDATE core.brands SET name = name || '!';
    UPDATE core.platforms SET name = name || '!', slug = slug || '-new';
    UPDATE core.suppliers SET business_name = business_name || '!'";

/// A change that leaves suppliers without brands, so that no brand is read for their lists.
const LAST_BRAND: &str = "
    DELETE FROM transactions.orders;
    UPDATE products.products SET brand_id = NULL";

/// A shop whose views belong to an operator, with traps in a schema of its own, and all refreshed by what changes.
fn operators_shop(database: &Database) -> Trap<'_> {
    let trap = Trap::lay(database, "operator");
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!(
            "SELECT metabase.grant_operator('{role}');
             -- No operator may create anything there by itself: more is tried than it can do.
             GRANT CREATE ON SCHEMA metabase_internal TO {role}",
            role = trap.role
        ),
    );
    let mut operator = database.connect_as(&trap.role);
    create_all_views(&mut operator);
    refresh_all(&mut operator);
    run(&mut superuser, CHANGE);
    assert_incremental(&refreshed(&mut operator, "refresh('all')"));
    trap
}

/// Without this, the tests below would catch nobody.
#[test]
fn the_trap_catches_whoever_undoes_it() {
    let database = shop();
    let trap = Trap::lay(&database, "operator");
    run(
        &mut database.connect(),
        &format!("BEGIN; SELECT {}.evil(1); ROLLBACK", trap.schema),
    );
    assert!(trap.has_caught());
}

/// What an operator can do to what it owns in the middle of a refresh, and to what it does not own but would like to. {view}
/// stands for one of its views, {adapter} for one of its adapters, {trap} for its schema.
const SWAPS_OF_A_VIEW: [&str; 21] = [
    "ALTER MATERIALIZED VIEW analytics.{view} RENAME TO was;
     CREATE VIEW analytics.{view} AS SELECT 4096::bigint AS ctid, * FROM analytics.was",
    "ALTER MATERIALIZED VIEW analytics.{view} RENAME TO was;
     CREATE VIEW analytics.{view} AS SELECT '(4294967295,65535)'::tid AS ctid, * FROM analytics.was",
    "ALTER MATERIALIZED VIEW analytics.{view} RENAME TO was;
     CREATE VIEW analytics.{view} AS SELECT '(0,200)'::tid AS ctid, * FROM analytics.was",
    "ALTER MATERIALIZED VIEW analytics.{view} RENAME TO was;
     CREATE VIEW analytics.{view} AS SELECT ctid, * FROM analytics.was WHERE {trap}.evil(1)",
    "ALTER MATERIALIZED VIEW analytics.{view} RENAME TO was;
     CREATE TABLE analytics.{view} AS TABLE analytics.was;
     CREATE TRIGGER evil BEFORE INSERT OR UPDATE OR DELETE ON analytics.{view} EXECUTE FUNCTION {trap}.evil_trigger()",
    "ALTER MATERIALIZED VIEW analytics.{view} RENAME TO was;
     CREATE MATERIALIZED VIEW analytics.{view} AS TABLE analytics.was WITH NO DATA",
    "ALTER MATERIALIZED VIEW analytics.{view} RENAME TO was;
     CREATE MATERIALIZED VIEW analytics.{view} AS SELECT * FROM analytics.was LIMIT 1",
    "ALTER MATERIALIZED VIEW analytics.{view} RENAME TO was;
     ALTER MATERIALIZED VIEW analytics.was RENAME TO {view}",
    "ALTER MATERIALIZED VIEW analytics.{view} SET SCHEMA {trap}",
    "DO $do$ BEGIN
         EXECUTE format('ALTER MATERIALIZED VIEW analytics.{view} RENAME COLUMN %I TO other',
             (SELECT attname FROM pg_attribute WHERE attrelid = 'analytics.{view}'::regclass AND attnum = 1));
     END $do$",
    "ALTER MATERIALIZED VIEW analytics.{view} RENAME TO was;
     ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics RENAME TO {view}",
    "DROP MATERIALIZED VIEW analytics.{view}",
    "REFRESH MATERIALIZED VIEW analytics.{view}",
    "REFRESH MATERIALIZED VIEW analytics.{view} WITH NO DATA",
    "CREATE INDEX ON analytics.{view} ((1)) WHERE {trap}.evil(1)",
    "CREATE INDEX ON analytics.{view} ({trap}.evil(1))",
    "CREATE STATISTICS {trap}.evil ON ({trap}.evil(1)), (1) FROM analytics.{view}",
    "DO $do$ DECLARE index regclass; BEGIN
         FOR index IN SELECT indexrelid FROM pg_index WHERE indrelid = 'analytics.{view}'::regclass LOOP
             EXECUTE 'DROP INDEX ' || index;
         END LOOP;
     END $do$",
    "ALTER MATERIALIZED VIEW analytics.{view} CLUSTER ON uq_{view}",
    "ALTER MATERIALIZED VIEW analytics.{view} SET (fillfactor = 10)",
    "REINDEX TABLE analytics.{view}",
];

const SWAPS_OF_AN_ADAPTER: [&str; 15] = [
    "ALTER VIEW metabase_internal.{adapter} RENAME TO was;
     CREATE VIEW metabase_internal.{adapter} AS SELECT * FROM metabase_internal.was WHERE {trap}.evil(1)",
    "DO $do$ BEGIN
         EXECUTE format('CREATE OR REPLACE VIEW metabase_internal.{adapter} AS SELECT * FROM (%s) AS was WHERE {trap}.evil(1)',
             rtrim(pg_get_viewdef('metabase_internal.{adapter}'), ';'));
     END $do$",
    "DO $do$ BEGIN
         EXECUTE format('CREATE OR REPLACE VIEW metabase_internal.{adapter} AS SELECT * FROM (%s) AS was LIMIT 1',
             rtrim(pg_get_viewdef('metabase_internal.{adapter}'), ';'));
     END $do$",
    "ALTER VIEW metabase_internal.{adapter} RENAME TO was;
     CREATE DOMAIN {trap}.key AS uuid CHECK ({trap}.evil(VALUE::text));
     DO $do$ BEGIN
         EXECUTE (SELECT 'CREATE VIEW metabase_internal.{adapter} AS SELECT '
                 || string_agg(CASE attname WHEN 'id' THEN 'id::{trap}.key AS id' ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
                 || ' FROM metabase_internal.was'
             FROM pg_attribute WHERE attrelid = 'metabase_internal.was'::regclass AND attnum > 0);
     END $do$",
    "ALTER VIEW metabase_internal.{adapter} RENAME TO was;
     DO $do$ BEGIN
         EXECUTE (SELECT 'CREATE VIEW metabase_internal.{adapter} AS SELECT '
                 || string_agg(
                     CASE WHEN atttypid = 'numeric'::regtype THEN format('1600000000::bigint << 32 AS %I', attname)
                         ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
                 || ' FROM metabase_internal.was'
             FROM pg_attribute WHERE attrelid = 'metabase_internal.was'::regclass AND attnum > 0);
     END $do$",
    "ALTER VIEW metabase_internal.{adapter} RENAME TO was;
     DO $do$ BEGIN
         EXECUTE (SELECT 'CREATE VIEW metabase_internal.{adapter} AS SELECT '
                 || string_agg(
                     CASE WHEN atttypid = 'text'::regtype THEN format('%I::varchar(3) AS %1$I', attname)
                         WHEN atttypid = 'uuid'::regtype THEN format('%I::text AS %1$I', attname)
                         ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
                 || ' FROM metabase_internal.was'
             FROM pg_attribute WHERE attrelid = 'metabase_internal.was'::regclass AND attnum > 0);
     END $do$",
    "ALTER VIEW metabase_internal.{adapter} RENAME TO was;
     CREATE TABLE metabase_internal.{adapter} AS TABLE metabase_internal.was;
     CREATE FUNCTION {trap}.policy() RETURNS boolean LANGUAGE plpgsql AS $do$ BEGIN RETURN {trap}.evil(1); END $do$;
     CREATE POLICY evil ON metabase_internal.{adapter} USING ({trap}.policy());
     ALTER TABLE metabase_internal.{adapter} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "ALTER VIEW metabase_internal.{adapter} RENAME TO was;
     CREATE TABLE metabase_internal.{adapter} AS TABLE metabase_internal.was;
     CREATE INDEX ON metabase_internal.{adapter} (id) WHERE {trap}.evil(1)",
    // A type that brings a cast along, whose function the planner puts into what uses it.
    "CREATE DOMAIN {trap}.evil_number AS int CHECK ({trap}.evil(VALUE));
     CREATE TYPE {trap}.pair AS (x int);
     CREATE FUNCTION {trap}.to_uuid({trap}.pair) RETURNS uuid LANGUAGE sql IMMUTABLE
         AS $do$ SELECT CASE WHEN '{1}'::{trap}.evil_number[] IS NULL THEN NULL::uuid END $do$;
     CREATE CAST ({trap}.pair AS uuid) WITH FUNCTION {trap}.to_uuid({trap}.pair) AS IMPLICIT;
     ALTER VIEW metabase_internal.{adapter} RENAME TO was;
     DO $do$ BEGIN
         EXECUTE (SELECT 'CREATE VIEW metabase_internal.{adapter} AS SELECT '
                 || string_agg(CASE attname WHEN 'id' THEN 'ROW(1)::{trap}.pair AS id' ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
                 || ' FROM metabase_internal.was'
             FROM pg_attribute WHERE attrelid = 'metabase_internal.was'::regclass AND attnum > 0);
     END $do$",
    "ALTER VIEW metabase_internal.{adapter} RENAME TO was;
     ALTER VIEW metabase_internal.was RENAME TO {adapter}",
    "DROP VIEW metabase_internal.{adapter} CASCADE",
    "ALTER VIEW metabase_internal.{adapter} RENAME COLUMN id TO other",
    "ALTER VIEW metabase_internal.{adapter} SET (security_invoker = true)",
    "ALTER VIEW metabase_internal.{adapter} SET (security_barrier = true)",
    "ALTER VIEW metabase_internal.{adapter} SET SCHEMA {trap}",
];

/// What must be refused, whenever it is tried.
const SWAPS_OF_WHAT_IS_NOT_ITS_OWN: [&str; 9] = [
    "CREATE TRIGGER evil BEFORE DELETE ON metabase_internal.dirty_executive EXECUTE FUNCTION {trap}.evil_trigger()",
    "ALTER TABLE metabase_internal.platform_rollup ALTER COLUMN max_gross_sale TYPE bigint",
    "ALTER TABLE metabase_internal.sale_fact RENAME TO was",
    "CREATE INDEX ON metabase_internal.sale_fact (order_id) WHERE {trap}.evil(1)",
    "DROP TABLE metabase_internal.dirty_executive",
    "CREATE TABLE metabase_internal.day_rollup AS SELECT 1",
    "CREATE OR REPLACE FUNCTION metabase_internal.country_code(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    "DELETE FROM metabase_internal.view_sync",
    "SELECT metabase.refresh('all')",
];

/// Each statement is tried before one step in so many. METABASE_VIEWS_SWAPS says another number: 1 is all, which takes hours. Whatever
/// it is, all steps are tried with each kind of object, because each statement begins at another step.
const ONE_STEP_IN: usize = 11;

/// Runs `refresh` with each of the statements injected before steps of it, each time in a transaction that is rolled back.
/// `refresh` returns what it says of views. Returns how often a statement was injected.
fn swap_between_steps(
    database: &Database,
    trap: &Trap,
    swaps: &[String],
    change: &str,
    refresh: impl Fn(&mut Client) -> Vec<(String, String)>,
) -> usize {
    let mut client = database.connect();
    run(
        &mut client,
        &format!(
            "CREATE SEQUENCE IF NOT EXISTS {schema}.fired; ALTER SEQUENCE {schema}.fired OWNER TO {role};
             -- Its first number is there from the beginning.
             SELECT setval('{schema}.fired', 1);
             SET client_min_messages = error;
             SET metabase_views.inject_as = '{role}'",
            schema = trap.schema,
            role = trap.role
        ),
    );
    let stride = match std::env::var("METABASE_VIEWS_SWAPS") {
        Ok(stride) => stride.parse().expect("METABASE_VIEWS_SWAPS is a number"),
        Err(_) => ONE_STEP_IN,
    };
    let mut injected = 0;
    for (number, swap) in swaps.iter().enumerate() {
        let first = 1 + (number * 5) % stride;
        for step in (first..).step_by(stride) {
            // Every other time its errors are its own affair, and the refresh goes on.
            let (begin, end) = match (number + step / stride) % 2 {
                0 => ("", ""),
                _ => ("BEGIN ", "; EXCEPTION WHEN OTHERS THEN NULL; END"),
            };
            let inject = format!(
                "DO $inject$ BEGIN PERFORM nextval('{}.fired'); {begin}{swap}{end}; END $inject$",
                trap.schema
            );
            let before: i64 = value(
                &mut client,
                &format!("SELECT last_value FROM {}.fired", trap.schema),
            );
            run(&mut client, "BEGIN");
            run(&mut client, change);
            client
                .execute(
                    "SELECT set_config('metabase_views.inject', $1, true),
                            set_config('metabase_views.inject_at', $2, true)",
                    &[&inject, &step.to_string()],
                )
                .expect("a superuser may set them");
            let outcomes = refresh(&mut client);
            // What is looked at next is the operator's, and is nothing for a superuser to look at.
            run(
                &mut client,
                &format!(
                    "SET LOCAL metabase_views.inject_at = 0; SET LOCAL ROLE {}",
                    trap.role
                ),
            );
            for (view, status) in &outcomes {
                assert_truth(&mut client, view, status, swap, step);
            }
            run(&mut client, "ROLLBACK");
            let after: i64 = value(
                &mut client,
                &format!("SELECT last_value FROM {}.fired", trap.schema),
            );
            if after == before {
                break;
            }
            injected += 1;
        }
        assert!(
            !trap.has_caught(),
            "somebody ran what the operator had made: {swap}"
        );
    }
    injected
}

/// A view that was refreshed shows what its definition says.
#[track_caller]
fn assert_truth(client: &mut Client, view: &str, status: &str, swap: &str, step: usize) {
    if status != "completed" {
        return;
    }
    let kind: Option<String> = value(
        client,
        &format!("SELECT (SELECT relkind::text FROM pg_class WHERE oid = to_regclass('analytics.{view}'))"),
    );
    assert_eq!(kind.as_deref(), Some("m"), "{view} after step {step}: {swap}");
    assert_eq!(
        differences(client, view),
        0,
        "{view} differs from its definition after step {step}: {swap}"
    );
}

/// What `refresh('all')` says of each view.
fn refresh(client: &mut Client) -> Vec<(String, String)> {
    refreshed(client, "refresh('all')")
        .into_iter()
        .map(|row| (row.view_name, row.status))
        .collect()
}

/// What it says after the facts were built anew, or were to be.
fn rebuild_and_refresh(client: &mut Client) -> Vec<(String, String)> {
    run(client, "SAVEPOINT before");
    if client.batch_execute("SELECT metabase.rebuild()").is_err() {
        run(client, "ROLLBACK TO before");
    }
    refresh(client)
}

/// Statements for some views or adapters.
fn filled(swaps: &[&str], placeholder: &str, names: &[&str], trap: &Trap) -> Vec<String> {
    names
        .iter()
        .flat_map(|name| {
            swaps
                .iter()
                .map(|swap| swap.replace(placeholder, name).replace("{trap}", &trap.schema))
        })
        .collect()
}

fn not_its_own(trap: &Trap) -> Vec<String> {
    SWAPS_OF_WHAT_IS_NOT_ITS_OWN
        .iter()
        .map(|swap| swap.replace("{trap}", &trap.schema))
        .collect()
}

#[test]
fn views_that_are_swapped_between_steps_are_right_or_say_that_they_are_not() {
    let database = shop();
    let trap = operators_shop(&database);
    let views = ["metabase_executive_metrics", "metabase_inventory_status"];
    let swaps = filled(&SWAPS_OF_A_VIEW, "{view}", &views, &trap);
    let injected = swap_between_steps(&database, &trap, &swaps, CHANGE, refresh);
    assert!(injected > 200, "{injected}");
}

#[test]
fn adapters_that_are_swapped_between_steps_are_read_right_or_not_at_all() {
    let database = shop();
    let trap = operators_shop(&database);
    let adapters = ["orders", "products", "brands"];
    let swaps = filled(&SWAPS_OF_AN_ADAPTER, "{adapter}", &adapters, &trap);
    let injected = swap_between_steps(&database, &trap, &swaps, CHANGE, refresh);
    assert!(injected > 150, "{injected}");
}

#[test]
fn adapters_that_are_swapped_where_nothing_is_read_of_them_are_not_planned_with_either() {
    let database = shop();
    let trap = operators_shop(&database);
    let swaps = filled(&SWAPS_OF_AN_ADAPTER, "{adapter}", &["brands", "platforms"], &trap);
    for refresh in [refresh, rebuild_and_refresh] {
        let injected = swap_between_steps(&database, &trap, &swaps, LAST_BRAND, refresh);
        assert!(injected > 100, "{injected}");
    }
}

#[test]
fn what_is_not_the_operators_cannot_be_swapped() {
    let database = shop();
    let trap = operators_shop(&database);
    let swaps = not_its_own(&trap);
    let injected = swap_between_steps(&database, &trap, &swaps, CHANGE, refresh);
    assert!(injected > 40, "{injected}");
    let mut operator = database.connect_as(&trap.role);
    for swap in &swaps[..swaps.len() - 1] {
        let sqlstate = error_of(&mut operator, swap).sqlstate;
        assert!(
            ["42501", "42P07"].contains(&sqlstate.code()),
            "{swap}: {sqlstate:?}"
        );
    }
}

#[test]
fn what_is_swapped_while_facts_are_built_does_no_more_harm() {
    let database = shop();
    let trap = operators_shop(&database);
    let mut swaps = filled(
        &SWAPS_OF_A_VIEW,
        "{view}",
        &["metabase_customer_geography"],
        &trap,
    );
    swaps.extend(filled(&SWAPS_OF_AN_ADAPTER, "{adapter}", &["stock_items"], &trap));
    swaps.extend(not_its_own(&trap));
    let injected = swap_between_steps(&database, &trap, &swaps, CHANGE, rebuild_and_refresh);
    assert!(injected > 200, "{injected}");
}

#[test]
fn a_key_of_a_domain_is_not_checked_by_the_extensions_owner() {
    let database = Database::with_extension();
    let trap = Trap::lay(&database, "operator");
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!(
            "CREATE SCHEMA transactions; CREATE SCHEMA products;
             CREATE TABLE products.inventory (id text PRIMARY KEY, product_id text, purchase_price numeric);
             SELECT metabase.grant_operator('{role}');
             GRANT CREATE ON SCHEMA metabase_internal TO {role};
             GRANT USAGE ON SCHEMA products TO {role}; GRANT SELECT ON products.inventory TO {role}",
            role = trap.role
        ),
    );
    let mut operator = database.connect_as(&trap.role);
    let schema = &trap.schema;
    let orders = format!(
        "CREATE TABLE {schema}.orders (id {{}} PRIMARY KEY, status text, sold_at timestamptz, gross_sale numeric)"
    );
    run(&mut operator, &orders.replace("{}", "text"));
    run(
        &mut operator,
        &format!("SELECT metabase.map_source('order', '{schema}.orders')"),
    );
    create_all_views(&mut operator);
    refresh_all(&mut operator);
    let definition: String = value(&mut operator, "SELECT pg_get_viewdef('metabase_internal.orders')");
    run(
        &mut operator,
        &format!(
            "DROP VIEW metabase_internal.orders CASCADE; DROP TABLE {schema}.orders;
             CREATE DOMAIN {schema}.key AS text CHECK ({schema}.evil(VALUE));
             {};
             CREATE VIEW metabase_internal.orders AS {definition}",
            orders.replace("{}", &format!("{schema}.key"))
        ),
    );
    let reasons = column(
        &mut superuser,
        "SELECT reason FROM metabase.capture_status() WHERE entity = 'order'",
    );
    let changed = "the sources or the settings have changed since the views were created: ";
    assert!(reasons[0].starts_with(changed), "{reasons:?}");
    for _ in 0..2 {
        for caller in [&mut operator, &mut superuser] {
            // The views went with the adapter, so that sooner or later nothing is captured for them any more.
            let _ = caller.simple_query("SELECT * FROM metabase.capture_status()");
            let _ = refresh(caller);
        }
        // Its own check, as itself.
        run(
            &mut operator,
            &format!("INSERT INTO {schema}.orders VALUES (gen_random_uuid(), 'completed', now(), 1)"),
        );
    }
    trap.assert_nobody_was_caught();
}

/// A kept plan reads a column whose type a superuser has changed since.
#[test]
fn a_plan_of_before_does_not_say_what_is_read_now() {
    let database = shop();
    let trap = operators_shop(&database);
    let mut superuser = database.connect();
    // Whoever may alter it: a superuser.
    run(
        &mut superuser,
        "ALTER TABLE metabase_internal.platform_rollup ALTER COLUMN max_gross_sale TYPE bigint USING 1600::bigint << 32;
         UPDATE transactions.orders SET gross_sale = 7",
    );
    let mut operator = database.connect_as(&trap.role);
    for (view, status) in refresh(&mut operator) {
        assert_eq!(status, "completed", "{view}");
    }
    for view in VIEWS {
        assert_eq!(differences(&mut superuser, view), 0, "{view}");
    }
}

#[test]
fn a_table_in_the_place_of_one_of_the_facts_is_not_worked_on() {
    let database = shop();
    let trap = operators_shop(&database);
    let mut superuser = database.connect();
    let columns: String = value(
        &mut superuser,
        "SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
         FROM pg_attribute WHERE attrelid = 'metabase_internal.day_rollup'::regclass AND attnum > 0",
    );
    run(
        &mut superuser,
        "ALTER EXTENSION metabase_views DROP TABLE metabase_internal.day_rollup; DROP TABLE metabase_internal.day_rollup",
    );
    let mut operator = database.connect_as(&trap.role);
    run(
        &mut operator,
        &format!(
            "CREATE TABLE metabase_internal.day_rollup ({columns}, CHECK ({schema}.evil(platform)));
             CREATE TRIGGER evil BEFORE INSERT ON metabase_internal.day_rollup EXECUTE FUNCTION {schema}.evil_trigger()",
            schema = trap.schema
        ),
    );
    run(&mut superuser, CHANGE);
    for _ in 0..3 {
        for (view, status) in refresh(&mut superuser) {
            assert_eq!(status, "completed", "{view}");
        }
    }
    for view in VIEWS {
        assert_eq!(differences(&mut superuser, view), 0, "{view}");
    }
    trap.assert_nobody_was_caught();
}

#[test]
fn a_table_in_the_place_of_the_facts_does_not_switch_capture_on() {
    let database = shop();
    let trap = operators_shop(&database);
    let mut operator = database.connect_as(&trap.role);
    let mut superuser = database.connect();
    // In a transaction block the triggers stay, and do nothing.
    run(&mut operator, "BEGIN; SELECT metabase.disable_capture(); COMMIT");
    run(&mut operator, "CREATE TABLE metabase_internal.sale_fact ()");
    run(&mut superuser, CHANGE);
    let queued: i64 = value(&mut superuser, "SELECT count(*) FROM metabase_internal.queue");
    assert_eq!(queued, 0);
    run(&mut operator, "DROP TABLE metabase_internal.sale_fact");
    run(&mut operator, "SELECT metabase.enable_capture()");
    run(&mut superuser, CHANGE);
    let queued: i64 = value(&mut superuser, "SELECT count(*) FROM metabase_internal.queue");
    assert!(queued > 0);
}

/// A view is read by its name, and whoever owns the schema can give that to something else.
#[test]
fn in_a_schema_of_somebody_elses_views_are_not_read_by_name_as_their_owner() {
    let database = shop();
    let trap = operators_shop(&database);
    let mut superuser = database.connect();
    let stranger = Trap::lay(&database, "stranger");
    run(
        &mut superuser,
        &format!("ALTER SCHEMA analytics OWNER TO {}; {CHANGE}", stranger.role),
    );
    let mut operator = database.connect_as(&trap.role);
    let said = format!(
        "schema analytics belongs to role \"{}\", which could put something else in a view's place",
        stranger.role
    );
    for row in refreshed(&mut operator, "refresh('all')") {
        assert_eq!(
            (row.status.as_str(), row.mode.as_str()),
            ("completed", "full"),
            "{row:?}"
        );
    }
    assert_eq!(
        column(
            &mut operator,
            "SELECT DISTINCT mode_reason FROM metabase.view_status()"
        ),
        std::slice::from_ref(&said)
    );
    let error = error_of(
        &mut operator,
        "SELECT metabase.verify('metabase_brand_analytics')",
    );
    assert_error(
        &error,
        "42501",
        &said,
        Some("As a superuser: ALTER SCHEMA analytics OWNER TO the views' owner, or to a superuser."),
    );
    let page: String = value(&mut superuser, "SELECT metabase.dashboard_html('executive')");
    assert!(page.contains("schema analytics belongs to role"), "{page}");
    run(
        &mut superuser,
        &format!("ALTER SCHEMA analytics OWNER TO {}; {CHANGE}", trap.role),
    );
    refresh_all(&mut operator);
    run(&mut superuser, CHANGE);
    assert_incremental(&refreshed(&mut operator, "refresh('all')"));
}
