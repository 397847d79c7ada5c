//! What is remembered of a role is its own, whatever it is called, and nobody else's.

use postgres::Client;

use crate::cluster::{Database, create_all_views, error_of};
use crate::security::trap::Trap;
use crate::shop::{VIEWS, column, run, shop};

/// A shop with an operator who has mapped an entity and made a view, and with a reader.
fn shop_with_roles() -> (Database, String, String) {
    let database = shop();
    let (operator, reader) = (database.create_role("operator"), database.create_role("reader"));
    run(
        &mut database.connect(),
        &format!("SELECT metabase.grant_operator('{operator}'); SELECT metabase.grant_reader('{reader}')"),
    );
    (database, operator, reader)
}

const MAP: &str = r#"SELECT metabase.map_source('brand', 'core.brands', '{"name": "upper(name)"}')"#;

const MAKE: &str = "SELECT metabase.create_custom_view('own', 'SELECT 1 AS a', ARRAY['a'])";

/// Whose the mapping, the custom view, the captured sources and the readers are now, by name.
const REMEMBERED: &str = "
    SELECT format('%s: %s', thing, role_oid::regrole)
    FROM (
        SELECT 'mapping' AS thing, mapped_by AS id FROM metabase_internal.source_mapping
        UNION ALL SELECT 'view', created_by FROM metabase_internal.custom_view
        UNION ALL SELECT 'reader', role FROM metabase_internal.reader
        UNION ALL SELECT DISTINCT 'captured', operator FROM metabase_internal.capture_grant
    ) AS remembered
    JOIN metabase_internal.known_roles() AS known USING (id)
    WHERE role_oid IS NOT NULL
    ORDER BY 1";

/// Drops a role with all that was granted to it, and makes another one of its name.
fn replace_role(database: &Database, role: &str) {
    run(
        &mut database.connect(),
        &format!(
            "REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}; CREATE ROLE {role} LOGIN"
        ),
    );
}

#[test]
fn a_renamed_role_keeps_what_is_its_own() {
    let (database, operator, reader) = shop_with_roles();
    let mut as_operator = database.connect_as(&operator);
    run(&mut as_operator, MAP);
    create_all_views(&mut as_operator);
    run(&mut as_operator, MAKE);
    drop(as_operator);
    let (operator_now, reader_now) = (format!("{operator}_now"), format!("{reader}_now"));
    let mut client = database.connect();
    run(
        &mut client,
        &format!(
            "ALTER ROLE {operator} RENAME TO {operator_now}; ALTER ROLE {reader} RENAME TO {reader_now}"
        ),
    );
    // Others come by the old names, and are given nothing.
    run(
        &mut client,
        &format!("CREATE ROLE {operator} LOGIN; CREATE ROLE {reader} LOGIN"),
    );
    assert_eq!(
        column(&mut client, REMEMBERED),
        [
            format!("captured: {operator_now}"),
            format!("mapping: {operator_now}"),
            format!("reader: {reader_now}"),
            format!("view: {operator_now}"),
        ]
    );

    let mut as_operator = database.connect_as(&operator_now);
    for call in [
        "create_all_views(drop_existing => true)",
        "create_view('own', drop_existing => true)",
    ] {
        let failed = format!("SELECT error_message FROM metabase.{call} WHERE NOT created");
        assert_eq!(column(&mut as_operator, &failed), [""; 0], "{call}");
    }
    run(&mut as_operator, "SELECT metabase.disable_capture()");
    assert_eq!(
        column(
            &mut as_operator,
            "SELECT entity FROM metabase.enable_capture() WHERE NOT captured AND relation IS NOT NULL"
        ),
        [""; 0]
    );
    let may_read = |role: &str| {
        format!("SELECT bool_and(has_table_privilege('{role}', oid, 'SELECT')) FROM pg_class
                 WHERE relnamespace = 'analytics'::regnamespace AND relname LIKE 'metabase%' AND relkind = 'm'")
    };
    assert_eq!(column(&mut client, &may_read(&reader_now)), ["t"]);
    assert_eq!(column(&mut client, &may_read(&reader)), ["f"]);
    // A dump carries the names that they have.
    assert_eq!(
        column(
            &mut client,
            "SELECT role_name FROM metabase_internal.known_role ORDER BY 1"
        ),
        ["postgres".to_owned(), operator_now, reader_now]
    );
}

/// What an operator asks and does, with the same answers as long as it is the same role.
const OF_OPERATOR: &[&str] = &[
    "SELECT entity, column_name, expression, origin, note FROM metabase.sources WHERE entity IN ('brand', 'order')",
    "SELECT entity, relation, captured, reason FROM metabase.capture_status()",
    "SELECT view_name, status, error_message FROM metabase.refresh('all')",
    "SELECT view_name, exists, strategy, last_error FROM metabase.view_status()",
    "SELECT * FROM metabase.verify('metabase_brand_analytics')",
    "SELECT * FROM metabase.check_dashboard('executive')",
    "SELECT metabase.set_setting('currency', 'USD')",
    "SELECT * FROM metabase.set_strategy('metabase_brand_analytics', 'weekly')",
    "SELECT metabase.set_setting('currency', NULL)",
    MAP,
    "SELECT metabase.unmap_source('brand')",
    MAP,
    "SELECT view_name, created, error_message FROM metabase.create_all_views(drop_existing => true)",
    "SELECT view_name, created, error_message FROM metabase.create_view('own', drop_existing => true)",
    "SELECT metabase.disable_capture()",
    "SELECT entity, captured, reason FROM metabase.enable_capture()",
    "SELECT view_name, status, error_message FROM metabase.refresh('all')",
    "SELECT view_name, status, mode, error_message FROM metabase.refresh('all')",
    "SELECT metabase.rebuild() IS NOT NULL",
    "SELECT name, value FROM metabase.settings WHERE name <> 'time_zone'",
];

const OF_READER: &[&str] = &[
    "SELECT count(*) FROM analytics.metabase_brand_analytics",
    "SELECT sum(total_revenue) FROM analytics.metabase_executive_metrics",
    "SELECT view_name, exists, strategy FROM metabase.view_status()",
];

fn answers(client: &mut Client, statements: &[&str]) -> Vec<Vec<String>> {
    statements
        .iter()
        .map(|statement| crate::rows::rows(client, statement))
        .collect()
}

#[test]
fn a_renamed_role_is_answered_as_before_in_old_sessions_and_new_ones() {
    let (database, operator, reader) = shop_with_roles();
    let mut as_operator = database.connect_as(&operator);
    let mut as_reader = database.connect_as(&reader);
    run(&mut as_operator, MAP);
    create_all_views(&mut as_operator);
    run(&mut as_operator, MAKE);
    let mut client = database.connect();
    // The second time, all that is made anew has been made so before.
    answers(&mut as_operator, OF_OPERATOR);
    let before = (
        answers(&mut as_operator, OF_OPERATOR),
        answers(&mut as_reader, OF_READER),
    );
    let (mut operator, mut reader) = (operator, reader);
    for suffix in ["now", "Quoted \"one\"; --", "Ä i İ"] {
        let [operator_now, reader_now] = [&operator, &reader].map(|role| {
            let plain = role.split(' ').next().unwrap_or_default();
            format!("{plain} {suffix}")
        });
        let quoted = |role: &str| format!("\"{}\"", role.replace('"', "\"\""));
        for (old, new) in [(&operator, &operator_now), (&reader, &reader_now)] {
            run(
                &mut client,
                &format!("ALTER ROLE {} RENAME TO {}", quoted(old), quoted(new)),
            );
        }
        (operator, reader) = (operator_now, reader_now);
        let now = (
            answers(&mut as_operator, OF_OPERATOR),
            answers(&mut as_reader, OF_READER),
        );
        assert_eq!(now, before, "{suffix}");
        as_operator = database.connect_as(&operator);
        as_reader = database.connect_as(&reader);
        let now = (
            answers(&mut as_operator, OF_OPERATOR),
            answers(&mut as_reader, OF_READER),
        );
        assert_eq!(now, before, "{suffix}");
        // What a superuser grants again is granted to the same role.
        for call in ["grant_operator", "grant_reader"] {
            let role = if call == "grant_operator" {
                &operator
            } else {
                &reader
            };
            client
                .execute(&format!("SELECT metabase.{call}($1)"), &[role])
                .unwrap_or_else(|error| panic!("{call}: {error:?}"));
        }
        let known = column(
            &mut client,
            "SELECT role_name FROM metabase_internal.known_role ORDER BY 1",
        );
        assert_eq!(known.len(), 3, "{known:?}");
        assert!(known.contains(&operator) && known.contains(&reader), "{known:?}");
    }
    // The next test's roles have other names; these are dropped with the cluster.
    drop((as_operator, as_reader));
}

#[test]
fn roles_that_have_changed_names_with_each_other_have_not_changed_what_is_theirs() {
    let (database, one, _) = shop_with_roles();
    let other = database.create_role("other");
    let mut client = database.connect();
    run(&mut client, &format!("SELECT metabase.grant_operator('{other}')"));
    run(&mut database.connect_as(&one), MAP);
    run(
        &mut client,
        &format!(
            "ALTER ROLE {one} RENAME TO {one}_x; ALTER ROLE {other} RENAME TO {one}; ALTER ROLE {one}_x RENAME TO {other}"
        ),
    );
    for (role, is_its_own) in [(&one, false), (&other, true)] {
        let note = column(
            &mut database.connect_as(role),
            "SELECT note FROM metabase.sources WHERE entity = 'brand' AND column_name = 'name'",
        );
        assert_eq!(note == ["NULL"], is_its_own, "{role}: {note:?}");
    }
}

#[test]
fn what_a_role_had_that_is_gone_goes_to_no_other_of_its_name() {
    let (database, operator, reader) = shop_with_roles();
    let mut as_operator = database.connect_as(&operator);
    run(&mut as_operator, MAP);
    run(&mut as_operator, MAKE);
    drop(as_operator);
    replace_role(&database, &operator);
    replace_role(&database, &reader);
    let mut client = database.connect();
    assert_eq!(column(&mut client, REMEMBERED), [""; 0]);

    run(
        &mut client,
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    for role in [operator.as_str(), "postgres"] {
        let mut client = database.connect_as(role);
        for statement in [
            "SELECT * FROM metabase.create_all_views()",
            "SELECT * FROM metabase.create_view('own', drop_existing => true)",
        ] {
            let error = error_of(&mut client, statement);
            assert_eq!(error.sqlstate.code(), "42501", "{error:?}");
            let end = format!("was made by role \"{operator}\", which is gone");
            assert!(error.message.ends_with(&end), "{error:?}");
        }
    }
    // As the hints say.
    run(&mut client, "SELECT metabase.drop_view('own')");
    run(
        &mut client,
        &format!("GRANT USAGE ON SCHEMA core TO {operator}; GRANT SELECT ON core.brands TO {operator}"),
    );
    let mut as_operator = database.connect_as(&operator);
    run(&mut as_operator, MAP);
    run(&mut as_operator, MAKE);
    create_all_views(&mut as_operator);
    assert_eq!(
        column(
            &mut client,
            &format!("SELECT count(*) FROM pg_class WHERE relnamespace = 'analytics'::regnamespace AND relname = ANY ('{{{}}}')
                      AND has_table_privilege('{reader}', oid, 'SELECT')", VIEWS.join(","))
        ),
        ["0"]
    );
}

#[test]
fn what_a_role_has_mapped_that_was_renamed_or_is_gone_is_run_by_no_superuser() {
    let database = shop();
    let trap = Trap::lay(&database, "mapper");
    let mut client = database.connect();
    run(
        &mut client,
        &format!("SELECT metabase.grant_operator('{}')", trap.role),
    );
    run(
        &mut database.connect_as(&trap.role),
        &format!(
            r#"SELECT metabase.map_source('brand', 'core.brands', '{{"name": "CASE WHEN {0}.evil(name) THEN name END"}}',
                                          '{0}.evil(name)')"#,
            trap.schema
        ),
    );
    let look = |client: &mut Client| {
        run(client, "SELECT * FROM metabase.sources");
        run(client, "SELECT * FROM metabase.detect_sources()");
        error_of(client, "SELECT * FROM metabase.create_all_views()").message
    };
    // A superuser has come by its name: it is not a superuser's mapping for that.
    run(
        &mut client,
        &format!(
            "ALTER ROLE {0} RENAME TO {0}_now; CREATE ROLE {0} SUPERUSER LOGIN",
            trap.role
        ),
    );
    for mut client in [database.connect(), database.connect_as(&trap.role)] {
        let message = look(&mut client);
        assert!(
            message.contains(&format!("was made by role \"{}_now\"", trap.role)),
            "{message}"
        );
    }
    run(
        &mut client,
        &format!(
            "REASSIGN OWNED BY {0}_now TO {0}; DROP OWNED BY {0}_now; DROP ROLE {0}_now",
            trap.role
        ),
    );
    for mut client in [database.connect(), database.connect_as(&trap.role)] {
        let message = look(&mut client);
        assert!(message.ends_with("which is gone"), "{message}");
    }
    trap.assert_nobody_was_caught();
}

#[test]
fn after_a_restore_names_count_once_and_oids_from_then_on() {
    let (database, operator, reader) = shop_with_roles();
    let mut as_operator = database.connect_as(&operator);
    run(&mut as_operator, MAP);
    run(&mut as_operator, MAKE);
    drop(as_operator);
    let dump = database.dump();
    // As in another cluster, the roles of these names have other oids, and the old oids may be anybody's.
    replace_role(&database, &operator);
    replace_role(&database, &reader);
    let all = [
        format!("captured: {operator}"),
        format!("mapping: {operator}"),
        format!("reader: {reader}"),
        format!("view: {operator}"),
    ];
    let restored = Database::restored(&dump);
    let mut there = restored.connect();
    assert_eq!(column(&mut there, REMEMBERED), all);
    run(
        &mut there,
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    create_all_views(&mut restored.connect_as(&operator));
    assert_eq!(column(&mut there, REMEMBERED), all);

    // It was found: the next one of that name is another role.
    replace_role(&restored, &operator);
    assert_eq!(column(&mut there, REMEMBERED), [format!("reader: {reader}")]);
    // And so it stays in what is dumped from there: this role is gone for good.
    run(&mut there, &format!("SELECT metabase.grant_reader('{reader}')"));
    let again = Database::restored(&restored.dump());
    assert_eq!(
        column(&mut again.connect(), REMEMBERED),
        [format!("reader: {reader}")]
    );
    // In the first database, nothing has come back.
    assert_eq!(column(&mut database.connect(), REMEMBERED), [""; 0]);
}

#[test]
fn a_role_that_comes_after_the_restore_is_found_then() {
    let (database, operator, _) = shop_with_roles();
    run(&mut database.connect_as(&operator), MAP);
    let mut client = database.connect();
    run(&mut client, &format!("DROP OWNED BY {operator}"));
    let dump = database.dump();
    run(&mut client, &format!("DROP ROLE {operator}"));
    let restored = Database::restored(&dump);
    let mut there = restored.connect();
    let mapping = format!("mapping: {operator}");
    assert!(!column(&mut there, REMEMBERED).contains(&mapping));
    run(&mut there, &format!("CREATE ROLE {operator} LOGIN"));
    assert!(column(&mut there, REMEMBERED).contains(&mapping));
}

#[test]
fn a_copy_of_the_database_knows_the_same_roles() {
    let (database, operator, reader) = shop_with_roles();
    run(&mut database.connect_as(&operator), MAP);
    let mut client = database.connect();
    let remembered = column(&mut client, REMEMBERED);
    let copy = format!("{}_copy", database.name());
    drop(client);
    run(
        &mut Database::empty().connect(),
        &format!("CREATE DATABASE {copy} TEMPLATE {}", database.name()),
    );
    let mut there = database.connect_to(&copy);
    run(&mut there, &format!("DROP OWNED BY {reader}"));
    replace_role(&database, &reader);
    assert_eq!(
        column(&mut there, REMEMBERED),
        remembered
            .into_iter()
            .filter(|line| !line.starts_with("reader"))
            .collect::<Vec<_>>()
    );
    drop(there);
    run(&mut database.connect(), &format!("DROP DATABASE {copy}"));
}
