//! Errors that need several sessions or roles, or stand in rows: their SQLSTATE, what they say, what they advise, and that nothing
//! has changed after them. What a single statement leads to is in `tests/pg_regress/sql/errors_*.sql`.

use crate::cluster::{create_all_views, error_of, refresh_all, value};
use crate::sessions::{Background, wait_until};
use crate::shop::{
    assert_error, column, differences, history, refresh_view, run, shop, shop_with_views, snapshot,
};

// Sources of other people

#[test]
fn a_table_that_is_neither_the_shops_nor_a_superusers() {
    let database = shop();
    let mut client = database.connect();
    let stranger = database.create_role("stranger");
    let [sizes, stock, orders] = [
        format!(
            "CREATE TABLE core.sizes (id uuid PRIMARY KEY, value text); ALTER TABLE core.sizes OWNER TO {stranger}"
        ),
        format!("ALTER TABLE products.inventory OWNER TO {stranger}"),
        format!("ALTER TABLE transactions.orders OWNER TO {stranger}"),
    ];
    let could_be = |entity, relation| {
        format!(r#"entity "{entity}" could be read from {relation}, but that belongs to role "{stranger}""#)
    };
    for (given, message, hint) in [
        (
            sizes,
            could_be("size", "core.sizes"),
            format!(
                "A superuser who maps the orders says for all of their owner's tables that they are the shop's. For this table alone, if you trust role \"{stranger}\": SELECT metabase.map_source('size', \
                 'core.sizes'); if not: SELECT metabase.map_source('size', NULL);"
            ),
        ),
        (
            stock,
            could_be("stock_item", "products.inventory"),
            format!(
                "A superuser who maps the orders says for all of their owner's tables that they are the shop's. For this table alone, if you trust role \"{stranger}\": SELECT \
                 metabase.map_source('stock_item', 'products.inventory');"
            ),
        ),
        (
            orders,
            could_be("order", "transactions.orders"),
            format!(
                "If this is the shop, and role \"{stranger}\" may be trusted with the privileges of whoever makes the views: \
                 SELECT metabase.map_source('order', 'transactions.orders'); what else of the shop is found and belongs to \
                 that role is then trusted, too."
            ),
        ),
    ] {
        run(&mut client, &format!("BEGIN; {given}; SAVEPOINT before_call"));
        let before = (snapshot(&mut client), history(&mut client));
        let error = error_of(&mut client, "SELECT * FROM metabase.create_all_views()");
        assert_error(&error, "42501", &message, Some(&hint));
        run(&mut client, "ROLLBACK TO before_call");
        assert_eq!((snapshot(&mut client), history(&mut client)), before, "{given}");
        run(&mut client, "ROLLBACK");
    }
}

#[test]
fn a_card_over_views_of_several_roles() {
    let (database, mut client) = shop_with_views();
    let another = database.create_role("another");
    run(
        &mut client,
        &format!(
            "GRANT USAGE, CREATE ON SCHEMA analytics TO {another};
             ALTER MATERIALIZED VIEW analytics.metabase_inventory_status OWNER TO {another}"
        ),
    );
    let page: String = value(&mut client, "SELECT metabase.dashboard_html('product_analytics')");
    assert!(
        page.contains("the views that this card reads belong to several roles; for a superuser they are read as their one owner"),
        "{page}"
    );
}

// Sources

#[test]
fn a_source_that_the_role_may_not_read() {
    let database = shop();
    let mut client = database.connect();
    let role = database.create_role("without_brands");
    run(
        &mut client,
        &format!("SELECT metabase.grant_operator('{role}'); REVOKE SELECT ON core.brands FROM {role}"),
    );
    let before = snapshot(&mut client);
    assert_error(
        &error_of(
            &mut database.connect_as(&role),
            "SELECT * FROM metabase.create_all_views()",
        ),
        "42501",
        &format!("role \"{role}\" may not read core.brands, the source of entity \"brand\""),
        Some(&format!(
            "As a superuser, map what is not found by its name, then grant all of it: SELECT metabase.grant_operator('{role}'); To have the \
             role map it itself: GRANT USAGE ON SCHEMA \"core\" TO \"{role}\"; GRANT SELECT ON core.brands TO \"{role}\";"
        )),
    );
    assert_eq!(snapshot(&mut client), before);
}

#[test]
fn what_a_role_has_made_that_is_gone() {
    let database = shop();
    let role = database.create_role("gone");
    let mut client = database.connect();
    run(&mut client, &format!("SELECT metabase.grant_operator('{role}')"));
    run(
        &mut database.connect_as(&role),
        "SELECT metabase.map_source('brand', 'core.brands');
         SELECT metabase.create_custom_view('own', 'SELECT 1 AS a', ARRAY['a'])",
    );
    run(
        &mut client,
        &format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"),
    );
    let before = snapshot(&mut client);
    assert_error(
        &error_of(&mut client, "SELECT * FROM metabase.create_all_views()"),
        "42501",
        &format!("the mapping of entity \"brand\" was made by role \"{role}\", which is gone"),
        Some(
            "A new role of that name is another role. Look the mapping over in metabase.sources, and map entity \"brand\" again \
             yourself, or forget it: SELECT metabase.unmap_source('brand');",
        ),
    );
    assert_error(
        &error_of(&mut client, "SELECT * FROM metabase.create_view('own', true)"),
        "42501",
        &format!("view \"own\" was made by role \"{role}\", which is gone"),
        Some(
            "A new role of that name is another role. Look the query over (SELECT query FROM metabase_internal.custom_view, as a \
             superuser), forget the view (SELECT metabase.drop_view('own')), and create it again yourself.",
        ),
    );
    assert_eq!(snapshot(&mut client), before);
}

#[test]
fn an_expression_that_uses_what_the_role_may_not() {
    let database = shop();
    let mut client = database.connect();
    let role = database.create_role("without_hr");
    run(
        &mut client,
        &format!(
            "SELECT metabase.grant_operator('{role}');
             CREATE SCHEMA hr;
             CREATE FUNCTION hr.secret() RETURNS numeric LANGUAGE sql RETURN 1"
        ),
    );
    let before = snapshot(&mut client);
    assert_error(
        &error_of(
            &mut database.connect_as(&role),
            r#"SELECT metabase.map_source('supplier', 'core.suppliers', '{"rating": "hr.secret()"}')"#,
        ),
        "42501",
        "column \"rating\" of entity \"supplier\" does not work on core.suppliers: permission denied for schema hr",
        Some("Grant the role what the message says, or have the mapping made by a role that has it."),
    );
    assert_eq!(snapshot(&mut client), before);
}

// Views

#[test]
fn another_object_of_a_views_name_is_never_touched() {
    for (create, kind) in [
        (
            "CREATE TABLE analytics.metabase_brand_analytics (a int)",
            "a table",
        ),
        (
            "CREATE VIEW analytics.metabase_brand_analytics AS SELECT 1 AS a",
            "a view",
        ),
        ("CREATE SEQUENCE analytics.metabase_brand_analytics", "a sequence"),
        (
            "CREATE TABLE analytics.some (a int PRIMARY KEY);
             ALTER INDEX analytics.some_pkey RENAME TO metabase_brand_analytics",
            "an index",
        ),
    ] {
        let (_database, mut client) = shop_with_views();
        // The first refresh builds facts, whichever view is asked for.
        refresh_all(&mut client);
        run(
            &mut client,
            &format!("DROP MATERIALIZED VIEW analytics.metabase_brand_analytics; {create}"),
        );
        let before = snapshot(&mut client);
        let message = format!("analytics.metabase_brand_analytics is {kind}, not a materialized view");
        let hint = "Rename it or move it to another schema; it is never dropped for you.";
        let in_row = format!("{message} (SQLSTATE 42809)\n{hint}");
        for call in [
            "create_view('metabase_brand_analytics')",
            "create_view('metabase_brand_analytics', drop_existing => true)",
            "refresh_view('metabase_brand_analytics')",
        ] {
            assert_eq!(
                column(&mut client, &format!("SELECT error_message FROM metabase.{call}")),
                [in_row.as_str()],
                "{call} over {kind}"
            );
        }
        assert_error(
            &error_of(
                &mut client,
                "SELECT metabase.drop_view('metabase_brand_analytics')",
            ),
            "42809",
            &message,
            Some(hint),
        );
        let exists: bool = value(
            &mut client,
            "SELECT \"exists\" FROM metabase.view_status('metabase_brand_analytics')",
        );
        assert!(!exists, "{kind}");
        assert_eq!(snapshot(&mut client), before, "{kind}");
    }
}

#[test]
fn only_the_owner_of_a_view_may_refresh_replace_or_drop_it() {
    let database = shop();
    let mut client = database.connect();
    let (owner, other) = (database.create_role("owner"), database.create_role("other"));
    for role in [&owner, &other] {
        run(&mut client, &format!("SELECT metabase.grant_operator('{role}')"));
    }
    create_all_views(&mut database.connect_as(&owner));
    // An operator's capture begins a moment later.
    wait_until(
        &mut client,
        "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE 'metabase_views_capture%')",
    );
    let before = snapshot(&mut client);
    let mut as_other = database.connect_as(&other);
    let message = format!("materialized view analytics.metabase_brand_analytics belongs to role \"{owner}\"");
    let hint = format!("Do this as its owner: SET ROLE \"{owner}\";");
    for call in [
        "refresh_view('metabase_brand_analytics')",
        "create_view('metabase_brand_analytics', drop_existing => true)",
    ] {
        assert_eq!(
            column(
                &mut as_other,
                &format!("SELECT error_message FROM metabase.{call}")
            ),
            [format!("{message} (SQLSTATE 42501)\n{hint}")],
            "{call}"
        );
    }
    assert_error(
        &error_of(
            &mut as_other,
            "SELECT metabase.drop_view('metabase_brand_analytics')",
        ),
        "42501",
        &message,
        Some(&hint),
    );
    // What concerns all views says so.
    for call in [
        "rebuild()",
        "capture_status()",
        "enable_capture()",
        "disable_capture()",
        "unschedule()",
        "disable_event_sync()",
    ] {
        assert_error(
            &error_of(&mut as_other, &format!("SELECT metabase.{call}")),
            "42501",
            &format!("the views belong to role \"{owner}\", and \"{other}\" may not act as that role"),
            Some(&format!("Do this as their owner: SET ROLE \"{owner}\";")),
        );
    }
    assert_eq!(snapshot(&mut client), before);
}

// Locks and cancellation

#[test]
fn a_lock_that_is_not_free_in_time_fails_the_view_that_needs_it() {
    let (database, mut client) = shop_with_views();
    run(&mut client, "DELETE FROM transactions.orders");
    // Whoever has read a view in an open transaction keeps it from being dropped; REFRESH CONCURRENTLY does not mind.
    let mut reader = database.connect();
    run(
        &mut reader,
        "BEGIN; SELECT FROM analytics.metabase_brand_analytics",
    );
    // Somebody refreshes another one by hand and has not committed.
    let mut refresher = database.connect();
    run(
        &mut refresher,
        "BEGIN; REFRESH MATERIALIZED VIEW CONCURRENTLY analytics.metabase_platform_performance",
    );
    let before = snapshot(&mut client);
    run(&mut client, "SET lock_timeout = '20ms'");

    let message =
        |view: &str| format!("materialized view analytics.{view} could not be locked within lock_timeout");
    let hint = |view: &str| {
        format!(
            "Somebody holds a lock on it or on what it reads: SELECT pid, mode, granted FROM pg_locks WHERE relation = \
             '\"analytics\".\"{view}\"'::regclass; then try again, with a longer lock_timeout if need be."
        )
    };
    let in_row = |view: &str| format!("{} (SQLSTATE 55P03)\n{}", message(view), hint(view));

    assert_error(
        &error_of(
            &mut client,
            "SELECT metabase.drop_view('metabase_brand_analytics')",
        ),
        "55P03",
        &message("metabase_brand_analytics"),
        Some(&hint("metabase_brand_analytics")),
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT error_message FROM metabase.create_view('metabase_brand_analytics', drop_existing => true)"
        ),
        [in_row("metabase_brand_analytics")]
    );
    assert_eq!(snapshot(&mut client), before);
    assert_eq!(
        column(
            &mut client,
            "SELECT error_message FROM metabase.refresh('all') WHERE status = 'failed'"
        ),
        [in_row("metabase_platform_performance")]
    );
    run(&mut refresher, "ROLLBACK");
    run(&mut reader, "ROLLBACK");
    assert_eq!(
        refresh_view(&mut client, "metabase_platform_performance").status,
        "completed"
    );
}

#[test]
fn a_lock_on_a_source_that_is_not_free_in_time_fails_the_views_that_read_it() {
    let (database, mut client) = shop_with_views();
    let mut holder = database.connect();
    run(
        &mut holder,
        "BEGIN; LOCK TABLE core.suppliers IN ACCESS EXCLUSIVE MODE",
    );
    run(&mut client, "SET lock_timeout = '20ms'");
    assert_eq!(
        column(
            &mut client,
            "SELECT view_name FROM metabase.refresh('all') WHERE status = 'failed' ORDER BY 1"
        ),
        [
            "metabase_inventory_status",
            "metabase_sales",
            "metabase_supplier_performance"
        ]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT sqlstate FROM metabase.refresh_history WHERE status = 'failed'"
        ),
        ["55P03"]
    );
}

#[test]
fn somebody_elses_creating_or_dropping_that_takes_too_long_is_a_lock_timeout_as_well() {
    let (database, mut client) = shop_with_views();
    let mut other = database.connect();
    run(
        &mut other,
        "BEGIN; SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    run(&mut client, "SET lock_timeout = '20ms'");
    for call in [
        "SELECT * FROM metabase.create_all_views()",
        "SELECT metabase.drop_view('metabase_platform_performance')",
    ] {
        assert_error(
            &error_of(&mut client, call),
            "55P03",
            "another session creates or drops views, and did not end within lock_timeout",
            Some("Try again when its transaction has ended, with a longer lock_timeout if need be."),
        );
    }
}

#[test]
fn a_cancelled_refresh_is_cancelled_as_a_whole() {
    let (database, mut client) = shop_with_views();
    let before = (snapshot(&mut client), history(&mut client));
    let mut holder = database.connect();
    run(
        &mut holder,
        "BEGIN; LOCK TABLE core.suppliers IN ACCESS EXCLUSIVE MODE",
    );
    // Four views are done when the fifth has to wait.
    let refresh = Background::start(database.connect(), "SELECT * FROM metabase.refresh('all')");
    refresh.wait_until_blocked(&mut client);
    run(&mut client, &format!("SELECT pg_cancel_backend({})", refresh.pid));
    let error = refresh.result().expect_err("it was cancelled");
    let error = error.as_db_error().expect("the server says so");
    assert_eq!(error.code().code(), "57014");
    assert_eq!(error.message(), "canceling statement due to user request");
    assert_eq!((snapshot(&mut client), history(&mut client)), before);
}

#[test]
fn a_statement_timeout_ends_a_refresh_and_is_not_the_failure_of_a_view() {
    let (database, mut client) = shop_with_views();
    let mut holder = database.connect();
    run(
        &mut holder,
        "BEGIN; LOCK TABLE core.suppliers IN ACCESS EXCLUSIVE MODE",
    );
    for call in [
        "SELECT * FROM metabase.refresh('all')",
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    ] {
        let before = (snapshot(&mut client), history(&mut client));
        run(&mut client, "SET statement_timeout = '300ms'");
        let error = error_of(&mut client, call);
        run(&mut client, "RESET statement_timeout");
        assert_error(
            &error,
            "57014",
            "canceling statement due to statement timeout",
            None,
        );
        assert_eq!((snapshot(&mut client), history(&mut client)), before);
    }
    run(&mut holder, "ROLLBACK");
    assert_eq!(differences(&mut client, "metabase_inventory_status"), 0);
}

#[test]
fn a_transaction_that_goes_on_after_a_failed_view_is_sound() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "DROP INDEX analytics.uq_metabase_brand_analytics;
         BEGIN;
         SELECT * FROM metabase.refresh('all');
         CREATE TABLE public.after_failure (a int PRIMARY KEY);
         INSERT INTO public.after_failure VALUES (1);
         SELECT * FROM metabase.refresh('all');
         COMMIT",
    );
    assert_eq!(column(&mut client, "TABLE public.after_failure"), ["1"]);
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.refresh_history WHERE status = 'failed'"
        ),
        ["2"]
    );
}
