//! Standing still: what one role stores, or keeps locked, stops nobody else.

use crate::cluster::{Database, create_all_views, error_of, refresh_all};
use crate::shop::{SALE, assert_error, column, refresh_view, refreshed_shop, run, shop, shop_with_views};

/// Remembers views of a role's own, as many as that, as if it had created them with such a query.
fn remember_views(database: &Database, role: &str, number: i32, query: &str) {
    run(
        &mut database.connect(),
        &format!(
            "WITH role AS (
                 INSERT INTO metabase_internal.known_role (role_name, role_oid, installation)
                 SELECT '{role}', '{role}'::regrole, id FROM metabase_internal.installation
                 RETURNING id
             )
             INSERT INTO metabase_internal.custom_view (view_name, query, key_columns, strategy, indexes, created_by)
             SELECT 'kept_' || number, {query}, '{{a}}', 'daily', '{{}}', role.id
             FROM role, generate_series(1, {number}) AS number"
        ),
    );
}

#[test]
fn how_long_the_queries_of_others_views_are_is_nothing_to_anybody() {
    let (database, mut client) = shop_with_views();
    let author = database.create_operator("author");
    remember_views(
        &database,
        &author,
        17,
        "'SELECT 1 AS a /*' || repeat('x', 16777000) || '*/'",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT status FROM metabase.refresh_view('metabase_inventory_status')"
        ),
        ["completed"]
    );
    assert_eq!(
        column(&mut client, "SELECT count(*) FROM metabase.view_status()"),
        ["25"]
    );
    assert_eq!(
        column(&mut client, "SELECT metabase.drop_view('kept_1')"),
        ["View 'kept_1' dropped successfully"]
    );
    // What one is made of is read where it is made.
    let mut as_author = database.connect_as(&author);
    assert_eq!(
        column(
            &mut as_author,
            "SELECT created, error_message FROM metabase.create_view('kept_2')"
        ),
        ["t"]
    );
    let error = error_of(
        &mut as_author,
        "SELECT metabase.create_custom_view('long', 'SELECT 1 AS a --' || repeat('x', 1048576), ARRAY['a'])",
    );
    assert_error(
        &error,
        "54000",
        "argument \"query\" has 1048592 bytes, and 1048576 are the most",
        Some("Pass a shorter one."),
    );
}

#[test]
fn a_role_has_no_more_than_a_thousand_views_of_its_own() {
    let (database, mut client) = shop_with_views();
    let author = database.create_operator("author");
    remember_views(&database, &author, 1000, "'SELECT 1 AS a'");
    let one_more = "SELECT metabase.create_custom_view('one_more', 'SELECT 1 AS a', ARRAY['a'])";
    let mut as_author = database.connect_as(&author);
    assert_error(
        &error_of(&mut as_author, one_more),
        "54000",
        &format!("role {author} has 1000 views of its own, which are the most"),
        Some("Drop one that nobody needs any more: SELECT metabase.drop_view('name');"),
    );
    // One of them can be created, and another role has views of its own.
    run(
        &mut as_author,
        "SELECT metabase.create_custom_view('kept_1', 'SELECT 1 AS a', ARRAY['a'])",
    );
    run(&mut client, one_more);
    run(&mut as_author, "SELECT metabase.drop_view('kept_2')");
    run(
        &mut as_author,
        "SELECT metabase.create_custom_view('another', 'SELECT 1 AS a', ARRAY['a'])",
    );
}

#[test]
fn a_view_that_is_being_created_keeps_others_from_its_own_name_only() {
    let (database, mut client) = shop_with_views();
    let author = database.create_operator("author");
    let create =
        |name: &str| format!("SELECT metabase.create_custom_view('{name}', 'SELECT 1 AS a', ARRAY['a'])");
    run(&mut client, &create("geo_top"));
    let mut as_author = database.connect_as(&author);
    // The two names have the same 32 bits of FNV-1a.
    run(&mut as_author, &format!("BEGIN; {}", create("cumbi29f")));
    run(&mut client, "SET lock_timeout = '2s'");
    run(&mut client, "SELECT metabase.drop_view('geo_top')");
    assert_error(
        &error_of(&mut client, &create("cumbi29f")),
        "55P03",
        "another session creates or drops views, and did not end within lock_timeout",
        Some("Try again when its transaction has ended, with a longer lock_timeout if need be."),
    );
    // What came to nothing keeps nobody from anything.
    run(&mut as_author, "ROLLBACK");
    run(&mut client, &create("cumbi29f"));
}

#[test]
fn who_drops_a_view_that_a_migration_is_to_take_away_is_waited_for_with_patience_that_ends() {
    let (database, mut client) = shop_with_views();
    let author = database.create_operator("author");
    run(&mut client, &format!("SELECT metabase.grant_reader('{author}')"));
    let mut as_author = database.connect_as(&author);
    run(
        &mut as_author,
        "SELECT metabase.create_custom_view('theirs', 'SELECT country, city FROM analytics.metabase_customer_geography', ARRAY['country', 'city'])",
    );
    run(&mut as_author, "BEGIN; SELECT metabase.drop_view('theirs')");
    run(&mut client, "SET statement_timeout = '40s'");
    assert_error(
        &error_of(&mut client, "SELECT metabase.before_migration()"),
        "55P03",
        "another session creates or drops views, and did not end within lock_timeout",
        Some("Try again when its transaction has ended, with a longer lock_timeout if need be."),
    );
    assert_eq!(
        refresh_view(&mut client, "metabase_brand_analytics").status,
        "completed"
    );
}

/// Who has a privilege on a schema or a function locks its row by granting it, if only to himself, and to no effect.
#[test]
fn who_grants_what_he_may_not_grant_and_stays_is_in_nobodys_way() {
    let database = shop();
    let operator = database.create_operator("operator");
    let author = database.create_operator("author");
    let reader = database.create_role("reader");
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!("SELECT metabase.grant_reader('{reader}')"),
    );
    let mut as_operator = database.connect_as(&operator);
    create_all_views(&mut as_operator);
    refresh_all(&mut as_operator);
    let mut as_author = database.connect_as(&author);
    run(
        &mut as_author,
        &format!(
            "BEGIN;
             GRANT USAGE ON SCHEMA metabase, metabase_internal, analytics TO {author};
             GRANT EXECUTE ON FUNCTION metabase.before_migration(), metabase.after_migration(boolean) TO {author}"
        ),
    );

    // The adapters follow, the views go and come, and are made anew.
    run(
        &mut superuser,
        &format!(
            "BEGIN;
             ALTER TABLE products.categories RENAME TO old;
             CREATE TABLE products.categories (LIKE products.old INCLUDING ALL);
             INSERT INTO products.categories SELECT * FROM products.old;
             GRANT SELECT ON products.categories TO {operator};
             COMMIT"
        ),
    );
    run(&mut as_operator, "SET statement_timeout = '40s'");
    run(&mut superuser, "SET statement_timeout = '40s'");
    let followed = refresh_view(&mut as_operator, "metabase_inventory_status");
    assert_eq!(followed.status, "completed", "{followed:?}");
    assert_eq!(
        column(
            &mut superuser,
            "SELECT DISTINCT depend.refobjid::regclass
             FROM pg_depend AS depend
             JOIN pg_rewrite AS rule ON rule.oid = depend.objid
             JOIN pg_class AS relation ON relation.oid = depend.refobjid
             WHERE rule.ev_class = 'metabase_internal.categories'::regclass
                 AND relation.relnamespace = 'products'::regnamespace"
        ),
        ["products.categories"]
    );
    run(&mut superuser, "SELECT metabase.before_migration()");
    assert_eq!(
        column(
            &mut superuser,
            "SELECT DISTINCT restored FROM metabase.after_migration()"
        ),
        ["t"]
    );
    run(&mut as_operator, "SELECT * FROM metabase.create_all_views(true)");

    // A privilege that is lacking is waited for, with patience that ends.
    run(&mut as_author, "COMMIT");
    run(
        &mut superuser,
        &format!("REVOKE USAGE ON SCHEMA analytics FROM {reader}"),
    );
    run(
        &mut as_author,
        &format!("BEGIN; GRANT USAGE ON SCHEMA analytics TO {author}"),
    );
    let error = error_of(
        &mut as_operator,
        "SELECT * FROM metabase.create_view('metabase_brand_analytics', true)",
    );
    assert_eq!(error.sqlstate.code(), "55P03", "{error:?}");
    assert_eq!(
        error.message,
        format!(
            "analytics.metabase_brand_analytics could not be created anew, so the call as a whole was undone: \
             GRANT USAGE ON SCHEMA analytics TO \"{reader}\" could not be done: another session alters privileges, and did not end within \
             lock_timeout"
        )
    );
    assert_eq!(
        error.hint.as_deref(),
        Some(
            "Do it by hand, and see who is waited for: SELECT pg_blocking_pids(pid) FROM pg_stat_activity WHERE query LIKE 'GRANT%';"
        )
    );
    run(&mut as_author, "COMMIT");
}

#[test]
fn who_grants_a_column_that_he_may_only_read_has_no_facts_built_anew() {
    let (database, mut client) = refreshed_shop();
    let reader = database.create_role("reader");
    run(
        &mut client,
        &format!(
            "GRANT USAGE ON SCHEMA core TO {reader};
             GRANT SELECT (name) ON core.platforms TO {reader}"
        ),
    );
    refresh_all(&mut client);
    run(
        &mut database.connect_as(&reader),
        &format!("GRANT SELECT (name) ON core.platforms TO {reader}"),
    );
    run(&mut client, SALE);
    assert_eq!(
        column(&mut client, "SELECT DISTINCT mode FROM metabase.refresh('all')"),
        ["incremental"]
    );
}
