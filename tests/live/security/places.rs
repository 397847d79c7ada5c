//! Names in the schemas that operators get at: what somebody else has put there is neither run nor dropped, and does not stay.

use super::trap::Trap;
use crate::cluster::{Database, create_all_views, refresh_all};
use crate::sessions::Background;
use crate::shop::{column, run, shop_with_views};

/// What there is in the extension's own schema that operators make there: their adapters, and what they plant.
const PLANTED: &str = "
    SELECT format('%s %s', relname, relkind) FROM pg_class
    WHERE relnamespace = 'metabase_internal'::regnamespace AND (relkind = 'v' OR relname IN ('planted', 'moved'))
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'metabase_internal'::regnamespace
    UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'metabase_internal'::regnamespace AND typname = 'planted'
    UNION ALL SELECT collname FROM pg_collation WHERE collnamespace = 'metabase_internal'::regnamespace
    ORDER BY 1";

#[test]
fn nothing_comes_into_the_own_schema_while_adapters_are_made() {
    for act in [
        "CREATE TABLE metabase_internal.planted (a integer)",
        "CREATE VIEW metabase_internal.sale_fact AS SELECT 1 AS a",
        "CREATE FUNCTION metabase_internal.planted() RETURNS integer LANGUAGE sql RETURN 1",
        "CREATE DOMAIN metabase_internal.planted AS integer",
        "CREATE COLLATION metabase_internal.planted FROM \"C\"",
        "CREATE SEQUENCE metabase_internal.planted",
        "ALTER TABLE op.moved SET SCHEMA metabase_internal",
        "ALTER VIEW metabase_internal.sizes RENAME TO planted",
        "CREATE VIEW metabase_internal.told AS SELECT 1 AS a",
        "CREATE TABLE workshop.planted (a integer)",
        "CREATE FUNCTION workshop.planted() RETURNS integer LANGUAGE sql RETURN 1",
        "CREATE DOMAIN workshop.planted AS integer",
        "ALTER TABLE op.moved SET SCHEMA workshop",
        "ALTER VIEW workshop.orders RENAME TO planted",
        "ALTER SCHEMA workshop RENAME TO planted",
        "DROP SCHEMA workshop CASCADE",
    ] {
        let database = Database::with_layout_a();
        let operator = database.create_operator("operator");
        let mut superuser = database.connect();
        run(
            &mut superuser,
            &format!("CREATE SCHEMA op AUTHORIZATION {operator}"),
        );
        let mut session = database.connect_as(&operator);
        run(
            &mut session,
            &format!(
                "CREATE TABLE op.moved (a integer);
                 CREATE DOMAIN op.number AS integer;
                 CREATE FUNCTION op.plant(integer) RETURNS boolean LANGUAGE plpgsql AS $f$
                 BEGIN
                     BEGIN
                         EXECUTE replace($act$ {act} $act$, 'workshop', (
                             SELECT nspname FROM pg_namespace WHERE nspname ~ '^metabase_workshop_'
                         ));
                     EXCEPTION WHEN OTHERS THEN NULL;
                     END;
                     RETURN true;
                 END $f$;
                 SELECT metabase.map_source('order', 'transactions.orders', $${{\"net_profit\": \"('{{1}}'::op.number[])[1]::integer\"}}$$)"
            ),
        );
        create_all_views(&mut session);
        let before = column(&mut superuser, PLANTED);
        // The sources are looked at, then the views are dropped, which waits for a reader; what a literal calls is another thing after that.
        let mut reader = database.connect();
        run(
            &mut reader,
            "BEGIN; SELECT count(*) FROM analytics.metabase_executive_metrics",
        );
        let creating = Background::start(
            database.connect_as(&operator),
            "SELECT created, error_message FROM metabase.create_all_views(true)",
        );
        creating.wait_until_blocked(&mut superuser);
        run(
            &mut session,
            "ALTER DOMAIN op.number ADD CONSTRAINT planted CHECK (op.plant(VALUE)) NOT VALID",
        );
        run(&mut reader, "COMMIT");
        let answer = format!("{:?}", creating.result());
        // What is denied is no reason to make no views.
        let is_denied = act.contains("metabase_internal") || act.contains(" SCHEMA workshop ");
        let expected = if is_denied {
            "[\"t\", \"NULL\"]"
        } else {
            "was made beside it"
        };
        assert!(
            answer.contains(expected) || answer.contains("calls function"),
            "{act}: {answer}"
        );
        assert_eq!(
            column(
                &mut superuser,
                "SELECT nspname FROM pg_namespace WHERE nspname ~ 'workshop|planted'"
            ),
            [""; 0],
            "{act}"
        );
        assert_eq!(column(&mut superuser, PLANTED), before, "{act}");
    }
}

#[test]
fn what_bears_the_name_of_a_fact_and_is_none_is_neither_dropped_nor_believed() {
    let (database, mut client) = shop_with_views();
    let other = database.create_role("other");
    run(&mut client, "SELECT metabase.disable_capture()");
    run(
        &mut client,
        &format!(
            "CREATE VIEW metabase_internal.sale_fact AS SELECT 1 AS a;
             CREATE TABLE metabase_internal.brand_rollup (a integer);
             ALTER TABLE metabase_internal.brand_rollup OWNER TO {other}"
        ),
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT captured FROM metabase.capture_status()"
        ),
        ["f"]
    );
    for call in [
        "SELECT metabase.disable_capture()",
        "SELECT * FROM metabase.enable_capture()",
        "SELECT metabase.rebuild()",
        "SELECT * FROM metabase.refresh('all')",
    ] {
        // Some are errors, because what is in the way stays there.
        let _ = client.batch_execute(call);
    }
    assert_eq!(
        column(
            &mut client,
            "SELECT format('%s %s', relname, relkind) FROM pg_class
             WHERE relnamespace = 'metabase_internal'::regnamespace AND relname IN ('sale_fact', 'brand_rollup') ORDER BY 1"
        ),
        ["brand_rollup r", "sale_fact v"]
    );
    refresh_all(&mut client);
    run(
        &mut client,
        "DROP VIEW metabase_internal.sale_fact; DROP TABLE metabase_internal.brand_rollup; SELECT * FROM metabase.enable_capture()",
    );
    refresh_all(&mut client);
    refresh_all(&mut client);
    assert_eq!(
        column(&mut client, "SELECT DISTINCT mode FROM metabase.refresh('all')"),
        ["incremental"]
    );
}

#[test]
fn a_dashboard_runs_nothing_that_somebody_has_put_in_the_place_of_a_view() {
    let (database, mut client) = shop_with_views();
    let operator = database.create_operator("operator");
    let trap = Trap::lay(&database, "squatter");
    run(
        &mut client,
        &format!("SELECT metabase.grant_operator('{}')", trap.role),
    );
    let view = "metabase_inventory_status";
    let columns = column(
        &mut client,
        &format!(
            "SELECT string_agg(format('%s::%s AS %I', CASE WHEN atttypid = 'text'::regtype
                 THEN format('CASE WHEN {}.evil(1) THEN %L END', 'x') ELSE 'NULL' END, format_type(atttypid, atttypmod), attname), ', '
                 ORDER BY attnum)
             FROM pg_attribute WHERE attrelid = 'analytics.{view}'::regclass AND attnum > 0",
            trap.schema
        ),
    );
    run(
        &mut database.connect_as(&operator),
        &format!("SELECT metabase.drop_view('{view}')"),
    );
    let mut squatter = database.connect_as(&trap.role);
    run(
        &mut squatter,
        &format!(
            "CREATE VIEW analytics.{view} AS SELECT {}; GRANT SELECT ON analytics.{view} TO PUBLIC",
            columns[0]
        ),
    );
    for role in [operator.as_str(), "postgres"] {
        assert_says(
            &database,
            role,
            &format!("analytics.{view} is a view, not a materialized view"),
        );
    }
    // One that is materialized, with a function of its owner's in the predicate of an index.
    run(
        &mut squatter,
        &format!(
            "DROP VIEW analytics.{view};
             CREATE MATERIALIZED VIEW analytics.{view} AS SELECT {};
             CREATE INDEX ON analytics.{view} (supplier_name) WHERE {}.evil(days_in_stock);
             GRANT SELECT ON analytics.{view} TO PUBLIC",
            columns[0].replace(&format!("CASE WHEN {}.evil(1) THEN 'x' END", trap.schema), "'x'"),
            trap.schema
        ),
    );
    let foreign = format!(
        "analytics.{view} belongs to role \"{}\", which is not the owner of the views",
        trap.role
    );
    assert_says(&database, &operator, &foreign);
    let _ = page(&database, "postgres");
    trap.assert_nobody_was_caught();
}

/// The page of the stock, as a role sees it, or the error that it is.
fn page(database: &Database, role: &str) -> String {
    let answer = database
        .connect_as(role)
        .query_one("SELECT metabase.dashboard_html('inventory_management')", &[]);
    match answer {
        Ok(row) => row.get::<_, String>(0).replace("&quot;", "\""),
        Err(error) => error
            .as_db_error()
            .expect("the server answers")
            .message()
            .to_owned(),
    }
}

#[track_caller]
fn assert_says(database: &Database, role: &str, text: &str) {
    let page = page(database, role);
    assert!(page.contains(text), "{role}: {text} in {page}");
}
