//! Expressions and queries are looked at without running what somebody else has tied to them, and a name is no reason to trust
//! what bears it.

use postgres::Client;

use super::trap::Trap;
use crate::cluster::{Database, create_all_views, error_of, value};
use crate::rows::rows;
use crate::shop::{assert_error, run, shop_with_views};

/// A shop whose tables belong to a role of its own, which may make functions that note whom they run as. They take a session's
/// advisory lock for that: it is there after any error and in a read-only transaction, too.
struct OwnedShop {
    database: Database,
    owner: String,
    operator: String,
    superuser: Client,
}

/// What a superuser says of that shop: expressions over columns, literals, a function of the shop's and a subquery.
const MAPPING: &str = r#"
    SELECT metabase.map_source('order', 'shop.sales', $${
        "status": "lower(source.state)",
        "stock_item_id": "item",
        "platform_fee": "shop.price(1)",
        "city": "(SELECT max(stock.id) FROM shop.stock AS stock WHERE stock.id = source.item)",
        "payout_received": "source.list = '{1}'",
        "is_completed": "source.pair = '(1)'::shop.pair OR source.span = '[1,2)' OR source.state = 'completed'"
    }$$, 'source.state <> ''test''');
    SELECT metabase.map_source('stock_item', 'shop.stock', '{"size": "source.size || ''!''"}');"#;

impl OwnedShop {
    /// The tables, and nothing of the owner's that would run by itself.
    fn unmapped() -> OwnedShop {
        let database = Database::with_extension();
        let (owner, operator) = (database.create_role("shop"), database.create_role("operator"));
        let mut superuser = database.connect();
        run(
            &mut superuser,
            &format!(
                "CREATE SCHEMA shop AUTHORIZATION {owner};
                 GRANT USAGE ON SCHEMA shop TO PUBLIC;
                 SET SESSION AUTHORIZATION {owner};
                 CREATE FUNCTION shop.note() RETURNS void LANGUAGE sql AS $$
                     SELECT pg_advisory_lock(4711, current_user::regrole::oid::integer)
                 $$;
                 CREATE FUNCTION shop.evil(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
                 BEGIN PERFORM shop.note(); RETURN true; END $$;
                 CREATE FUNCTION shop.evil(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
                 BEGIN PERFORM shop.note(); RETURN true; END $$;
                 CREATE FUNCTION shop.price(integer) RETURNS numeric IMMUTABLE LANGUAGE sql RETURN $1;
                 CREATE TYPE shop.pair AS (number integer);
                 CREATE TABLE shop.sales (id text PRIMARY KEY, item text, state text, sold_at timestamptz, gross_sale numeric,
                     list integer[], pair shop.pair, span int4range);
                 CREATE TABLE shop.stock (id text PRIMARY KEY, product_id text, size text);
                 INSERT INTO shop.stock VALUES ('i', 'p', 'm');
                 INSERT INTO shop.sales VALUES ('o', 'i', 'completed', now(), 10);
                 RESET SESSION AUTHORIZATION"
            ),
        );
        OwnedShop {
            database,
            owner,
            operator,
            superuser,
        }
    }

    /// The shop mapped by a superuser, with views that belong to an operator.
    fn with_views() -> OwnedShop {
        let mut shop = OwnedShop::unmapped();
        run(&mut shop.superuser, MAPPING);
        run(
            &mut shop.superuser,
            &format!("SELECT metabase.grant_operator('{}')", shop.operator),
        );
        let mut operator = shop.database.connect_as(&shop.operator);
        create_all_views(&mut operator);
        run(&mut operator, "SELECT * FROM metabase.refresh('all')");
        shop
    }

    /// Who runs the shop's functions in a call of a role's, whose session has settings that a database's owner may give it.
    fn who_ran(&self, role: &str, call: &str) -> Option<String> {
        let mut session = self.database.connect_as(role);
        run(
            &mut session,
            "SET search_path = shop, pg_catalog; SET constraint_exclusion = on",
        );
        // Whether it is refused or not: what is planted may not fit any more.
        let _ = session.batch_execute(call);
        ran_as(&mut session)
    }

    /// Fails where a role that looks runs anything.
    fn look(&self, role: &str, plant: &str) {
        for call in LOOKS {
            assert_eq!(self.who_ran(role, call), None, "{plant}: {call} as {role}");
        }
    }

    /// Runs statements as the shop's owner.
    fn plant(&self, statements: &str) {
        run(&mut self.database.connect_as(&self.owner), statements);
    }
}

/// Who has run the shop's functions in this session, and forgets it.
fn ran_as(session: &mut Client) -> Option<String> {
    let roles = value(
        session,
        "SELECT string_agg(DISTINCT objid::regrole::text, ', ') FROM pg_locks
         WHERE locktype = 'advisory' AND classid = 4711 AND pid = pg_backend_pid()",
    );
    run(session, "SELECT pg_advisory_unlock_all()");
    roles
}

/// A way to have one's own code run by others: its name, what the owner of the shop does, and a statement that is caught by it, so
/// that the test is one.
type Plant = (&'static str, &'static str, &'static str);

const READING: &str = "SELECT * FROM shop.sales WHERE id = 'x'";

const PLANTS: &[Plant] = &[
    ("an index's predicate", "CREATE INDEX ON shop.sales (id) WHERE shop.evil(1)", READING),
    ("an index's expression", "CREATE INDEX ON shop.sales ((shop.evil(1)))", READING),
    (
        "an expression of extended statistics",
        "CREATE STATISTICS shop.statistics ON (shop.evil(1)), state FROM shop.sales",
        READING,
    ),
    (
        "a table's constraint",
        "ALTER TABLE shop.sales ADD CHECK (shop.evil(1))",
        "SET constraint_exclusion = on; SELECT * FROM shop.sales WHERE id = 'x'",
    ),
    (
        "a partition's constraint",
        "ALTER TABLE shop.sales RENAME TO part; ALTER TABLE shop.part ADD CHECK (shop.evil(1));
         CREATE TABLE shop.sales (LIKE shop.part) PARTITION BY LIST (id);
         ALTER TABLE shop.sales ATTACH PARTITION shop.part DEFAULT",
        READING,
    ),
    (
        "a policy",
        "CREATE POLICY policy ON shop.sales USING (shop.evil(1)); ALTER TABLE shop.sales ENABLE ROW LEVEL SECURITY",
        "SET ROLE :operator; SELECT * FROM shop.sales WHERE id = 'x'; RESET ROLE",
    ),
    (
        "a view in the place of a table",
        "ALTER TABLE shop.sales RENAME TO base;
         CREATE VIEW shop.sales AS SELECT * FROM shop.base WHERE shop.evil(1)",
        READING,
    ),
    (
        "a rule's view with columns that call",
        "ALTER TABLE shop.stock RENAME TO base;
         CREATE VIEW shop.stock AS SELECT id, product_id, shop.evil(1)::text AS size FROM shop.base",
        "SELECT * FROM shop.stock",
    ),
    (
        "a function that is mapped",
        "CREATE OR REPLACE FUNCTION shop.price(integer) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS $$
         BEGIN PERFORM shop.note(); RETURN 1; END $$",
        "SELECT shop.price(1)",
    ),
    (
        "a function that is mapped and inlined",
        "CREATE OR REPLACE FUNCTION shop.price(integer) RETURNS numeric IMMUTABLE LANGUAGE sql RETURN shop.evil(1)::integer",
        "SELECT shop.price(1)",
    ),
    (
        "the default of an argument",
        "DROP FUNCTION shop.price;
         CREATE FUNCTION shop.price(integer, boolean DEFAULT shop.evil(1)) RETURNS numeric IMMUTABLE LANGUAGE sql RETURN 1",
        "SELECT shop.price(1)",
    ),
    (
        "a list of a domain",
        "CREATE DOMAIN shop.number AS integer CHECK (shop.evil(VALUE));
         ALTER TABLE shop.sales ALTER list TYPE shop.number[]",
        "SELECT FROM shop.sales WHERE list = '{1}'",
    ),
    (
        "a row with a domain",
        "CREATE DOMAIN shop.number AS integer CHECK (shop.evil(VALUE));
         ALTER TABLE shop.sales DROP pair; DROP TYPE shop.pair; CREATE TYPE shop.pair AS (number shop.number);
         ALTER TABLE shop.sales ADD pair shop.pair",
        "SELECT FROM shop.sales WHERE pair = '(1)'::shop.pair",
    ),
    (
        "a range of a domain",
        "CREATE DOMAIN shop.number AS integer CHECK (shop.evil(VALUE));
         CREATE TYPE shop.numbers AS RANGE (subtype = shop.number);
         ALTER TABLE shop.sales DROP span, ADD span shop.numbers",
        "SELECT FROM shop.sales WHERE span = '[1,2)'",
    ),
    (
        "a domain whose CHECK calls through a function of PostgreSQL's own",
        "CREATE DOMAIN shop.number AS integer
             CHECK (query_to_xml('SELECT shop.note()', true, true, '') IS NOT NULL);
         ALTER TABLE shop.sales ALTER list TYPE shop.number[]",
        "SELECT FROM shop.sales WHERE list = '{1}'",
    ),
    (
        "a type with a cast to text",
        "CREATE TYPE shop.size AS ENUM ('m');
         CREATE FUNCTION shop.text(shop.size) RETURNS text IMMUTABLE LANGUAGE sql RETURN shop.evil(1)::text;
         CREATE CAST (shop.size AS text) WITH FUNCTION shop.text(shop.size) AS IMPLICIT;
         ALTER TABLE shop.stock ALTER size TYPE shop.size USING size::shop.size",
        "SELECT size::text FROM shop.stock",
    ),
    (
        "an operator on a type",
        "CREATE TYPE shop.size AS ENUM ('m');
         CREATE FUNCTION shop.joined(shop.size, text) RETURNS text IMMUTABLE LANGUAGE sql RETURN shop.evil(1)::text;
         CREATE OPERATOR shop.|| (FUNCTION = shop.joined, LEFTARG = shop.size, RIGHTARG = text);
         ALTER TABLE shop.stock ALTER size TYPE shop.size USING size::shop.size",
        "SELECT size OPERATOR(shop.||) 'x'::text FROM shop.stock",
    ),
    (
        "a generated column and a default",
        "ALTER TABLE shop.stock DROP size;
         ALTER TABLE shop.stock ADD size text GENERATED ALWAYS AS (shop.evil(1)::text) STORED,
                                ADD color text DEFAULT shop.evil(1)::text",
        "INSERT INTO shop.stock VALUES ('j', 'p')",
    ),
    (
        "functions and operators in front of PostgreSQL's own",
        "CREATE FUNCTION shop.differ(text, text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
         BEGIN PERFORM shop.note(); RETURN true; END $$;
         CREATE FUNCTION shop.lower(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
         BEGIN PERFORM shop.note(); RETURN $1; END $$;
         CREATE OPERATOR shop.<> (FUNCTION = shop.differ, LEFTARG = text, RIGHTARG = text)",
        "SELECT shop.lower('X')",
    ),
];

/// What only looks: it runs nothing of anybody's, whoever calls it.
const LOOKS: &[&str] = &[
    "SELECT * FROM metabase.sources",
    "SELECT * FROM metabase.detect_sources()",
    MAPPING,
    "SELECT * FROM metabase.capture_status()",
    "SELECT * FROM metabase.view_status()",
    "SELECT metabase.sync_status()",
    "SELECT * FROM metabase.check_dashboard('executive')",
    "SELECT metabase.dashboard_json('executive')",
    "SELECT * FROM metabase.refresh_history",
];

/// What runs the views' definitions, and that as their owner.
const RUNS: &[&str] = &[
    "SELECT * FROM metabase.verify('metabase_brand_analytics')",
    "SELECT * FROM metabase.enable_capture()",
    "SELECT metabase.rebuild()",
    "SELECT * FROM metabase.refresh('all')",
    "SELECT * FROM metabase.refresh_view('metabase_inventory_status', 'full')",
    "SELECT metabase.dashboard_html(name) FROM metabase.dashboards()",
    "SELECT metabase.disable_capture()",
    "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    "SELECT metabase.drop_view('metabase_executive_metrics')",
];

/// A call that always fails would catch nobody.
#[test]
fn where_nothing_is_planted_each_call_does_what_it_says() {
    let mut shop = OwnedShop::with_views();
    let mut operator = shop.database.connect_as(&shop.operator);
    for call in [LOOKS, RUNS].concat() {
        match call {
            MAPPING => run(&mut shop.superuser, call),
            // The sources are looked at, and one is mapped with a subquery, so that changes are not captured.
            "SELECT metabase.rebuild()" => assert_eq!(error_of(&mut operator, call).sqlstate.code(), "55000"),
            _ => run(&mut operator, call),
        }
    }
}

#[test]
fn what_a_tables_owner_has_planted_runs_as_nobody_with_more() {
    for (name, statements, catching) in PLANTS {
        let mut shop = OwnedShop::unmapped();
        run(&mut shop.superuser, MAPPING);
        shop.plant(statements);
        let mut armed = shop.database.connect();
        run(
            &mut armed,
            &format!("GRANT SELECT ON shop.sales TO {}", shop.operator),
        );
        run(&mut armed, &catching.replace(":operator", &shop.operator));
        assert!(ran_as(&mut armed).is_some(), "{name}: this plant is none");

        shop.look("postgres", name);
        let another = shop.database.create_role("another");
        for role in [&another, &shop.operator] {
            let call = format!("SELECT metabase.grant_operator('{role}')");
            assert_eq!(shop.who_ran("postgres", &call), None, "{name}: {call}");
        }
        // Where what is planted is not refused, there are views to run from here on.
        shop.who_ran(&shop.operator, "SELECT * FROM metabase.create_all_views()");
        shop.who_ran(&shop.operator, "SELECT * FROM metabase.refresh('all')");
        for role in ["postgres", &shop.operator] {
            shop.look(role, name);
        }
        for call in RUNS {
            let caught = shop.who_ran("postgres", call).unwrap_or_default();
            assert!(!caught.contains("postgres"), "{name}: {call} ran it as {caught}");
        }
    }
}

#[test]
fn a_superusers_own_mapping_is_not_planned_as_the_superuser() {
    let database = Database::with_extension();
    let operator = database.create_role("operator");
    let trap = Trap::lay(&database, "shop");
    let (role, schema) = (&trap.role, &trap.schema);
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!(
            r#"SET SESSION AUTHORIZATION {role};
               CREATE TABLE {schema}.sales (id text PRIMARY KEY, item text, state text, sold_at timestamptz, gross_sale numeric);
               CREATE TABLE {schema}.stock (id text PRIMARY KEY, product_id text);
               RESET SESSION AUTHORIZATION;
               SELECT metabase.map_source('order', '{schema}.sales', '{{"status": "lower(source.state)", "stock_item_id": "item"}}');
               SELECT metabase.map_source('stock_item', '{schema}.stock');
               SET SESSION AUTHORIZATION {role};
               CREATE INDEX ON {schema}.sales (id) WHERE {schema}.evil(1);
               RESET SESSION AUTHORIZATION;
               SELECT * FROM metabase.sources;
               SELECT metabase.grant_operator('{operator}')"#
        ),
    );
    create_all_views(&mut database.connect_as(&operator));
    trap.assert_nobody_was_caught();
}

/// PostgreSQL fills a materialized view as its owner, and plans that first: nobody can own views over somebody's tables and not
/// run what that one has tied to them. So a superuser who makes the views trusts the tables' owners with everything, and has to
/// have said so.
#[test]
fn a_superuser_who_makes_the_views_runs_what_those_it_trusts_have_planted() {
    let mut shop = OwnedShop::unmapped();
    shop.plant("CREATE INDEX ON shop.sales (id) WHERE shop.evil(1)");
    run(&mut shop.superuser, MAPPING);
    assert_eq!(ran_as(&mut shop.superuser), None);
    create_all_views(&mut shop.superuser);
    assert_eq!(ran_as(&mut shop.superuser).as_deref(), Some("postgres"));
}

#[test]
fn a_mapping_of_things_that_need_no_code_is_looked_at_as_ever() {
    let mut shop = OwnedShop::unmapped();
    shop.plant(
        "CREATE DOMAIN shop.number AS integer CHECK (VALUE > 0);
         CREATE TYPE shop.state AS ENUM ('completed', 'open');
         ALTER TABLE shop.sales ALTER list TYPE shop.number[], ALTER state TYPE shop.state USING state::shop.state",
    );
    run(
        &mut shop.superuser,
        r#"CREATE SCHEMA finance;  -- which the shop's owner may not use
           CREATE TABLE finance.rate (fee numeric);
           CREATE FUNCTION finance.fee() RETURNS numeric LANGUAGE sql RETURN 0.1;
           SELECT metabase.map_source('order', 'shop.sales', $${
               "status": "state",
               "shipping_cost": "finance.fee() + (SELECT max(rate.fee) FROM finance.rate AS rate)",
               "stock_item_id": "item",
               "payout_received": "list = '{1,2}'",
               "country": "(SELECT max(stock.id) FROM shop.stock AS stock)",
               "platform_fee": "shop.price(7)",
               "is_completed": "state = ANY ('{completed}'::shop.state[]) AND sold_at > '2020-01-01'"
           }$$);
           SELECT metabase.map_source('stock_item', 'shop.stock')"#,
    );
    create_all_views(&mut shop.superuser);
    // What a literal says is checked all the same.
    let error = error_of(
        &mut shop.superuser,
        r#"SELECT metabase.map_source('order', 'shop.sales', '{"payout_received": "list = ''{0}''"}')"#,
    );
    assert_eq!(error.sqlstate.code(), "23514", "{}", error.message);
}

#[test]
fn a_literal_that_calls_somebodys_function_is_refused() {
    let mut shop = OwnedShop::unmapped();
    shop.plant(
        "CREATE DOMAIN shop.number AS integer CHECK (shop.evil(VALUE));
         ALTER TABLE shop.sales ALTER list TYPE shop.number[]",
    );
    let error = error_of(&mut shop.superuser, MAPPING);
    assert_error(
        &error,
        "0A000",
        "column \"payout_received\" of entity \"order\" does not work on shop.sales: a literal calls function \"evil\" when it is \
         read; write it as ARRAY[…] or ROW(…)",
        Some(
            "What a domain's CHECK calls is not run while SQL is looked at, unless it is PostgreSQL's own and immutable.",
        ),
    );
    assert_eq!(ran_as(&mut shop.superuser), None);
    // As the message says.
    run(
        &mut shop.superuser,
        r#"SELECT metabase.map_source('order', 'shop.sales',
               '{"status": "state", "payout_received": "list = ARRAY[1]::shop.number[]"}')"#,
    );
    assert_eq!(ran_as(&mut shop.superuser), None);
}

#[test]
fn what_a_mapping_reads_and_calls_its_author_may_read_and_call() {
    let mut shop = OwnedShop::with_views();
    run(
        &mut shop.superuser,
        &format!(
            "CREATE SCHEMA hr; GRANT USAGE ON SCHEMA hr TO {};
             CREATE TABLE hr.staff (id text, salary text);
             CREATE FUNCTION hr.secret() RETURNS text LANGUAGE sql RETURN 'x';
             REVOKE EXECUTE ON FUNCTION hr.secret() FROM PUBLIC;
             CREATE VIEW hr.public_staff AS SELECT * FROM hr.staff;
             GRANT SELECT ON hr.public_staff TO {0}",
            shop.operator
        ),
    );
    let mut operator = shop.database.connect_as(&shop.operator);
    for (expression, cause) in [
        (
            "(SELECT max(salary) FROM hr.staff)",
            "permission denied for table staff",
        ),
        (
            "(SELECT a.x FROM (SELECT max(salary) AS x FROM hr.staff) AS a)",
            "permission denied for table staff",
        ),
        (
            "(WITH a AS (SELECT salary FROM hr.staff) SELECT max(salary) FROM a)",
            "permission denied for table staff",
        ),
        ("hr.secret()", "permission denied for function secret"),
        ("(SELECT hr.secret())", "permission denied for function secret"),
    ] {
        let error = error_of(
            &mut operator,
            &format!(
                "SELECT metabase.map_source('stock_item', 'shop.stock', '{{\"size\": \"{expression}\"}}')"
            ),
        );
        assert_eq!(error.sqlstate.code(), "42501", "{}", error.message);
        assert!(error.message.ends_with(cause), "{}", error.message);
    }
    run(
        &mut operator,
        r#"SELECT metabase.map_source('stock_item', 'shop.stock',
               '{"size": "(SELECT max(salary) FROM hr.public_staff)"}')"#,
    );
}

// Dashboards

/// The executive dashboard, of which somebody has edited what one card asks.
fn edited(client: &mut Client, sql: &str) -> String {
    value(
        client,
        &format!(
            "SELECT jsonb_set(d, ARRAY['ordered_cards', i::text, 'card', 'dataset_query', 'native', 'query'],
                 to_jsonb($sql${sql}$sql$::text))::text
             FROM (SELECT metabase.dashboard_json('executive') AS d) AS one,
                 LATERAL (SELECT n - 1 AS i FROM jsonb_array_elements(d->'ordered_cards') WITH ORDINALITY AS c (card, n)
                     WHERE card->'card'->>'key' = 'active_orders') AS place"
        ),
    )
}

#[test]
fn checking_a_dashboard_runs_nothing_of_whoever_has_edited_it() {
    let mut shop = OwnedShop::with_views();
    shop.plant(
        "CREATE DOMAIN shop.number AS integer CHECK (shop.evil(VALUE));
         CREATE TYPE shop.row AS (list shop.number[]);
         CREATE TYPE shop.numbers AS RANGE (subtype = shop.number, multirange_type_name = shop.many);
         CREATE DOMAIN shop.listed AS shop.number[];
         CREATE DOMAIN shop.told AS integer CHECK (query_to_xml('SELECT shop.note()', true, true, '') IS NOT NULL);
         CREATE FUNCTION shop.takes(shop.number[]) RETURNS integer LANGUAGE sql RETURN 1;
         CREATE OPERATOR shop.## (FUNCTION = shop.takes, RIGHTARG = shop.number[]);
         CREATE INDEX ON shop.sales (id) WHERE shop.evil(1)",
    );
    let read_literals = [
        "SELECT '{1}'::shop.number[] AS x",
        "SELECT CAST('{1}' AS shop.number[]) AS x",
        "SELECT shop._number '{1}' AS x",
        "SELECT '(\"{1}\")'::shop.row AS x",
        "SELECT '{\"(\\\"{1}\\\")\"}'::shop.row[] AS x",
        "SELECT '[1,2)'::shop.numbers AS x",
        "SELECT '{[1,2)}'::shop.many AS x",
        "SELECT '{1}'::shop.listed AS x",
        "SELECT '{\"{1}\"}'::shop.listed[] AS x",
        "SELECT '{1}'::shop.told[] AS x",
        "SELECT shop.takes('{1}') AS x",
        "SELECT OPERATOR(shop.##) '{1}' AS x",
        "SELECT x FROM (VALUES ('{1}'::shop.number[])) AS v (x)",
        "SELECT 1 AS x WHERE ARRAY[1]::shop.number[] = '{1}'",
        "SELECT 1 AS x ORDER BY '{1}'::shop.number[]",
        "SELECT 1 AS x LIMIT ('{1}'::shop.number[])[1]",
        "SELECT (SELECT '{1}'::shop.number[] LIMIT 1) AS x",
        "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3)
         CYCLE n SET is_cycle TO shop._number '{1}' DEFAULT shop._number '{2}' USING path SELECT n AS x FROM t",
        "SELECT '{1}'::shop.number[] AS x UNION SELECT '{2}'",
        "SELECT CASE WHEN true THEN '{1}' ELSE ARRAY[2]::shop.number[] END AS x",
        "SELECT coalesce('{1}', ARRAY[2]::shop.number[]) AS x",
    ];
    let planned = [
        "SELECT id AS x FROM shop.sales",
        "SELECT 1 AS x WHERE shop.evil(1)",
        "SELECT '1'::shop.number AS x",
    ];
    let operator = shop.operator.clone();
    for (queries, is_refused) in [(&read_literals[..], true), (&planned[..], false)] {
        for query in queries {
            let edited = edited(&mut shop.superuser, query);
            for role in ["postgres", &operator] {
                let mut session = shop.database.connect_as(role);
                for argument in [
                    format!("$edited${edited}$edited$"),
                    format!("$edited${edited}$edited$::jsonb"),
                ] {
                    let problems = rows(
                        &mut session,
                        &format!(
                            "SELECT problem FROM metabase.check_dashboard({argument}) WHERE card = 'active_orders'"
                        ),
                    );
                    assert_eq!(ran_as(&mut session), None, "{query} as {role}");
                    let refusal = problems
                        .iter()
                        .any(|problem| problem.contains("a literal calls function"));
                    assert_eq!(refusal, is_refused, "{query} as {role}: {problems:?}");
                }
            }
        }
    }
}

/// Has whoever reads the views run a function of their owner's.
const PLANTED_IN_VIEWS: &str = "
    CREATE INDEX ON analytics.metabase_executive_metrics (sale_date) WHERE shop.evil(1);
    CREATE INDEX ON analytics.metabase_inventory_status ((shop.evil(1)));
    CREATE STATISTICS analytics.statistics ON (shop.evil(1)), brand_name FROM analytics.metabase_brand_analytics";

#[test]
fn a_page_is_drawn_as_the_views_owner_by_whoever_may_act_as_that() {
    let shop = OwnedShop::with_views();
    run(&mut shop.database.connect_as(&shop.operator), PLANTED_IN_VIEWS);
    let (member, reader) = (
        shop.database.create_role("member"),
        shop.database.create_role("reader"),
    );
    run(
        &mut shop.database.connect(),
        &format!(
            "GRANT {} TO {member}; GRANT USAGE ON SCHEMA metabase TO {member}, {reader};
             SELECT metabase.grant_reader('{reader}');
             GRANT SELECT ON metabase.settings TO {reader};
             GRANT EXECUTE ON FUNCTION metabase.dashboards(), metabase.dashboard_html(text) TO {member}, {reader}",
            shop.operator
        ),
    );
    let mut armed = shop.database.connect();
    run(
        &mut armed,
        "SELECT * FROM analytics.metabase_executive_metrics WHERE sale_date = '2020-01-01'",
    );
    assert_eq!(
        ran_as(&mut armed).as_deref(),
        Some("postgres"),
        "this plant is none"
    );
    for (role, runs_as) in [
        ("postgres", &shop.operator),
        (shop.operator.as_str(), &shop.operator),
        (member.as_str(), &shop.operator),
        // It chooses to read what somebody else has made, as with any SELECT.
        (reader.as_str(), &reader),
    ] {
        let mut session = shop.database.connect_as(role);
        let page: String = value(
            &mut session,
            "SELECT string_agg(metabase.dashboard_html(name), '') FROM metabase.dashboards()",
        );
        assert!(!page.contains("permission denied"), "{role}: {page}");
        assert_eq!(ran_as(&mut session).as_deref(), Some(runs_as.as_str()), "{role}");
    }
}

#[test]
fn what_runs_while_a_page_is_drawn_can_neither_write_nor_become_somebody_else() {
    let shop = OwnedShop::with_views();
    run(
        &mut shop.database.connect(),
        &format!(
            "CREATE TABLE shop.written (what text); GRANT ALL ON shop.written TO {}",
            shop.operator
        ),
    );
    shop.plant(
        "CREATE OR REPLACE FUNCTION shop.evil(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
         BEGIN PERFORM shop.escape(); RETURN true; END $$;
         CREATE FUNCTION shop.escape() RETURNS void LANGUAGE plpgsql AS $$
         DECLARE attempt text;
         BEGIN
             PERFORM shop.note();
             FOREACH attempt IN ARRAY ARRAY[
                 'RESET ROLE', 'RESET SESSION AUTHORIZATION', 'SET ROLE postgres', 'SET SESSION AUTHORIZATION postgres',
                 'SET transaction_read_only = off', 'SET TRANSACTION READ WRITE',
                 'INSERT INTO shop.written VALUES (''written'')', 'CREATE TEMP TABLE caught AS SELECT 1'
             ] LOOP
                 BEGIN
                     EXECUTE attempt;
                     PERFORM pg_advisory_lock(4712, current_user::regrole::oid::integer);
                 EXCEPTION WHEN OTHERS THEN NULL;
                 END;
             END LOOP;
         END $$",
    );
    run(&mut shop.database.connect_as(&shop.operator), PLANTED_IN_VIEWS);
    run(&mut shop.database.connect(), "DELETE FROM shop.written");
    let mut session = shop.database.connect();
    run(&mut session, "SELECT metabase.dashboard_html('executive')");
    let succeeded: i64 = value(
        &mut session,
        "SELECT count(*) FROM pg_locks WHERE classid = 4712 AND pid = pg_backend_pid()",
    );
    assert_eq!(succeeded, 0);
    assert_eq!(ran_as(&mut session).as_deref(), Some(shop.operator.as_str()));
    // The session is as it was: it may write.
    run(
        &mut session,
        "INSERT INTO shop.written VALUES ('by the superuser')",
    );
    assert_eq!(
        rows(&mut session, "SELECT what FROM shop.written"),
        ["by the superuser"]
    );
}

#[test]
fn a_session_that_has_set_its_role_does_not_lend_its_own() {
    let mut shop = OwnedShop::unmapped();
    run(&mut shop.superuser, MAPPING);
    run(
        &mut shop.superuser,
        &format!("SELECT metabase.grant_operator('{}')", shop.operator),
    );
    shop.plant(
        "CREATE FUNCTION shop.escape() RETURNS void LANGUAGE plpgsql AS $$
         BEGIN
             PERFORM set_config('role', 'none', false);
             PERFORM shop.note();
         EXCEPTION WHEN insufficient_privilege THEN
             PERFORM shop.note();
         END $$;
         CREATE OR REPLACE FUNCTION shop.evil(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
         BEGIN PERFORM shop.escape(); RETURN true; END $$;
         CREATE INDEX ON shop.sales (id) WHERE shop.evil(1)",
    );
    let mut armed = shop.database.connect();
    run(&mut armed, &format!("SET ROLE {}; {READING}", shop.operator));
    assert_eq!(
        ran_as(&mut armed).as_deref(),
        Some("postgres"),
        "this plant is none"
    );
    let calls = [&["SELECT * FROM metabase.create_all_views()"], LOOKS, RUNS].concat();
    for call in calls {
        let mut session = shop.database.connect();
        run(&mut session, &format!("SET ROLE {}", shop.operator));
        let _ = session.batch_execute(call);
        let caught = ran_as(&mut session).unwrap_or_default();
        assert!(!caught.contains("postgres"), "{call} ran it as {caught}");
    }
}

#[test]
fn a_card_over_views_of_several_roles_is_not_drawn_for_a_superuser() {
    let shop = OwnedShop::with_views();
    let another = shop.database.create_role("another");
    let mut superuser = shop.database.connect();
    run(
        &mut superuser,
        &format!(
            "GRANT USAGE, CREATE ON SCHEMA analytics TO {another}; GRANT USAGE ON SCHEMA shop TO {another};
             ALTER MATERIALIZED VIEW analytics.metabase_inventory_status OWNER TO {another}"
        ),
    );
    let page: String = value(
        &mut superuser,
        "SELECT metabase.dashboard_html('product_analytics')",
    );
    let refusals = page
        .matches("the views that this card reads belong to several roles")
        .count();
    assert_eq!(refusals, 1, "{page}");
    let page: String = value(
        &mut shop.database.connect_as(&shop.operator),
        "SELECT metabase.dashboard_html('product_analytics')",
    );
    assert!(
        page.contains("permission denied for materialized view metabase_inventory_status"),
        "{page}"
    );
}

// What is found by its name

/// The tables of layout C under the names that are detected, in the hands of a role, with code in them.
fn found_by_name(database: &Database, owner: &str) {
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!(
            "CREATE SCHEMA sales AUTHORIZATION {owner}; CREATE SCHEMA inventory AUTHORIZATION {owner};
             GRANT USAGE ON SCHEMA sales, inventory TO PUBLIC;
             SET SESSION AUTHORIZATION {owner};
             CREATE TABLE sales.\"order\" (id text PRIMARY KEY, stock_item_id text, status text, sold_at timestamptz,
                 gross_sale numeric);
             CREATE TABLE inventory.stock (id text PRIMARY KEY, product_id text);
             CREATE FUNCTION sales.evil(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
             BEGIN PERFORM pg_advisory_lock(4711, current_user::regrole::oid::integer); RETURN true; END $$;
             CREATE INDEX ON sales.\"order\" (id) WHERE sales.evil(1);
             CREATE INDEX ON inventory.stock (id) WHERE sales.evil(1);
             RESET SESSION AUTHORIZATION; SELECT pg_advisory_unlock_all()"
        ),
    );
}

/// What a superuser or an operator is told, and that nothing ran.
#[track_caller]
fn assert_untrusted(session: &mut Client, owner: &str) {
    assert_error(
        &error_of(session, "SELECT * FROM metabase.create_all_views()"),
        "42501",
        &format!(r#"entity "order" could be read from sales."order", but that belongs to role "{owner}""#),
        Some(&format!(
            "If this is the shop, and role \"{owner}\" may be trusted with the privileges of whoever makes the views: SELECT \
             metabase.map_source('order', 'sales.\"order\"'); what else of the shop is found and belongs to that role is then \
             trusted, too."
        )),
    );
    assert_eq!(ran_as(session), None);
}

#[test]
fn orders_of_a_stranger_are_not_the_shops() {
    let database = Database::with_extension();
    let (stranger, operator) = (database.create_role("stranger"), database.create_role("operator"));
    found_by_name(&database, &stranger);
    let mut superuser = database.connect();
    let answer: String = value(
        &mut superuser,
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    assert_eq!(
        answer,
        format!(
            "role {operator} may create, refresh and drop the views, and read no source yet; entity \"order\" could be read from \
             sales.\"order\", but that belongs to role \"{stranger}\". If this is the shop, and role \"{stranger}\" may be trusted with \
             the privileges of whoever makes the views: SELECT metabase.map_source('order', 'sales.\"order\"'); what else of the \
             shop is found and belongs to that role is then trusted, too. Then call grant_operator() again."
        )
    );
    assert_untrusted(&mut superuser, &stranger);
    assert_untrusted(&mut database.connect_as(&operator), &stranger);
    for look in [
        "SELECT * FROM metabase.detect_sources()",
        "SELECT * FROM metabase.sources",
    ] {
        assert_eq!(
            rows(
                &mut superuser,
                &format!(
                    "SELECT DISTINCT entity, note FROM ({look}) AS s WHERE column_name = 'id' AND note IS NOT NULL ORDER BY 1"
                )
            ),
            [
                format!(
                    r#"order | entity "order" could be read from sales."order", but that belongs to role "{stranger}""#
                ),
                format!(
                    r#"stock_item | entity "stock_item" could be read from inventory.stock, but that belongs to role "{stranger}""#
                )
            ]
        );
    }
    assert_eq!(ran_as(&mut superuser), None);
}

#[test]
fn orders_that_a_superuser_has_mapped_say_whose_the_shop_is() {
    let database = Database::with_extension();
    let (owner, operator) = (database.create_role("shop"), database.create_role("operator"));
    found_by_name(&database, &owner);
    let mut superuser = database.connect();
    run(
        &mut superuser,
        r#"SELECT metabase.map_source('order', 'sales."order"')"#,
    );
    let answer: String = value(
        &mut superuser,
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    assert_eq!(
        answer,
        format!(
            "role {operator} may create, refresh and drop the views, and read sales.\"order\", inventory.stock"
        )
    );
    assert_eq!(ran_as(&mut superuser), None);
    create_all_views(&mut database.connect_as(&operator));
    // Somebody else's table beside them is still somebody else's.
    let stranger = database.create_role("stranger");
    run(
        &mut superuser,
        &format!("CREATE SCHEMA catalog AUTHORIZATION {stranger}; CREATE TABLE catalog.brand (id text PRIMARY KEY);
                  ALTER TABLE catalog.brand OWNER TO {stranger}"),
    );
    let error = error_of(
        &mut database.connect_as(&operator),
        "SELECT * FROM metabase.create_all_views(true)",
    );
    assert_eq!(
        error.message,
        format!(r#"entity "brand" could be read from catalog.brand, but that belongs to role "{stranger}""#)
    );
}

/// A child or partition is read with its table, and what is attached to it runs then.
#[test]
fn a_part_of_a_strangers_makes_the_shops_table_one_to_map() {
    let database = Database::with_extension();
    let (owner, stranger) = (database.create_role("shop"), database.create_role("stranger"));
    found_by_name(&database, &owner);
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!(
            r#"DROP INDEX sales.order_id_idx; DROP INDEX inventory.stock_id_idx;
               SELECT metabase.map_source('order', 'sales."order"');
               CREATE TABLE inventory.more () INHERITS (inventory.stock);
               ALTER TABLE inventory.more OWNER TO {owner}"#
        ),
    );
    let message = |client: &mut Client| error_of(client, "SELECT * FROM metabase.create_all_views()").message;
    run(&mut superuser, "BEGIN");
    create_all_views(&mut superuser);
    run(&mut superuser, "ROLLBACK");
    run(
        &mut superuser,
        &format!(
            "ALTER TABLE inventory.more OWNER TO {stranger};
             CREATE INDEX ON inventory.more (id) WHERE sales.evil(1);
             SELECT pg_advisory_unlock_all()"
        ),
    );
    assert_eq!(
        message(&mut superuser),
        format!(
            r#"entity "stock_item" could be read from inventory.stock, but what it reads, or a part of it, belongs to role "{stranger}""#
        )
    );
    assert_eq!(ran_as(&mut superuser), None);
}

#[test]
fn orders_that_an_operator_has_mapped_are_the_shops_for_itself_alone() {
    let database = Database::with_extension();
    let (owner, operator) = (database.create_role("shop"), database.create_role("operator"));
    found_by_name(&database, &owner);
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!(
            "SELECT metabase.grant_operator('{operator}');
             GRANT SELECT ON sales.\"order\", inventory.stock TO {operator}"
        ),
    );
    let mut session = database.connect_as(&operator);
    run(
        &mut session,
        r#"SELECT metabase.map_source('order', 'sales."order"')"#,
    );
    create_all_views(&mut session);
    let error = error_of(&mut superuser, "SELECT * FROM metabase.create_all_views(true)");
    assert!(
        error
            .message
            .starts_with("the mapping of entity \"order\" was made by role"),
        "{}",
        error.message
    );
    assert_eq!(ran_as(&mut superuser), None);
}

#[test]
fn a_shop_of_the_databases_owner_is_found_by_operators_and_not_by_superusers() {
    let database = Database::with_extension();
    let (owner, operator) = (database.create_role("owner"), database.create_role("operator"));
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!("ALTER DATABASE {} OWNER TO {owner}", database.name()),
    );
    found_by_name(&database, &owner);
    assert_untrusted(&mut superuser, &owner);
    let answer: String = value(
        &mut superuser,
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    assert_eq!(
        answer,
        format!(
            "role {operator} may create, refresh and drop the views, and read sales.\"order\", inventory.stock"
        )
    );
    create_all_views(&mut database.connect_as(&operator));
    assert_eq!(ran_as(&mut superuser), None);
}

/// To a transaction whose snapshot is older, the tables are still there that somebody trusted had.
#[test]
fn a_table_that_was_replaced_or_given_away_unseen_is_not_read() {
    for (name, replacing) in [
        (
            "replaced",
            "DROP TABLE sales.\"order\"; SET SESSION AUTHORIZATION :stranger;
             CREATE TABLE sales.\"order\" (id text PRIMARY KEY, stock_item_id text, status text, sold_at timestamptz,
                 gross_sale numeric);",
        ),
        (
            "renamed",
            "SET SESSION AUTHORIZATION :stranger; ALTER SCHEMA sales RENAME TO gone; CREATE SCHEMA sales;
             CREATE TABLE sales.\"order\" (id text PRIMARY KEY, stock_item_id text, status text, sold_at timestamptz,
                 gross_sale numeric);
             CREATE FUNCTION sales.evil(integer) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN gone.evil($1);",
        ),
        (
            "given away",
            "ALTER TABLE sales.\"order\" OWNER TO :stranger; SET SESSION AUTHORIZATION :stranger;",
        ),
    ] {
        let database = Database::with_extension();
        let stranger = database.create_role("stranger");
        let mut superuser = database.connect();
        run(
            &mut superuser,
            &format!("GRANT CREATE ON DATABASE {} TO {stranger}", database.name()),
        );
        found_by_name(&database, &stranger);
        run(
            &mut superuser,
            "ALTER TABLE sales.\"order\" OWNER TO postgres; ALTER TABLE inventory.stock OWNER TO postgres;
             DROP INDEX sales.order_id_idx; DROP INDEX inventory.stock_id_idx",
        );
        let mut early = database.connect();
        run(
            &mut early,
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM metabase.sources",
        );
        run(
            &mut superuser,
            &format!(
                "{} CREATE INDEX ON sales.\"order\" (id) WHERE sales.evil(1); RESET SESSION AUTHORIZATION",
                replacing.replace(":stranger", &stranger)
            ),
        );
        let error = error_of(&mut early, "SELECT * FROM metabase.create_all_views()");
        run(&mut early, "ROLLBACK");
        assert_error(
            &error,
            "40001",
            "sales.\"order\", the source of entity \"order\", was replaced or given to somebody else meanwhile",
            Some("See what is there now, in a new transaction: SELECT * FROM metabase.sources WHERE column_name = 'id';"),
        );
        assert_eq!(ran_as(&mut early), None, "{name}");
    }
}

#[test]
fn a_shop_finds_its_own_tables() {
    let database = Database::with_extension();
    let owner = database.create_role("shop");
    found_by_name(&database, &owner);
    let answer: String = value(
        &mut database.connect(),
        &format!("SELECT metabase.grant_operator('{owner}')"),
    );
    assert_eq!(
        answer,
        format!(
            "role {owner} may create, refresh and drop the views, and read sales.\"order\", inventory.stock"
        )
    );
    create_all_views(&mut database.connect_as(&owner));
}

#[test]
fn a_superusers_views_are_asked_as_that_superuser() {
    let (_database, mut client) = shop_with_views();
    let page: String = value(&mut client, "SELECT metabase.dashboard_html('executive')");
    assert!(page.contains("Executive dashboard"));
    assert_eq!(
        rows(&mut client, "SELECT * FROM metabase.check_dashboard('executive')"),
        [""; 0]
    );
}

/// Views that keep the old names: a superuser has made them, and what they read is somebody else's.
#[test]
fn a_superusers_view_over_somebodys_tables_is_not_trusted_for_its_name() {
    for behind in [
        "CREATE VIEW sales.\"order\" AS SELECT * FROM {schema}.orders",
        "CREATE VIEW public.between AS SELECT * FROM {schema}.orders WHERE true;
         CREATE VIEW sales.\"order\" AS SELECT * FROM (SELECT * FROM public.between) AS deep",
        "CREATE TABLE sales.\"order\" (id int PRIMARY KEY, status text, sold_at timestamptz, gross_sale numeric, stock_item_id int);
         ALTER TABLE {schema}.orders DROP CONSTRAINT orders_pkey, ALTER id SET NOT NULL;
         ALTER TABLE {schema}.orders INHERIT sales.\"order\"",
    ] {
        let database = Database::with_extension();
        let trap = Trap::lay(&database, "shopper");
        let mut superuser = database.connect();
        let schema = &trap.schema;
        run(
            &mut database.connect_as(&trap.role),
            &format!(
                "CREATE TABLE {schema}.orders
                     (id int PRIMARY KEY, status text, sold_at timestamptz, gross_sale numeric, stock_item_id int);
                 CREATE INDEX ON {schema}.orders (id) WHERE {schema}.evil(1)"
            ),
        );
        run(
            &mut superuser,
            &format!(
                "CREATE SCHEMA sales; CREATE SCHEMA inventory;
                 CREATE TABLE inventory.stock (id int PRIMARY KEY, product_id int);
                 {}",
                behind.replace("{schema}", schema)
            ),
        );
        let error = error_of(&mut superuser, "SELECT * FROM metabase.create_all_views()");
        assert_error(
            &error,
            "42501",
            &format!(
                "entity \"order\" could be read from sales.\"order\", but what it reads, or a part of it, belongs to role \"{}\"",
                trap.role
            ),
            error.hint.as_deref(),
        );
        trap.assert_nobody_was_caught();
    }
}

/// From PostgreSQL 16 on JSON_ARRAY calls a cast to json that somebody has made, and nobody is asked.
#[test]
fn a_cast_that_a_literals_check_calls_runs_no_statement() {
    let (database, mut superuser) = shop_with_views();
    let version: i32 = value(
        &mut superuser,
        "SELECT current_setting('server_version_num')::int",
    );
    if version < 160_000 {
        return;
    }
    let trap = Trap::lay(&database, "editor");
    let schema = &trap.schema;
    run(
        &mut database.connect_as(&trap.role),
        &format!(
            "CREATE TYPE {schema}.word AS ENUM ('a');
             CREATE FUNCTION {schema}.to_json({schema}.word) RETURNS json LANGUAGE plpgsql AS $$
             BEGIN ALTER ROLE {} SUPERUSER; RETURN '1'; EXCEPTION WHEN OTHERS THEN RETURN '2'; END $$;
             CREATE CAST ({schema}.word AS json) WITH FUNCTION {schema}.to_json({schema}.word);
             CREATE DOMAIN {schema}.checked AS {schema}.word CHECK (JSON_ARRAY(VALUE::{schema}.word) IS NOT NULL)",
            trap.role
        ),
    );
    run(
        &mut superuser,
        &format!(
            "SELECT * FROM metabase.check_dashboard(jsonb_set(
                 metabase.dashboard_json('executive'),
                 '{{ordered_cards,1,card,dataset_query,native,query}}',
                 to_jsonb('SELECT ''{{a}}''::{schema}.checked[] AS x'::text)
             ))"
        ),
    );
    let is_superuser: bool = value(
        &mut superuser,
        &format!("SELECT rolsuper FROM pg_roles WHERE rolname = '{}'", trap.role),
    );
    assert!(!is_superuser);
}
