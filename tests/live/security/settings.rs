//! What a session has set decides neither where the extension's own tables go nor what the numbers mean.

use postgres::Client;

use crate::cluster::{create_all_views, error_of, refresh_all, value};
use crate::shop::{SALE, VIEWS, column, run, shop, shop_with_views};

/// Tables, indexes and the like of the extension's owner that are not where, or not what, they would be in a session that has set nothing.
const ASTRAY: &str = "
    SELECT relation.relname
    FROM pg_class AS relation
    JOIN pg_extension AS extension ON extension.extowner = relation.relowner
    LEFT JOIN pg_am AS method ON method.oid = relation.relam
    WHERE extension.extname = 'metabase_views'
        AND relation.relnamespace IN ('metabase_internal'::regnamespace, 'pg_toast'::regnamespace)
        AND relation.oid >= 16384
        AND (relation.reltablespace <> 0 OR method.amname NOT IN ('heap', 'btree'))
    ORDER BY 1";

fn assert_right(client: &mut Client, case: &str) {
    for view in VIEWS {
        let differences = column(
            client,
            &format!("SELECT difference FROM metabase.verify('{view}')"),
        );
        assert_eq!(differences, [""; 0], "{case}: {view}");
    }
}

#[test]
fn the_extensions_tables_go_where_they_belong_whatever_the_session_has_chosen_for_its_own() {
    let database = shop();
    let operator = database.create_role("operator");
    let mut client = database.connect();
    let (secret, other) = (
        format!("{}_secret", database.name()),
        format!("{}_other", database.name()),
    );
    run(
        &mut client,
        &format!(
            "SET allow_in_place_tablespaces = on;
             SELECT metabase.grant_operator('{operator}')"
        ),
    );
    for tablespace in [&secret, &other] {
        run(
            &mut client,
            &format!("CREATE TABLESPACE {tablespace} LOCATION ''"),
        );
    }
    run(
        &mut client,
        &format!(
            "GRANT CREATE ON TABLESPACE {other} TO {operator};
             CREATE ACCESS METHOD odd TYPE TABLE HANDLER heap_tableam_handler"
        ),
    );
    create_all_views(&mut database.connect_as(&operator));
    for (setting, value) in [
        ("default_tablespace", &secret),
        ("default_tablespace", &other),
        ("temp_tablespaces", &other),
        ("default_table_access_method", &"odd".to_owned()),
    ] {
        let case = format!("{setting} = {value}");
        let mut as_operator = database.connect_as(&operator);
        run(&mut as_operator, &format!("SET {setting} = '{value}'"));
        for _ in 0..2 {
            refresh_all(&mut as_operator);
        }
        run(&mut as_operator, "SELECT metabase.rebuild()");
        assert_eq!(column(&mut client, ASTRAY), [""; 0], "{case}");
        refresh_all(&mut as_operator);
        run(
            &mut client,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1 WHERE status = 'completed'",
        );
        assert_eq!(
            column(
                &mut as_operator,
                "SELECT DISTINCT mode FROM metabase.refresh('all')"
            ),
            ["incremental"],
            "{case}"
        );
        run(
            &mut as_operator,
            "SELECT metabase.disable_capture(); SELECT * FROM metabase.enable_capture()",
        );
        refresh_all(&mut as_operator);
        assert_eq!(column(&mut client, ASTRAY), [""; 0], "{case}");
        assert_right(&mut as_operator, &case);
        // What the session has chosen still holds for it.
        assert_eq!(
            column(&mut as_operator, &format!("SHOW {setting}")),
            [value.as_str()]
        );
    }

    // The views are the session's own: where it says, if it may.
    let mut as_operator = database.connect_as(&operator);
    let view = "metabase_brand_analytics";
    run(&mut as_operator, &format!("SET default_tablespace = '{secret}'"));
    let error = error_of(
        &mut as_operator,
        &format!("SELECT * FROM metabase.create_view('{view}', drop_existing => true)"),
    );
    assert_eq!(error.sqlstate.code(), "42501", "{error:?}");
    run(
        &mut as_operator,
        &format!(
            "SET default_tablespace = '{other}'; SELECT * FROM metabase.create_view('{view}', drop_existing => true)"
        ),
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT tablespace FROM pg_matviews WHERE matviewname = 'metabase_brand_analytics'"
        ),
        [other.as_str()]
    );
    assert_eq!(column(&mut client, ASTRAY), [""; 0]);
    run(
        &mut as_operator,
        &format!("RESET default_tablespace; SELECT metabase.drop_view('{view}')"),
    );
    for tablespace in [&secret, &other] {
        run(&mut client, &format!("DROP TABLESPACE {tablespace}"));
    }
}

/// What each view shows, and what it and its adapters are made of.
fn meaning(client: &mut Client) -> Vec<String> {
    run(client, "SELECT metabase.disable_capture()");
    let rows = VIEWS
        .iter()
        .map(|view| {
            format!("SELECT '{view}', md5(string_agg(row::text, ';' ORDER BY row::text)) FROM analytics.{view} AS row")
        })
        .collect::<Vec<_>>()
        .join(" UNION ALL ");
    column(
        client,
        &format!(
            "SELECT row::text FROM ({rows}) AS row
             UNION ALL
             SELECT relname || ': ' || pg_get_viewdef(oid)
             FROM pg_class
             WHERE relkind IN ('v', 'm') AND relnamespace IN ('metabase_internal'::regnamespace, 'analytics'::regnamespace)
             ORDER BY 1"
        ),
    )
}

#[test]
fn what_a_session_has_set_changes_no_number() {
    let database = shop();
    let operator = database.create_role("operator");
    let mut client = database.connect();
    run(
        &mut client,
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    // Literals that are read in one way or another; whether a status is in the list is unknown where it holds NULL.
    let map = r#"SELECT metabase.map_source('order', 'transactions.orders', $json${
        "city": "coalesce(nullif(buyer_destination_city, 'a\\b'), E'it\\'s')",
        "net_profit": "net_profit + CASE WHEN ('x' = ANY ('{completed,NULL}'::text[])) IS NULL THEN 1 ELSE 2 END"
    }$json$)"#;
    let mut as_nobody = database.connect_as(&operator);
    run(&mut as_nobody, map);
    create_all_views(&mut as_nobody);
    let expected = meaning(&mut database.connect_as(&operator));
    assert!(expected.len() > 14, "{expected:#?}");

    for setting in [
        "array_nulls = off",
        "backslash_quote = off",
        "bytea_output = escape",
        "check_function_bodies = off",
        "client_encoding = LATIN1",
        "constraint_exclusion = on",
        "DateStyle = 'German'",
        "default_transaction_isolation = 'serializable'",
        "enable_hashagg = off",
        "escape_string_warning = off",
        "extra_float_digits = -15",
        "gin_fuzzy_search_limit = 1",
        "IntervalStyle = sql_standard",
        "lc_monetary = 'C'",
        "lc_numeric = 'C'",
        "lc_time = 'C'",
        "plan_cache_mode = force_generic_plan",
        "quote_all_identifiers = on",
        "row_security = off",
        "search_path = ''",
        "standard_conforming_strings = off",
        "synchronous_commit = off",
        "TimeZone = 'Asia/Tokyo'",
        "timezone_abbreviations = 'Australia'",
        "transform_null_equals = on",
        "work_mem = '64kB'",
        "xmloption = document",
    ] {
        let mut as_operator = database.connect_as(&operator);
        run(&mut as_operator, &format!("SET {setting}"));
        // What is read as SQL here is the session's; the function gets the same text in either way.
        run(&mut as_operator, map);
        run(
            &mut as_operator,
            "SELECT * FROM metabase.create_all_views(drop_existing => true)",
        );
        refresh_all(&mut as_operator);
        refresh_all(&mut as_operator);
        assert_right(&mut as_operator, setting);
        assert_eq!(
            meaning(&mut database.connect_as(&operator)),
            expected,
            "{setting}"
        );
    }
}

#[test]
fn views_that_a_setting_keeps_from_sessions_are_read_all_the_same() {
    let (database, mut client) = shop_with_views();
    let knows: bool = value(
        &mut client,
        "SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind')",
    );
    if !knows {
        return;
    }
    // As the owner of the database may set it for all of its sessions.
    run(
        &mut client,
        &format!(
            "ALTER DATABASE {} SET restrict_nonsystem_relation_kind = 'view, foreign-table'",
            database.name()
        ),
    );
    let mut session = database.connect();
    refresh_all(&mut session);
    run(&mut session, SALE);
    refresh_all(&mut session);
    run(&mut session, "SELECT * FROM metabase.create_all_views(true)");
    let missing: Vec<String> = column(
        &mut session,
        "SELECT difference FROM metabase.verify('metabase_executive_metrics')",
    );
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn no_setting_has_the_extensions_name_that_it_does_not_have() {
    let (_database, mut client) = shop_with_views();
    run(&mut client, "SELECT * FROM metabase.view_status()");
    let error = error_of(&mut client, "SET metabase_views.no_such_setting = 1");
    assert_eq!(error.sqlstate.code(), "42602", "{error:?}");
    run(&mut client, "SET metabase_views.event_delay = 1");
}

#[test]
fn the_name_of_a_view_has_the_schema_once() {
    let (_database, mut client) = shop_with_views();
    let make =
        |name: &str| format!("SELECT metabase.create_custom_view('{name}', 'SELECT 1 AS a', ARRAY['a'])");
    let error = error_of(&mut client, &make("analytics.analytics.z"));
    assert_eq!(error.sqlstate.code(), "42602", "{error:?}");
    run(&mut client, &make("analytics.z"));
    assert_eq!(
        column(
            &mut client,
            "SELECT view_name FROM metabase.view_status('analytics.z')"
        ),
        ["z"]
    );
    run(&mut client, "SELECT metabase.drop_view('analytics.z')");
}
