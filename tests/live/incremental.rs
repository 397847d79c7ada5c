//! Incremental refresh as its users meet it: when it can be and why not, what waits, what is refreshed, what is written.

use postgres::Client;

use crate::available::has_extension;
use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::integrity::assert_sound;
use crate::rows::rows;
use crate::shop::{
    VIEWS, assert_error, assert_incremental, assert_right, column, completed_and_failed, differences,
    refresh_view, refreshed, refreshed_shop, run, shop, shop_with_views, triggers,
};

const BEGUN: &str = "full: changes of its sources are captured from now on";
const BUILT: &str = "full: facts and rollups were built: they had not been built yet";
const ALTERED: &str = "full: facts and rollups were built: a source, its triggers or its adapter was altered";
const UNCOMPARED: &str = "full: it had not been compared with its definition since the facts were built";
const CAPTURED: &str = "incremental: its changes were captured";

/// A change that each view shows.
const CHANGE: &str = "UPDATE transactions.orders SET gross_sale = gross_sale + 1 WHERE status = 'completed';
                      UPDATE core.brands SET name = name || '.';
                      UPDATE core.suppliers SET business_name = business_name || '.'";

/// How the views were last refreshed and why so, each answer once.
fn modes(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT DISTINCT mode || ': ' || mode_reason FROM metabase.view_status() ORDER BY 1",
    )
}

/// Refreshes all views after a change: all for this reason, and to the truth.
#[track_caller]
fn assert_refreshes(client: &mut Client, mode: &str) {
    run(client, CHANGE);
    refresh_all(client);
    assert_eq!(modes(client), [mode]);
    assert_right(client);
}

/// The tables of facts and rollups.
fn state_tables(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT relname FROM pg_class
         WHERE relnamespace = 'metabase_internal'::regnamespace AND relkind = 'r'
             AND relname ~ '_fact$|_rollup$|^dirty_'",
    )
}

// Why not

#[test]
fn what_cannot_be_captured_is_named_and_refreshed_in_full() {
    for (given, entity, reason) in [
        (
            "ALTER TABLE core.brands RENAME TO brands_table;
             CREATE VIEW core.brands AS SELECT * FROM core.brands_table",
            "brand",
            "core.brands is a view, which has no row triggers of its own",
        ),
        (
            "CREATE TABLE transactions.old_orders () INHERITS (transactions.orders)",
            "order",
            "transactions.orders has tables that inherit from it",
        ),
        (
            "ALTER TABLE transactions.orders RENAME TO orders_table;
             CREATE EXTENSION postgres_fdw;
             DO $$ BEGIN
                 EXECUTE format(
                     'CREATE SERVER itself FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
                     current_setting('unix_socket_directories'), current_setting('port'), current_database()
                 );
             END $$;
             CREATE USER MAPPING FOR postgres SERVER itself OPTIONS (user 'postgres');
             CREATE TABLE transactions.orders (LIKE transactions.orders_table) PARTITION BY RANGE (sold_at);
             CREATE TABLE transactions.recent_orders PARTITION OF transactions.orders DEFAULT;
             CREATE TABLE transactions.old_orders_table (LIKE transactions.orders_table);
             CREATE FOREIGN TABLE transactions.old_orders PARTITION OF transactions.orders
                 FOR VALUES FROM (MINVALUE) TO ('2024-06-01') SERVER itself
                 OPTIONS (schema_name 'transactions', table_name 'old_orders_table');
             COMMIT;
             INSERT INTO transactions.orders TABLE transactions.orders_table;
             COMMIT;
             DO $$ BEGIN
                 ASSERT (SELECT count(*) FROM transactions.old_orders_table) > 0;
                 ASSERT (SELECT count(*) FROM transactions.recent_orders) > 0;
             END $$",
            "order",
            "transactions.orders has a partition that is a foreign table",
        ),
        (
            r#"SELECT metabase.map_source('platform', 'core.platforms', '{"id": "coalesce(id, id)"}')"#,
            "platform",
            "its key is not a column of core.platforms but an expression",
        ),
        (
            r#"SELECT metabase.map_source('platform', 'core.platforms',
                                          '{"name": "(SELECT max(other.name) FROM core.platforms AS other)"}')"#,
            "platform",
            "it is mapped with a subquery, which reads rows whose changes are not captured",
        ),
        (
            r#"SELECT metabase.map_source('brand', 'core.brands', '{"segment": "xmax::text"}')"#,
            "brand",
            "it is mapped with a system column, such as ctid or xmax, which changes where no row does",
        ),
        (
            r#"SELECT metabase.map_source('brand', 'core.brands', filter => 'ctid IS NOT NULL')"#,
            "brand",
            "it is mapped with a system column, such as ctid or xmax, which changes where no row does",
        ),
        (
            r#"SELECT metabase.map_source('brand', 'core.brands', '{"segment": "tableoid::int::text"}')"#,
            "brand",
            "it is mapped with a system column, such as ctid or xmax, which changes where no row does",
        ),
        (
            r#"SELECT metabase.map_source('order', 'transactions.orders', filter => 'sold_at < now()')"#,
            "order",
            "it is mapped with function now(), whose result can change by itself (it is not IMMUTABLE)",
        ),
        (
            r#"SELECT metabase.map_source('order', 'transactions.orders', filter => 'sold_at <= current_date')"#,
            "order",
            "it is mapped with an expression that changes by itself, such as the current date",
        ),
        (
            r#"CREATE FUNCTION core.label(text) RETURNS text LANGUAGE sql STABLE AS 'SELECT upper($1)';
               SELECT metabase.map_source('brand', 'core.brands', '{"name": "core.label(name)"}')"#,
            "brand",
            "it is mapped with function core.label(text), whose result can change by itself (it is not IMMUTABLE)",
        ),
    ]
    .into_iter()
    .filter(|(given, ..)| !given.contains("postgres_fdw") || has_extension("postgres_fdw"))
    {
        let database = shop();
        let mut client = database.connect();
        run(&mut client, given);
        create_all_views(&mut client);
        assert_not_captured(&mut client, &mut database.connect(), entity, reason);
    }
}

#[test]
fn an_operator_captures_the_tables_that_it_was_granted() {
    assert_captured_once_granted("postgres");
}

#[test]
fn an_operator_captures_the_tables_that_it_has_mapped_and_was_granted() {
    assert_captured_once_granted("operator");
}

/// A table that was mapped after an operator was made one is captured when the operator was granted it, too.
#[track_caller]
fn assert_captured_once_granted(mapper: &str) {
    let database = shop();
    let mut client = database.connect();
    let operator = database.create_role("operator");
    let grant = format!("SELECT metabase.grant_operator('{operator}')");
    run(&mut client, &grant);
    run(
        &mut client,
        &format!("CREATE TABLE core.labels AS TABLE core.brands; GRANT SELECT ON core.labels TO {operator}"),
    );
    let mut as_operator = database.connect_as(&operator);
    let mapper = if mapper == "operator" {
        &mut as_operator
    } else {
        &mut client
    };
    run(mapper, "SELECT metabase.map_source('brand', 'core.labels')");
    create_all_views(&mut as_operator);
    assert_not_captured(
        &mut as_operator,
        &mut client,
        "brand",
        "the views' owner may not put triggers on core.labels: a superuser has to call grant_operator() for it",
    );
    run(&mut client, &grant);
    for mode in [BUILT, CAPTURED] {
        run(&mut client, CHANGE);
        run(&mut client, "UPDATE core.labels SET name = name || '.'");
        refresh_all(&mut as_operator);
        assert_eq!(modes(&mut as_operator), [mode]);
        assert_right(&mut as_operator);
    }
}

/// The status names one entity and the reason, nothing is captured, and refreshes are full for that reason.
#[track_caller]
fn assert_not_captured(client: &mut Client, writer: &mut Client, entity: &str, reason: &str) {
    let status = rows(
        client,
        "SELECT entity, reason FROM metabase.capture_status() WHERE captured OR reason IS NOT NULL",
    );
    assert_eq!(status, [format!("{entity} | {reason}")]);
    run(
        writer,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1 WHERE status = 'completed'",
    );
    refresh_all(client);
    let reason = format!("changes of entity {entity} are not captured: {reason}");
    assert_eq!(modes(client), [format!("full: {reason}")]);
    assert_right(client);
    assert_eq!(triggers(client), [""; 0]);
    assert_incremental_is_refused(client, &reason);
}

/// Whoever asks for an incremental refresh is told why there is none.
#[track_caller]
fn assert_incremental_is_refused(client: &mut Client, reason: &str) {
    let view = "metabase_brand_analytics";
    let row = refreshed(client, &format!("refresh_view('{view}', 'incremental')")).swap_remove(0);
    let expected = format!(
        "incremental refresh of analytics.{view} is not possible: {reason} (SQLSTATE 0A000)\n\
         Use mode 'auto' or 'full'."
    );
    assert_eq!(
        (row.status.as_str(), row.error_message),
        ("failed", Some(expected))
    );
    let sqlstate = "SELECT sqlstate FROM metabase.refresh_history ORDER BY id DESC LIMIT 1";
    assert_eq!(column(client, sqlstate), ["0A000"]);
}

#[test]
fn what_was_in_the_way_may_go() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        "CREATE TABLE transactions.old_orders () INHERITS (transactions.orders)",
    );
    create_all_views(&mut client);
    run(
        &mut client,
        "ALTER TABLE transactions.old_orders NO INHERIT transactions.orders",
    );
    assert_refreshes(&mut client, BEGUN);
    assert_refreshes(&mut client, BUILT);
    assert_refreshes(&mut client, CAPTURED);
}

#[test]
fn views_that_were_created_in_a_transaction_are_captured_by_their_first_refresh_outside_of_one() {
    let database = shop();
    let mut client = database.connect();
    run(&mut client, "BEGIN");
    create_all_views(&mut client);
    run(&mut client, "COMMIT");
    assert_eq!(triggers(&mut client), [""; 0]);
    run(&mut client, "BEGIN");
    assert_refreshes(
        &mut client,
        "full: changes of its sources are not captured yet: that begins with a refresh outside of a transaction block",
    );
    run(&mut client, "COMMIT");
    assert_refreshes(&mut client, BEGUN);
    assert_refreshes(&mut client, BUILT);
    assert_refreshes(&mut client, CAPTURED);
}

#[test]
fn a_view_that_was_refreshed_by_hand_is_refreshed_in_full_once() {
    let (_database, mut client) = refreshed_shop();
    let reason = "somebody else has refreshed it or altered it";
    run(
        &mut client,
        "REFRESH MATERIALIZED VIEW analytics.metabase_brand_analytics",
    );
    assert_incremental_is_refused(&mut client, reason);
    run(&mut client, CHANGE);
    refresh_all(&mut client);
    assert_eq!(modes(&mut client), [format!("full: {reason}").as_str(), CAPTURED]);
    assert_right(&mut client);
    assert_refreshes(&mut client, CAPTURED);
}

// Capture on and off

#[test]
fn capture_is_taken_off_and_put_back() {
    let (_database, mut client) = refreshed_shop();
    let status =
        "SELECT format('%s %s %s', relation, captured, coalesce(reason, '-')) FROM metabase.capture_status()
                  WHERE relation IS NOT NULL";
    let (before, captured) = (triggers(&mut client), column(&mut client, status));
    assert_eq!(before.len(), 14, "{before:?}");
    assert_eq!(captured.len(), 7);
    assert!(captured.iter().all(|line| line.ends_with(" t -")), "{captured:?}");

    assert_eq!(
        column(&mut client, "SELECT metabase.disable_capture()"),
        ["changes are not captured any more; all refreshes are full"]
    );
    let none: Vec<String> = captured
        .iter()
        .map(|line| line.replace(" t -", " f capture is disabled"))
        .collect();
    assert_eq!(column(&mut client, status), none);
    assert_eq!(triggers(&mut client), [""; 0]);
    assert_eq!(state_tables(&mut client), [""; 0]);
    assert_refreshes(&mut client, "full: capture is disabled");
    assert_incremental_is_refused(&mut client, "capture is disabled");

    let enabled = status.replace("capture_status", "enable_capture");
    assert_eq!(column(&mut client, &enabled), captured);
    assert_eq!(triggers(&mut client), before);
    assert_refreshes(&mut client, BUILT);
    assert_refreshes(&mut client, CAPTURED);
}

#[test]
fn capture_that_is_taken_off_in_a_transaction_notes_nothing() {
    let (_database, mut client) = refreshed_shop();
    run(&mut client, "BEGIN; SELECT metabase.disable_capture(); COMMIT");
    // Taking triggers off would have locked the shop until the end of the transaction.
    assert_eq!(triggers(&mut client).len(), 14);
    run(&mut client, CHANGE);
    assert_eq!(
        column(&mut client, "SELECT count(*) FROM metabase_internal.order_queue"),
        ["0"]
    );
    assert_refreshes(&mut client, "full: capture is disabled");
    run(&mut client, "SELECT metabase.enable_capture()");
    assert_refreshes(&mut client, BUILT);
    assert_refreshes(&mut client, CAPTURED);
}

#[test]
fn capture_does_not_begin_while_somebody_writes() {
    let (database, mut client) = refreshed_shop();
    run(&mut client, "SELECT metabase.disable_capture()");
    let mut writer = database.connect();
    run(&mut writer, &format!("BEGIN; {CHANGE}"));
    run(&mut client, "SET lock_timeout = '300ms'");
    assert_error(
        &error_of(&mut client, "SELECT metabase.enable_capture()"),
        "55P03",
        "the sources could not be locked for a moment to capture their changes",
        Some(
            "Try again when fewer long transactions write to them: SELECT * FROM metabase.enable_capture();",
        ),
    );
    assert_eq!(triggers(&mut client), [""; 0]);
    run(&mut writer, "COMMIT");
    run(&mut client, "SELECT metabase.enable_capture()");
    assert_refreshes(&mut client, BUILT);
    assert_refreshes(&mut client, CAPTURED);
}

#[test]
fn views_are_created_while_somebody_writes_and_captured_later() {
    let database = shop();
    let (mut client, mut writer) = (database.connect(), database.connect());
    run(&mut writer, &format!("BEGIN; {CHANGE}"));
    run(&mut client, "SET lock_timeout = '300ms'");
    create_all_views(&mut client);
    assert_eq!(triggers(&mut client), [""; 0]);
    run(&mut writer, "COMMIT");
    assert_refreshes(&mut client, BEGUN);
    assert_refreshes(&mut client, BUILT);
    assert_refreshes(&mut client, CAPTURED);
}

#[test]
fn what_is_committed_before_capture_begins_is_not_missed_by_an_older_snapshot() {
    let (database, mut client) = refreshed_shop();
    run(&mut client, "SELECT metabase.disable_capture()");
    let mut other = database.connect();
    run(&mut other, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT");
    run(&mut client, CHANGE);
    run(
        &mut other,
        "SELECT metabase.enable_capture(); SELECT * FROM metabase.refresh('all'); COMMIT",
    );
    refresh_all(&mut client);
    assert_right(&mut client);
}

// Verify and rebuild

#[test]
fn verify_shows_what_was_changed_behind_the_triggers_and_the_next_refresh_rebuilds() {
    let (_database, mut client) = refreshed_shop();
    let view = "metabase_brand_analytics";
    let differences =
        format!("SELECT difference || ' ' || (row->>'brand_name') FROM metabase.verify('{view}') ORDER BY 1");
    assert_eq!(column(&mut client, &differences), [""; 0]);
    run(
        &mut client,
        "ALTER TABLE core.brands DISABLE TRIGGER metabase_views_capture_brand;
         UPDATE core.brands SET name = 'Planted' WHERE name = 'Asics';
         ALTER TABLE core.brands ENABLE ALWAYS TRIGGER metabase_views_capture_brand",
    );
    assert_eq!(
        column(&mut client, &differences),
        ["missing Planted", "superfluous Asics"]
    );
    refresh_all(&mut client);
    assert_eq!(modes(&mut client), [ALTERED]);
    assert_eq!(column(&mut client, &differences), [""; 0]);
    assert_refreshes(&mut client, CAPTURED);
}

#[test]
fn rebuild_says_what_it_has_read_and_has_each_view_filled_anew() {
    let (_database, mut client) = refreshed_shop();
    let read: i64 = value(
        &mut client,
        "SELECT (SELECT sum(total_orders) FROM analytics.metabase_platform_performance)::bigint
              + (SELECT count(*) FROM products.inventory)",
    );
    run(&mut client, CHANGE);
    assert_eq!(
        column(
            &mut client,
            r"SELECT regexp_replace(metabase.rebuild(), '\d+\.\d s', '… s')"
        ),
        [format!(
            "facts and rollups were built from {read} orders and stock items in … s; each view is next refreshed in full"
        )]
    );
    refresh_all(&mut client);
    assert_eq!(modes(&mut client), [UNCOMPARED]);
    assert_right(&mut client);
    assert_refreshes(&mut client, CAPTURED);
}

#[test]
fn nothing_is_built_where_nothing_is_captured() {
    let (_database, mut client) = refreshed_shop();
    run(&mut client, "SELECT metabase.disable_capture()");
    assert_error(
        &error_of(&mut client, "SELECT metabase.rebuild()"),
        "55000",
        "facts and rollups cannot be built: capture is disabled",
        Some(
            "Views are refreshed in full until it works. What is captured, and why not: SELECT * FROM metabase.capture_status(); to \
             capture it: SELECT * FROM metabase.enable_capture();",
        ),
    );
}

// What waits

/// How many changes wait for each view, and whether it says since when.
fn pending(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT concat_ws(' ', pending_changes, CASE WHEN pending_since <= now() THEN 'since then' END)
         FROM metabase.view_status()",
    )
}

/// What was truncated is in no queue: the facts are built anew by the first view that is refreshed, and the others still lack it.
#[test]
fn what_a_view_lacks_of_facts_that_were_built_anew_is_not_said_to_be_nothing() {
    let (_database, mut client) = refreshed_shop();
    let pending = |client: &mut Client| {
        let pending = "SELECT view_name FROM metabase.view_status() WHERE pending_changes IS NULL AND pending_since IS NOT NULL";
        column(client, pending)
    };
    assert_eq!(pending(&mut client), [""; 0]);
    run(&mut client, "TRUNCATE transactions.orders");
    refresh_view(&mut client, VIEWS[0]);
    assert_eq!(pending(&mut client), VIEWS[1..]);
    refresh_all(&mut client);
    assert_eq!(pending(&mut client), [""; 0]);
    assert_right(&mut client);
}

#[test]
fn changes_that_wait_are_counted() {
    let (_database, mut client) = shop_with_views();
    assert_eq!(pending(&mut client), [""; 8]);
    refresh_all(&mut client);
    assert_eq!(pending(&mut client), ["0"; 8]);
    let sale = "UPDATE transactions.orders SET gross_sale = gross_sale + 1
                WHERE id = '70000000-0000-0000-0000-000000000001'";
    run(&mut client, sale);
    assert_eq!(pending(&mut client), ["1 since then"; 8]);
    let since = "SELECT DISTINCT pending_since FROM metabase.view_status()";
    let first = column(&mut client, since);
    run(&mut client, sale);
    run(
        &mut client,
        "UPDATE core.brands SET name = 'adi' WHERE name = 'adidas'",
    );
    // The oldest change is what they have been waiting for since.
    assert_eq!(column(&mut client, since), first);
    // Days, platforms and places show no brand.
    let (two, three) = ("2 since then", "3 since then");
    assert_eq!(
        pending(&mut client),
        [two, three, three, two, three, two, three, three]
    );
    refresh_all(&mut client);
    assert_eq!(pending(&mut client), ["0"; 8]);
}

#[test]
fn what_one_views_refresh_has_applied_waits_for_the_others() {
    let (database, mut client) = shop_with_views();
    let reader = database.create_role("reader");
    run(&mut client, &format!("SELECT metabase.grant_reader('{reader}')"));
    refresh_all(&mut client);
    let waiting = "SELECT pending_changes > 0 AND pending_since IS NOT NULL FROM metabase.view_status()";
    for _ in 0..2 {
        run(&mut client, CHANGE);
        refresh_view(&mut client, "metabase_executive_metrics");
        for client in [&mut client, &mut database.connect_as(&reader)] {
            assert_eq!(column(client, waiting), ["f", "t", "t", "t", "t", "t", "t", "t"]);
        }
        assert!(differences(&mut client, "metabase_brand_analytics") > 0);
    }
    let row = refresh_view(&mut client, "metabase_brand_analytics");
    assert_eq!(row.mode, "incremental");
    assert_eq!(differences(&mut client, "metabase_brand_analytics"), 0);
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
    assert_eq!(pending(&mut client), ["0"; 8]);
}

// Events

#[test]
fn an_event_refreshes_the_views_that_it_changes() {
    let (_database, mut client) = refreshed_shop();
    for (call, views) in [
        ("sync_all()", &VIEWS[..]),
        (
            "sync_on_order_event()",
            &[
                "metabase_executive_metrics",
                "metabase_product_performance",
                "metabase_platform_performance",
                "metabase_sales",
            ],
        ),
        (
            "sync_on_inventory_event()",
            &[
                "metabase_product_performance",
                "metabase_inventory_status",
                "metabase_supplier_performance",
                "metabase_sales",
            ],
        ),
    ] {
        run(&mut client, CHANGE);
        let answer = refreshed(&mut client, call);
        assert_eq!(completed_and_failed(&answer), (views.to_vec(), vec![]), "{call}");
        assert!(answer.iter().all(|row| row.mode == "incremental"), "{answer:?}");
        for view in VIEWS {
            let is_right = differences(&mut client, view) == 0;
            assert_eq!(is_right, views.contains(&view), "{view} after {call}");
        }
    }
}

// What is written

#[test]
fn a_refresh_without_changes_writes_nothing() {
    let (_database, mut client) = refreshed_shop();
    let written = "SELECT (relname, n_tup_ins, n_tup_upd, n_tup_del, pg_total_relation_size(relid))
                   FROM pg_stat_all_tables
                   WHERE schemaname = 'analytics' OR (schemaname = 'metabase_internal' AND relname ~ 'rollup|fact|dirty')
                   ORDER BY relname";
    run(&mut client, CHANGE);
    refresh_all(&mut client);
    run(&mut client, "VACUUM");
    run(&mut client, "SELECT pg_stat_force_next_flush()");
    let before = column(&mut client, written);
    assert_eq!(before.len(), 8 + 17, "{before:?}");
    for _ in 0..50 {
        let answer = refreshed(&mut client, "refresh('all')");
        assert_incremental(&answer);
        assert!(answer.iter().all(|row| row.rows_changed == Some(0)), "{answer:?}");
    }
    run(&mut client, "SELECT pg_stat_force_next_flush()");
    assert_eq!(column(&mut client, written), before);
}

#[test]
fn a_new_day_has_items_in_stock_looked_at_and_no_others() {
    let (_database, mut client) = refreshed_shop();
    // What these changes do to the view is seen only where a row is looked at.
    run(
        &mut client,
        "BEGIN;
         UPDATE products.inventory SET color = 'new';
         DELETE FROM metabase_internal.stock_item_queue;
         UPDATE metabase_internal.view_sync SET day = day - 1;
         COMMIT",
    );
    let ageing = "SELECT count(*) FROM analytics.metabase_inventory_status
                  WHERE is_in_stock AND purchase_date IS NOT NULL";
    let ageing: i64 = value(&mut client, ageing);
    assert!(ageing > 0);
    let answer = refreshed(&mut client, "refresh('all')");
    assert_incremental(&answer);
    for row in &answer {
        let expected = if row.view_name == "metabase_inventory_status" {
            ageing
        } else {
            0
        };
        assert_eq!(row.rows_changed, Some(expected), "{row:?}");
    }
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT NOT (row->>'is_in_stock')::boolean OR row->>'purchase_date' IS NULL
             FROM metabase.verify('metabase_inventory_status')"
        ),
        ["t"]
    );
    // Once a day: the next one looks at nothing.
    run(
        &mut client,
        "BEGIN;
         UPDATE products.inventory SET color = 'newer';
         DELETE FROM metabase_internal.stock_item_queue;
         COMMIT",
    );
    assert_eq!(
        refresh_view(&mut client, "metabase_inventory_status").rows_changed,
        Some(0)
    );
    // An item that comes by is put right.
    run(&mut client, "UPDATE products.inventory SET id = id");
    assert_refreshes(&mut client, CAPTURED);
}

// What users do to views and tables

#[test]
fn a_unique_index_of_the_users_that_is_in_the_way_makes_for_a_full_refresh() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "CREATE UNIQUE INDEX mine ON analytics.metabase_brand_analytics (brand_name);
         UPDATE core.brands SET name = CASE name WHEN 'Nike' THEN 'Asics' ELSE 'Nike' END
         WHERE name IN ('Nike', 'Asics')",
    );
    refresh_all(&mut client);
    let taken = modes(&mut client);
    assert_eq!(taken.len(), 2, "{taken:?}");
    assert!(
        taken[0].starts_with(
            "full: its rows could not be written: duplicate key value violates unique constraint \"mine\""
        ),
        "{taken:?}"
    );
    assert_eq!(taken[1], CAPTURED);
    assert_right(&mut client);
    run(&mut client, CHANGE);
    refresh_all(&mut client);
    assert_eq!(modes(&mut client), [UNCOMPARED, CAPTURED]);
    assert_right(&mut client);
    assert_refreshes(&mut client, CAPTURED);
    assert_sound(&mut client);
}

#[test]
fn another_view_in_the_place_of_one_of_the_seven_is_filled_from_its_own_definition() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "CREATE TEMPORARY TABLE ours AS SELECT rtrim(definition, ';') AS definition FROM pg_matviews
         WHERE matviewname = 'metabase_brand_analytics';
         DROP MATERIALIZED VIEW analytics.metabase_brand_analytics;
         DO $$ BEGIN
             EXECUTE format(
                 'CREATE MATERIALIZED VIEW analytics.metabase_brand_analytics AS SELECT * FROM (%s) AS ours WHERE total_sales > 1',
                 (SELECT definition FROM ours)
             );
         END $$;
         CREATE UNIQUE INDEX ON analytics.metabase_brand_analytics (brand_id)",
    );
    for _ in 0..2 {
        run(&mut client, CHANGE);
        refresh_all(&mut client);
        assert_eq!(
            modes(&mut client),
            [
                "full: its rows could not be written: the view cannot be written to row by row: its definition is not the one that \
                 it was created with",
                CAPTURED
            ]
        );
        assert_right(&mut client);
    }
}

#[test]
fn a_view_may_have_columns_renamed() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics RENAME COLUMN brand_id TO \"Brand\";
         ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics RENAME COLUMN brand_name TO \"a\nname, :zone\"",
    );
    assert_refreshes(&mut client, CAPTURED);
    assert_eq!(
        column(&mut client, "SELECT metabase.verify('metabase_brand_analytics')"),
        [""; 0]
    );
}

#[test]
fn indexes_of_any_kind_lead_to_what_the_view_shows() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "CREATE INDEX of_expression ON analytics.metabase_brand_analytics (lower(brand_name));
         CREATE INDEX partial ON analytics.metabase_brand_analytics (brand_name) WHERE total_sales > 3;
         CREATE INDEX hash ON analytics.metabase_brand_analytics USING hash (total_sales);
         CREATE INDEX gin ON analytics.metabase_brand_analytics USING gin (to_tsvector('simple', brand_name));
         CREATE INDEX brin ON analytics.metabase_brand_analytics USING brin (sales_share_pct)",
    );
    for change in [
        CHANGE,
        "DELETE FROM transactions.orders WHERE gross_sale > 150",
        "UPDATE transactions.orders SET status = 'completed', gross_sale = 77",
        "UPDATE core.brands SET name = 'x' || name WHERE name < 'O'",
        "UPDATE products.products SET brand_id = '30000000-0000-0000-0000-000000000006' WHERE sku < 'C'",
    ] {
        run(&mut client, change);
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_right(&mut client);
        for (index, condition) in [
            ("of_expression", "lower(brand_name) = 'puma..'"),
            ("of_expression", "lower(brand_name) = 'puma.'"),
            ("partial", "brand_name < 'o' AND total_sales > 3"),
            ("hash", "total_sales = 2"),
            (
                "gin",
                "to_tsvector('simple', brand_name) @@ 'nike | xnike | puma'::tsquery",
            ),
            ("brin", "sales_share_pct BETWEEN 5 AND 40"),
        ] {
            let query = format!("SELECT brand_id FROM analytics.metabase_brand_analytics WHERE {condition}");
            run(
                &mut client,
                "SET enable_seqscan = off; SET enable_indexscan = off",
            );
            let plan = column(&mut client, &format!("EXPLAIN (COSTS off) {query}")).join("\n");
            assert!(
                plan.contains(&format!("Bitmap Index Scan on {index}")),
                "{index}: {plan}"
            );
            let mut by_index = column(&mut client, &query);
            run(
                &mut client,
                "RESET ALL; SET enable_indexscan = off; SET enable_bitmapscan = off",
            );
            let mut by_heap = column(&mut client, &query);
            by_index.sort();
            by_heap.sort();
            assert_eq!(by_index, by_heap, "{index} after {change}");
            run(&mut client, "RESET ALL");
        }
    }
    assert_sound(&mut client);
}

#[test]
fn a_size_that_is_renamed_is_shown_by_its_items() {
    let database = Database::with_extension();
    for file in ["tests/layouts/b.sql", "tests/layouts/b_rows.sql"] {
        database.run_file(file);
    }
    let mut client = database.connect();
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE core.sizes SET value = '43 1/3' WHERE value = '43'",
    );
    let answer = refreshed(&mut client, "refresh('all')");
    assert_incremental(&answer);
    assert_eq!(
        answer.iter().map(|row| row.rows_changed).collect::<Vec<_>>(),
        [0, 0, 0, 0, 2, 0, 0, 1].map(Some)
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT size FROM analytics.metabase_inventory_status ORDER BY purchase_date"
        ),
        ["42", "43 1/3", "43 1/3"]
    );
    run(
        &mut client,
        "ALTER TABLE products.inventory DROP CONSTRAINT inventory_size_id_fkey;
         DELETE FROM core.sizes WHERE value = '42'",
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
    let sizes: i64 = value(
        &mut client,
        "SELECT count(size) FROM analytics.metabase_inventory_status",
    );
    assert_eq!(sizes, 2);
}

#[test]
fn a_source_may_get_columns() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "ALTER TABLE transactions.orders ADD COLUMN note text DEFAULT 'none'",
    );
    assert_refreshes(&mut client, CAPTURED);
    // This one writes all rows anew.
    run(
        &mut client,
        "ALTER TABLE products.inventory ADD COLUMN token uuid DEFAULT gen_random_uuid()",
    );
    assert_refreshes(&mut client, ALTERED);
    assert_refreshes(&mut client, CAPTURED);
}

// Gone

#[test]
fn with_the_last_view_facts_and_triggers_are_gone() {
    let (_database, mut client) = refreshed_shop();
    for view in &VIEWS[1..] {
        run(&mut client, &format!("SELECT metabase.drop_view('{view}')"));
        assert_eq!(triggers(&mut client).len(), 14);
        assert_eq!(state_tables(&mut client).len(), 17);
    }
    run(&mut client, &format!("SELECT metabase.drop_view('{}')", VIEWS[0]));
    assert_eq!(triggers(&mut client), [""; 0]);
    assert_eq!(state_tables(&mut client), [""; 0]);
    create_all_views(&mut client);
    assert_refreshes(&mut client, BUILT);
    assert_refreshes(&mut client, CAPTURED);
}

#[test]
fn with_the_extension_its_triggers_are_gone() {
    for partitioned in [false, true] {
        let database = Database::with_layout_a();
        if partitioned {
            database.run_file("tests/layouts/a_loosened.sql");
            database.run_file("tests/layouts/a_partitioned.sql");
        }
        database.run_file("tests/hand_worked/shop.sql");
        let mut client = database.connect();
        for begin in ["SELECT", "BEGIN"] {
            create_all_views(&mut client);
            assert_refreshes(&mut client, BUILT);
            assert_refreshes(&mut client, CAPTURED);
            // Within a transaction the triggers stay until the extension goes.
            run(&mut client, begin);
            run(
                &mut client,
                "SELECT metabase.drop_view(view_name) FROM metabase.view_status()",
            );
            run(&mut client, "COMMIT");
            run(&mut client, "DROP EXTENSION metabase_views");
            assert_eq!(triggers(&mut client), [""; 0]);
            assert_eq!(
                column(
                    &mut client,
                    "SELECT tgrelid::regclass FROM pg_trigger WHERE tgname LIKE 'metabase_views%'"
                ),
                [""; 0]
            );
            run(&mut client, CHANGE);
            run(&mut client, "CREATE EXTENSION metabase_views");
        }
    }
}

#[test]
fn changes_that_do_not_fit_into_memory_are_refreshed_by_what_changed_all_the_same() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "INSERT INTO products.inventory (id, product_id, purchase_price, status, created_at, updated_at)
         SELECT gen_random_uuid(), product.id, number, 'in_stock', now(), now()
         FROM generate_series(1, 3000) AS number
         CROSS JOIN (SELECT id FROM products.products ORDER BY id LIMIT 1) AS product;
         INSERT INTO transactions.orders (id, inventory_item_id, platform_id, status, sold_at, gross_sale, created_at, updated_at)
         SELECT gen_random_uuid(), item.id, platform.id, 'completed', now(), 100, now(), now()
         FROM products.inventory AS item
         CROSS JOIN (SELECT id FROM core.platforms ORDER BY id LIMIT 1) AS platform;
         SET work_mem = '64kB'",
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(modes(&mut client), [CAPTURED]);
    assert_right(&mut client);

    // What has failed takes nothing with it that the other views need.
    run(
        &mut client,
        "CREATE FUNCTION public.fails(uuid) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
         BEGIN
            IF current_setting('lock_timeout') = '12345ms' THEN RAISE 'no'; END IF;
            RETURN 1;
         END $$;
         CREATE INDEX ON analytics.metabase_inventory_status (public.fails(inventory_id));
         UPDATE transactions.orders SET status = 'cancelled' WHERE gross_sale = 100;
         SET lock_timeout = '12345ms'",
    );
    let outcomes = refreshed(&mut client, "refresh('all')");
    let failed: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.status == "failed")
        .map(|outcome| outcome.view_name.as_str())
        .collect();
    assert_eq!(failed, ["metabase_inventory_status"]);
    run(&mut client, "RESET lock_timeout");
    refresh_all(&mut client);
    assert_right(&mut client);
}
