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

/// Functions that fix their search_path, as most do, look into pg_temp first, unless they name it.
#[test]
fn what_a_session_has_brought_along_is_in_nobody_elses_views() {
    let (database, mut superuser, mut owner, operator) = shop_with_owner_of_brands();
    run(
        &mut superuser,
        "CREATE SCHEMA util; GRANT USAGE ON SCHEMA util TO PUBLIC;
         CREATE TABLE util.rates AS SELECT 1.5 AS rate; GRANT SELECT ON util.rates TO PUBLIC;
         CREATE FUNCTION util.rate() RETURNS numeric LANGUAGE sql STABLE SET search_path = util AS 'SELECT rate FROM rates';
         CREATE FUNCTION util.chosen() RETURNS text LANGUAGE sql STABLE
             AS $$ SELECT concat_ws(' ', nullif(current_setting('app.tenant', true), ''), nullif(current_setting('app.region', true), ''),
                                    current_setting('bytea_output'), current_setting('row_security'), current_setting('work_mem')) $$;
         SELECT metabase.create_custom_view('rated', 'SELECT id, util.rate(), util.chosen() FROM core.brands', ARRAY['id'])",
    );
    let shown = "SELECT DISTINCT rate::text || ' ' || chosen FROM analytics.rated";
    let role = column(&mut owner, "SELECT current_user").concat();
    run(
        &mut superuser,
        &format!("ALTER ROLE {role} SET app.tenant = 'secret'"),
    );
    assert_eq!(column(&mut superuser, shown), ["1.5 hex on 4MB"]);
    run(
        &mut owner,
        &format!(
            "CREATE FUNCTION pg_temp.evil() RETURNS numeric LANGUAGE plpgsql
                 AS $$ BEGIN RAISE EXCEPTION 'caught as %', current_user; END $$;
             CREATE TEMP VIEW rates AS SELECT pg_temp.evil() AS rate; GRANT SELECT ON rates TO PUBLIC;
             ALTER ROLE {role} SET bytea_output = 'escape'; SELECT metabase.before_migration()",
        ),
    );
    let error = error_of(&mut owner, "SELECT * FROM metabase.after_migration()");
    assert_eq!(error.sqlstate.code(), "55000");
    assert_eq!(
        error.message,
        format!(
            "this session has temporary objects, which functions that views of role \"{operator}\" call could take for their own"
        )
    );
    assert_eq!(
        error.hint,
        Some(format!(
            "Call it in a session that has made none, or as that role: SET ROLE \"{operator}\";"
        ))
    );
    let mut owner = database.connect_as(&role);
    assert_eq!(
        column(&mut owner, "SELECT current_setting('app.tenant')"),
        ["secret"]
    );
    run(
        &mut owner,
        "SET app.region = 'mine'; SET row_security = off; SET work_mem = '8MB'; SELECT * FROM metabase.after_migration()",
    );
    assert_eq!(column(&mut superuser, shown), ["1.5 hex on 4MB"]);
    // The session has its settings back.
    assert_eq!(
        column(
            &mut owner,
            "SELECT concat_ws(' ', current_setting('app.tenant'), current_setting('app.region'), current_setting('work_mem'))"
        ),
        ["secret mine 8MB"]
    );
}

#[test]
fn an_index_that_is_made_again_calls_what_it_called() {
    let (database, mut superuser, mut owner, operator) = shop_with_owner_of_brands();
    let stranger = database.create_role("stranger");
    run(
        &mut superuser,
        &format!(
            "CREATE SCHEMA util; GRANT USAGE ON SCHEMA util TO PUBLIC; GRANT CREATE ON SCHEMA util TO {stranger};
             CREATE FUNCTION util.norm(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n % 10';
             CREATE FUNCTION util.norm(n uuid) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT n::text';
             ALTER TABLE core.brands ADD COLUMN n integer"
        ),
    );
    let plant = |types: &[&str]| {
        let mut session = database.connect_as(&stranger);
        for argument in types {
            run(
                &mut session,
                &format!(
                    "CREATE FUNCTION util.norm(n {argument}) RETURNS integer LANGUAGE plpgsql IMMUTABLE
                         AS $$ BEGIN RAISE EXCEPTION 'caught as %', current_user; END $$"
                ),
            );
        }
    };
    for (view, made) in [
        (
            "by_index",
            "CREATE INDEX by_norm ON analytics.by_index (util.norm(n))",
        ),
        (
            "by_predicate",
            "CREATE INDEX by_size ON analytics.by_predicate (id) WHERE util.norm(n) > 1",
        ),
        (
            "by_statistics",
            "CREATE STATISTICS analytics.by_both ON util.norm(n), id FROM analytics.by_statistics",
        ),
    ] {
        run(
            &mut superuser,
            &format!(
                "SELECT metabase.create_custom_view('{view}', 'SELECT id, n FROM core.brands', ARRAY['id']); {made}"
            ),
        );
    }
    plant(&["bigint", "text"]);
    run(
        &mut owner,
        "SELECT metabase.before_migration(); ALTER TABLE core.brands ALTER COLUMN n TYPE bigint",
    );
    let failed = "SELECT view_name || ': ' || split_part(error_message, ' (', 1) FROM metabase.after_migration() WHERE NOT restored ORDER BY 1";
    let said = |view: &str, part: &str| {
        format!(
            "{view}: it could not be made again, and stays remembered: \"{part}\" of analytics.{view} calls another function than before, or \
             names another type"
        )
    };
    assert_eq!(
        column(&mut owner, failed),
        [
            said("by_index", "by_norm"),
            said("by_predicate", "by_size"),
            said("by_statistics", "by_both")
        ]
    );
    run(&mut owner, "ALTER TABLE core.brands ALTER COLUMN n TYPE integer");
    assert_eq!(column(&mut owner, failed), [""; 0]);
    let indexes = "SELECT count(*) FROM pg_indexes WHERE indexname IN ('by_norm', 'by_size')";
    assert_eq!(column(&mut superuser, indexes), ["2"]);

    // Nor does one of a view that is created anew.
    run(
        &mut superuser,
        "CREATE INDEX by_key ON analytics.metabase_supplier_performance (util.norm(supplier_id));
         SELECT metabase.map_source('supplier', 'core.suppliers', '{\"id\": \"id::text\"}');
         SELECT metabase.map_source('stock_item', 'products.inventory', '{\"supplier_id\": \"supplier_id::text\"}')",
    );
    let mut operator = database.connect_as(&operator);
    let error = error_of(
        &mut operator,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(error.sqlstate.code(), "55000");
    assert!(
        error.message.ends_with(
            "\"by_key\" of analytics.metabase_supplier_performance calls another function than before, or names another type"
        ),
        "{}",
        error.message
    );
    run(
        &mut superuser,
        "SELECT metabase.unmap_source('supplier'), metabase.unmap_source('stock_item')",
    );
    run(
        &mut operator,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(
        column(
            &mut superuser,
            "SELECT count(*) FROM pg_indexes WHERE indexname = 'by_key'"
        ),
        ["1"]
    );
}

#[test]
fn whoever_takes_a_tables_name_is_not_read_by_anybodys_view() {
    let (database, mut superuser, mut owner, _) = shop_with_owner_of_brands();
    let stranger = database.create_role("stranger");
    run(
        &mut superuser,
        &format!(
            "GRANT USAGE, CREATE ON SCHEMA core TO {stranger};
             SELECT metabase.create_custom_view('titles', 'SELECT id, name FROM core.brands', ARRAY['id'])"
        ),
    );
    run(
        &mut owner,
        "SELECT metabase.before_migration(); ALTER TABLE core.brands RENAME TO makers;
         CREATE VIEW core.labels AS SELECT * FROM core.makers",
    );
    run(
        &mut database.connect_as(&stranger),
        "CREATE FUNCTION core.evil() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught as %', current_user; END $$;
         CREATE VIEW core.brands AS SELECT gen_random_uuid() AS id, core.evil() AS name; GRANT SELECT ON core.brands TO PUBLIC",
    );
    run(
        &mut superuser,
        "SELECT metabase.map_source('brand', 'core.makers')",
    );
    let failed =
        "SELECT split_part(error_message, ' (', 1) FROM metabase.after_migration() WHERE NOT restored";
    assert_eq!(
        column(&mut owner, failed),
        [format!(
            "it could not be made again, and stays remembered: materialized view analytics.titles reads a relation of role \"{stranger}\" now, \
             which it did not read before"
        )]
    );
    // What the owner of the table puts there is that owner's, as before.
    run(
        &mut superuser,
        &format!("DROP OWNED BY {stranger}; ALTER VIEW core.labels RENAME TO brands"),
    );
    assert_eq!(column(&mut owner, failed), [""; 0]);
}

#[test]
fn nobody_gives_up_a_view_of_somebody_elses() {
    let (database, mut superuser, _, operator) = shop_with_owner_of_brands();
    run(
        &mut superuser,
        "SELECT metabase.create_custom_view('titles', 'SELECT id, name FROM core.brands', ARRAY['id']);
         CREATE INDEX titles_name ON analytics.titles (name)",
    );
    // The seven are the operator's.
    run(
        &mut superuser,
        "SELECT metabase.before_migration(); SELECT * FROM metabase.after_migration(restore => false);
         SELECT metabase.create_custom_view('titles', 'SELECT id, name FROM core.brands', ARRAY['id'])",
    );
    let mut operator = database.connect_as(&operator);
    create_all_views(&mut operator);
    run(
        &mut operator,
        "SELECT metabase.before_migration(); SELECT * FROM metabase.after_migration(restore => false)",
    );
    create_all_views(&mut operator);
    assert_eq!(
        column(
            &mut superuser,
            "SELECT view_name FROM metabase.after_migration() WHERE restored"
        ),
        ["titles"]
    );
}
