//! What is made again of words that were kept: a literal in them is not read with what its type calls by then.
//!
//! To read a literal of an array of a domain, PostgreSQL calls what the domain's CHECK calls, as whoever has it read.

use postgres::Client;

use super::trap::Trap;
use crate::cluster::{Database, create_all_views, error_of, value};
use crate::shop::{assert_error, column, run, shop};

const REFUSED: &str = "a literal calls function \"evil\" when it is read; write it as ARRAY[…] or ROW(…)";

/// Ways to have the domain of a literal call what it did not call before; SCHEMA is the schema of the domain's owner.
const WAYS: [&str; 2] = [
    "DROP DOMAIN SCHEMA.slug; CREATE DOMAIN SCHEMA.slug AS text CHECK (SCHEMA.evil(VALUE))",
    "ALTER DOMAIN SCHEMA.slug ADD CHECK (SCHEMA.evil(VALUE)) NOT VALID",
];

/// The shop with views of an operator's, and a role with a domain, which owns the suppliers. A superuser is caught by the trap, and so is the operator.
fn trapped_shop(database: &Database) -> (Trap<'_>, String) {
    let mut superuser = database.connect();
    let trap = Trap::lay(database, "shop");
    create_all_views(&mut superuser);
    run(
        &mut superuser,
        &format!(
            "ALTER DATABASE {2} OWNER TO {0};
             ALTER TABLE core.suppliers OWNER TO {0}; GRANT USAGE ON SCHEMA core TO {0};
             CREATE DOMAIN {1}.slug AS text; ALTER DOMAIN {1}.slug OWNER TO {0}",
            trap.role,
            trap.schema,
            database.name()
        ),
    );
    let operator = database.create_operator("operator");
    run(
        &mut superuser,
        &format!(
            "GRANT INSERT ON public.caught TO {operator}; GRANT UPDATE ON SEQUENCE public.times_caught TO {operator}"
        ),
    );
    (trap, operator)
}

fn plant(trap: &Trap, session: &mut Client, way: &str) {
    run(session, &way.replace("SCHEMA", &trap.schema));
}

/// Makes a custom view whose query is this condition's.
fn custom_view(condition: &str) -> String {
    format!(
        "SELECT metabase.create_custom_view(
             'picked',
             $$SELECT platform_id, platform_slug FROM analytics.metabase_platform_performance WHERE {condition}$$,
             ARRAY['platform_id']
         )"
    )
}

#[test]
fn after_a_migration_a_literal_of_a_views_query_is_not_read_with_another_domain() {
    for way in WAYS {
        let database = shop();
        let (trap, _) = trapped_shop(&database);
        let literal = format!(
            "platform_slug = ANY ('{{stockx,goat}}'::{}.slug[]::text[])",
            trap.schema
        );
        run(&mut database.connect(), &custom_view(&literal));
        let mut owner = database.connect_as(&trap.role);
        run(&mut owner, "SELECT metabase.before_migration()");
        plant(&trap, &mut owner, way);
        let errors = column(
            &mut owner,
            "SELECT error_message FROM metabase.after_migration() WHERE view_name = 'picked' AND NOT restored",
        );
        let expected = format!("the query of analytics.picked cannot be made: {REFUSED}");
        assert!(errors[0].contains(&expected), "{way}: {errors:?}");
        trap.assert_nobody_was_caught();
        // It stays remembered. Once the domain calls nothing it is made again, if it is the domain that it was.
        plant(
            &trap,
            &mut owner,
            "ALTER DOMAIN SCHEMA.slug DROP CONSTRAINT slug_check",
        );
        let restored = column(
            &mut owner,
            "SELECT restored::text FROM metabase.after_migration()",
        );
        assert_eq!(restored == ["true"], way.starts_with("ALTER"), "{way}");
    }
}

#[test]
fn after_a_migration_no_literal_of_an_index_or_of_statistics_is_read_with_another_domain() {
    for (part, made) in [
        (
            "index \"picked\"",
            "CREATE INDEX picked ON analytics.metabase_platform_performance (platform_id) WHERE LITERAL",
        ),
        (
            "index \"picked\"",
            "CREATE INDEX picked ON analytics.metabase_platform_performance ((LITERAL))",
        ),
        (
            "\"picked\"",
            "CREATE STATISTICS analytics.picked ON (LITERAL), platform_id FROM analytics.metabase_platform_performance",
        ),
    ] {
        let database = shop();
        let (trap, operator) = trapped_shop(&database);
        let literal = format!(
            "platform_slug = ANY ('{{stockx,goat}}'::{}.slug[]::text[])",
            trap.schema
        );
        run(
            &mut database.connect_as(&operator),
            &made.replace("LITERAL", &literal),
        );
        let mut owner = database.connect_as(&trap.role);
        run(&mut owner, "SELECT metabase.before_migration()");
        plant(&trap, &mut owner, WAYS[1]);
        let error = error_of(&mut owner, "SELECT * FROM metabase.after_migration()");
        assert_eq!(error.sqlstate.code(), "0A000", "{error:?}");
        assert!(
            error
                .message
                .contains("\"picked\" of analytics.metabase_platform_performance cannot be made")
                && error.message.contains(REFUSED),
            "{part}: {error:?}"
        );
        trap.assert_nobody_was_caught();
        run(
            &mut owner,
            &format!("ALTER DOMAIN {}.slug DROP CONSTRAINT slug_check", trap.schema),
        );
        assert_eq!(
            column(
                &mut owner,
                "SELECT DISTINCT restored::text FROM metabase.after_migration()"
            ),
            ["true"],
            "{part}"
        );
    }
}

#[test]
fn where_views_are_replaced_no_literal_of_an_index_is_read_with_another_domain() {
    let database = shop();
    let (trap, operator) = trapped_shop(&database);
    let mut operator = database.connect_as(&operator);
    run(
        &mut operator,
        &format!(
            "CREATE INDEX picked ON analytics.metabase_platform_performance (platform_id)
                 WHERE platform_slug = ANY ('{{stockx}}'::{}.slug[]::text[])",
            trap.schema
        ),
    );
    plant(&trap, &mut database.connect_as(&trap.role), WAYS[1]);
    assert_error(
        &error_of(
            &mut operator,
            "SELECT * FROM metabase.create_all_views(drop_existing => true)",
        ),
        "0A000",
        &format!(
            "analytics.metabase_platform_performance could not be created anew, so the call as a whole was undone: \"picked\" of \
             analytics.metabase_platform_performance cannot be made: {REFUSED}"
        ),
        Some(
            "What a domain's CHECK calls is not run while SQL is looked at, unless it is PostgreSQL's own and immutable. Have the owner of \
             the domain take that out of its CHECK, or make it anew without such a literal.",
        ),
    );
    trap.assert_nobody_was_caught();
}

#[test]
fn a_view_of_ones_own_has_no_literal_that_calls_somebody_elses_function() {
    let database = shop();
    let (trap, operator) = trapped_shop(&database);
    plant(&trap, &mut database.connect_as(&trap.role), WAYS[1]);
    let literal = format!(
        "platform_slug = ANY ('{{stockx}}'::{}.slug[]::text[])",
        trap.schema
    );
    let in_index = custom_view("true").replace(
        "ARRAY['platform_id']",
        &format!("ARRAY['platform_id'], indexes => ARRAY[$$({literal})$$]"),
    );
    for (statement, part) in [
        (custom_view(&literal), "the query"),
        (in_index, "index \"idx_picked_1\""),
    ] {
        for role in ["postgres", &operator] {
            let error = error_of(&mut database.connect_as(role), &statement);
            assert_eq!(error.sqlstate.code(), "0A000", "{error:?}");
            assert_eq!(
                error.message,
                format!("{part} of analytics.picked cannot be made: {REFUSED}")
            );
        }
    }
    trap.assert_nobody_was_caught();
}

/// What a type's owner does in the moment between a look and the statement is done here by an event trigger, at each index that is made.
#[test]
fn an_index_is_made_of_what_was_looked_at_and_not_read_a_second_time() {
    let database = shop();
    let (trap, operator) = trapped_shop(&database);
    run(
        &mut database.connect(),
        &format!(
            "CREATE FUNCTION public.in_between() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $f$
             BEGIN
                 IF to_regclass('analytics.uq_picked') IS NOT NULL THEN
                     ALTER DOMAIN {0}.slug ADD CHECK ({0}.evil(VALUE));
                 END IF;
             END $f$;
             CREATE EVENT TRIGGER in_between_{1} ON ddl_command_start WHEN TAG IN ('CREATE INDEX')
                 EXECUTE FUNCTION public.in_between()",
            trap.schema, trap.role
        ),
    );
    let literal = format!(
        "platform_slug = ANY ('{{stockx}}'::{}.slug[]::text[])",
        trap.schema
    );
    let statement = custom_view("true").replace(
        "ARRAY['platform_id']",
        &format!("ARRAY['platform_id'], indexes => ARRAY[$$({literal})$$]"),
    );
    run(&mut database.connect_as(&operator), &statement);
    let has_check: bool = value(
        &mut database.connect(),
        "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = 'slug_check')",
    );
    assert!(has_check);
    trap.assert_nobody_was_caught();
}
