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
             'SELECT public.plain(o.buyer_destination_city) AS city, count(*) AS n
              FROM transactions.orders AS o WHERE EXISTS (SELECT FROM core.brands) GROUP BY 1',
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

/// The owner of a table could take away what reads it, with `DROP … CASCADE`, and nothing else.
#[test]
fn views_that_do_not_read_the_callers_tables_stay_and_a_views_owner_may_have_it_back() {
    let (database, mut superuser, mut brands_owner, _) = shop_with_owner_of_brands();
    let analyst = database.create_operator("analyst");
    run(
        &mut superuser,
        &format!(
            "GRANT USAGE ON SCHEMA core, products, transactions TO {analyst};
             GRANT SELECT ON core.brands, products.categories, transactions.orders TO {analyst}"
        ),
    );
    let mut analyst = database.connect_as(&analyst);
    for (view, query) in [
        ("of_brands", "SELECT id, name FROM core.brands"),
        ("of_categories", "SELECT id, name FROM products.categories"),
        ("of_orders", "SELECT id, status FROM transactions.orders"),
    ] {
        run(
            &mut analyst,
            &format!("SELECT metabase.create_custom_view('{view}', '{query}', ARRAY['id'])"),
        );
    }
    let there = "SELECT relname::text FROM pg_class WHERE relkind = 'm' AND relname ~ '^of_' ORDER BY 1";
    run(
        &mut brands_owner,
        "SELECT metabase.before_migration(); ALTER TABLE core.brands RENAME COLUMN name TO title",
    );
    assert_eq!(column(&mut superuser, there), ["of_categories", "of_orders"]);
    // Nobody but who has begun the migration, and the owner of the seven, ends it for all.
    assert_eq!(
        error_of(&mut analyst, "SELECT * FROM metabase.after_migration()")
            .sqlstate
            .code(),
        "42501"
    );
    run(
        &mut superuser,
        r#"SELECT * FROM metabase.map_source('brand', 'core.brands', '{"name": "title"}')"#,
    );
    let restored = "SELECT view_name FROM metabase.after_migration() WHERE NOT restored";
    assert_eq!(column(&mut brands_owner, restored), ["of_brands"]);
    // The column is back under its name.
    run(&mut superuser, "ALTER TABLE core.brands ADD COLUMN name text");
    let stranger = database.create_operator("stranger");
    let mut stranger = database.connect_as(&stranger);
    assert_eq!(
        error_of(&mut stranger, "SELECT * FROM metabase.after_migration()")
            .sqlstate
            .code(),
        "42501"
    );
    assert_eq!(
        error_of(
            &mut analyst,
            "SELECT * FROM metabase.after_migration(restore => false)"
        )
        .sqlstate
        .code(),
        "42501"
    );
    assert_eq!(
        column(
            &mut analyst,
            "SELECT view_name FROM metabase.after_migration() WHERE restored"
        ),
        ["of_brands"]
    );
    assert_eq!(
        column(&mut superuser, there),
        ["of_brands", "of_categories", "of_orders"]
    );
    assert_eq!(
        error_of(&mut analyst, "SELECT * FROM metabase.after_migration()").message,
        "no migration is under way"
    );
}

#[test]
fn whoever_takes_a_name_while_it_is_free_is_named() {
    let (database, mut superuser, mut owner, _) = shop_with_owner_of_brands();
    let squatter = database.create_role("squatter");
    run(
        &mut superuser,
        &format!("GRANT USAGE, CREATE ON SCHEMA analytics TO {squatter}"),
    );
    let mut squatter_session = database.connect_as(&squatter);
    for (statement, kind, name) in [
        (
            "CREATE TABLE analytics.metabase_brand_analytics (a integer)",
            "a table",
            "metabase_brand_analytics",
        ),
        (
            "CREATE VIEW analytics.uq_metabase_brand_analytics AS SELECT 1 AS a",
            "a view",
            "uq_metabase_brand_analytics",
        ),
    ] {
        run(&mut owner, "SELECT metabase.before_migration()");
        run(&mut squatter_session, statement);
        let error = error_of(&mut owner, "SELECT * FROM metabase.after_migration()");
        assert_eq!(error.sqlstate.code(), "42P07");
        assert_eq!(
            error.message,
            format!(
                "it could not be made again, and stays remembered: the name analytics.{name} is taken: {kind} of role \"{squatter}\" \
                 has it"
            )
        );
        assert_eq!(
            error.hint.as_deref(),
            Some(
                "Rename it or move it to another schema; it is never dropped for you. Then: SELECT * FROM metabase.after_migration();"
            )
        );
        run(
            &mut superuser,
            &format!("DROP OWNED BY {squatter}; GRANT USAGE, CREATE ON SCHEMA analytics TO {squatter}"),
        );
        run(&mut owner, "SELECT * FROM metabase.after_migration()");
    }
}

/// A privilege is as good as that of whoever gave it.
#[test]
fn what_a_role_that_is_gone_has_given_on_does_not_come_back() {
    for (meanwhile, left) in [
        // One that may not use the schema now may give the privilege all the same.
        ("REVOKE USAGE ON SCHEMA analytics FROM {first}", 3),
        (
            "REVOKE USAGE ON SCHEMA analytics FROM {first}; DROP ROLE {first}",
            0,
        ),
    ] {
        let (database, mut superuser, ..) = shop_with_owner_of_brands();
        let roles = ["first", "second", "third"].map(|role| database.create_role(role));
        let mut granted_by = "postgres";
        for role in &roles {
            run(
                &mut superuser,
                &format!(
                    "SET ROLE {granted_by}; GRANT SELECT ON analytics.metabase_brand_analytics TO {role} WITH GRANT OPTION;
                     RESET ROLE; GRANT USAGE ON SCHEMA analytics TO {role}"
                ),
            );
            granted_by = role;
        }
        run(
            &mut superuser,
            &format!(
                "SELECT metabase.before_migration(); {}; SELECT * FROM metabase.after_migration()",
                meanwhile.replace("{first}", &roles[0])
            ),
        );
        let may = format!(
            "SELECT rolname::text FROM pg_roles
             WHERE rolname IN ('{}') AND has_table_privilege(rolname, 'analytics.metabase_brand_analytics', 'SELECT')",
            roles.join("', '")
        );
        assert_eq!(column(&mut superuser, &may).len(), left, "{meanwhile}");
    }
}
