//! Who may do what: readers, operators and everybody else, and that nobody gets at another role's privileges.

use postgres::Client;

use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::shop::{
    VIEWS, assert_denied, assert_error, column, completed_and_failed, differences, refresh_view, refreshed,
    run, shop, snapshot,
};

/// All that a role may do in this database, beyond what everybody may do with PostgreSQL's own objects: one line for each
/// privilege on a schema, relation, column or function.
fn privileges(client: &mut Client, role: &str) -> Vec<String> {
    column(
        client,
        &format!(
            "SELECT 'database: ' || privilege FROM unnest('{{CONNECT,CREATE,TEMPORARY}}'::text[]) AS privilege
             WHERE has_database_privilege('{role}', current_database(), privilege)
             UNION ALL
             SELECT 'schema ' || nspname || ': ' || privilege
             FROM pg_namespace, unnest('{{USAGE,CREATE}}'::text[]) AS privilege
             WHERE nspname !~ '^pg_' AND has_schema_privilege('{role}', oid, privilege)
             UNION ALL
             SELECT 'relation ' || oid::regclass || ': ' || privilege
             FROM pg_class, unnest('{{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}}'::text[]) AS privilege
             WHERE relkind NOT IN ('i', 'I', 'S', 'c', 't')
                 AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
                 AND has_table_privilege('{role}', oid, privilege)
             UNION ALL
             SELECT 'columns of ' || oid::regclass || ': ' || privilege
             FROM pg_class, unnest('{{SELECT,INSERT,UPDATE,REFERENCES}}'::text[]) AS privilege
             WHERE relkind NOT IN ('i', 'I', 'S', 'c', 't')
                 AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
                 AND has_any_column_privilege('{role}', oid, privilege)
                 AND NOT has_table_privilege('{role}', oid, privilege)
             UNION ALL
             SELECT 'sequence ' || oid::regclass || ': ' || privilege
             FROM pg_class, unnest('{{USAGE,SELECT,UPDATE}}'::text[]) AS privilege
             WHERE relkind = 'S' AND has_sequence_privilege('{role}', oid, privilege)
             UNION ALL
             -- A function in a schema that one may not use cannot be called.
             SELECT 'function ' || oid::regprocedure || ': EXECUTE'
             FROM pg_proc
             WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
                 AND has_function_privilege('{role}', oid, 'EXECUTE')
                 AND has_schema_privilege('{role}', pronamespace, 'USAGE')
             ORDER BY 1"
        ),
    )
}

/// What a role has now that it did not have before; that it has lost nothing is checked on the way.
fn gained(before: &[String], after: &[String]) -> Vec<String> {
    for privilege in before {
        assert!(after.contains(privilege), "{privilege} was lost");
    }
    after
        .iter()
        .filter(|privilege| !before.contains(privilege))
        .cloned()
        .collect()
}

// Readers

const READER_GAINS: [&str; 12] = [
    "function metabase.data_as_of(text[]): EXECUTE",
    "function metabase.view_status(text): EXECUTE",
    "relation analytics.metabase_brand_analytics: SELECT",
    "relation analytics.metabase_customer_geography: SELECT",
    "relation analytics.metabase_executive_metrics: SELECT",
    "relation analytics.metabase_inventory_status: SELECT",
    "relation analytics.metabase_platform_performance: SELECT",
    "relation analytics.metabase_product_performance: SELECT",
    "relation analytics.metabase_sales: SELECT",
    "relation analytics.metabase_supplier_performance: SELECT",
    "schema analytics: USAGE",
    "schema metabase: USAGE",
];

#[test]
fn a_reader_may_read_the_seven_and_ask_for_their_status_and_nothing_else() {
    let database = shop();
    let mut client = database.connect();
    create_all_views(&mut client);
    let reader = database.create_role("reader");
    let before = privileges(&mut client, &reader);
    assert_eq!(
        column(&mut client, &format!("SELECT metabase.grant_reader('{reader}')")),
        [format!(
            "role {reader} may read 8 of the 8 views and ask for their status; views that are created later are granted \
             to it, too"
        )]
    );
    assert_eq!(gained(&before, &privileges(&mut client, &reader)), READER_GAINS);

    let mut as_reader = database.connect_as(&reader);
    for view in VIEWS {
        run(&mut as_reader, &format!("SELECT * FROM analytics.{view}"));
    }
    assert_eq!(
        column(
            &mut as_reader,
            "SELECT count(row_count) FROM metabase.view_status()"
        ),
        ["8"]
    );
    for refused in [
        "SELECT * FROM metabase.refresh('all')",
        "SELECT * FROM metabase.refresh_view('metabase_brand_analytics')",
        "SELECT * FROM metabase.create_all_views()",
        "SELECT metabase.drop_view('metabase_brand_analytics')",
        "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'])",
        "SELECT metabase.map_source('brand', NULL)",
        "SELECT metabase.set_setting('currency', 'USD')",
        "SELECT metabase.grant_reader(current_user)",
        "SELECT metabase.grant_operator(current_user)",
        "TABLE metabase.refresh_history",
        "TABLE metabase.sources",
        "TABLE metabase.settings",
        "TABLE metabase_internal.refresh_log",
        "TABLE transactions.orders",
        "REFRESH MATERIALIZED VIEW analytics.metabase_brand_analytics",
    ] {
        assert_denied(&mut as_reader, refused);
    }
}

#[test]
fn a_reader_gets_the_views_that_are_created_later() {
    let database = shop();
    let mut client = database.connect();
    let (operator, reader) = (database.create_role("operator"), database.create_role("early"));
    run(
        &mut client,
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    let before = privileges(&mut client, &reader);
    run(&mut client, &format!("SELECT metabase.grant_reader('{reader}')"));
    let mut as_operator = database.connect_as(&operator);
    let drop_all = "SELECT metabase.drop_view(view_name) FROM metabase.view_status() WHERE \"exists\"";

    // Whoever creates them.
    create_all_views(&mut as_operator);
    assert_eq!(gained(&before, &privileges(&mut client, &reader)), READER_GAINS);
    run(
        &mut as_operator,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(gained(&before, &privileges(&mut client, &reader)), READER_GAINS);
    run(&mut client, drop_all);
    create_all_views(&mut client);
    assert_eq!(gained(&before, &privileges(&mut client, &reader)), READER_GAINS);
    run(
        &mut client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(gained(&before, &privileges(&mut client, &reader)), READER_GAINS);

    // A view of somebody's own is not one of the seven.
    run(
        &mut client,
        "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'])",
    );
    assert_eq!(gained(&before, &privileges(&mut client, &reader)), READER_GAINS);
}

#[test]
fn views_go_to_those_only_whom_somebody_has_named_readers_that_may_decide_for_their_owner() {
    let database = shop();
    let mut client = database.connect();
    let operator = database.create_role("operator");
    let stranger = database.create_role("stranger");
    let deputy = database.create_role("deputy");
    run(
        &mut client,
        &format!(
            "SELECT metabase.grant_operator('{operator}');
             SELECT metabase.grant_operator('{stranger}');
             SELECT metabase.grant_operator('{deputy}');
             GRANT {operator} TO {deputy}"
        ),
    );
    let readers: Vec<String> = ["own", "deputys", "strangers", "superusers", "twice"]
        .iter()
        .map(|purpose| database.create_role(purpose))
        .collect();
    let name = |granter: &str, reader: &str| {
        column(
            &mut database.connect_as(granter),
            &format!("SELECT metabase.grant_reader('{reader}')"),
        )
    };
    // Before there are any views, anybody who may create them may say who is to read them.
    for (granter, reader) in [
        (&operator, &readers[0]),
        (&deputy, &readers[1]),
        (&stranger, &readers[2]),
        (&stranger, &stranger),
        (&stranger, &readers[4]),
        (&operator, &readers[4]),
    ] {
        assert_eq!(
            name(granter, reader),
            [format!(
                "role {reader} may read 0 of the 8 views and ask for their status; views that are created by {granter} later \
                 are granted to it, too"
            )]
        );
    }
    run(
        &mut client,
        &format!("SELECT metabase.grant_reader('{}')", readers[3]),
    );
    let granted = "
        SELECT DISTINCT split_part(role.rolname, '_', 4)
        FROM pg_class AS view, aclexplode(view.relacl) AS acl
        JOIN pg_roles AS role ON role.oid = acl.grantee
        WHERE view.relnamespace = 'analytics'::regnamespace AND role.oid <> view.relowner
        ORDER BY 1";
    let mut as_operator = database.connect_as(&operator);
    create_all_views(&mut as_operator);
    assert_eq!(
        column(&mut client, granted),
        ["deputys", "own", "superusers", "twice"]
    );
    let error = error_of(
        &mut database.connect_as(&stranger),
        "TABLE analytics.metabase_brand_analytics",
    );
    assert_eq!(error.sqlstate.code(), "42501");
    // Nor does it help to name somebody once the views are there.
    let error = error_of(
        &mut database.connect_as(&stranger),
        &format!("SELECT metabase.grant_reader('{stranger}')"),
    );
    assert_eq!(error.sqlstate.code(), "42501");
    run(
        &mut as_operator,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(
        column(&mut client, granted),
        ["deputys", "own", "superusers", "twice"]
    );

    // Whoever may not act as the owner any more has no say any more; what was granted was granted.
    let drop_all = "SELECT metabase.drop_view(view_name) FROM metabase.view_status() WHERE \"exists\"";
    run(&mut client, &format!("REVOKE {operator} FROM {deputy}"));
    run(&mut as_operator, drop_all);
    create_all_views(&mut as_operator);
    assert_eq!(column(&mut client, granted), ["own", "superusers", "twice"]);
    // A superuser's views are nobody's who is none.
    run(&mut as_operator, drop_all);
    create_all_views(&mut client);
    assert_eq!(column(&mut client, granted), ["superusers"]);

    // All of this stands in a dump.
    let restored = Database::restored(&database.dump());
    let mut there = restored.connect();
    run(&mut there, drop_all);
    create_all_views(&mut restored.connect_as(&operator));
    assert_eq!(column(&mut there, granted), ["own", "superusers", "twice"]);
}

#[test]
fn a_reader_of_a_strange_name_is_a_reader_like_any_other() {
    let database = shop();
    let mut client = database.connect();
    let reader = format!("{} \"strange\"; 'reader'", database.name());
    run(
        &mut client,
        &format!("CREATE ROLE \"{}\" LOGIN", reader.replace('"', "\"\"")),
    );
    client
        .execute("SELECT metabase.grant_reader($1)", &[&reader])
        .expect("the role exists");
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    run(
        &mut database.connect_as(&reader),
        "SELECT * FROM analytics.metabase_brand_analytics; SELECT * FROM metabase.view_status()",
    );
}

#[test]
fn a_reader_that_is_gone_is_in_nobodys_way() {
    let database = shop();
    let mut client = database.connect();
    let reader = database.create_role("gone");
    create_all_views(&mut client);
    run(
        &mut client,
        &format!("SELECT metabase.grant_reader('{reader}'); DROP OWNED BY {reader}; DROP ROLE {reader}"),
    );
    run(
        &mut client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    refresh_all(&mut client);
}

#[test]
fn whom_the_api_was_taken_from_is_no_reader_any_more() {
    let database = shop();
    let mut client = database.connect();
    let reader = database.create_role("former");
    let before = privileges(&mut client, &reader);
    run(&mut client, &format!("SELECT metabase.grant_reader('{reader}')"));
    run(
        &mut client,
        &format!("REVOKE USAGE ON SCHEMA metabase FROM {reader}"),
    );
    create_all_views(&mut client);
    assert_eq!(gained(&before, &privileges(&mut client, &reader)), [""; 0]);
}

// Everybody else

#[test]
fn whoever_was_granted_nothing_can_do_nothing() {
    let database = shop();
    let mut client = database.connect();
    create_all_views(&mut client);
    let nobody = database.create_role("nobody");
    let mut privileges = privileges(&mut client, &nobody);
    privileges.retain(|privilege| !privilege.starts_with("database: "));
    assert_eq!(
        privileges,
        ["schema information_schema: USAGE", "schema public: USAGE"]
    );

    let before = snapshot(&mut client);
    let mut as_nobody = database.connect_as(&nobody);
    let functions = column(
        &mut client,
        "SELECT format('SELECT metabase.%I(%s)', proname, (
             SELECT string_agg(format('NULL::%s', type::regtype), ', ') FROM unnest(proargtypes) AS type
         ))
         FROM pg_proc WHERE pronamespace = 'metabase'::regnamespace",
    );
    assert!(functions.len() >= 13, "{functions:?}");
    let relations = column(
        &mut client,
        "SELECT 'TABLE ' || oid::regclass FROM pg_class
         WHERE relnamespace::regnamespace::text IN ('metabase', 'metabase_internal', 'analytics')
             AND relkind IN ('r', 'v', 'm')",
    );
    assert!(relations.len() >= 23, "{relations:?}");
    let internal = [
        "SELECT metabase_internal.country_code('UK')",
        "SELECT * FROM metabase_internal.sources()",
        "SELECT * FROM metabase_internal.settings()",
        "CREATE VIEW metabase_internal.orders AS SELECT 1 AS a",
        "CREATE VIEW metabase.orders AS SELECT 1 AS a",
        "CREATE VIEW analytics.orders AS SELECT 1 AS a",
    ]
    .map(str::to_owned);
    for refused in functions.iter().chain(&relations).chain(&internal) {
        assert_denied(&mut as_nobody, refused);
    }
    assert_eq!(snapshot(&mut client), before);
}

// Operators

#[test]
fn an_operator_runs_everything_without_superuser() {
    let database = shop();
    let mut client = database.connect();
    let operator = database.create_operator("operator");
    let reader = database.create_role("reader");
    let mut as_operator = database.connect_as(&operator);

    run(
        &mut as_operator,
        r#"SELECT metabase.set_setting('time_zone', 'Europe/Berlin');
           SELECT metabase.map_source('brand', 'core.brands', '{"name": "upper(name)"}', 'segment IS NOT NULL');
           SELECT metabase.unmap_source('supplier');
           SELECT * FROM metabase.detect_sources()"#,
    );
    create_all_views(&mut as_operator);
    run(
        &mut as_operator,
        "SELECT metabase.create_custom_view('mine', 'SELECT status FROM transactions.orders GROUP BY 1', ARRAY['status'])",
    );
    run(&mut client, "DELETE FROM transactions.orders");
    refresh_all(&mut as_operator);
    for view in VIEWS.iter().chain(&["mine"]) {
        assert_eq!(differences(&mut as_operator, view), 0, "{view}");
    }
    for answered in [
        "SELECT * FROM metabase.view_status()",
        "SELECT * FROM metabase.refresh('daily')",
        "SELECT * FROM metabase.refresh_view('mine', 'full')",
        "SELECT * FROM metabase.refresh_history",
        "SELECT * FROM metabase.sources",
        "SELECT * FROM metabase.settings",
    ] {
        assert_ne!(column(&mut as_operator, answered), [""; 0], "{answered}");
    }
    run(
        &mut as_operator,
        &format!("SELECT metabase.grant_reader('{reader}')"),
    );
    run(
        &mut database.connect_as(&reader),
        "SELECT * FROM analytics.metabase_brand_analytics",
    );
    assert_eq!(
        column(
            &mut as_operator,
            "SELECT count(*) FROM metabase.create_all_views(drop_existing => true) WHERE created"
        ),
        ["8"]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT relowner::regrole FROM pg_class
             WHERE (relnamespace = 'analytics'::regnamespace AND relkind = 'm')
                 OR (relnamespace = 'metabase_internal'::regnamespace AND relkind = 'v' AND relname <> 'queue')"
        ),
        [operator.as_str()]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT requested_by FROM metabase.refresh_history"
        ),
        [operator.as_str()]
    );
    run(
        &mut as_operator,
        "SELECT metabase.drop_view(view_name) FROM metabase.view_status()",
    );
    let left: i64 = value(
        &mut client,
        &format!("SELECT count(*) FROM pg_class WHERE relowner = '{operator}'::regrole"),
    );
    assert_eq!(left, 0);
}

/// What nobody may call by default is granted by whoever makes it.
#[test]
fn an_operator_has_views_where_functions_and_types_are_nobodys_by_default() {
    let database = Database::empty();
    let mut client = database.connect();
    run(
        &mut client,
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
         ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;
         CREATE EXTENSION metabase_views",
    );
    database.run_file("demo/schema.sql");
    database.run_file("tests/hand_worked/shop.sql");
    let operator = database.create_operator("operator");
    let mut session = database.connect_as(&operator);
    create_all_views(&mut session);
    refresh_all(&mut session);
    refresh_all(&mut session);
    // Whoever writes to a table has its triggers called.
    let writer = database.create_role("writer");
    run(
        &mut client,
        &format!(
            "GRANT USAGE ON SCHEMA transactions TO {writer};
             GRANT SELECT, UPDATE ON transactions.orders TO {writer}"
        ),
    );
    run(
        &mut database.connect_as(&writer),
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    refresh_all(&mut session);
    assert_eq!(
        column(&mut session, "SELECT DISTINCT mode FROM metabase.view_status()"),
        ["incremental"]
    );
    for view in VIEWS {
        assert_eq!(differences(&mut session, view), 0, "{view}");
    }
}

#[test]
fn an_operator_may_not_touch_what_the_extension_remembers() {
    let database = shop();
    let mut client = database.connect();
    let operator = database.create_operator("operator");
    let mut as_operator = database.connect_as(&operator);
    create_all_views(&mut as_operator);
    refresh_all(&mut as_operator);
    let before = snapshot(&mut client);
    // Facts and rollups are among it, whoever the views belong to that they are for.
    let tables = column(
        &mut client,
        "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'metabase_internal'::regnamespace AND relkind = 'r'",
    );
    for name in [
        "order_queue",
        "size_queue",
        "incremental",
        "view_sync",
        "capture_grant",
        "captured_relation",
        "known_role",
        "setting",
        "sale_fact",
        "brand_rollup",
        "dirty_executive",
    ] {
        assert!(
            tables.contains(&format!("metabase_internal.{name}")),
            "{name}: {tables:?}"
        );
    }
    assert_eq!(tables.len(), 49, "{tables:?}");
    for table in tables {
        for statement in [
            "TABLE {}",
            "DELETE FROM {}",
            "UPDATE {} SET ctid = ctid",
            "INSERT INTO {} SELECT",
            "TRUNCATE {}",
            "DROP TABLE {}",
            "ALTER TABLE {} ADD COLUMN a int",
            "DO $$ BEGIN LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; END $$",
            "CREATE TRIGGER t BEFORE INSERT ON {} EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()",
            "CREATE POLICY p ON {}",
            "CREATE INDEX ON {} ((1))",
            "GRANT SELECT ON {} TO PUBLIC",
        ] {
            let is_allowed = ["TABLE", "GRANT"].iter().any(|verb| statement.starts_with(verb));
            let statement = statement.replace("{}", &table);
            // Adapters read the rates of days as the operator. Whoever may read a table grants that to no effect.
            if is_allowed && table == "metabase_internal.exchange_day" {
                run(&mut as_operator, &statement);
                continue;
            }
            let sqlstate = error_of(&mut as_operator, &statement).sqlstate;
            assert!(
                ["42501", "0A000", "42703"].contains(&sqlstate.code()),
                "{statement}: {sqlstate:?}"
            );
        }
    }
    for statement in [
        "SELECT metabase.grant_operator(current_user)",
        "CREATE FUNCTION metabase.view_status() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION metabase_internal.country_code(country text) RETURNS text LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION metabase_internal.country_code",
        "DROP EXTENSION metabase_views",
        "DROP SCHEMA analytics CASCADE",
        "ALTER SCHEMA analytics RENAME TO other",
        "ALTER SCHEMA metabase_internal RENAME TO other",
    ] {
        assert_denied(&mut as_operator, statement);
    }
    assert_eq!(snapshot(&mut client), before);
}

#[test]
fn nobody_makes_anything_among_what_the_extension_keeps() {
    let database = shop();
    let role = database.create_role("operator");
    run(
        &mut database.connect(),
        &format!("SELECT metabase.grant_operator('{role}')"),
    );
    let mut operator = database.connect_as(&role);
    let attempts = [
        // Each would be in the way of one of the extension's own.
        "CREATE FUNCTION metabase_internal.known_roles(a int DEFAULT 0) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION metabase_internal.country_code(a text, b int DEFAULT 0) RETURNS text LANGUAGE sql AS 'SELECT a'",
        "CREATE TABLE metabase_internal.item_fact (a int)",
        "CREATE TYPE metabase_internal.uuid AS (a int)",
        "ALTER VIEW metabase_internal.orders RENAME TO was",
    ];
    for _ in 0..2 {
        // Adapters are made, and made anew, all the same.
        run(&mut operator, "SELECT metabase.create_all_views(true)");
        for attempt in attempts {
            assert_eq!(
                error_of(&mut operator, attempt).sqlstate.code(),
                "42501",
                "{attempt}"
            );
        }
        refresh_all(&mut operator);
    }
    assert!(!value::<bool>(
        &mut operator,
        "SELECT has_schema_privilege('metabase_internal', 'CREATE')"
    ));
}

#[test]
fn making_an_operator_hands_it_what_a_superuser_had_created() {
    let database = shop();
    let mut client = database.connect();
    create_all_views(&mut client);
    let operator = database.create_role("operator");
    let message = column(
        &mut client,
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    assert!(
        message[0].ends_with("; it owns the 8 views that a superuser had created"),
        "{message:?}"
    );
    let mut as_operator = database.connect_as(&operator);
    run(&mut client, "DELETE FROM transactions.orders");
    let rows = refreshed(&mut as_operator, "refresh('all')");
    assert_eq!(completed_and_failed(&rows), (VIEWS.to_vec(), vec![]));
    run(
        &mut as_operator,
        "SELECT * FROM metabase.create_all_views(drop_existing => true);
         SELECT metabase.drop_view(view_name) FROM metabase.view_status()",
    );
    create_all_views(&mut as_operator);

    // A second one does not take them from the first.
    let second = database.create_role("second");
    let message = column(
        &mut client,
        &format!("SELECT metabase.grant_operator('{second}')"),
    );
    assert!(!message[0].contains("it owns"), "{message:?}");
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'analytics'::regnamespace"
        ),
        [operator.as_str()]
    );
}

#[test]
fn making_an_operator_says_which_tables_it_may_have_captured_besides() {
    let database = shop();
    let mut client = database.connect();
    let operator = database.create_role("operator");
    let grant = format!("SELECT metabase.grant_operator('{operator}')");
    // The demo's brands are its own no more, once it has mapped them elsewhere.
    let besides =
        "; triggers may note the keys of changed rows also in core.brands, hr.people, which it may read";
    run(
        &mut client,
        &format!(
            "CREATE SCHEMA hr; CREATE TABLE hr.people (id uuid PRIMARY KEY, name text);
             GRANT USAGE ON SCHEMA hr TO {operator}; GRANT SELECT ON hr.people TO {operator}"
        ),
    );
    let answer: String = value(&mut client, &grant);
    assert!(!answer.contains("hr.people"), "{answer}");
    run(
        &mut database.connect_as(&operator),
        "SELECT metabase.map_source('brand', 'hr.people')",
    );
    let answer: String = value(&mut client, &grant);
    assert!(answer.ends_with(besides), "{answer}");
}

#[test]
fn a_superuser_refreshes_and_reads_the_status_of_an_operators_views() {
    let database = shop();
    let mut client = database.connect();
    let operator = database.create_operator("operator");
    create_all_views(&mut database.connect_as(&operator));
    run(&mut client, "DELETE FROM transactions.orders");
    refresh_all(&mut client);
    assert_eq!(
        column(
            &mut client,
            "SELECT row_count FROM metabase.view_status('metabase_brand_analytics')"
        ),
        ["0"]
    );
}

// An operator that wants more than it was given. Each test leaves a trap where somebody with more privileges is going to
// step, and looks whether the trap's code ever ran with these.

/// A shop with an operator that has made functions of its own, which note whom they run as. What a sequence has counted
/// stays counted, even if the transaction rolls back.
struct OperatorsTrap {
    database: Database,
    operator: String,
    superuser: Client,
    attacker: Client,
}

impl OperatorsTrap {
    fn set() -> OperatorsTrap {
        let database = shop();
        let operator = database.create_role("attacker");
        let mut superuser = database.connect();
        run(
            &mut superuser,
            &format!(
                "SELECT metabase.grant_operator('{operator}');
                 CREATE SCHEMA trap AUTHORIZATION {operator};
                 -- More than operators are given: what it could put there must not run either.
                 GRANT CREATE ON SCHEMA metabase_internal TO {operator};
                 SET ROLE {operator};
                 CREATE SEQUENCE trap.ran;
                 CREATE SEQUENCE trap.ran_as_superuser;
                 CREATE FUNCTION trap.note() RETURNS void LANGUAGE plpgsql AS $$
                 BEGIN
                     PERFORM nextval('trap.ran');
                     IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
                         PERFORM nextval('trap.ran_as_superuser');
                     END IF;
                 END $$;
                 -- Immutable by its own word: the planner may run it, and an index may store it.
                 CREATE FUNCTION trap.value(anyelement) RETURNS anyelement IMMUTABLE LANGUAGE plpgsql AS $$
                 BEGIN
                     PERFORM trap.note();
                     RETURN $1;
                 END $$;
                 RESET ROLE"
            ),
        );
        let attacker = database.connect_as(&operator);
        OperatorsTrap {
            database,
            operator,
            superuser,
            attacker,
        }
    }

    /// A new session as superuser, which has nothing cached.
    fn superuser(&self) -> Client {
        self.database.connect()
    }

    /// The trap's code can run, and never has as superuser.
    #[track_caller]
    fn assert_never_ran_as_superuser(&mut self) {
        let [ran, as_superuser] = ["ran", "ran_as_superuser"].map(|sequence| {
            value::<bool>(
                &mut self.superuser,
                &format!("SELECT is_called FROM trap.{sequence}"),
            )
        });
        assert!(
            ran,
            "the trap was never set off by anybody: this test tests nothing"
        );
        assert!(!as_superuser, "the operator's function ran as superuser");
    }

    /// The operator maps a column to a function of its own, which is not run by that.
    fn map(&mut self) {
        run(
            &mut self.attacker,
            r#"SELECT trap.value('x'::text);
               SELECT metabase.map_source(
                   'category', 'products.categories', $${"name": "trap.value('x'::text) || trap.value(name::text)"}$$
               )"#,
        );
    }
}

#[test]
fn the_trap_of_these_tests_works() {
    let mut trap = OperatorsTrap::set();
    run(&mut trap.superuser, "SELECT trap.value(1)");
    let caught: bool = value(&mut trap.superuser, "SELECT is_called FROM trap.ran_as_superuser");
    assert!(caught);
}

#[test]
fn views_over_an_operators_mapping_are_not_created_by_a_superuser() {
    let mut trap = OperatorsTrap::set();
    trap.map();
    let before = snapshot(&mut trap.superuser);
    let operator = &trap.operator;
    let message = format!(
        "the mapping of entity \"category\" was made by role \"{operator}\", and its expressions would run with the \
         privileges of \"postgres\""
    );
    let hint = format!(
        "Create the views as that role (SET ROLE \"{operator}\"), or look the mapping over in metabase.sources and have a \
         superuser map entity \"category\" again or forget it."
    );
    for call in [
        "SELECT * FROM metabase.create_all_views()",
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
        "SELECT * FROM metabase.create_view('metabase_brand_analytics')",
    ] {
        assert_error(
            &error_of(&mut trap.superuser(), call),
            "42501",
            &message,
            Some(&hint),
        );
    }
    assert_eq!(snapshot(&mut trap.superuser), before);
    trap.assert_never_ran_as_superuser();

    // As the hint says:
    let mut as_that_role = trap.superuser();
    run(&mut as_that_role, &format!("SET ROLE {}", trap.operator));
    create_all_views(&mut as_that_role);
    trap.assert_never_ran_as_superuser();
}

#[test]
fn a_superuser_can_look_an_operators_mapping_over_without_running_it() {
    let mut trap = OperatorsTrap::set();
    trap.map();
    let mapped = column(
        &mut trap.superuser(),
        "SELECT note FROM metabase.sources WHERE entity = 'category' AND column_name = 'name'",
    );
    assert_eq!(
        mapped,
        ["mapped to trap.value('x'::text) || trap.value(name::text)"]
    );
    trap.assert_never_ran_as_superuser();
}

#[test]
fn an_operators_mapping_does_not_run_as_another_operator_either() {
    let mut trap = OperatorsTrap::set();
    let other = trap.database.create_role("other");
    run(
        &mut trap.superuser,
        &format!("SELECT metabase.grant_operator('{other}'); GRANT USAGE ON SCHEMA trap TO {other}"),
    );
    run(
        &mut trap.attacker,
        &format!(
            "CREATE SEQUENCE trap.ran_as_other;
             GRANT ALL ON ALL SEQUENCES IN SCHEMA trap TO PUBLIC;
             CREATE OR REPLACE FUNCTION trap.note() RETURNS void LANGUAGE plpgsql AS $$
             BEGIN
                 IF current_user = '{other}' THEN
                     PERFORM nextval('trap.ran_as_other');
                 END IF;
             END $$"
        ),
    );
    trap.map();
    let mut as_other = trap.database.connect_as(&other);
    column(&mut as_other, "SELECT count(*) FROM metabase.sources");
    error_of(&mut as_other, "SELECT * FROM metabase.create_all_views()");
    let ran: bool = value(&mut trap.superuser, "SELECT is_called FROM trap.ran_as_other");
    assert!(!ran);
}

#[test]
fn what_the_views_are_made_from_is_decided_by_who_may_act_as_their_owner() {
    let database = shop();
    let mut client = database.connect();
    let [operator, stranger, deputy] =
        ["operator", "stranger", "deputy"].map(|purpose| database.create_role(purpose));
    run(
        &mut client,
        &format!(
            "SELECT metabase.grant_operator('{operator}');
             SELECT metabase.grant_operator('{stranger}');
             SELECT metabase.grant_operator('{deputy}');
             GRANT {operator} TO {deputy}"
        ),
    );
    let [mut as_operator, mut as_stranger, mut as_deputy] =
        [&operator, &stranger, &deputy].map(|role| database.connect_as(role));
    const CHANGES: [&str; 6] = [
        "SELECT metabase.map_source('supplier', NULL)",
        "SELECT metabase.unmap_source('supplier')",
        "SELECT metabase.map_source('brand', 'core.brands', '{\"name\": \"upper(name)\"}')",
        "SELECT metabase.unmap_source('brand')",
        "SELECT metabase.set_setting('time_zone', 'Asia/Tokyo')",
        "SELECT metabase.set_setting('time_zone', NULL)",
    ];
    // Before there are views, all may prepare for theirs.
    for change in CHANGES {
        for session in [&mut as_stranger, &mut as_deputy, &mut as_operator, &mut client] {
            run(session, &format!("BEGIN; {change}; ROLLBACK"));
        }
    }
    // But nobody takes back what somebody else has said.
    run(&mut as_operator, CHANGES[2]);
    for change in [CHANGES[2], CHANGES[3]] {
        assert_error(
            &error_of(&mut as_stranger, change),
            "42501",
            &format!(
                "the mapping of entity \"brand\" was made by role \"{operator}\", and \"{stranger}\" may not act as that role"
            ),
            Some(&format!(
                "Change it as that role (SET ROLE \"{operator}\") or as a superuser."
            )),
        );
        for session in [&mut as_deputy, &mut as_operator, &mut client] {
            run(session, &format!("BEGIN; {change}; ROLLBACK"));
        }
    }

    create_all_views(&mut as_operator);
    let remembered = "
        SELECT mapping::text FROM metabase_internal.source_mapping AS mapping
        UNION ALL SELECT setting::text FROM metabase_internal.setting AS setting
        ORDER BY 1";
    let before = column(&mut client, remembered);
    for change in CHANGES {
        assert_error(
            &error_of(&mut as_stranger, change),
            "42501",
            &format!("the views belong to role \"{operator}\", and \"{stranger}\" may not act as that role"),
            Some(&format!("Do this as their owner: SET ROLE \"{operator}\";")),
        );
        for session in [&mut as_deputy, &mut as_operator, &mut client] {
            run(session, &format!("BEGIN; {change}; ROLLBACK"));
        }
    }
    assert_eq!(column(&mut client, remembered), before);
    run(
        &mut as_operator,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
}

#[test]
fn making_another_operator_does_not_run_the_first_ones_mapping() {
    let mut trap = OperatorsTrap::set();
    trap.map();
    let second = trap.database.create_role("second");
    run(
        &mut trap.superuser(),
        &format!("SELECT metabase.grant_operator('{second}')"),
    );
    trap.assert_never_ran_as_superuser();
}

#[test]
fn an_operator_cannot_widen_what_it_may_read_by_mapping_it() {
    let mut trap = OperatorsTrap::set();
    run(
        &mut trap.superuser,
        &format!(
            "CREATE SCHEMA hr;
             CREATE TABLE hr.staff (id int PRIMARY KEY, name text, salary numeric);
             GRANT USAGE ON SCHEMA hr TO {0};
             GRANT SELECT (id, name) ON hr.staff TO {0}",
            trap.operator
        ),
    );
    run(
        &mut trap.attacker,
        "SELECT metabase.map_source('category', 'hr.staff')",
    );
    let before = privileges(&mut trap.superuser, &trap.operator);
    let another = trap.database.create_role("another");
    for role in [&trap.operator.clone(), &another] {
        run(
            &mut trap.superuser(),
            &format!("SELECT metabase.grant_operator('{role}')"),
        );
    }
    let staff = |privileges: &[String]| -> Vec<String> {
        privileges
            .iter()
            .filter(|privilege| privilege.contains("hr"))
            .cloned()
            .collect()
    };
    assert_eq!(
        staff(&privileges(&mut trap.superuser, &trap.operator)),
        staff(&before)
    );
    assert_eq!(staff(&privileges(&mut trap.superuser, &another)), [""; 0]);
}

#[test]
fn a_mapping_runs_as_the_views_owner_when_a_superuser_refreshes() {
    let mut trap = OperatorsTrap::set();
    trap.map();
    create_all_views(&mut trap.attacker);
    refresh_all(&mut trap.superuser());
    trap.assert_never_ran_as_superuser();
}

#[test]
fn an_adapter_that_its_owner_replaced_runs_as_the_views_owner() {
    let mut trap = OperatorsTrap::set();
    create_all_views(&mut trap.attacker);
    run(
        &mut trap.attacker,
        "CREATE OR REPLACE VIEW metabase_internal.categories AS
         SELECT id, trap.value(name::text) AS name FROM products.categories",
    );
    refresh_all(&mut trap.superuser());
    trap.assert_never_ran_as_superuser();
    // A superuser does not build upon it.
    run(
        &mut trap.attacker,
        "SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    let error = error_of(&mut trap.superuser(), "SELECT * FROM metabase.create_all_views()");
    let operator = &trap.operator;
    assert_error(
        &error,
        "42501",
        &format!(
            "adapter metabase_internal.orders belongs to role \"{operator}\", so that what it shows is not in the hands of \
             \"postgres\""
        ),
        Some(&format!(
            "Create the views as that role (SET ROLE \"{operator}\"), or drop the views first, one by one, with \
             metabase.drop_view(view_name, cascade => false)."
        )),
    );
    // As the hint says:
    run(
        &mut trap.superuser,
        "SELECT metabase.drop_view(view_name, cascade => false) FROM metabase.view_status() WHERE \"exists\"",
    );
    create_all_views(&mut trap.superuser());
    trap.assert_never_ran_as_superuser();
}

#[test]
fn an_adapter_that_an_operator_made_beforehand_is_not_used() {
    let mut trap = OperatorsTrap::set();
    run(
        &mut trap.attacker,
        "CREATE VIEW metabase_internal.categories AS
         SELECT id, trap.value(name::text) AS name FROM products.categories WHERE trap.value(true);
         SELECT FROM metabase_internal.categories",
    );
    create_all_views(&mut trap.superuser());
    refresh_all(&mut trap.superuser());
    trap.assert_never_ran_as_superuser();
    assert_eq!(owners_of_adapters(&mut trap.superuser), ["postgres"]);
}

#[test]
fn an_adapter_that_an_operator_makes_unseen_by_an_older_snapshot_is_not_used() {
    let mut trap = OperatorsTrap::set();
    let mut superuser = trap.superuser();
    run(&mut superuser, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    column(&mut superuser, "SELECT 1");
    // The columns are those of the real one, so that it could be replaced in place and would stay the operator's.
    run(
        &mut trap.attacker,
        "CREATE VIEW metabase_internal.categories AS SELECT id, name::text AS name FROM products.categories",
    );
    // Whether this is an error or not: nobody but its creator owns what the views read.
    if superuser
        .batch_execute("SELECT * FROM metabase.create_all_views()")
        .is_ok()
    {
        run(&mut superuser, "COMMIT");
        assert_eq!(owners_of_adapters(&mut trap.superuser), ["postgres"]);
    }
}

#[test]
fn adapters_that_changed_hands_unseen_by_an_older_snapshot_are_not_used() {
    let mut trap = OperatorsTrap::set();
    run(
        &mut trap.superuser,
        "SELECT * FROM metabase.create_view('metabase_brand_analytics')",
    );
    let mut old = trap.superuser();
    run(&mut old, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    column(&mut old, "SELECT 1");
    // To that transaction the adapters are a superuser's still, and a view that reads them is there.
    let definitions = column(
        &mut trap.superuser,
        "SELECT format('CREATE VIEW metabase_internal.%I AS %s', viewname, definition)
         FROM pg_views WHERE schemaname = 'metabase_internal' AND viewname <> 'queue'",
    );
    run(
        &mut trap.superuser,
        "SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    for definition in definitions {
        run(&mut trap.attacker, &definition);
    }
    run(
        &mut trap.attacker,
        "CREATE OR REPLACE VIEW metabase_internal.categories AS
         SELECT id, trap.value(name::text) AS name FROM products.categories;
         SELECT * FROM metabase_internal.categories",
    );
    let _ = old.batch_execute("SELECT * FROM metabase.create_all_views()");
    let _ = old.batch_execute("COMMIT");
    trap.assert_never_ran_as_superuser();
}

#[test]
fn an_operators_view_in_the_place_of_one_of_the_seven_is_not_built_upon() {
    let mut trap = OperatorsTrap::set();
    run(
        &mut trap.attacker,
        "CREATE VIEW analytics.metabase_brand_analytics AS SELECT 1 AS a WHERE trap.value(true);
         SELECT FROM analytics.metabase_brand_analytics",
    );
    let mut superuser = trap.superuser();
    for call in [
        "SELECT * FROM metabase.create_all_views()",
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
        "SELECT * FROM metabase.refresh('all')",
        "SELECT * FROM metabase.view_status()",
    ] {
        run(&mut superuser, call);
    }
    error_of(
        &mut superuser,
        "SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    let reader = trap.database.create_role("reader");
    run(
        &mut superuser,
        &format!("SELECT metabase.grant_reader('{reader}')"),
    );
    trap.assert_never_ran_as_superuser();
}

#[test]
fn an_index_of_an_operators_own_is_not_built_by_a_superuser() {
    let mut trap = OperatorsTrap::set();
    create_all_views(&mut trap.attacker);
    run(
        &mut trap.attacker,
        "CREATE INDEX expression ON analytics.metabase_brand_analytics (trap.value(brand_name));
         CREATE INDEX predicate ON analytics.metabase_platform_performance (platform_id)
         WHERE trap.value(total_orders) > 0",
    );
    let mut superuser = trap.superuser();
    // Whether it is refused or done: none of the operator's code runs.
    let _ = superuser.batch_execute("SELECT * FROM metabase.create_all_views(drop_existing => true)");
    let _ = superuser.batch_execute("SELECT * FROM metabase.refresh('all')");
    trap.assert_never_ran_as_superuser();
}

#[test]
fn an_index_of_an_operators_own_does_not_run_when_the_status_is_asked_for() {
    let mut trap = OperatorsTrap::set();
    create_all_views(&mut trap.attacker);
    // The planner computes the constant part of a predicate whenever it looks at the relation.
    run(
        &mut trap.attacker,
        "CREATE INDEX predicate ON analytics.metabase_brand_analytics (brand_id) WHERE trap.value(true);
         CREATE INDEX expression ON analytics.metabase_brand_analytics ((trap.value(1) + total_sales))",
    );
    // In a new session, in which nothing of it is cached, and whoever asks.
    let operator = trap.operator.clone();
    column(
        &mut trap.database.connect_as(&operator),
        "SELECT row_count FROM metabase.view_status('metabase_brand_analytics')",
    );
    column(
        &mut trap.superuser(),
        "SELECT row_count FROM metabase.view_status()",
    );
    trap.assert_never_ran_as_superuser();
}

#[test]
fn a_view_that_takes_a_matviews_name_unseen_by_an_older_snapshot_does_not_run_when_the_status_is_asked_for() {
    let mut trap = OperatorsTrap::set();
    create_all_views(&mut trap.attacker);
    let operator = trap.operator.clone();
    let mut old = trap.database.connect_as(&operator);
    run(&mut old, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    column(&mut old, "SELECT 1");
    run(
        &mut trap.attacker,
        "ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics RENAME TO aside;
         CREATE VIEW analytics.metabase_brand_analytics AS SELECT 1 AS a WHERE trap.value(true);
         SELECT FROM analytics.metabase_brand_analytics",
    );
    let _ = old.batch_execute("SELECT * FROM metabase.view_status('metabase_brand_analytics')");
    trap.assert_never_ran_as_superuser();
}

#[test]
fn a_custom_view_of_an_operators_is_not_made_by_a_superuser() {
    let mut trap = OperatorsTrap::set();
    run(
        &mut trap.attacker,
        "SELECT metabase.create_custom_view(
             'mine', 'SELECT trap.value(1) AS a', ARRAY['a'], indexes => ARRAY['trap.value(a)']
         )",
    );
    let refused = |trap: &mut OperatorsTrap, call: &str| {
        let error = error_of(&mut trap.superuser(), call);
        let operator = &trap.operator;
        assert_error(
            &error,
            "42501",
            &format!("materialized view analytics.mine belongs to role \"{operator}\""),
            Some(&format!("Do this as its owner: SET ROLE \"{operator}\";")),
        );
    };
    refused(
        &mut trap,
        "SELECT * FROM metabase.create_view('mine', drop_existing => true)",
    );
    assert_eq!(refresh_view(&mut trap.superuser(), "mine").status, "completed");
    run(&mut trap.attacker, "DROP MATERIALIZED VIEW analytics.mine");
    refused(&mut trap, "SELECT * FROM metabase.create_view('mine')");
    run(&mut trap.superuser(), "SELECT * FROM metabase.create_all_views()");
    trap.assert_never_ran_as_superuser();
}

#[test]
fn what_an_operator_hid_in_the_search_path_is_not_found() {
    let mut trap = OperatorsTrap::set();
    run(
        &mut trap.superuser,
        &format!("GRANT CREATE ON SCHEMA public TO {}", trap.operator),
    );
    // Functions and operators with the names of those that definitions, adapters and our own queries use.
    run(
        &mut trap.attacker,
        "CREATE FUNCTION public.lower(varchar) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT trap.value('x'::text) $$;
         CREATE FUNCTION public.round(numeric, bigint) RETURNS numeric IMMUTABLE LANGUAGE sql
             AS $$ SELECT trap.value($1) $$;
         CREATE FUNCTION metabase_internal.country_code(varchar) RETURNS text IMMUTABLE LANGUAGE sql
             AS $$ SELECT trap.value('x'::text) $$;
         CREATE FUNCTION public.same(uuid, uuid) RETURNS boolean LANGUAGE sql
             AS $$ SELECT trap.value(true) $$;
         CREATE OPERATOR public.= (FUNCTION = public.same, LEFTARG = uuid, RIGHTARG = uuid);
         SELECT public.lower('x'::varchar)",
    );
    let mut superuser = trap.superuser();
    run(
        &mut superuser,
        "SET search_path = public, metabase_internal, pg_catalog",
    );
    create_all_views(&mut superuser);
    refresh_all(&mut superuser);
    run(
        &mut superuser,
        "SELECT * FROM metabase.view_status();
         SELECT * FROM metabase.sources;
         SELECT * FROM metabase.create_all_views(drop_existing => true);
         SELECT metabase.drop_view(view_name) FROM metabase.view_status()",
    );
    trap.assert_never_ran_as_superuser();
}

#[test]
fn temporary_objects_are_not_found_in_the_place_of_ours() {
    let mut trap = OperatorsTrap::set();
    run(
        &mut trap.attacker,
        "CREATE TEMPORARY VIEW pg_class AS SELECT 1 AS a WHERE trap.value(true);
         CREATE TEMPORARY VIEW pg_roles AS SELECT 1 AS a WHERE trap.value(true);
         SELECT FROM pg_temp.pg_class;
         SET search_path = pg_temp, pg_catalog",
    );
    create_all_views(&mut trap.attacker);
    refresh_all(&mut trap.attacker);
    run(&mut trap.attacker, "SELECT * FROM metabase.view_status()");
    trap.assert_never_ran_as_superuser();
}

#[test]
fn a_view_that_is_only_found_by_its_name_is_not_read_if_a_stranger_could_have_put_it_there() {
    plant(
        "CREATE VIEW catalog.sizes AS SELECT gen_random_uuid() AS id, trap.value('x'::text) AS value WHERE trap.value(true);
         SELECT FROM catalog.sizes",
    );
}

#[test]
fn a_table_that_is_only_found_by_its_name_is_not_read_if_a_stranger_could_have_put_it_there() {
    // The planner computes the constant part of an index's predicate.
    plant(
        "CREATE TABLE catalog.sizes (id uuid PRIMARY KEY, value text);
         CREATE INDEX ON catalog.sizes (value) WHERE trap.value(true);
         INSERT INTO catalog.sizes VALUES (gen_random_uuid(), 'x')",
    );
}

#[test]
fn a_cast_that_a_stranger_has_made_does_not_run() {
    // Adapters cast to text, and the owner of a type says what a cast of it does.
    plant(
        "CREATE TYPE trap.size AS ENUM ('x');
         CREATE FUNCTION trap.text(trap.size) RETURNS text LANGUAGE sql AS $$ SELECT trap.value('x'::text) $$;
         CREATE CAST (trap.size AS text) WITH FUNCTION trap.text(trap.size);
         CREATE TABLE catalog.sizes (id uuid, value trap.size);
         INSERT INTO catalog.sizes VALUES (gen_random_uuid(), 'x');
         SELECT value::text FROM catalog.sizes",
    );
}

/// Whoever may make schemas makes one that detection looks into, with this in it; a superuser creates the views. The shop
/// itself keeps no table of sizes.
#[track_caller]
fn plant(sizes: &str) {
    let mut trap = OperatorsTrap::set();
    run(
        &mut trap.superuser,
        &format!(
            "GRANT CREATE ON DATABASE {} TO {}",
            trap.database.name(),
            trap.operator
        ),
    );
    run(
        &mut trap.attacker,
        &format!("CREATE SCHEMA catalog; GRANT USAGE ON SCHEMA catalog TO PUBLIC; {sizes}"),
    );
    let mut superuser = trap.superuser();
    // Whether it is refused or left out.
    let _ = superuser.batch_execute("SELECT * FROM metabase.create_all_views()");
    let _ = superuser.batch_execute("SELECT * FROM metabase.refresh('all')");
    trap.assert_never_ran_as_superuser();
}

/// Who owns the adapters.
fn owners_of_adapters(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT DISTINCT relowner::regrole FROM pg_class
         WHERE relnamespace = 'metabase_internal'::regnamespace AND relkind = 'v' AND relname <> 'queue'",
    )
}
