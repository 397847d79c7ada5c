//! Standing still: what one role stores, or keeps locked, stops nobody else.

use crate::cluster::{Database, error_of};
use crate::shop::{assert_error, column, refresh_view, run, shop_with_views};

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
        ["24"]
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
