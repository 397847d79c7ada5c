//! Views come, go and are kept fresh: create, drop, refresh, status and history.

use postgres::Client;

use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::shop::{
    VIEWS, assert_error, column, completed_and_failed, differences, history, refresh_view, refreshed, run,
    shop, shop_with_views, snapshot,
};

const HOURLY: [&str; 4] = [
    "metabase_executive_metrics",
    "metabase_platform_performance",
    "metabase_inventory_status",
    "metabase_sales",
];
const DAILY: [&str; 3] = [
    "metabase_product_performance",
    "metabase_brand_analytics",
    "metabase_customer_geography",
];
const WEEKLY: [&str; 1] = ["metabase_supplier_performance"];

// Creating

#[test]
fn creating_over_existing_views_changes_nothing_and_each_row_says_so() {
    let (_database, mut client) = shop_with_views();
    // A later change of the settings or of the shop is no reason to touch what is there.
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'Asia/Tokyo'); DELETE FROM transactions.orders",
    );
    let before = (snapshot(&mut client), history(&mut client));
    let rows = client
        .query("SELECT * FROM metabase.create_all_views()", &[])
        .expect("views that exist are no error");
    let answers: Vec<(String, bool, String)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let expected: Vec<(String, bool, String)> = VIEWS
        .iter()
        .map(|view| {
            let message = format!(
                "analytics.{view} exists already; nothing was changed (SQLSTATE 42P07)\n\
                 To replace all of them: SELECT * FROM metabase.create_all_views(drop_existing => true);"
            );
            ((*view).to_owned(), false, message)
        })
        .collect();
    assert_eq!(answers, expected);
    let created: bool = value(
        &mut client,
        "SELECT created FROM metabase.create_view('metabase_brand_analytics')",
    );
    assert!(!created);
    assert_eq!((snapshot(&mut client), history(&mut client)), before);
}

#[test]
fn only_the_views_that_are_missing_are_created() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    let others = "SELECT oid FROM pg_class WHERE relnamespace = 'analytics'::regnamespace AND relkind = 'm'
                  AND relname <> 'metabase_brand_analytics' ORDER BY oid";
    let before = column(&mut client, others);
    assert_eq!(
        column(
            &mut client,
            "SELECT view_name FROM metabase.create_all_views() WHERE created"
        ),
        ["metabase_brand_analytics"]
    );
    assert_eq!(column(&mut client, others), before);
}

#[test]
fn views_over_an_empty_shop_are_empty() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    create_all_views(&mut client);
    refresh_all(&mut client);
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT row_count FROM metabase.view_status()"
        ),
        ["0"]
    );
}

#[test]
fn drop_existing_replaces_a_view_by_what_the_shop_and_the_settings_say_now() {
    let (_database, mut client) = shop_with_views();
    let identity = "SELECT 'analytics.metabase_platform_performance'::regclass::oid";
    let before = column(&mut client, identity);
    run(
        &mut client,
        "SELECT metabase.set_setting('completed_statuses', 'pending')",
    );
    replace_all(&mut client);
    assert_ne!(column(&mut client, identity), before);
    // Alias has nothing but a pending order.
    assert_eq!(
        column(
            &mut client,
            "SELECT platform_slug FROM analytics.metabase_platform_performance"
        ),
        ["alias"]
    );
}

#[test]
fn drop_existing_keeps_who_may_do_what_with_a_view() {
    let (database, mut client) = shop_with_views();
    let (plain, granting, columns) = (
        database.create_role("plain"),
        database.create_role("granting"),
        database.create_role("columns"),
    );
    let view = "analytics.metabase_brand_analytics";
    run(
        &mut client,
        &format!(
            "GRANT SELECT ON {view} TO {plain};
             GRANT SELECT ON {view} TO {granting} WITH GRANT OPTION;
             GRANT SELECT ON analytics.metabase_platform_performance TO PUBLIC;
             GRANT SELECT (brand_id, brand_name) ON {view} TO {columns}"
        ),
    );
    let privileges = "SELECT (relname, relacl, (
                          SELECT array_agg((attname, attacl)::text ORDER BY attnum)
                          FROM pg_attribute WHERE attrelid = relation.oid AND attacl IS NOT NULL
                      ))
                      FROM pg_class AS relation
                      WHERE relnamespace = 'analytics'::regnamespace AND relkind = 'm' ORDER BY relname";
    let before = column(&mut client, privileges);
    assert!(
        before.iter().any(|acl| acl.contains("_granting=r*/")),
        "{before:?}"
    );
    replace_all(&mut client);
    assert_eq!(column(&mut client, privileges), before);
}

#[test]
fn drop_existing_keeps_the_users_own_indexes() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        r#"CREATE INDEX mine ON analytics.metabase_brand_analytics (segment, total_sales DESC NULLS LAST);
           CREATE INDEX "My ""own""" ON analytics.metabase_brand_analytics (lower(brand_name));
           CREATE UNIQUE INDEX partial ON analytics.metabase_brand_analytics (brand_name) WHERE total_sales > 1;
           CREATE INDEX brin ON analytics.metabase_inventory_status USING brin (purchase_date) WITH (pages_per_range = 8)"#,
    );
    let indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'analytics' ORDER BY indexname";
    let before = column(&mut client, indexes);
    replace_all(&mut client);
    assert_eq!(column(&mut client, indexes), before);
    refresh_all(&mut client);
}

// What the answers look like

#[test]
fn answers_have_the_documented_json_keys() {
    let (_database, mut client) = shop_with_views();
    let refresh = [
        "view_name",
        "status",
        "started_at",
        "completed_at",
        "duration_seconds",
        "mode",
        "rows_changed",
        "error_message",
    ];
    let calls: [(&str, &[&str]); 4] = [
        (
            "create_view('metabase_executive_metrics')",
            &["view_name", "created", "error_message"],
        ),
        ("refresh_view('metabase_executive_metrics')", &refresh),
        ("refresh('weekly')", &refresh),
        (
            "view_status('metabase_executive_metrics')",
            &[
                "view_name",
                "exists",
                "last_refresh",
                "row_count",
                "size_bytes",
                "indexes",
                "strategy",
                "next_refresh",
                "mode",
                "mode_reason",
                "pending_changes",
                "pending_since",
                "last_error",
            ],
        ),
    ];
    for (call, keys) in calls {
        assert_eq!(
            column(
                &mut client,
                &format!("SELECT json_object_keys(row_to_json(row)) FROM metabase.{call} AS row")
            ),
            keys,
            "{call}"
        );
    }
}

#[test]
fn a_completed_refresh_as_json_has_a_status_times_and_no_error() {
    let (_database, mut client) = shop_with_views();
    let json: serde_json::Value = value(
        &mut client,
        "SELECT row_to_json(row) FROM metabase.refresh_view('metabase_brand_analytics') AS row",
    );
    assert_eq!(json["view_name"], "metabase_brand_analytics");
    assert_eq!(json["status"], "completed");
    assert_eq!(json["error_message"], serde_json::Value::Null);
    assert!(
        json["duration_seconds"]
            .as_f64()
            .is_some_and(|seconds| seconds >= 0.0),
        "{json}"
    );
    assert!(
        json["started_at"].as_str() <= json["completed_at"].as_str(),
        "{json}"
    );
}

#[test]
fn dropping_a_view_answers_with_the_documented_message() {
    let (_database, mut client) = shop_with_views();
    assert_eq!(
        column(
            &mut client,
            "SELECT metabase.drop_view('metabase_executive_metrics')"
        ),
        ["View 'metabase_executive_metrics' dropped successfully"]
    );
}

// Dropping

#[test]
fn a_view_is_dropped_with_what_depends_on_it_unless_cascade_is_false() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "CREATE VIEW public.top_brands AS SELECT brand_name FROM analytics.metabase_brand_analytics",
    );
    let before = snapshot(&mut client);
    error_of(
        &mut client,
        "SELECT metabase.drop_view('metabase_brand_analytics', cascade => false)",
    );
    assert_eq!(snapshot(&mut client), before);
    run(
        &mut client,
        "SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT coalesce(to_regclass('analytics.metabase_brand_analytics'), to_regclass('public.top_brands'))"
        ),
        ["NULL"]
    );
}

#[test]
fn adapters_go_with_the_last_view() {
    let (_database, mut client) = shop_with_views();
    let adapters =
        "SELECT count(*) FROM pg_views WHERE schemaname = 'metabase_internal' AND viewname <> 'queue'";
    for view in &VIEWS[1..] {
        run(&mut client, &format!("SELECT metabase.drop_view('{view}')"));
        assert_eq!(value::<i64>(&mut client, adapters), 8);
    }
    run(&mut client, &format!("SELECT metabase.drop_view('{}')", VIEWS[0]));
    assert_eq!(value::<i64>(&mut client, adapters), 0);
    create_all_views(&mut client);
}

#[test]
fn an_adapter_that_somebodys_view_reads_stays() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "CREATE VIEW public.sales AS SELECT id FROM metabase_internal.orders WHERE is_completed;
         SELECT metabase.drop_view(view_name) FROM metabase.view_status()",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT viewname FROM pg_views WHERE schemaname = 'metabase_internal' AND viewname <> 'queue'"
        ),
        ["orders"]
    );
    create_all_views(&mut client);
}

// Refreshing

#[test]
fn a_strategy_refreshes_its_views_and_no_other() {
    let (_database, mut client) = shop_with_views();
    for (strategy, views) in [
        ("hourly", &HOURLY[..]),
        ("daily", &DAILY[..]),
        ("weekly", &WEEKLY[..]),
        ("realtime", &[]),
        ("manual", &[]),
        ("all", &VIEWS[..]),
    ] {
        let rows = refreshed(&mut client, &format!("refresh('{strategy}')"));
        assert_eq!(
            completed_and_failed(&rows),
            (views.to_vec(), vec![]),
            "{strategy}"
        );
    }
}

#[test]
fn refresh_picks_up_what_was_inserted_updated_and_deleted() {
    let (_database, mut client) = shop_with_views();
    let item = "60000000-0000-0000-0000-000000000001";
    for change in [
        "INSERT INTO core.brands (id, name) VALUES ('30000000-0000-0000-0000-000000000099', 'New')"
            .to_owned(),
        "UPDATE products.products SET brand_id = '30000000-0000-0000-0000-000000000099'".to_owned(),
        format!(
            "UPDATE transactions.orders SET gross_sale = gross_sale + 10, buyer_destination_city = 'Trier' WHERE inventory_item_id = '{item}'"
        ),
        "UPDATE transactions.orders SET status = 'completed' WHERE status <> 'completed'".to_owned(),
        "UPDATE core.suppliers SET business_name = upper(business_name)".to_owned(),
        "DELETE FROM transactions.orders WHERE platform_id = '10000000-0000-0000-0000-000000000002'"
            .to_owned(),
        "TRUNCATE transactions.orders".to_owned(),
    ] {
        run(&mut client, &change);
        let stale: i64 = VIEWS.iter().map(|view| differences(&mut client, view)).sum();
        assert!(
            stale > 0 || change.starts_with("INSERT"),
            "{change} changes some view"
        );
        refresh_all(&mut client);
        for view in VIEWS {
            assert_eq!(differences(&mut client, view), 0, "{view} after {change}");
        }
    }
}

#[test]
fn rows_changed_counts_the_rows_that_differ() {
    let (_database, mut client) = shop_with_views();
    let mut changed_by = |change: &str| {
        run(&mut client, change);
        refresh_view(&mut client, "metabase_inventory_status").rows_changed
    };
    assert_eq!(changed_by("SELECT"), Some(0));
    assert_eq!(changed_by(&new_items(1..=3)), Some(3));
    assert_eq!(
        changed_by("UPDATE products.inventory SET color = 'test' WHERE color = 'new'"),
        Some(3)
    );
    assert_eq!(
        changed_by("DELETE FROM products.inventory WHERE color = 'test'"),
        Some(3)
    );
}

#[test]
fn rows_changed_is_each_runs_own_where_one_transaction_refreshes_twice() {
    let (_database, mut client) = shop_with_views();
    run(&mut client, &format!("BEGIN; {}", new_items(1..=3)));
    let added = refresh_view(&mut client, "metabase_inventory_status").rows_changed;
    run(&mut client, "DELETE FROM products.inventory WHERE color = 'new'");
    let removed = refresh_view(&mut client, "metabase_inventory_status").rows_changed;
    run(&mut client, "COMMIT");
    assert_eq!((added, removed), (Some(3), Some(3)));
}

#[test]
fn rows_changed_is_unknown_where_the_server_does_not_count() {
    let (_database, mut client) = shop_with_views();
    run(&mut client, "SET track_counts = off");
    let mut changed_by = |mode: &str| {
        let call = format!("refresh_view('metabase_inventory_status', mode => '{mode}')");
        refreshed(&mut client, &call)[0].rows_changed
    };
    assert_eq!(changed_by("full"), None);
    // What is written row by row needs no counting.
    assert_eq!(changed_by("auto"), Some(0));
}

#[test]
fn an_unchanged_refresh_writes_no_row() {
    let (_database, mut client) = shop_with_views();
    let with_null_in_its_key =
        "SELECT count(*) FROM analytics.metabase_customer_geography WHERE city IS NULL";
    assert_ne!(value::<i64>(&mut client, with_null_in_its_key), 0);
    for view in VIEWS {
        let content = format!("SELECT (ctid, xmin) FROM analytics.{view} ORDER BY ctid");
        let before = column(&mut client, &content);
        assert!(!before.is_empty(), "{view} has rows");
        for mode in ["full", "auto", "auto"] {
            let rows = refreshed(&mut client, &format!("refresh_view('{view}', mode => '{mode}')"));
            assert_eq!(column(&mut client, &content), before, "{view}");
            assert_eq!(rows[0].rows_changed, Some(0), "{view}");
        }
    }
}

#[test]
fn a_view_that_was_not_populated_is_filled_by_a_plain_refresh_and_any_other_concurrently() {
    let (_database, mut client) = shop_with_views();
    let view = "metabase_brand_analytics";
    // A plain refresh writes the whole view into a new file; a concurrent one leaves the file where it is.
    let file = format!("SELECT pg_relation_filenode('analytics.{view}')::text");
    let reason = format!("SELECT mode || ': ' || mode_reason FROM metabase.view_status('{view}')");
    run(
        &mut client,
        &format!("REFRESH MATERIALIZED VIEW analytics.{view} WITH NO DATA"),
    );
    assert_eq!(
        column(
            &mut client,
            &format!("SELECT (\"exists\", row_count, size_bytes) FROM metabase.view_status('{view}')")
        ),
        ["(t,,)"]
    );
    let empty = column(&mut client, &file);

    let row = refresh_view(&mut client, view);
    assert_eq!(row.status, "completed", "{row:?}");
    assert_eq!(row.rows_changed, Some(6));
    assert_eq!(column(&mut client, &reason), ["full: it was not populated"]);
    assert_eq!(differences(&mut client, view), 0);
    let filled = column(&mut client, &file);
    assert_ne!(filled, empty);

    for (mode, expected) in [
        (
            "auto",
            "full: it had not been compared with its definition since the facts were built",
        ),
        ("auto", "incremental: its changes were captured"),
        ("full", "full: full was asked for"),
    ] {
        refreshed(&mut client, &format!("refresh_view('{view}', mode => '{mode}')"));
        assert_eq!(column(&mut client, &reason), [expected]);
        assert_eq!(column(&mut client, &file), filled);
    }
}

#[test]
fn the_status_says_how_a_view_was_last_filled_and_why_so() {
    let (_database, mut client) = shop_with_views();
    let view = "metabase_brand_analytics";
    let reason = format!("SELECT mode || ': ' || mode_reason FROM metabase.view_status('{view}')");
    assert_eq!(
        column(&mut client, &reason),
        ["full: created: filled from its definition"]
    );
    for (mode, expected) in [
        (
            "auto",
            "full: facts and rollups were built: they had not been built yet",
        ),
        ("auto", "incremental: its changes were captured"),
        ("full", "full: full was asked for"),
        (
            "auto",
            "full: it had not been compared with its definition since the facts were built",
        ),
        ("incremental", "incremental: its changes were captured"),
    ] {
        let rows = refreshed(&mut client, &format!("refresh_view('{view}', mode => '{mode}')"));
        let taken = expected.split(':').next().expect("it begins with the mode");
        assert_eq!(
            (rows[0].status.as_str(), rows[0].mode.as_str()),
            ("completed", taken)
        );
        assert_eq!(column(&mut client, &reason), [expected]);
    }
}

#[test]
fn incremental_refresh_is_refused_in_its_row_as_long_as_it_cannot_be() {
    let (_database, mut client) = shop_with_views();
    for (state, reason) in [
        (
            "SELECT",
            "facts and rollups have to be built first: they had not been built yet",
        ),
        ("SELECT metabase.disable_capture()", "capture is disabled"),
    ] {
        run(&mut client, state);
        let rows = refreshed(
            &mut client,
            "refresh_view('metabase_brand_analytics', mode => 'incremental')",
        );
        assert_eq!(rows[0].status, "failed");
        assert_eq!(
            rows[0].error_message,
            Some(format!(
                "incremental refresh of analytics.metabase_brand_analytics is not possible: {reason} (SQLSTATE 0A000)\n\
                 Use mode 'auto' or 'full'."
            ))
        );
    }
}

// One that fails harms no other

#[test]
fn a_view_without_its_unique_index_fails_alone_and_readers_never_have_to_wait_for_it() {
    let (_database, mut client) = shop_with_views();
    run(&mut client, "DROP INDEX analytics.uq_metabase_brand_analytics");
    assert_fails_alone(
        &mut client,
        "metabase_brand_analytics",
        "55000",
        "materialized view analytics.metabase_brand_analytics cannot be refreshed concurrently without its unique index \
         (SQLSTATE 55000)\n\
         Create it anew with its indexes: SELECT * FROM metabase.create_view('metabase_brand_analytics', drop_existing \
         => true);",
    );
    run(
        &mut client,
        "SELECT * FROM metabase.create_view('metabase_brand_analytics', drop_existing => true)",
    );
    assert_recovers(&mut client, "metabase_brand_analytics");
}

#[test]
fn a_view_that_was_dropped_behind_our_back_fails_alone() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "DROP MATERIALIZED VIEW analytics.metabase_platform_performance",
    );
    assert_fails_alone(
        &mut client,
        "metabase_platform_performance",
        "42P01",
        "materialized view analytics.metabase_platform_performance does not exist (SQLSTATE 42P01)\n\
         Create it: SELECT * FROM metabase.create_view('metabase_platform_performance');",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT (\"exists\", last_refresh, row_count, size_bytes, indexes, mode, mode_reason)
             FROM metabase.view_status('metabase_platform_performance')"
        ),
        ["(f,,,,{},,)"]
    );
    run(
        &mut client,
        "SELECT * FROM metabase.create_view('metabase_platform_performance')",
    );
    assert_recovers(&mut client, "metabase_platform_performance");
}

#[test]
fn a_mapped_expression_that_fails_for_one_row_fails_only_the_view_that_shows_it() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source('supplier', 'core.suppliers', '{"rating": "5 / rating"}')"#,
    );
    create_all_views(&mut client);
    let before = column(&mut client, "TABLE analytics.metabase_supplier_performance");
    run(
        &mut client,
        "UPDATE core.suppliers SET rating = 0 WHERE business_name = 'Dust & Sons';
         DELETE FROM transactions.orders",
    );
    assert_fails_alone(
        &mut client,
        "metabase_supplier_performance",
        "22012",
        "division by zero (SQLSTATE 22012)",
    );
    // It shows what it showed before; the others are up to date.
    assert_eq!(
        column(&mut client, "TABLE analytics.metabase_supplier_performance"),
        before
    );
    assert_eq!(differences(&mut client, "metabase_brand_analytics"), 0);
    run(
        &mut client,
        "UPDATE core.suppliers SET rating = 1 WHERE business_name = 'Dust & Sons'",
    );
    assert_recovers(&mut client, "metabase_supplier_performance");
}

#[test]
fn a_view_that_cannot_be_created_says_so_in_its_row_while_the_others_are_created() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        r#"SELECT metabase.map_source('supplier', 'core.suppliers', '{"rating": "1 / (rating - rating)"}')"#,
    );
    let rows = column(
        &mut client,
        "SELECT (view_name, error_message) FROM metabase.create_all_views() WHERE NOT created",
    );
    assert_eq!(
        rows,
        [r#"(metabase_supplier_performance,"division by zero (SQLSTATE 22012)")"#]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT view_name FROM metabase.view_status() WHERE NOT \"exists\""
        ),
        ["metabase_supplier_performance"]
    );
}

// Transactions

#[test]
fn a_transaction_that_rolls_back_leaves_nothing() {
    let database = shop();
    let mut client = database.connect();
    let nothing = (snapshot(&mut client), history(&mut client));
    let schemas = "SELECT nspname FROM pg_namespace ORDER BY 1";
    let before = column(&mut client, schemas);
    run(
        &mut client,
        "BEGIN;
         SELECT metabase.set_setting('currency', 'USD');
         SELECT metabase.map_source('brand', 'core.brands', '{\"segment\": null}');
         SELECT * FROM metabase.create_all_views();
         SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a']);
         SELECT * FROM metabase.refresh('all');
         SELECT metabase.drop_view('metabase_brand_analytics');
         ROLLBACK",
    );
    assert_eq!((snapshot(&mut client), history(&mut client)), nothing);
    assert_eq!(column(&mut client, schemas), before);

    create_all_views(&mut client);
    let created = (snapshot(&mut client), history(&mut client));
    run(
        &mut client,
        "BEGIN;
         DELETE FROM transactions.orders;
         SELECT * FROM metabase.refresh('all');
         SELECT metabase.drop_view(view_name) FROM metabase.view_status();
         SELECT * FROM metabase.create_all_views();
         ROLLBACK",
    );
    assert_eq!((snapshot(&mut client), history(&mut client)), created);
    for view in VIEWS {
        assert_eq!(differences(&mut client, view), 0, "{view}");
    }
}

#[test]
fn a_savepoint_takes_back_a_refresh_and_its_line_in_the_history() {
    let (_database, mut client) = shop_with_views();
    let before = (snapshot(&mut client), history(&mut client));
    run(
        &mut client,
        "BEGIN;
         DELETE FROM transactions.orders;
         SAVEPOINT before_refresh;
         SELECT * FROM metabase.refresh('all');
         ROLLBACK TO before_refresh;
         COMMIT",
    );
    assert_eq!((snapshot(&mut client), history(&mut client)), before);
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM analytics.metabase_brand_analytics"
        ),
        ["6"]
    );
}

// History

#[test]
fn the_history_has_a_line_for_each_run() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "DELETE FROM products.inventory WHERE id = '60000000-0000-0000-0000-000000000024'
             AND id NOT IN (SELECT inventory_item_id FROM transactions.orders);
         SELECT * FROM metabase.refresh_view('metabase_brand_analytics')",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT (view_name, status, mode, mode_reason, rows_changed, sqlstate, error_message, requested_by)
             FROM metabase.refresh_history
             WHERE view_name = 'metabase_brand_analytics'
             ORDER BY id"
        ),
        [
            r#"(metabase_brand_analytics,completed,full,"created: filled from its definition",6,,,postgres)"#,
            r#"(metabase_brand_analytics,completed,full,"facts and rollups were built: they had not been built yet",0,,,postgres)"#,
        ]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT started_at <= completed_at AND duration_seconds >= 0
                 AND completed_at <= clock_timestamp()
             FROM metabase.refresh_history"
        ),
        ["t"]
    );
}

// Names

#[test]
fn a_view_may_be_named_with_or_without_its_schema() {
    let (_database, mut client) = shop_with_views();
    for name in ["metabase_brand_analytics", "analytics.metabase_brand_analytics"] {
        for call in [
            format!("SELECT view_name FROM metabase.view_status('{name}')"),
            format!("SELECT view_name FROM metabase.refresh_view('{name}')"),
            format!("SELECT view_name FROM metabase.create_view('{name}', drop_existing => true)"),
        ] {
            assert_eq!(column(&mut client, &call), ["metabase_brand_analytics"], "{call}");
        }
        run(&mut client, &format!("SELECT metabase.drop_view('{name}')"));
        run(
            &mut client,
            &format!("SELECT * FROM metabase.create_view('{name}')"),
        );
    }
}

// Status

#[test]
fn the_status_of_a_shop_without_views_names_the_seven() {
    let database = Database::with_extension();
    let mut client = database.connect();
    assert_eq!(
        column(&mut client, "SELECT status FROM metabase.view_status() AS status"),
        VIEWS.map(|view| {
            let strategy = match view {
                view if HOURLY.contains(&view) => "hourly",
                view if DAILY.contains(&view) => "daily",
                _ => "weekly",
            };
            format!("({view},f,,,,{{}},{strategy},,,,,,)")
        })
    );
}

#[test]
fn the_status_of_a_view_tells_its_rows_bytes_and_indexes() {
    let (_database, mut client) = shop_with_views();
    let filled: bool = value(
        &mut client,
        "SELECT bool_and(\"exists\" AND last_refresh <= clock_timestamp() AND size_bytes > 0 AND last_error IS NULL)
         FROM metabase.view_status()",
    );
    assert!(filled);
    assert_eq!(
        column(&mut client, "SELECT row_count FROM metabase.view_status()"),
        ["17", "8", "6", "2", "24", "10", "5", "18"]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT indexes FROM metabase.view_status('metabase_executive_metrics')"
        ),
        [
            "{idx_exec_metrics_date,idx_exec_metrics_date_platform,idx_exec_metrics_month,idx_exec_metrics_platform,\
          uq_metabase_executive_metrics}"
        ]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT size_bytes = pg_total_relation_size('analytics.metabase_inventory_status')
             FROM metabase.view_status('metabase_inventory_status')"
        ),
        ["t"]
    );
}

#[test]
fn the_status_of_an_unknown_view_is_an_error() {
    let database = Database::with_extension();
    let mut client = database.connect();
    for name in ["metabase_orders", "public.metabase_brand_analytics", ""] {
        assert_error(
            &error_of(
                &mut client,
                &format!("SELECT * FROM metabase.view_status('{name}')"),
            ),
            "42P01",
            &format!("there is no view \"{name}\""),
            Some(&format!("The views are: {}.", VIEWS.join(", "))),
        );
    }
}

#[test]
fn the_status_waits_for_nobody() {
    let (database, mut client) = shop_with_views();
    run(&mut client, "ANALYZE analytics.metabase_inventory_status");
    let mut holder = database.connect();
    run(
        &mut holder,
        "BEGIN;
         REFRESH MATERIALIZED VIEW analytics.metabase_inventory_status;
         REFRESH MATERIALIZED VIEW analytics.metabase_brand_analytics",
    );
    // Whatever had to wait would be an error.
    run(&mut client, "SET lock_timeout = '10s'");
    assert_eq!(
        column(
            &mut client,
            "SELECT (view_name, \"exists\", row_count, size_bytes) FROM metabase.view_status()
             WHERE size_bytes IS NULL"
        ),
        [
            "(metabase_brand_analytics,t,6,)",
            "(metabase_inventory_status,t,24,)",
        ]
    );
    run(&mut holder, "ROLLBACK");
    assert_eq!(
        column(
            &mut client,
            "SELECT count(size_bytes) FROM metabase.view_status()"
        ),
        ["8"]
    );
}

// Ordinary materialized views

#[test]
fn the_views_are_ordinary_materialized_views() {
    let (_database, mut client) = shop_with_views();
    assert_eq!(
        column(
            &mut client,
            "SELECT matviewname FROM pg_matviews WHERE schemaname = 'analytics' AND ispopulated AND hasindexes
             ORDER BY 1"
        ),
        {
            let mut views = VIEWS;
            views.sort_unstable();
            views
        }
    );
    run(&mut client, "DELETE FROM transactions.orders");
    for view in VIEWS {
        for how in ["", "CONCURRENTLY"] {
            run(
                &mut client,
                &format!("REFRESH MATERIALIZED VIEW {how} analytics.{view}"),
            );
        }
        assert_eq!(differences(&mut client, view), 0, "{view}");
    }
    refresh_all(&mut client);
}

#[test]
fn a_hand_run_refresh_is_not_mistaken_for_one_of_ours() {
    let (_database, mut client) = shop_with_views();
    let last = "SELECT last_refresh FROM metabase.view_status('metabase_brand_analytics')";
    let before = column(&mut client, last);
    run(
        &mut client,
        "REFRESH MATERIALIZED VIEW CONCURRENTLY analytics.metabase_brand_analytics",
    );
    assert_eq!(column(&mut client, last), before);
}

// Time

#[test]
fn a_new_day_ages_what_is_in_stock_and_nothing_else() {
    let (database, mut client) = shop_with_views();
    let ages = "SELECT (inventory_id, is_in_stock, days_in_stock) FROM analytics.metabase_inventory_status
                ORDER BY inventory_id";
    let expected = "SELECT (inventory_id, is_in_stock, days_in_stock + is_in_stock::int)
                    FROM analytics.metabase_inventory_status ORDER BY inventory_id";
    let ageing: i64 = value(
        &mut client,
        "SELECT count(*) FROM analytics.metabase_inventory_status WHERE is_in_stock AND days_in_stock IS NOT NULL",
    );
    assert!(ageing > 0);
    refresh_view(&mut client, "metabase_inventory_status");
    let tomorrow = column(&mut client, expected);
    // The clock of this database goes a day ahead from here on.
    run(
        &mut client,
        "CREATE OR REPLACE FUNCTION pg_catalog.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
         RETURN pg_catalog.transaction_timestamp() + INTERVAL '1 day'",
    );
    let mut client = database.connect();
    assert_eq!(
        refresh_view(&mut client, "metabase_inventory_status").rows_changed,
        Some(ageing)
    );
    assert_eq!(column(&mut client, ages), tomorrow);
}

/// Replaces all views.
fn replace_all(client: &mut Client) {
    assert_eq!(
        column(
            client,
            "SELECT coalesce(error_message, 'created') FROM metabase.create_all_views(drop_existing => true)"
        ),
        ["created"; 8]
    );
}

/// The statement that adds unsold stock items of the colour "new".
fn new_items(numbers: std::ops::RangeInclusive<i32>) -> String {
    format!(
        "INSERT INTO products.inventory (id, product_id, purchase_date, status, color, created_at, updated_at)
         SELECT gen_random_uuid(), '50000000-0000-0000-0000-000000000001', now(), 'in_stock', 'new', now(), now()
         FROM generate_series({}, {})",
        numbers.start(),
        numbers.end()
    )
}

/// A refresh of all views completes but for one, whose error stands in its row, in the history and in its status.
#[track_caller]
fn assert_fails_alone(client: &mut Client, view: &str, sqlstate: &str, error: &str) {
    let rows = refreshed(client, "refresh('all')");
    let others: Vec<&str> = VIEWS.into_iter().filter(|other| *other != view).collect();
    assert_eq!(completed_and_failed(&rows), (others, vec![view]));
    let row = rows.iter().find(|row| row.view_name == view).expect("it failed");
    assert_eq!(row.error_message.as_deref(), Some(error));
    assert_eq!(row.rows_changed, None);
    let logged = client
        .query_one(
            "SELECT status, sqlstate, error_message FROM metabase.refresh_history
             WHERE view_name = $1 ORDER BY id DESC LIMIT 1",
            &[&view],
        )
        .expect("the run was logged");
    assert_eq!(logged.get::<_, &str>("status"), "failed");
    assert_eq!(logged.get::<_, &str>("sqlstate"), sqlstate);
    assert_eq!(logged.get::<_, &str>("error_message"), error);
    let errors = "SELECT last_error FROM metabase.view_status() WHERE last_error IS NOT NULL";
    assert_eq!(column(client, errors), [error]);
}

/// The next refresh of all views completes, and no error is left in any status.
#[track_caller]
fn assert_recovers(client: &mut Client, view: &str) {
    refresh_all(client);
    assert_eq!(differences(client, view), 0);
    let errors: i64 = value(client, "SELECT count(last_error) FROM metabase.view_status()");
    assert_eq!(errors, 0);
}
