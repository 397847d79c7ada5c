//! Standing still: what one role stores, or keeps locked, stops nobody else.

use crate::cluster::{Database, error_of};
use crate::shop::{assert_error, column, run, shop_with_views};

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
