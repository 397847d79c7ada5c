//! Views of the user's own: made with create_custom_view(), then under the same care as the seven.

use crate::cluster::{error_of, refresh_all, value};
use crate::shop::{
    VIEWS, column, completed_and_failed, differences, refresh_view, refreshed, run, shop, shop_with_views,
};

const SALES_BY_STATUS: &str = "SELECT metabase.create_custom_view(
    'sales_by_status',
    'SELECT status, count(*) AS orders FROM transactions.orders GROUP BY status',
    ARRAY['status']
)";

#[test]
fn a_view_with_nothing_but_a_query_and_a_key_is_refreshed_daily() {
    let database = shop();
    let mut client = database.connect();
    assert_eq!(
        column(&mut client, SALES_BY_STATUS),
        ["View 'sales_by_status' created successfully"]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT (view_name, \"exists\", last_refresh IS NOT NULL, row_count > 1, size_bytes > 0, indexes, strategy,
                     mode, mode_reason, last_error)
             FROM metabase.view_status('sales_by_status')"
        ),
        [r#"(sales_by_status,t,t,t,t,{uq_sales_by_status},daily,full,"created: filled from its definition",)"#]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'sales_by_status'"
        ),
        [
            "CREATE UNIQUE INDEX uq_sales_by_status ON analytics.sales_by_status USING btree (status) NULLS NOT DISTINCT"
        ]
    );
    assert_eq!(differences(&mut client, "sales_by_status"), 0);
    // It needs none of the seven, and their sources are not looked at.
    assert_eq!(
        column(
            &mut client,
            "SELECT viewname FROM pg_views WHERE schemaname = 'metabase_internal' AND viewname <> 'queue'"
        ),
        [""; 0]
    );
}

#[test]
fn a_view_with_a_strategy_several_key_columns_and_indexes() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        "SELECT metabase.create_custom_view(
            name        => 'sales_by_place',
            query       => $$
                SELECT
                    buyer_destination_country AS country,
                    buyer_destination_city    AS city,
                    sum(gross_sale)           AS revenue -- a comment; and a semicolon
                FROM transactions.orders
                GROUP BY 1, 2;
            $$,
            key_columns => ARRAY['country', 'city'],
            strategy    => 'hourly',
            indexes     => ARRAY['revenue DESC NULLS LAST', 'lower(city), country']
        )",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'sales_by_place' ORDER BY indexname"
        ),
        [
            "CREATE INDEX idx_sales_by_place_1 ON analytics.sales_by_place USING btree (revenue DESC NULLS LAST)",
            "CREATE INDEX idx_sales_by_place_2 ON analytics.sales_by_place USING btree (lower((city)::text), country)",
            "CREATE UNIQUE INDEX uq_sales_by_place ON analytics.sales_by_place USING btree (country, city) NULLS NOT \
             DISTINCT",
        ]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT strategy FROM metabase.view_status('sales_by_place')"
        ),
        ["hourly"]
    );
}

/// It becomes part of other statements: what stands behind its query does not matter to any of them.
#[test]
fn a_query_ends_where_the_parser_says() {
    let (_database, mut client) = shop_with_views();
    let queries = [
        "SELECT name FROM core.brands; -- a note",
        "SELECT name FROM core.brands -- a note; and no end",
        "SELECT name FROM core.brands /* ; */ ;; /* ; */",
        "; SELECT name || ';' AS name FROM core.brands;\n-- one note;\n/* and ; another */ ; ;",
    ];
    let is_there = "SELECT count(*) FROM pg_matviews WHERE matviewname ~ '^ends_[0-3]$' AND ispopulated";
    for (number, query) in queries.iter().enumerate() {
        run(
            &mut client,
            &format!(
                "SELECT metabase.create_custom_view('ends_{number}', $q${query}$q$, ARRAY['name'], indexes => ARRAY['lower(name) -- a note']);
                 SELECT metabase.create_view('ends_{number}', drop_existing => true)"
            ),
        );
    }
    for statement in [
        "SELECT metabase.before_migration(); SELECT * FROM metabase.after_migration()",
        "UPDATE core.brands SET name = name || '!'",
    ] {
        run(&mut client, statement);
        assert_eq!(column(&mut client, is_there), ["4"]);
    }
    refresh_all(&mut client);
    for number in 0..queries.len() {
        let view = format!("ends_{number}");
        assert_eq!(differences(&mut client, &view), 0);
        assert_eq!(
            column(
                &mut client,
                &format!("SELECT count(*) FROM metabase.verify('{view}')")
            ),
            ["0"]
        );
    }
}

#[test]
fn its_strategy_may_be_a_cron_expression() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], ' */15  8-18 * * mon-fri ')",
    );
    assert_eq!(
        column(&mut client, "SELECT strategy FROM metabase.view_status('mine')"),
        ["*/15 8-18 * * mon-fri"]
    );
    let error = error_of(
        &mut client,
        "SELECT metabase.create_custom_view('other', 'SELECT 1 AS a', ARRAY['a'], repeat('1,', 500) || '1 * * * *')",
    );
    assert!(
        error.message.ends_with(": it has more than 200 bytes"),
        "{error:?}"
    );
    assert!(error.message.len() < 300, "{error:?}");
}

#[test]
fn it_is_refreshed_with_its_strategy_and_with_all() {
    let (_database, mut client) = shop_with_views();
    for strategy in ["realtime", "hourly", "daily", "weekly", "manual"] {
        run(
            &mut client,
            &format!(
                "SELECT metabase.create_custom_view('my_{strategy}', 'SELECT 1 AS a', ARRAY['a'], '{strategy}')"
            ),
        );
        let rows = refreshed(&mut client, &format!("refresh('{strategy}')"));
        let (completed, failed) = completed_and_failed(&rows);
        assert_eq!(completed.last(), Some(&format!("my_{strategy}").as_str()));
        assert_eq!(failed, [""; 0]);
    }
    let mut all = VIEWS.to_vec();
    // After those of the extension, by name.
    all.extend(["my_daily", "my_hourly", "my_manual", "my_realtime", "my_weekly"]);
    let rows = refreshed(&mut client, "refresh('all')");
    assert_eq!(completed_and_failed(&rows), (all.clone(), vec![]));
    assert_eq!(
        column(&mut client, "SELECT view_name FROM metabase.view_status()"),
        all
    );
}

#[test]
fn it_is_refreshed_like_the_seven() {
    let database = shop();
    let mut client = database.connect();
    run(&mut client, SALES_BY_STATUS);
    run(&mut client, "UPDATE transactions.orders SET status = 'completed'");
    let before: i64 = value(&mut client, "SELECT count(*) FROM analytics.sales_by_status");
    let row = refresh_view(&mut client, "sales_by_status");
    assert_eq!(
        (row.status.as_str(), row.rows_changed),
        ("completed", Some(before))
    );
    assert_eq!(
        column(&mut client, "SELECT status FROM analytics.sales_by_status"),
        ["completed"]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT (status, mode_reason) FROM metabase.refresh_history WHERE view_name = 'sales_by_status' ORDER BY id"
        ),
        [
            r#"(completed,"created: filled from its definition")"#,
            r#"(completed,"a view of your own is computed from its query each time")"#,
        ]
    );
}

#[test]
fn dropping_it_forgets_it() {
    let database = shop();
    let mut client = database.connect();
    run(&mut client, SALES_BY_STATUS);
    assert_eq!(
        column(
            &mut client,
            "SELECT metabase.drop_view('analytics.sales_by_status')"
        ),
        ["View 'sales_by_status' dropped successfully"]
    );
    assert_eq!(
        error_of(
            &mut client,
            "SELECT * FROM metabase.view_status('sales_by_status')"
        )
        .sqlstate
        .code(),
        "42P01"
    );
    run(&mut client, SALES_BY_STATUS);
}

#[test]
fn dropping_it_leaves_the_seven_and_their_adapters() {
    let (_database, mut client) = shop_with_views();
    run(&mut client, SALES_BY_STATUS);
    run(&mut client, "SELECT metabase.drop_view('sales_by_status')");
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.refresh('all') WHERE status = 'completed'"
        ),
        ["8"]
    );
}

#[test]
fn one_that_was_dropped_behind_our_back_is_still_known_and_can_be_made_again_or_forgotten() {
    let database = shop();
    let mut client = database.connect();
    run(&mut client, SALES_BY_STATUS);
    let drop = "DROP MATERIALIZED VIEW analytics.sales_by_status";
    let exists = "SELECT \"exists\" FROM metabase.view_status('sales_by_status')";

    run(&mut client, drop);
    assert_eq!(column(&mut client, exists), ["f"]);
    assert_eq!(
        refresh_view(&mut client, "sales_by_status")
            .error_message
            .as_deref(),
        Some(
            "materialized view analytics.sales_by_status does not exist (SQLSTATE 42P01)\n\
             Create it: SELECT * FROM metabase.create_view('sales_by_status');"
        )
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT created FROM metabase.create_view('sales_by_status')"
        ),
        ["t"]
    );
    assert_eq!(column(&mut client, exists), ["t"]);
    assert_eq!(differences(&mut client, "sales_by_status"), 0);

    // Another of that name may take its place.
    run(&mut client, drop);
    run(
        &mut client,
        "SELECT metabase.create_custom_view('sales_by_status', 'SELECT 1 AS a', ARRAY['a'], 'weekly')",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT strategy FROM metabase.view_status('sales_by_status')"
        ),
        ["weekly"]
    );

    run(&mut client, drop);
    run(&mut client, "SELECT metabase.drop_view('sales_by_status')");
    assert_eq!(
        column(&mut client, "SELECT count(*) FROM metabase.view_status()"),
        ["8"]
    );
}

#[test]
fn it_is_replaced_by_what_its_query_says_now_and_keeps_privileges_and_indexes() {
    let database = shop();
    let mut client = database.connect();
    run(&mut client, SALES_BY_STATUS);
    let reader = database.create_role("custom_reader");
    run(
        &mut client,
        &format!(
            "CREATE INDEX mine ON analytics.sales_by_status (orders);
             GRANT SELECT ON analytics.sales_by_status TO {reader};
             DELETE FROM transactions.orders"
        ),
    );
    run(
        &mut client,
        "SELECT * FROM metabase.create_view('sales_by_status', drop_existing => true)",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT (row_count, indexes) FROM metabase.view_status('sales_by_status')"
        ),
        [r#"(0,"{mine,uq_sales_by_status}")"#]
    );
    let readable: bool = value(
        &mut client,
        &format!("SELECT has_table_privilege('{reader}', 'analytics.sales_by_status', 'SELECT')"),
    );
    assert!(readable);
}

#[test]
fn create_all_views_leaves_it_alone() {
    let (_database, mut client) = shop_with_views();
    run(&mut client, SALES_BY_STATUS);
    let identity = "SELECT 'analytics.sales_by_status'::regclass::oid";
    let before = column(&mut client, identity);
    assert_eq!(
        column(
            &mut client,
            "SELECT view_name FROM metabase.create_all_views(drop_existing => true) WHERE created"
        ),
        VIEWS
    );
    assert_eq!(column(&mut client, identity), before);
}

// Names

#[test]
fn any_name_is_taken_as_it_is_written() {
    let database = shop();
    let mut client = database.connect();
    let long = "x".repeat(56);
    let long_in_bytes = "ü".repeat(28);
    for name in [
        "Mixed Case",
        r#"quo"te"#,
        "apo'strophe",
        r"back\slash",
        "select",
        "semi;colon -- and comment",
        "dollar $1 $$",
        "per%cent",
        "dotted.name",
        ":'time_zone'",
        &long,
        &long_in_bytes,
    ] {
        let mut call = |call: &str| {
            client
                .query_one(&format!("SELECT to_json(row)::text FROM {call} AS row"), &[&name])
                .unwrap_or_else(|error| panic!("{call} of {name}: {error:?}"))
                .get::<_, String>(0)
        };
        call("metabase.create_custom_view($1, 'SELECT 1 AS a', ARRAY['a'], indexes => ARRAY['a DESC'])");
        for answer in [
            call("metabase.view_status($1)"),
            call("metabase.view_status('analytics.' || $1)"),
            call("metabase.refresh_view($1)"),
            call("metabase.create_view($1, drop_existing => true)"),
        ] {
            let answer: serde_json::Value = serde_json::from_str(&answer).expect("it is JSON");
            assert_eq!(answer["view_name"], name);
            assert_ne!(answer["status"], "failed", "{answer}");
            assert_ne!(answer["created"], false, "{answer}");
        }
        call("metabase.drop_view($1)");
    }
    assert_eq!(
        column(
            &mut client,
            "SELECT relname FROM pg_class WHERE relnamespace = 'analytics'::regnamespace"
        ),
        [""; 0]
    );
}

#[test]
fn the_schema_in_front_of_a_new_name_is_not_part_of_it() {
    let database = shop();
    let mut client = database.connect();
    assert_eq!(
        column(
            &mut client,
            "SELECT metabase.create_custom_view('analytics.mine', 'SELECT 1 AS a', ARRAY['a'])"
        ),
        ["View 'mine' created successfully"]
    );
    for name in ["mine", "analytics.mine"] {
        assert_eq!(
            column(
                &mut client,
                &format!("SELECT view_name FROM metabase.view_status('{name}')")
            ),
            ["mine"]
        );
    }
}

// Failures

#[test]
fn one_that_fails_harms_no_other() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "SELECT metabase.create_custom_view('ratio', 'SELECT id AS a, 1 / (gross_sale + 1) AS b FROM transactions.orders', ARRAY['a']);
         SELECT metabase.create_custom_view('zzz', 'SELECT 1 AS a', ARRAY['a']);
         UPDATE transactions.orders SET gross_sale = -1",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT (view_name, error_message) FROM metabase.refresh('all') WHERE status = 'failed'"
        ),
        [r#"(ratio,"division by zero (SQLSTATE 22012)")"#]
    );
    run(&mut client, "UPDATE transactions.orders SET gross_sale = 1");
    refresh_all(&mut client);
}

#[test]
fn one_that_is_called_as_the_seven_are_is_none_of_them() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "SELECT metabase.create_custom_view(
            'metabase_returns', 'SELECT id AS a FROM transactions.orders WHERE status = ''returned''', ARRAY['a']
        )",
    );
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1 WHERE id = '70000000-0000-0000-0000-000000000001'",
    );
    let pending = "SELECT concat_ws(' ', view_name, pending_changes, pending_since IS NOT NULL)
                   FROM metabase.view_status() WHERE view_name ~ 'executive|returns'";
    assert_eq!(
        column(&mut client, pending),
        ["metabase_executive_metrics 1 t", "metabase_returns f"]
    );

    // What it takes is no reason to apply changes that cost more than to fill the seven.
    run(
        &mut client,
        "UPDATE metabase_internal.refresh_log SET completed_at = started_at + interval '1 year'
         WHERE view_name = 'metabase_returns';
         UPDATE metabase_internal.incremental SET seconds_per_change = 1;
         INSERT INTO metabase_internal.order_queue (captured_at, key_uuid)
         SELECT now(), gen_random_uuid() FROM generate_series(1, 10000)",
    );
    refresh_all(&mut client);
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT mode_reason FROM metabase.view_status() WHERE view_name ~ 'executive|supplier'"
        ),
        ["facts and rollups were built: so much has changed that this is cheaper"]
    );
}
