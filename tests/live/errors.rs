//! Every error that a user can meet: its SQLSTATE, what it says, what it advises, and that nothing has changed after it.

use postgres::Client;

use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::sessions::Background;
use crate::shop::{
    VIEWS, assert_error, column, differences, history, refresh_view, run, shop, shop_with_views, snapshot,
};

/// A call that must fail.
struct Case<'a> {
    /// What is done before.
    given: &'a str,
    call: &'a str,
    sqlstate: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
}

/// Runs each case in a transaction of its own, in a database that is the same again afterwards.
fn check(client: &mut Client, cases: &[Case]) {
    for case in cases {
        run(client, &format!("BEGIN; {}; SAVEPOINT before_call", case.given));
        let before = (snapshot(client), history(client));
        assert_error(
            &error_of(client, case.call),
            case.sqlstate,
            case.message,
            case.hint,
        );
        run(client, "ROLLBACK TO before_call");
        assert_eq!((snapshot(client), history(client)), before, "{}", case.call);
        run(client, "ROLLBACK");
    }
}

// Sources of other people

#[test]
fn a_table_that_is_neither_the_shops_nor_a_superusers() {
    let database = shop();
    let mut client = database.connect();
    let stranger = database.create_role("stranger");
    let [sizes, stock, orders] = [
        format!(
            "CREATE TABLE core.sizes (id uuid PRIMARY KEY, value text); ALTER TABLE core.sizes OWNER TO {stranger}"
        ),
        format!("ALTER TABLE products.inventory OWNER TO {stranger}"),
        format!("ALTER TABLE transactions.orders OWNER TO {stranger}"),
    ];
    let could_be = |entity, relation| {
        format!(r#"entity "{entity}" could be read from {relation}, but that belongs to role "{stranger}""#)
    };
    let case = |given, message, hint| Case {
        given,
        call: "SELECT * FROM metabase.create_all_views()",
        sqlstate: "42501",
        message,
        hint: Some(hint),
    };
    check(
        &mut client,
        &[
            case(
                &sizes,
                &could_be("size", "core.sizes"),
                &format!(
                    "A superuser who maps the orders says for all of their owner's tables that they are the shop's. For this table alone, if you trust role \"{stranger}\": SELECT metabase.map_source('size', \
                     'core.sizes'); if not: SELECT metabase.map_source('size', NULL);"
                ),
            ),
            case(
                &stock,
                &could_be("stock_item", "products.inventory"),
                &format!(
                    "A superuser who maps the orders says for all of their owner's tables that they are the shop's. For this table alone, if you trust role \"{stranger}\": SELECT \
                     metabase.map_source('stock_item', 'products.inventory');"
                ),
            ),
            case(
                &orders,
                &could_be("order", "transactions.orders"),
                &format!(
                    "If this is the shop, and role \"{stranger}\" may be trusted with the privileges of whoever makes the views: \
                     SELECT metabase.map_source('order', 'transactions.orders'); what else of the shop is found and belongs to \
                     that role is then trusted, too."
                ),
            ),
        ],
    );
}

#[test]
fn a_literal_that_calls_a_function_when_it_is_read() {
    let database = shop();
    let mut client = database.connect();
    let call = r#"SELECT metabase.map_source('size', 'core.sizes', '{"value": "numbers = ''{1}''"}')"#;
    check(
        &mut client,
        &[Case {
            given: "CREATE FUNCTION core.is_odd(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1 % 2 = 1; END $$;
                    CREATE DOMAIN core.odd AS integer CHECK (core.is_odd(VALUE));
                    CREATE TABLE core.sizes (id uuid PRIMARY KEY, numbers core.odd[])",
            call,
            sqlstate: "0A000",
            message: "column \"value\" of entity \"size\" does not work on core.sizes: a literal calls function \"is_odd\" when it \
                      is read; write it as ARRAY[…] or ROW(…)",
            hint: Some(
                "What a domain's CHECK calls is not run while SQL is looked at, unless it is PostgreSQL's own and immutable.",
            ),
        }],
    );
}

#[test]
fn a_card_over_views_of_several_roles() {
    let (database, mut client) = shop_with_views();
    let another = database.create_role("another");
    run(
        &mut client,
        &format!(
            "GRANT USAGE, CREATE ON SCHEMA analytics TO {another};
             ALTER MATERIALIZED VIEW analytics.metabase_customer_geography OWNER TO {another}"
        ),
    );
    let page: String = value(
        &mut client,
        "SELECT metabase.dashboard_html('platform_performance')",
    );
    assert!(
        page.contains("the views that this card reads belong to several roles; for a superuser they are read as their one owner"),
        "{page}"
    );
}

// Names that were asked for

#[test]
fn names_that_do_not_exist() {
    let (_database, mut client) = shop_with_views();
    let views = format!("The views are: {}.", VIEWS.join(", "));
    let strategies =
        "The strategies are: realtime, hourly, daily, weekly, manual; 'all' stands for every view.";
    let modes = "The modes are: auto, full, incremental.";
    let entities = "The entities are: order, stock_item, product, brand, category, platform, supplier, size.";
    let unknown = |call, sqlstate, message, hint| Case {
        given: "",
        call,
        sqlstate,
        message,
        hint: Some(hint),
    };
    check(
        &mut client,
        &[
            unknown(
                "SELECT * FROM metabase.refresh_view('sales')",
                "42P01",
                "there is no view \"sales\"",
                &views,
            ),
            unknown(
                "SELECT * FROM metabase.create_view('sales')",
                "42P01",
                "there is no view \"sales\"",
                &views,
            ),
            unknown(
                "SELECT metabase.drop_view('sales')",
                "42P01",
                "there is no view \"sales\"",
                &views,
            ),
            unknown(
                "SELECT * FROM metabase.view_status('sales')",
                "42P01",
                "there is no view \"sales\"",
                &views,
            ),
            // Names are taken as they are written.
            unknown(
                "SELECT * FROM metabase.view_status('METABASE_BRAND_ANALYTICS')",
                "42P01",
                "there is no view \"METABASE_BRAND_ANALYTICS\"",
                &views,
            ),
            unknown(
                "SELECT * FROM metabase.refresh('monthly')",
                "22023",
                "there is no strategy \"monthly\"",
                strategies,
            ),
            unknown(
                "SELECT * FROM metabase.refresh('')",
                "22023",
                "there is no strategy \"\"",
                strategies,
            ),
            unknown(
                "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], 'all')",
                "22023",
                "\"all\" is neither a strategy nor a cron expression: it does not have five fields",
                "The strategies are: realtime, hourly, daily, weekly, manual. A cron expression has five fields: minute, hour, \
                 day of the month, month, day of the week; for example '*/15 8-18 * * mon-fri'.",
            ),
            unknown(
                "SELECT * FROM metabase.refresh_view('metabase_brand_analytics', 'concurrently')",
                "22023",
                "there is no refresh mode \"concurrently\"",
                modes,
            ),
            unknown(
                "SELECT metabase.map_source('customer', 'core.brands')",
                "22023",
                "there is no entity \"customer\"",
                entities,
            ),
            unknown(
                "SELECT metabase.unmap_source('orders')",
                "22023",
                "there is no entity \"orders\"",
                entities,
            ),
            unknown(
                r#"SELECT metabase.map_source('brand', 'core.brands', '{"colour": "name"}')"#,
                "42703",
                "entity \"brand\" has no column \"colour\"",
                "Its columns are: id, name, segment, price_tier, target_demographic, is_collaboration, parent_brand_id.",
            ),
            unknown(
                "SELECT metabase.set_setting('timezone', 'UTC')",
                "22023",
                "there is no setting \"timezone\"",
                "The settings are: time_zone, completed_statuses, currency, history_days.",
            ),
            unknown(
                "SELECT metabase.grant_reader('nobody_of_this_name')",
                "42704",
                "role \"nobody_of_this_name\" does not exist",
                "Create it first, with CREATE ROLE.",
            ),
            unknown(
                "SELECT metabase.grant_operator('nobody_of_this_name')",
                "42704",
                "role \"nobody_of_this_name\" does not exist",
                "Create it first, with CREATE ROLE.",
            ),
            // PUBLIC is no role: nobody is given anything by accident.
            unknown(
                "SELECT metabase.grant_reader('public')",
                "42704",
                "role \"public\" does not exist",
                "Create it first, with CREATE ROLE.",
            ),
        ],
    );
}

#[test]
fn values_that_no_setting_can_have() {
    let database = Database::with_extension();
    let mut client = database.connect();
    check(
        &mut client,
        &[
            Case {
                given: "",
                call: "SELECT metabase.set_setting('time_zone', 'Mars/Olympus')",
                sqlstate: "22023",
                message: "setting \"time_zone\" cannot be \"Mars/Olympus\": there is no time zone of that name in \
                          pg_timezone_names",
                hint: Some("For example: SELECT metabase.set_setting('time_zone', 'Europe/Berlin');"),
            },
            Case {
                given: "",
                call: "SELECT metabase.set_setting('completed_statuses', ' , ')",
                sqlstate: "22023",
                message: "setting \"completed_statuses\" cannot be \" , \": it names no status",
                hint: Some(
                    "For example: SELECT metabase.set_setting('completed_statuses', 'completed, delivered');",
                ),
            },
            Case {
                given: "",
                call: "SELECT metabase.set_setting('currency', 'Euro')",
                sqlstate: "22023",
                message: "setting \"currency\" cannot be \"Euro\": it is not a code of ISO 4217",
                hint: Some("For example: SELECT metabase.set_setting('currency', 'EUR');"),
            },
        ],
    );
}

#[test]
fn arguments_that_must_not_be_null() {
    let (_database, mut client) = shop_with_views();
    for (call, argument) in [
        ("SELECT * FROM metabase.create_all_views(NULL)", "drop_existing"),
        ("SELECT * FROM metabase.create_view(NULL)", "view_name"),
        (
            "SELECT * FROM metabase.create_view('metabase_brand_analytics', NULL)",
            "drop_existing",
        ),
        ("SELECT metabase.drop_view(NULL)", "view_name"),
        (
            "SELECT metabase.drop_view('metabase_brand_analytics', NULL)",
            "cascade",
        ),
        ("SELECT * FROM metabase.refresh(NULL)", "strategy"),
        ("SELECT * FROM metabase.refresh_view(NULL)", "view_name"),
        (
            "SELECT * FROM metabase.refresh_view('metabase_brand_analytics', NULL)",
            "mode",
        ),
        (
            "SELECT metabase.create_custom_view(NULL, 'SELECT 1 AS a', ARRAY['a'])",
            "name",
        ),
        (
            "SELECT metabase.create_custom_view('mine', NULL, ARRAY['a'])",
            "query",
        ),
        (
            "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', NULL)",
            "key_columns",
        ),
        (
            "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a', NULL])",
            "key_columns",
        ),
        (
            "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], NULL)",
            "strategy",
        ),
        (
            "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], 'daily', NULL)",
            "indexes",
        ),
        (
            "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], 'daily', ARRAY[NULL])",
            "indexes",
        ),
        ("SELECT metabase.map_source(NULL, 'core.brands')", "entity"),
        ("SELECT metabase.unmap_source(NULL)", "entity"),
        ("SELECT metabase.set_setting(NULL, 'EUR')", "name"),
        ("SELECT metabase.grant_reader(NULL)", "role"),
        ("SELECT metabase.grant_operator(NULL)", "role"),
    ] {
        check(
            &mut client,
            &[Case {
                given: "",
                call,
                sqlstate: "22004",
                message: &format!("argument \"{argument}\" must not be NULL"),
                hint: Some("Pass a value."),
            }],
        );
    }
}

// Sources

#[test]
fn a_shop_without_a_table_that_every_shop_has() {
    let database = Database::with_extension();
    let mut client = database.connect();
    check(
        &mut client,
        &[
            Case {
                given: "",
                call: "SELECT * FROM metabase.create_all_views()",
                sqlstate: "42P01",
                message: "entity \"order\" needs a table, and none of transactions.orders, sales.order exists",
                hint: Some("Say which table it is: SELECT metabase.map_source('order', 'schema.table');"),
            },
            Case {
                given: "CREATE SCHEMA sales;
                        CREATE TABLE sales.\"order\" (id int PRIMARY KEY, status text, sold_at date, gross_sale numeric)",
                call: "SELECT * FROM metabase.create_view('metabase_executive_metrics')",
                sqlstate: "42P01",
                message: "entity \"stock_item\" needs a table, and none of products.inventory, inventory.stock exists",
                hint: Some("Say which table it is: SELECT metabase.map_source('stock_item', 'schema.table');"),
            },
        ],
    );
}

#[test]
fn sources_that_cannot_be_read() {
    let database = shop();
    let mut client = database.connect();
    let ddl = |column: &str, sql_type: &str| {
        format!("ALTER TABLE transactions.orders ALTER COLUMN {column} TYPE {sql_type} USING NULL")
    };
    check(
        &mut client,
        &[
            Case {
                given: "CREATE SCHEMA sales; CREATE TABLE sales.\"order\" (LIKE transactions.orders)",
                call: "SELECT * FROM metabase.create_all_views()",
                sqlstate: "55000",
                message: "entity \"order\" could be read from any of transactions.orders, sales.\"order\"",
                hint: Some(
                    "Say which one it is: SELECT metabase.map_source('order', 'transactions.orders');",
                ),
            },
            Case {
                given: "ALTER TABLE transactions.orders DROP COLUMN gross_sale",
                call: "SELECT * FROM metabase.create_all_views()",
                sqlstate: "42703",
                message: "entity \"order\" needs column \"gross_sale\", and transactions.orders has no \"gross_sale\"",
                hint: Some(
                    "Say where it is: SELECT metabase.map_source('order', 'transactions.orders', \
                     '{\"gross_sale\": \"column or expression\"}');",
                ),
            },
            Case {
                given: "ALTER TABLE transactions.orders DROP COLUMN status",
                call: "SELECT * FROM metabase.create_all_views()",
                sqlstate: "42703",
                message: "entity \"order\" needs column \"status\", and transactions.orders has no \"status\", and \
                          nothing is mapped to \"is_completed\"",
                hint: Some(
                    "Say where it is: SELECT metabase.map_source('order', 'transactions.orders', \
                     '{\"status\": \"column or expression\"}');",
                ),
            },
            Case {
                given: &ddl("gross_sale", "text"),
                call: "SELECT * FROM metabase.create_all_views()",
                sqlstate: "42804",
                message: "column \"gross_sale\" of entity \"order\" must be a number, but \"gross_sale\" in \
                          transactions.orders is text",
                hint: Some(
                    "Map an expression that converts it: SELECT metabase.map_source('order', \
                     'transactions.orders', '{\"gross_sale\": \"…\"}');",
                ),
            },
            Case {
                given: "ALTER TABLE transactions.orders DROP CONSTRAINT orders_platform_id_fkey;
                        ALTER TABLE transactions.orders ALTER COLUMN platform_id TYPE integer USING 1",
                call: "SELECT * FROM metabase.create_all_views()",
                sqlstate: "42804",
                message: "column \"platform_id\" of entity \"order\" is integer, but the key of entity \"platform\" is uuid",
                hint: Some(
                    "Map column \"platform_id\" of entity \"order\" to an expression that casts it to the key's type.",
                ),
            },
            Case {
                given: "SELECT metabase.map_source('size', 'core.platforms', '{\"value\": \"name\"}');
                        ALTER TABLE core.platforms RENAME TO channels;
                        SELECT metabase.map_source('platform', 'core.channels')",
                call: "SELECT * FROM metabase.create_all_views()",
                sqlstate: "42P01",
                message: "entity \"size\" cannot be read from core.platforms: there is no such table",
                hint: Some(
                    "Name one that exists, as metabase.map_source('size', 'schema.table'), or go back to detection with \
                     metabase.unmap_source('size').",
                ),
            },
        ],
    );
}

#[test]
fn a_source_that_the_role_may_not_read() {
    let database = shop();
    let mut client = database.connect();
    let role = database.create_role("without_brands");
    run(
        &mut client,
        &format!("SELECT metabase.grant_operator('{role}'); REVOKE SELECT ON core.brands FROM {role}"),
    );
    let before = snapshot(&mut client);
    assert_error(
        &error_of(
            &mut database.connect_as(&role),
            "SELECT * FROM metabase.create_all_views()",
        ),
        "42501",
        &format!("role \"{role}\" may not read core.brands, the source of entity \"brand\""),
        Some(&format!(
            "GRANT USAGE ON SCHEMA \"core\" TO \"{role}\"; GRANT SELECT ON core.brands TO \"{role}\";"
        )),
    );
    assert_eq!(snapshot(&mut client), before);
}

#[test]
fn mappings_that_cannot_work() {
    let database = shop();
    let mut client = database.connect();
    run(
        &mut client,
        "CREATE TYPE core.pair AS (id uuid, name text); CREATE SEQUENCE core.numbers",
    );
    let name_hint =
        "Write schema.table, and quote what is not in lower case: 'shop.orders', 'shop.\"Orders\"'.";
    let kind_hint = "Sources are tables, partitioned tables, views, materialized views or foreign tables.";
    let expression_hint = "Expressions see the table's columns; functions and other tables have to be written with their schema.";
    let not_an_expression_hint = "Write one expression over the table's columns, for example amount_cents * 0.01; a \
                                  subquery stands in parentheses.";
    let object_hint = "For example: '{\"sold_at\": \"completed_on\", \"gross_sale\": \"amount_cents * 0.01\", \"city\": \
                       null}'.";
    let mapping = |call, sqlstate, message, hint| Case {
        given: "",
        call,
        sqlstate,
        message,
        hint: Some(hint),
    };
    check(
        &mut client,
        &[
            mapping(
                "SELECT metabase.map_source('brand', 'core.marks')",
                "42P01",
                "entity \"brand\" cannot be read from core.marks: there is no such table",
                "Name one that exists, as metabase.map_source('brand', 'schema.table'), or go back to detection with \
                 metabase.unmap_source('brand').",
            ),
            mapping(
                "SELECT metabase.map_source('brand', 'brands')",
                "42602",
                "\"brands\" is not the name of a table with its schema",
                name_hint,
            ),
            mapping(
                "SELECT metabase.map_source('brand', 'shop.core.brands')",
                "42602",
                "\"shop.core.brands\" is not the name of a table with its schema",
                name_hint,
            ),
            mapping(
                "SELECT metabase.map_source('brand', 'core.brands; DROP TABLE core.brands')",
                "42602",
                "\"core.brands; DROP TABLE core.brands\" is not the name of a table with its schema",
                name_hint,
            ),
            mapping(
                "SELECT metabase.map_source('brand', 'core.brands_pkey')",
                "42809",
                "entity \"brand\" cannot be read from core.brands_pkey: it is an index",
                kind_hint,
            ),
            mapping(
                "SELECT metabase.map_source('brand', 'core.numbers')",
                "42809",
                "entity \"brand\" cannot be read from core.numbers: it is a sequence",
                kind_hint,
            ),
            mapping(
                "SELECT metabase.map_source('brand', 'core.pair')",
                "42809",
                "entity \"brand\" cannot be read from core.pair: it is a composite type",
                kind_hint,
            ),
            mapping(
                r#"SELECT metabase.map_source('order', 'transactions.orders', '{"sold_at": null}')"#,
                "42703",
                "entity \"order\" needs column \"sold_at\", and transactions.orders has no mapping for it but null",
                "Say where it is: SELECT metabase.map_source('order', 'transactions.orders', '{\"sold_at\": \
                 \"column or expression\"}');",
            ),
            mapping(
                r#"SELECT metabase.map_source('order', 'transactions.orders', '{"gross_sale": "external_id"}')"#,
                "42804",
                "column \"gross_sale\" of entity \"order\" must be a number, but external_id in \
                 transactions.orders is character varying(100)",
                "Map an expression that converts it: SELECT metabase.map_source('order', \
                 'transactions.orders', '{\"gross_sale\": \"…\"}');",
            ),
            mapping(
                r#"SELECT metabase.map_source('order', 'transactions.orders', '{"sold_at": "sold_at::text"}')"#,
                "42804",
                "column \"sold_at\" of entity \"order\" must be a timestamp or a date, but sold_at::text in \
                 transactions.orders is text",
                "Map an expression that converts it: SELECT metabase.map_source('order', \
                 'transactions.orders', '{\"sold_at\": \"…\"}');",
            ),
            mapping(
                r#"SELECT metabase.map_source('brand', 'core.brands', '{"name": "name, id"}')"#,
                "42601",
                "column \"name\" of entity \"brand\" is not one SQL expression: name, id",
                not_an_expression_hint,
            ),
            mapping(
                r#"SELECT metabase.map_source('brand', 'core.brands', '{"name": "name) FROM core.brands; DROP TABLE core.brands; SELECT (1"}')"#,
                "42601",
                "column \"name\" of entity \"brand\" is not one SQL expression: name) FROM core.brands; DROP TABLE \
                 core.brands; SELECT (1",
                not_an_expression_hint,
            ),
            mapping(
                "SELECT metabase.map_source('brand', 'core.brands', '{}', 'true ORDER BY 1')",
                "42601",
                "the filter of entity \"brand\" is not one SQL expression: true ORDER BY 1",
                not_an_expression_hint,
            ),
            mapping(
                r#"SELECT metabase.map_source('brand', 'core.brands', '{"name": "upper(title)"}')"#,
                "42703",
                "column \"name\" of entity \"brand\" does not work on core.brands: column \"title\" does not exist",
                expression_hint,
            ),
            mapping(
                r#"SELECT metabase.map_source('brand', 'core.brands', '{"name": "pretty(name)"}')"#,
                "42883",
                "column \"name\" of entity \"brand\" does not work on core.brands: function pretty(character \
                 varying) does not exist",
                expression_hint,
            ),
            mapping(
                "SELECT metabase.map_source('brand', 'core.brands', '{}', 'length(name)')",
                "42804",
                "the filter of entity \"brand\" does not work on core.brands: it is integer, not boolean",
                expression_hint,
            ),
            mapping(
                r#"SELECT metabase.map_source('brand', 'core.brands', '["name"]')"#,
                "22023",
                "the columns of entity \"brand\" must be a JSON object of texts and nulls, not [\"name\"]",
                object_hint,
            ),
            mapping(
                r#"SELECT metabase.map_source('brand', 'core.brands', '{"name": 1}')"#,
                "22023",
                "the columns of entity \"brand\" must be a JSON object of texts and nulls, not 1",
                object_hint,
            ),
            mapping(
                "SELECT metabase.map_source('order', NULL)",
                "22023",
                "entity \"order\" cannot be absent: every shop has it",
                "Map it to a table, or to a view that you make for it.",
            ),
            mapping(
                r#"SELECT metabase.map_source('brand', NULL, '{"name": "name"}')"#,
                "22023",
                "entity \"brand\" is declared absent, so it has no columns and no filter",
                "Leave the columns and the filter out, or name a table.",
            ),
            mapping(
                "SELECT metabase.map_source('brand', NULL, filter => 'true')",
                "22023",
                "entity \"brand\" is declared absent, so it has no columns and no filter",
                "Leave the columns and the filter out, or name a table.",
            ),
        ],
    );
}

#[test]
fn what_a_role_has_made_that_is_gone() {
    let database = shop();
    let role = database.create_role("gone");
    let mut client = database.connect();
    run(&mut client, &format!("SELECT metabase.grant_operator('{role}')"));
    run(
        &mut database.connect_as(&role),
        "SELECT metabase.map_source('brand', 'core.brands');
         SELECT metabase.create_custom_view('own', 'SELECT 1 AS a', ARRAY['a'])",
    );
    run(
        &mut client,
        &format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"),
    );
    let before = snapshot(&mut client);
    assert_error(
        &error_of(&mut client, "SELECT * FROM metabase.create_all_views()"),
        "42501",
        &format!("the mapping of entity \"brand\" was made by role \"{role}\", which is gone"),
        Some(
            "A new role of that name is another role. Look the mapping over in metabase.sources, and map entity \"brand\" again \
             yourself, or forget it: SELECT metabase.unmap_source('brand');",
        ),
    );
    assert_error(
        &error_of(&mut client, "SELECT * FROM metabase.create_view('own', true)"),
        "42501",
        &format!("view \"own\" was made by role \"{role}\", which is gone"),
        Some(
            "A new role of that name is another role. Look the query over (SELECT query FROM metabase_internal.custom_view, as a \
             superuser), forget the view (SELECT metabase.drop_view('own')), and create it again yourself.",
        ),
    );
    assert_eq!(snapshot(&mut client), before);
}

#[test]
fn expressions_over_many_rows_are_refused_when_they_are_mapped() {
    let database = shop();
    let mut client = database.connect();
    for (expression, sqlstate) in [
        ("max(rating)", "42803"),
        ("rank() OVER (ORDER BY rating)", "42P20"),
        ("generate_series(1, 3)", "0A000"),
    ] {
        let call = format!(
            r#"SELECT metabase.map_source('supplier', 'core.suppliers', '{{"rating": "{expression}"}}')"#
        );
        let before = snapshot(&mut client);
        assert_eq!(
            error_of(&mut client, &call).sqlstate.code(),
            sqlstate,
            "{expression}"
        );
        assert_eq!(snapshot(&mut client), before);
    }
}

#[test]
fn an_expression_that_uses_what_the_role_may_not() {
    let database = shop();
    let mut client = database.connect();
    let role = database.create_role("without_hr");
    run(
        &mut client,
        &format!(
            "SELECT metabase.grant_operator('{role}');
             CREATE SCHEMA hr;
             CREATE FUNCTION hr.secret() RETURNS numeric LANGUAGE sql RETURN 1"
        ),
    );
    let before = snapshot(&mut client);
    assert_error(
        &error_of(
            &mut database.connect_as(&role),
            r#"SELECT metabase.map_source('supplier', 'core.suppliers', '{"rating": "hr.secret()"}')"#,
        ),
        "42501",
        "column \"rating\" of entity \"supplier\" does not work on core.suppliers: permission denied for schema hr",
        Some("Grant the role what the message says, or have the mapping made by a role that has it."),
    );
    assert_eq!(snapshot(&mut client), before);
}

// Adapters

#[test]
fn views_of_the_old_sources_do_not_stand_beside_views_of_the_new() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    let changed = |given, call| Case {
        given,
        call,
        sqlstate: "55000",
        message: "the sources or the settings have changed since analytics.metabase_executive_metrics was created",
        hint: Some(
            "Views of different making would not agree; create them all anew: SELECT * FROM \
             metabase.create_all_views(drop_existing => true);",
        ),
    };
    check(
        &mut client,
        &[
            changed(
                "SELECT metabase.set_setting('completed_statuses', 'completed, pending')",
                "SELECT * FROM metabase.create_all_views()",
            ),
            changed(
                "SELECT metabase.set_setting('time_zone', 'Asia/Tokyo')",
                "SELECT * FROM metabase.create_view('metabase_brand_analytics')",
            ),
            changed(
                r#"SELECT metabase.map_source('brand', 'core.brands', '{"name": "upper(name)"}')"#,
                "SELECT * FROM metabase.create_view('metabase_platform_performance', drop_existing => true)",
            ),
        ],
    );
    // As the hint says:
    run(
        &mut client,
        "SELECT metabase.set_setting('completed_statuses', 'completed, pending')",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.create_all_views(drop_existing => true) WHERE created"
        ),
        ["7"]
    );
}

#[test]
fn an_adapter_whose_columns_change_their_type_while_somebodys_view_reads_it() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        r#"CREATE VIEW public.names AS SELECT id, name FROM metabase_internal.brands;
           CREATE TABLE core.marks (id text PRIMARY KEY, name text);
           SELECT metabase.map_source('brand', 'core.marks');
           SELECT metabase.map_source('product', 'products.products', '{"brand_id": "brand_id::text"}')"#,
    );
    let before = (snapshot(&mut client), history(&mut client));
    let error = error_of(
        &mut client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_error(
        &error,
        "2BP01",
        "adapter metabase_internal.brands cannot change its columns while other objects depend on it",
        Some("Drop what the DETAIL names, and make it again afterwards."),
    );
    assert_eq!(
        error.detail.as_deref(),
        Some("view public.names depends on view metabase_internal.brands")
    );
    assert_eq!((snapshot(&mut client), history(&mut client)), before);
    // As the hint says:
    run(
        &mut client,
        "DROP VIEW public.names;
         SELECT * FROM metabase.create_all_views(drop_existing => true);
         CREATE VIEW public.names AS SELECT id, name FROM metabase_internal.brands",
    );
}

// Views

#[test]
fn a_view_that_is_not_there_cannot_be_dropped() {
    let database = shop();
    let mut client = database.connect();
    check(
        &mut client,
        &[Case {
            given: "",
            call: "SELECT metabase.drop_view('metabase_brand_analytics')",
            sqlstate: "42P01",
            message: "materialized view analytics.metabase_brand_analytics does not exist",
            hint: Some("Create it: SELECT * FROM metabase.create_view('metabase_brand_analytics');"),
        }],
    );
}

#[test]
fn what_depends_on_a_view_keeps_it_from_being_dropped_without_cascade() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "CREATE VIEW public.top_brands AS SELECT brand_name FROM analytics.metabase_brand_analytics",
    );
    let before = (snapshot(&mut client), history(&mut client));
    let error = error_of(
        &mut client,
        "SELECT metabase.drop_view('metabase_brand_analytics', cascade => false)",
    );
    let message = "materialized view analytics.metabase_brand_analytics cannot be dropped because other objects depend on it";
    let hint = "Drop these first, or everything with it: SELECT metabase.drop_view('metabase_brand_analytics', cascade \
                => true);";
    let detail = "view public.top_brands depends on materialized view analytics.metabase_brand_analytics";
    assert_error(&error, "2BP01", message, Some(hint));
    assert_eq!(error.detail.as_deref(), Some(detail));
    // Replacing it needs it to be dropped, too, and never takes other objects with it.
    assert_eq!(
        column(
            &mut client,
            "SELECT error_message FROM metabase.create_view('metabase_brand_analytics', drop_existing => true)"
        ),
        [format!("{message} (SQLSTATE 2BP01)\n{detail}\n{hint}")]
    );
    assert_eq!((snapshot(&mut client), history(&mut client)), before);
}

#[test]
fn another_object_of_a_views_name_is_never_touched() {
    for (create, kind) in [
        (
            "CREATE TABLE analytics.metabase_brand_analytics (a int)",
            "a table",
        ),
        (
            "CREATE VIEW analytics.metabase_brand_analytics AS SELECT 1 AS a",
            "a view",
        ),
        ("CREATE SEQUENCE analytics.metabase_brand_analytics", "a sequence"),
        (
            "CREATE TABLE analytics.some (a int PRIMARY KEY);
             ALTER INDEX analytics.some_pkey RENAME TO metabase_brand_analytics",
            "an index",
        ),
    ] {
        let (_database, mut client) = shop_with_views();
        // The first refresh builds facts, whichever view is asked for.
        refresh_all(&mut client);
        run(
            &mut client,
            &format!("DROP MATERIALIZED VIEW analytics.metabase_brand_analytics; {create}"),
        );
        let before = snapshot(&mut client);
        let message = format!("analytics.metabase_brand_analytics is {kind}, not a materialized view");
        let hint = "Rename it or move it to another schema; it is never dropped for you.";
        let in_row = format!("{message} (SQLSTATE 42809)\n{hint}");
        for call in [
            "create_view('metabase_brand_analytics')",
            "create_view('metabase_brand_analytics', drop_existing => true)",
            "refresh_view('metabase_brand_analytics')",
        ] {
            assert_eq!(
                column(&mut client, &format!("SELECT error_message FROM metabase.{call}")),
                [in_row.as_str()],
                "{call} over {kind}"
            );
        }
        assert_error(
            &error_of(
                &mut client,
                "SELECT metabase.drop_view('metabase_brand_analytics')",
            ),
            "42809",
            &message,
            Some(hint),
        );
        let exists: bool = value(
            &mut client,
            "SELECT \"exists\" FROM metabase.view_status('metabase_brand_analytics')",
        );
        assert!(!exists, "{kind}");
        assert_eq!(snapshot(&mut client), before, "{kind}");
    }
}

#[test]
fn only_the_owner_of_a_view_may_refresh_replace_or_drop_it() {
    let database = shop();
    let mut client = database.connect();
    let (owner, other) = (database.create_role("owner"), database.create_role("other"));
    for role in [&owner, &other] {
        run(&mut client, &format!("SELECT metabase.grant_operator('{role}')"));
    }
    create_all_views(&mut database.connect_as(&owner));
    let before = snapshot(&mut client);
    let mut as_other = database.connect_as(&other);
    let message = format!("materialized view analytics.metabase_brand_analytics belongs to role \"{owner}\"");
    let hint = format!("Do this as its owner: SET ROLE \"{owner}\";");
    for call in [
        "refresh_view('metabase_brand_analytics')",
        "create_view('metabase_brand_analytics', drop_existing => true)",
    ] {
        assert_eq!(
            column(
                &mut as_other,
                &format!("SELECT error_message FROM metabase.{call}")
            ),
            [format!("{message} (SQLSTATE 42501)\n{hint}")],
            "{call}"
        );
    }
    assert_error(
        &error_of(
            &mut as_other,
            "SELECT metabase.drop_view('metabase_brand_analytics')",
        ),
        "42501",
        &message,
        Some(&hint),
    );
    // What concerns all seven says so.
    for call in [
        "rebuild()",
        "capture_status()",
        "enable_capture()",
        "disable_capture()",
        "unschedule()",
        "disable_event_sync()",
    ] {
        assert_error(
            &error_of(&mut as_other, &format!("SELECT metabase.{call}")),
            "42501",
            &format!("the views belong to role \"{owner}\", and \"{other}\" may not act as that role"),
            Some(&format!("Do this as their owner: SET ROLE \"{owner}\";")),
        );
    }
    assert_eq!(snapshot(&mut client), before);
}

#[test]
fn a_replacement_that_cannot_be_made_takes_the_whole_call_back() {
    let (_database, mut client) = shop_with_views();
    // The user's own index holds for the rows of today; the shop of tomorrow breaks it.
    run(
        &mut client,
        "CREATE UNIQUE INDEX mine ON analytics.metabase_brand_analytics (brand_name);
         UPDATE core.brands SET name = 'Nike'",
    );
    check(
        &mut client,
        &[Case {
            given: "",
            call: "SELECT * FROM metabase.create_all_views(drop_existing => true)",
            sqlstate: "23505",
            message: "analytics.metabase_brand_analytics could not be created anew, so the call as a whole was \
                      undone: could not create unique index \"mine\"",
            hint: Some("The old views are still there."),
        }],
    );
    assert_eq!(
        error_of(
            &mut client,
            "SELECT * FROM metabase.create_all_views(drop_existing => true)"
        )
        .detail
        .as_deref(),
        Some("Key (brand_name)=(Nike) is duplicated.")
    );
}

// Locks and cancellation

#[test]
fn a_lock_that_is_not_free_in_time_fails_the_view_that_needs_it() {
    let (database, mut client) = shop_with_views();
    run(&mut client, "DELETE FROM transactions.orders");
    // Whoever has read a view in an open transaction keeps it from being dropped; REFRESH CONCURRENTLY does not mind.
    let mut reader = database.connect();
    run(
        &mut reader,
        "BEGIN; SELECT FROM analytics.metabase_brand_analytics",
    );
    // Somebody refreshes another one by hand and has not committed.
    let mut refresher = database.connect();
    run(
        &mut refresher,
        "BEGIN; REFRESH MATERIALIZED VIEW CONCURRENTLY analytics.metabase_platform_performance",
    );
    let before = snapshot(&mut client);
    run(&mut client, "SET lock_timeout = '20ms'");

    let message =
        |view: &str| format!("materialized view analytics.{view} could not be locked within lock_timeout");
    let hint = |view: &str| {
        format!(
            "Somebody holds a lock on it or on what it reads: SELECT pid, mode, granted FROM pg_locks WHERE relation = \
             '\"analytics\".\"{view}\"'::regclass; then try again, with a longer lock_timeout if need be."
        )
    };
    let in_row = |view: &str| format!("{} (SQLSTATE 55P03)\n{}", message(view), hint(view));

    assert_error(
        &error_of(
            &mut client,
            "SELECT metabase.drop_view('metabase_brand_analytics')",
        ),
        "55P03",
        &message("metabase_brand_analytics"),
        Some(&hint("metabase_brand_analytics")),
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT error_message FROM metabase.create_view('metabase_brand_analytics', drop_existing => true)"
        ),
        [in_row("metabase_brand_analytics")]
    );
    assert_eq!(snapshot(&mut client), before);
    assert_eq!(
        column(
            &mut client,
            "SELECT error_message FROM metabase.refresh('all') WHERE status = 'failed'"
        ),
        [in_row("metabase_platform_performance")]
    );
    run(&mut refresher, "ROLLBACK");
    run(&mut reader, "ROLLBACK");
    assert_eq!(
        refresh_view(&mut client, "metabase_platform_performance").status,
        "completed"
    );
}

#[test]
fn a_lock_on_a_source_that_is_not_free_in_time_fails_the_views_that_read_it() {
    let (database, mut client) = shop_with_views();
    let mut holder = database.connect();
    run(
        &mut holder,
        "BEGIN; LOCK TABLE core.suppliers IN ACCESS EXCLUSIVE MODE",
    );
    run(&mut client, "SET lock_timeout = '20ms'");
    assert_eq!(
        column(
            &mut client,
            "SELECT view_name FROM metabase.refresh('all') WHERE status = 'failed' ORDER BY 1"
        ),
        ["metabase_inventory_status", "metabase_supplier_performance"]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT DISTINCT sqlstate FROM metabase.refresh_history WHERE status = 'failed'"
        ),
        ["55P03"]
    );
}

#[test]
fn somebody_elses_creating_or_dropping_that_takes_too_long_is_a_lock_timeout_as_well() {
    let (database, mut client) = shop_with_views();
    let mut other = database.connect();
    run(
        &mut other,
        "BEGIN; SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    run(&mut client, "SET lock_timeout = '20ms'");
    for call in [
        "SELECT * FROM metabase.create_all_views()",
        "SELECT metabase.drop_view('metabase_platform_performance')",
    ] {
        assert_error(
            &error_of(&mut client, call),
            "55P03",
            "another session creates or drops views, and did not end within lock_timeout",
            Some("Try again when its transaction has ended, with a longer lock_timeout if need be."),
        );
    }
}

#[test]
fn a_cancelled_refresh_is_cancelled_as_a_whole() {
    let (database, mut client) = shop_with_views();
    let before = (snapshot(&mut client), history(&mut client));
    let mut holder = database.connect();
    run(
        &mut holder,
        "BEGIN; LOCK TABLE core.suppliers IN ACCESS EXCLUSIVE MODE",
    );
    // Four views are done when the fifth has to wait.
    let refresh = Background::start(database.connect(), "SELECT * FROM metabase.refresh('all')");
    refresh.wait_until_blocked(&mut client);
    run(&mut client, &format!("SELECT pg_cancel_backend({})", refresh.pid));
    let error = refresh.result().expect_err("it was cancelled");
    let error = error.as_db_error().expect("the server says so");
    assert_eq!(error.code().code(), "57014");
    assert_eq!(error.message(), "canceling statement due to user request");
    assert_eq!((snapshot(&mut client), history(&mut client)), before);
}

#[test]
fn a_statement_timeout_ends_a_refresh_and_is_not_the_failure_of_a_view() {
    let (database, mut client) = shop_with_views();
    let mut holder = database.connect();
    run(
        &mut holder,
        "BEGIN; LOCK TABLE core.suppliers IN ACCESS EXCLUSIVE MODE",
    );
    for call in [
        "SELECT * FROM metabase.refresh('all')",
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    ] {
        let before = (snapshot(&mut client), history(&mut client));
        run(&mut client, "SET statement_timeout = '300ms'");
        let error = error_of(&mut client, call);
        run(&mut client, "RESET statement_timeout");
        assert_error(
            &error,
            "57014",
            "canceling statement due to statement timeout",
            None,
        );
        assert_eq!((snapshot(&mut client), history(&mut client)), before);
    }
    run(&mut holder, "ROLLBACK");
    assert_eq!(differences(&mut client, "metabase_inventory_status"), 0);
}

#[test]
fn a_transaction_that_goes_on_after_a_failed_view_is_sound() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "DROP INDEX analytics.uq_metabase_brand_analytics;
         BEGIN;
         SELECT * FROM metabase.refresh('all');
         CREATE TABLE public.after_failure (a int PRIMARY KEY);
         INSERT INTO public.after_failure VALUES (1);
         SELECT * FROM metabase.refresh('all');
         COMMIT",
    );
    assert_eq!(column(&mut client, "TABLE public.after_failure"), ["1"]);
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.refresh_history WHERE status = 'failed'"
        ),
        ["2"]
    );
}

// Triggers

#[test]
fn a_trigger_of_somebody_elses_making_captures_nothing() {
    let database = shop();
    let mut client = database.connect();
    let given = |trigger: &str, function: &str| {
        format!(
            "CREATE TABLE public.mine (id integer); INSERT INTO public.mine VALUES (1);
             CREATE TRIGGER mine {trigger} EXECUTE FUNCTION metabase_internal.{function}('order_queue', 'id')"
        )
    };
    // The queues take changes once there are facts.
    create_all_views(&mut client);
    refresh_all(&mut client);
    for given in [
        given("AFTER UPDATE ON public.mine FOR EACH STATEMENT", "capture_row"),
        given("BEFORE UPDATE ON public.mine FOR EACH ROW", "capture_row"),
        given("BEFORE UPDATE ON public.mine FOR EACH STATEMENT", "capture_row"),
        given("BEFORE UPDATE ON public.mine FOR EACH ROW", "capture_truncate"),
    ] {
        check(
            &mut client,
            &[Case {
                given: &given,
                call: "UPDATE public.mine SET id = 2",
                sqlstate: "39P01",
                message: "the triggers that capture changes are put on sources by this extension only",
                hint: Some(
                    "Drop the trigger. If it was to capture changes: SELECT * FROM metabase.enable_capture();",
                ),
            }],
        );
    }
}
