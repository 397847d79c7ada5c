//! The extension as a whole: installed, removed, dumped and restored.

use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::shop::{
    VIEWS, assert_error, column, differences, refreshed, run, shop, shop_with_views, snapshot,
};

// Removing

#[test]
fn it_can_be_removed_and_installed_again() {
    let database = Database::empty();
    let mut client = database.connect();
    // PostgreSQL itself keeps the schema that it made for an extension, with nothing in it.
    let objects = "SELECT oid::regclass::text FROM pg_class WHERE oid >= 16384 UNION ALL
                   SELECT oid::regprocedure::text FROM pg_proc WHERE oid >= 16384 UNION ALL
                   SELECT nspname FROM pg_namespace WHERE oid >= 16384 AND nspname <> 'metabase'";
    for _ in 0..2 {
        run(&mut client, "CREATE EXTENSION metabase_views");
        assert_eq!(
            column(&mut client, "SELECT count(*) FROM metabase.view_status()"),
            ["8"]
        );
        run(&mut client, "DROP EXTENSION metabase_views");
        assert_eq!(column(&mut client, objects), [""; 0]);
    }
}

#[test]
fn one_session_lives_through_removal_and_installation_while_views_come_and_go() {
    let database = shop();
    let mut client = database.connect();
    for _ in 0..2 {
        create_all_views(&mut client);
        refresh_all(&mut client);
        run(
            &mut client,
            "DROP EXTENSION metabase_views CASCADE; CREATE EXTENSION metabase_views",
        );
    }
    create_all_views(&mut client);
    assert_eq!(
        column(&mut client, "SELECT count(*) FROM metabase.refresh_history"),
        ["8"]
    );
}

#[test]
fn it_is_not_removed_from_under_its_views() {
    let (_database, mut client) = shop_with_views();
    let before = snapshot(&mut client);
    let error = error_of(&mut client, "DROP EXTENSION metabase_views");
    assert_error(
        &error,
        "2BP01",
        "cannot drop extension metabase_views because other objects depend on it",
        Some("Use DROP ... CASCADE to drop the dependent objects too."),
    );
    let detail = error.detail.expect("it names them");
    for view in VIEWS {
        assert!(
            detail.contains(&format!("materialized view analytics.{view}")),
            "{detail}"
        );
    }
    assert_eq!(snapshot(&mut client), before);
}

#[test]
fn cascade_removes_the_views_and_nothing_of_the_shops() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "CREATE TABLE analytics.forecast (day date);
         CREATE MATERIALIZED VIEW analytics.somebodys AS SELECT id FROM transactions.orders",
    );
    let shop = "SELECT oid::regclass FROM pg_class
                WHERE relnamespace::regnamespace::text IN ('core', 'products', 'transactions') ORDER BY oid";
    let before = column(&mut client, shop);
    run(&mut client, "DROP EXTENSION metabase_views CASCADE");
    assert_eq!(column(&mut client, shop), before);
    assert_eq!(
        column(
            &mut client,
            "SELECT relname FROM pg_class WHERE relnamespace = 'analytics'::regnamespace ORDER BY 1"
        ),
        ["forecast", "somebodys"]
    );
}

#[test]
fn it_is_removed_without_cascade_once_the_seven_are_dropped() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "SELECT metabase.create_custom_view('mine', 'SELECT id FROM transactions.orders', ARRAY['id']);
         SELECT metabase.drop_view(view_name) FROM metabase.view_status() WHERE view_name <> 'mine';
         DROP EXTENSION metabase_views",
    );
    // A view of the user's own needs nothing of the extension, so it stays.
    assert_eq!(differences(&mut client, "mine"), 0);
}

// Installing

#[test]
fn only_a_superuser_can_install_it() {
    let database = Database::empty();
    let role = database.create_role("installer");
    run(
        &mut database.connect(),
        &format!("GRANT CREATE ON DATABASE {} TO {role}", database.name()),
    );
    assert_eq!(
        error_of(&mut database.connect_as(&role), "CREATE EXTENSION metabase_views")
            .sqlstate
            .code(),
        "42501"
    );
}

#[test]
fn it_is_not_installed_into_a_schema_that_is_in_somebody_elses_hands() {
    let database = Database::empty();
    let squatter = database.create_role("squatter");
    let mut client = database.connect();
    run(
        &mut client,
        &format!("CREATE SCHEMA metabase AUTHORIZATION {squatter}"),
    );
    // Whoever owns the schema could put a view_status() of no argument beside the real one.
    assert_eq!(
        error_of(&mut client, "CREATE EXTENSION metabase_views")
            .sqlstate
            .code(),
        "42501"
    );
}

// Dump and restore

#[test]
fn a_dump_restores_working_views_with_all_that_was_decided() {
    let database = shop();
    let mut client = database.connect();
    let (operator, reader) = (
        database.create_role("dumped_operator"),
        database.create_role("dumped_reader"),
    );
    run(
        &mut client,
        &format!(
            "SELECT metabase.set_setting('time_zone', 'Asia/Tokyo');
             SELECT metabase.set_setting('completed_statuses', 'Completed, Pending');
             SELECT metabase.map_source('supplier', 'core.suppliers', '{{\"name\": \"upper(business_name)\", \"rating\": null}}',
                                        'business_name <> ''Nothing''');
             SELECT metabase.grant_operator('{operator}');
             SELECT metabase.grant_reader('{reader}')"
        ),
    );
    let mut as_operator = database.connect_as(&operator);
    create_all_views(&mut as_operator);
    run(
        &mut as_operator,
        "SELECT metabase.create_custom_view(
             'Mine; \"quoted\"', $$SELECT status, 'it''s' AS b FROM transactions.orders GROUP BY 1 -- all$$, ARRAY['status'],
             'weekly', ARRAY['b, status DESC']
         )",
    );
    run(
        &mut client,
        "CREATE INDEX mine ON analytics.metabase_brand_analytics (lower(brand_name)) WHERE total_sales > 0",
    );

    let restored = Database::restored(&database.dump());
    let mut there = restored.connect();
    for (what, query) in [
        ("settings", "SELECT setting FROM metabase.settings AS setting"),
        ("sources", "SELECT source FROM metabase.sources AS source"),
        (
            "custom views",
            "SELECT view FROM metabase_internal.custom_view AS view",
        ),
        (
            "readers",
            "SELECT (known.role_name, granter.role_name)
             FROM metabase_internal.reader
             JOIN metabase_internal.known_roles() AS known ON known.id = reader.role
             JOIN metabase_internal.known_roles() AS granter ON granter.id = reader.granted_by",
        ),
        (
            "views",
            "SELECT (relname, relkind, relispopulated, relowner::regrole,
                     (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(relacl) AS acl),
                     CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END, obj_description(oid))
             FROM pg_class
             WHERE relnamespace::regnamespace::text IN ('analytics', 'metabase_internal', 'metabase')
                 -- It says that changes are to be noted. No dump carries it.
                 AND relname <> 'sale_fact'
             ORDER BY relkind, relname",
        ),
        (
            "indexes",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'analytics' ORDER BY indexname",
        ),
        (
            "functions",
            "SELECT (oid::regprocedure, proconfig,
                     (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(proacl) AS acl))
             FROM pg_proc
             WHERE pronamespace::regnamespace::text IN ('metabase', 'metabase_internal')
             ORDER BY oid::regprocedure::text",
        ),
        (
            "schemas",
            "SELECT (nspname, nspowner::regrole,
                     (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(nspacl) AS acl))
             FROM pg_namespace WHERE nspname LIKE 'metabase%' OR nspname = 'analytics' ORDER BY nspname",
        ),
    ] {
        assert_eq!(column(&mut there, query), column(&mut client, query), "{what}");
    }
    let all: Vec<String> = VIEWS
        .map(str::to_owned)
        .into_iter()
        .chain(["Mine; \"quoted\"".to_owned()])
        .collect();
    for view in &all {
        let rows = format!(
            "SELECT row FROM analytics.\"{}\" AS row ORDER BY row",
            view.replace('"', "\"\"")
        );
        assert_eq!(column(&mut there, &rows), column(&mut client, &rows), "{view}");
    }

    // It goes on there as it would have gone on here.
    run(&mut there, "DELETE FROM transactions.orders");
    let mut as_operator = restored.connect_as(&operator);
    let rows = refreshed(&mut as_operator, "refresh('all')");
    assert_eq!(
        rows.iter().map(|row| row.status.as_str()).collect::<Vec<_>>(),
        ["completed"; 9]
    );
    assert_eq!(
        column(
            &mut there,
            "SELECT count(*) FROM analytics.metabase_brand_analytics"
        ),
        ["0"]
    );
    let readable: i64 = value(
        &mut restored.connect_as(&reader),
        "SELECT count(*) FROM metabase.view_status() WHERE \"exists\"",
    );
    assert_eq!(readable, 9);
    assert_eq!(
        column(
            &mut as_operator,
            "SELECT count(*) FROM metabase.create_all_views(drop_existing => true) WHERE created"
        ),
        ["8"]
    );
    run(
        &mut restored.connect_as(&reader),
        "SELECT * FROM analytics.metabase_brand_analytics",
    );
    // The log stays behind: what ran elsewhere did not run here.
    let runs: i64 = value(&mut there, "SELECT count(*) FROM metabase.refresh_history");
    assert_eq!(runs, 9 + 8);
}

#[test]
fn what_psql_shows_of_the_extension_leads_on() {
    let (_database, mut client) = {
        let database = crate::shop::shop();
        let client = database.connect();
        (database, client)
    };
    let of_extension = column(
        &mut client,
        "SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'metabase_views'",
    );
    for pointer in [
        "SELECT * FROM metabase.detect_sources()",
        r"\dn+ metabase",
        r"\df+ metabase.*",
    ] {
        assert!(of_extension[0].contains(pointer), "{of_extension:?}");
    }
    let of_schema = column(
        &mut client,
        "SELECT obj_description('metabase'::regnamespace, 'pg_namespace')",
    );
    let steps: Vec<&str> = of_schema[0]
        .lines()
        .filter_map(|line| line.split_once(". ").map(|(_, rest)| rest))
        .filter_map(|rest| rest.split_once(';').map(|(call, _)| call))
        .collect();
    assert_eq!(steps.len(), 4, "{of_schema:?}");
    for call in steps {
        run(&mut client, call);
    }
    assert_eq!(
        column(
            &mut client,
            r"SELECT obj_description('analytics'::regnamespace, 'pg_namespace') LIKE '%\\dm+ analytics.*%'"
        ),
        ["t"]
    );
    // What is there to be called, and to be read, says what it does.
    assert_eq!(
        column(
            &mut client,
            "SELECT oid::regprocedure::text FROM pg_proc
             WHERE pronamespace = 'metabase'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL"
        ),
        [""; 0]
    );
}
