//! Migrations: whoever takes the views away and has them made again gets nothing by it, and nobody decides meanwhile what is not his.

use postgres::Client;

use crate::cluster::{Database, create_all_views, error_of};
use crate::shop::{column, run, shop};

/// A shop of detected tables with an operator's views, and a role that owns the brands and may create in schema `public`.
fn shop_with_owner_of_brands() -> (Database, Client, Client, String) {
    let database = shop();
    let mut superuser = database.connect();
    create_all_views(&mut superuser);
    let operator = database.create_operator("operator");
    let owner = database.create_role("brands_owner");
    run(
        &mut superuser,
        &format!(
            "ALTER DATABASE {} OWNER TO {owner};
             ALTER TABLE core.brands OWNER TO {owner};
             GRANT USAGE, CREATE ON SCHEMA core, public TO {owner};
             SELECT metabase.grant_operator('{operator}')",
            database.name()
        ),
    );
    let session = database.connect_as(&owner);
    (database, superuser, session, operator)
}

#[test]
fn a_function_that_fits_better_does_not_get_into_a_view_that_is_made_again() {
    let (_database, mut superuser, mut owner, _) = shop_with_owner_of_brands();
    run(
        &mut superuser,
        "CREATE FUNCTION public.plain(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
         CREATE TABLE public.caught (by text);
         SELECT metabase.create_custom_view(
             'cities',
             'SELECT public.plain(o.buyer_destination_city) AS city, count(*) AS n FROM transactions.orders AS o GROUP BY 1',
             ARRAY['city']
         )",
    );
    run(
        &mut owner,
        "CREATE FUNCTION public.plain(varchar) RETURNS text LANGUAGE plpgsql
             AS $$ BEGIN RAISE EXCEPTION 'caught as %', current_user; END $$",
    );
    run(
        &mut owner,
        "SELECT metabase.before_migration(); SET timezone_abbreviations = 'Australia'",
    );
    let restored = column(
        &mut owner,
        "SELECT format('%s %s', restored, error_message) FROM metabase.after_migration() WHERE view_name = 'cities'",
    );
    assert!(restored[0].starts_with("f "), "{restored:?}");
    assert!(
        restored[0].contains("calls another function than before"),
        "{restored:?}"
    );
    // Once that is gone, the view is what it was.
    run(&mut owner, "DROP FUNCTION public.plain(varchar)");
    let restored = column(
        &mut owner,
        "SELECT restored::text FROM metabase.after_migration()",
    );
    assert_eq!(restored, ["true"]);
}

#[test]
fn an_error_tells_whoever_ends_a_migration_nothing_of_anybodys_rows() {
    let (_database, mut superuser, mut owner, _) = shop_with_owner_of_brands();
    run(
        &mut superuser,
        "CREATE SCHEMA private;
         CREATE TABLE private.secret (k text); INSERT INTO private.secret VALUES ('hush');
         SELECT metabase.create_custom_view(
             'secrets', 'SELECT b.name, s.k FROM core.brands AS b CROSS JOIN private.secret AS s', ARRAY['name', 'k']
         )",
    );
    run(
        &mut owner,
        "SELECT metabase.before_migration(); UPDATE core.brands SET name = 'one'",
    );
    let errors = column(
        &mut owner,
        "SELECT error_message FROM metabase.after_migration() WHERE view_name = 'secrets'",
    );
    assert!(!errors[0].contains("hush"), "{errors:?}");
    assert!(errors[0].contains("23505"), "{errors:?}");
}

#[test]
fn what_is_decided_of_views_is_for_their_owner_also_while_they_are_away() {
    let (database, _superuser, mut owner, _) = shop_with_owner_of_brands();
    let another = database.create_operator("another");
    let mut another = database.connect_as(&another);
    run(&mut owner, "SELECT metabase.before_migration()");
    for statement in [
        "SELECT * FROM metabase.set_strategy('metabase_executive_metrics', 'manual')",
        "SELECT metabase.disable_capture()",
        "SELECT metabase.set_setting('currency', 'USD')",
    ] {
        assert_eq!(
            error_of(&mut another, statement).sqlstate.code(),
            "42501",
            "{statement}"
        );
    }
    run(&mut owner, "SELECT * FROM metabase.after_migration()");
}
