//! The JSON that people and Metabase get.

use std::collections::{BTreeMap, BTreeSet};

use postgres::Client;
use serde_json::{Value, json};

use super::card::{DASHBOARDS, dashboard, list, text};
use super::metabase::{DATABASE_ID, Request, id, metadata, numbers};
use crate::cluster::{Database, error_of, value};
use crate::rows::rows;
use crate::shop::{VIEWS, assert_error, column, run, shop_with_views};

/// The bodies of the requests that make a dashboard in the Metabase that this metadata is from.
pub fn requests(client: &mut Client, name: &str, metadata: &Value) -> Value {
    client
        .query_one(
            "SELECT metabase.dashboard_json($1, metadata => $2)",
            &[&name, metadata],
        )
        .unwrap_or_else(|error| panic!("{name}: {error:?}"))
        .get(0)
}

/// The statement that asks for them.
pub fn request(name: &str, metadata: &Value) -> String {
    format!(
        "SELECT metabase.dashboard_json('{name}', '{}')",
        metadata.to_string().replace('\'', "''")
    )
}

// What there is

#[test]
fn four_dashboards_with_thirty_eight_cards() {
    let (_database, mut client) = shop_with_views();
    assert_eq!(
        rows(
            &mut client,
            "SELECT name, title, audience, cards, filters, source_views FROM metabase.dashboards()"
        ),
        [
            "executive | Executive dashboard | Executives, business owners | 9 | {\"Date range\"} | \
             {metabase_executive_metrics,metabase_sales}",
            "product_analytics | Product analytics | Product managers, buyers | 10 | {\"Date range\",Brand} | \
             {metabase_inventory_status,metabase_sales}",
            "platform_performance | Platform performance | Operations, finance | 10 | {\"Date range\",Platform} | \
             {metabase_executive_metrics,metabase_sales}",
            "inventory_management | Inventory management | Inventory managers, buyers | 9 | {\"Stock category\",Supplier} | \
             {metabase_inventory_status,metabase_supplier_performance}",
        ]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.dashboards() WHERE description ~ '\\S'"
        ),
        ["4"]
    );
}

#[test]
fn a_shop_without_a_view_of_single_sales_is_asked_what_its_other_views_have() {
    let (_database, mut client) = shop_with_views();
    let all = |client: &mut Client| DASHBOARDS.map(|name| dashboard(client, name));
    let of_sales = all(&mut client);
    run(&mut client, "SELECT metabase.set_setting('sales_view', 'off')");
    let of_views = all(&mut client);
    assert_eq!(
        rows(
            &mut client,
            "SELECT name, cards, source_views FROM metabase.dashboards()"
        ),
        [
            "executive | 9 | {metabase_executive_metrics,metabase_product_performance,metabase_customer_geography}",
            "product_analytics | 8 | {metabase_product_performance,metabase_inventory_status}",
            "platform_performance | 9 | {metabase_executive_metrics,metabase_platform_performance,metabase_customer_geography}",
            "inventory_management | 9 | {metabase_inventory_status,metabase_supplier_performance}",
        ]
    );
    for name in DASHBOARDS {
        let check = format!("SELECT * FROM metabase.check_dashboard('{name}')");
        assert_eq!(rows(&mut client, &check), Vec::<String>::new());
    }
    let titles = |dashboard: &Value| -> Vec<String> {
        let cards = list(&dashboard["ordered_cards"]).iter();
        let titles = cards.filter_map(|dashcard| dashcard["card"]["name"].as_str());
        titles.map(str::to_owned).collect()
    };
    let all_time = |dashboards: &[Value; 4]| {
        let titles = dashboards.iter().flat_map(&titles);
        titles.filter(|title| title.ends_with(", all time")).count()
    };
    assert_eq!((all_time(&of_sales), all_time(&of_views)), (2, 7));

    // So is one that was set up before there was such a view, until it has it; and one that has no view yet is asked what it will have.
    run(&mut client, "SELECT metabase.set_setting('sales_view', NULL)");
    assert_eq!(all(&mut client), of_sales);
    run(&mut client, "SELECT metabase.drop_view('metabase_sales')");
    assert_eq!(all(&mut client), of_views);
    run(
        &mut client,
        "SELECT * FROM metabase.create_view('metabase_sales')",
    );
    assert_eq!(all(&mut client), of_sales);
    for view in VIEWS {
        run(&mut client, &format!("SELECT metabase.drop_view('{view}')"));
    }
    assert_eq!(all(&mut client), of_sales);
}

#[test]
fn a_dashboard_that_does_not_exist() {
    let (_database, mut client) = shop_with_views();
    for name in ["sales", "", "Executive", "executive "] {
        for call in [
            format!("SELECT metabase.dashboard_json('{name}')"),
            format!("SELECT metabase.dashboard_json('{name}', '{{}}')"),
            format!("SELECT * FROM metabase.check_dashboard('{name}')"),
        ] {
            assert_error(
                &error_of(&mut client, &call),
                "22023",
                &format!("there is no dashboard \"{name}\""),
                Some(
                    "The dashboards are: executive, product_analytics, platform_performance, inventory_management.",
                ),
            );
        }
    }
}

#[test]
fn an_argument_that_is_null() {
    let (_database, mut client) = shop_with_views();
    for (call, argument) in [
        ("SELECT metabase.dashboard_json(NULL)", "name"),
        ("SELECT metabase.dashboard_json(NULL, '{}')", "name"),
        ("SELECT * FROM metabase.check_dashboard(NULL::text)", "name"),
        ("SELECT * FROM metabase.check_dashboard(NULL::jsonb)", "dashboard"),
    ] {
        assert_error(
            &error_of(&mut client, call),
            "22004",
            &format!("argument \"{argument}\" must not be NULL"),
            Some("Pass a value."),
        );
    }
    // No metadata: fields by their names.
    assert!(value::<bool>(
        &mut client,
        "SELECT metabase.dashboard_json('executive', NULL) = metabase.dashboard_json('executive')"
    ));
}

#[test]
fn a_database_without_views_has_dashboards_and_is_told_what_they_need() {
    let database = Database::with_extension();
    let mut client = database.connect();
    let mut missing = BTreeSet::new();
    for name in DASHBOARDS {
        assert_eq!(dashboard(&mut client, name)["key"], name);
        missing.extend(rows(
            &mut client,
            &format!("SELECT * FROM metabase.check_dashboard('{name}')"),
        ));
    }
    let expected: BTreeSet<String> = VIEWS
        .iter()
        // What is of all time no card asks where there are single sales.
        .filter(|view| {
            ![
                "metabase_brand_analytics",
                "metabase_customer_geography",
                "metabase_platform_performance",
                "metabase_product_performance",
            ]
            .contains(view)
        })
        .map(|view| {
            format!(
                "- | materialized view analytics.{view} does not exist; create it: SELECT * FROM metabase.create_view('{view}')"
            )
        })
        .collect();
    assert_eq!(missing, expected);
}

// What it depends on

#[test]
fn a_dashboard_is_the_same_whatever_a_session_has_set() {
    let (database, mut client) = shop_with_views();
    run(
        &mut client,
        "CREATE SCHEMA decoy;
         CREATE FUNCTION decoy.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS 'SELECT ''decoy''';
         CREATE TABLE decoy.metabase_executive_metrics (sale_date text);
         CREATE TABLE decoy.pg_class (oid oid, relname name)",
    );
    let before = DASHBOARDS.map(|name| dashboard(&mut client, name));
    let metadata = metadata(&mut client);
    let requests_before = requests(&mut client, "executive", &metadata);
    for setting in [
        "search_path = decoy, pg_catalog",
        "search_path = ''",
        "TimeZone = 'Asia/Tokyo'",
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = 'iso_8601'",
        "standard_conforming_strings = off",
        "lc_numeric = 'C'",
        "lc_monetary = 'C'",
        "extra_float_digits = -15",
        "bytea_output = 'escape'",
        "client_encoding = 'LATIN1'",
        "default_transaction_read_only = on",
        "default_transaction_isolation = 'serializable'",
        "statement_timeout = '1min'",
        "plan_cache_mode = force_generic_plan",
        "row_security = off",
    ] {
        let mut session = database.connect();
        if setting.starts_with("client_encoding") {
            // The texts have dashes and dots that LATIN1 lacks: the same cannot be sent, but it can be compared.
            run(
                &mut client,
                "CREATE TABLE IF NOT EXISTS decoy.json AS SELECT metabase.dashboard_json('executive') AS json",
            );
            run(&mut session, &format!("SET {setting}"));
            assert!(value::<bool>(
                &mut session,
                "SELECT json = metabase.dashboard_json('executive') FROM decoy.json"
            ));
            continue;
        }
        run(&mut session, &format!("SET {setting}"));
        assert_eq!(
            DASHBOARDS.map(|name| dashboard(&mut session, name)),
            before,
            "{setting}"
        );
        assert_eq!(
            requests(&mut session, "executive", &metadata),
            requests_before,
            "{setting}"
        );
        for name in DASHBOARDS {
            let check = format!("SELECT * FROM metabase.check_dashboard('{name}')");
            assert_eq!(rows(&mut session, &check), Vec::<String>::new(), "{setting}");
        }
    }
}

#[test]
fn amounts_are_in_the_shops_currency_to_its_smallest_unit() {
    let (_database, mut client) = shop_with_views();
    for (currency, decimals) in [("JPY", 0), ("KWD", 3), ("USD", 2)] {
        run(
            &mut client,
            &format!("SELECT metabase.set_setting('currency', '{currency}')"),
        );
        for name in DASHBOARDS {
            let dashboard = dashboard(&mut client, name);
            let formats: Vec<&Value> = list(&dashboard["ordered_cards"])
                .iter()
                .filter_map(|dashcard| {
                    dashcard["card"]["visualization_settings"]["column_settings"].as_object()
                })
                .flat_map(|columns| columns.values())
                .filter(|format| format["number_style"] == "currency")
                .collect();
            assert!(!formats.is_empty());
            for format in &formats {
                assert_eq!(format["currency"], currency, "{name}: {format}");
                // Sums are to whole units, prices to the smallest.
                assert!(
                    [json!(0), json!(decimals)].contains(&format["decimals"]),
                    "{name}: {format}"
                );
            }
            let has_prices = formats.iter().any(|format| format["decimals"] == decimals);
            assert!(has_prices, "{name}");
            assert!(
                words_above(&dashboard).contains(&format!("Amounts are in {currency}, days are those of "))
            );
        }
        assert_eq!(
            rows(&mut client, "SELECT * FROM metabase.check_dashboard('executive')"),
            Vec::<String>::new()
        );
    }
}

#[test]
fn a_goal_that_is_set_is_a_line_of_the_revenue_trend() {
    let (_database, mut client) = shop_with_views();
    let trend = |client: &mut Client| {
        let executive = dashboard(client, "executive");
        let dashcards = list(&executive["ordered_cards"]);
        let trend = dashcards
            .iter()
            .find(|dashcard| dashcard["card"]["key"] == "revenue_trend");
        trend.expect("it is there")["card"]["visualization_settings"].clone()
    };
    let without = trend(&mut client);
    assert_eq!(without.get("graph.show_goal"), None);
    run(
        &mut client,
        "SELECT metabase.set_setting('monthly_revenue_goal', '12500.50')",
    );
    let mut with = trend(&mut client);
    let goal = ["show_goal", "goal_value", "goal_label"].map(|name| {
        let settings = with.as_object_mut().expect("it is an object");
        settings.remove(&format!("graph.{name}"))
    });
    assert_eq!(
        goal,
        [
            Some(json!(true)),
            Some(json!(12500.5)),
            Some(json!("Revenue goal"))
        ]
    );
    assert_eq!(with, without);
    let check = "SELECT * FROM metabase.check_dashboard('executive')";
    assert_eq!(rows(&mut client, check), Vec::<String>::new());
    let page: String = value(
        &mut client,
        "SELECT metabase.dashboard_html('executive', '{\"date\": null}')",
    );
    assert!(page.contains("Revenue goal: &#8364;12,501"), "{page}");
    run(
        &mut client,
        "SELECT metabase.set_setting('monthly_revenue_goal', '')",
    );
    assert_eq!(trend(&mut client), without);
}

#[test]
fn what_somebody_should_look_at_is_marked_and_sizes_have_bars() {
    let (_database, mut client) = shop_with_views();
    let mut found = Vec::new();
    for name in DASHBOARDS {
        let dashboard = dashboard(&mut client, name);
        for dashcard in list(&dashboard["ordered_cards"]) {
            let settings = &dashcard["card"]["visualization_settings"];
            let key = &dashcard["card"]["key"];
            for rule in settings["table.column_formatting"]
                .as_array()
                .into_iter()
                .flatten()
            {
                found.push(format!(
                    "{key} {} {} {}",
                    rule["columns"], rule["operator"], rule["value"]
                ));
            }
            for (column, format) in settings["column_settings"].as_object().into_iter().flatten() {
                if format["show_mini_bar"] == true {
                    found.push(format!("{key} {column} bars"));
                }
            }
        }
    }
    assert_eq!(
        found,
        [
            r#""data_as_of" ["State"] "!=" "up to date""#,
            r#""top_products" ["Profit"] "<" 0"#,
            r#""top_products" ["name","Revenue"] bars"#,
            r#""data_as_of" ["State"] "!=" "up to date""#,
            r#""product_performance" ["Profit"] "<" 0"#,
            r#""product_performance" ["name","Revenue"] bars"#,
            r#""data_as_of" ["State"] "!=" "up to date""#,
            r#""platform_profitability" ["Profit"] "<" 0"#,
            r#""platform_profitability" ["name","Revenue"] bars"#,
            r#""unpaid_payouts" ["name","Unpaid"] bars"#,
            r#""data_as_of" ["State"] "!=" "up to date""#,
            r#""inventory_status" ["Stock category"] "=" "Dead Stock""#,
            r#""inventory_status" ["Profit"] "<" 0"#,
            r#""supplier_performance" ["Profit"] "<" 0"#,
            r#""supplier_performance" ["name","Unsold value"] bars"#,
        ]
    );
}

#[test]
fn the_words_above_the_cards_say_how_fresh_the_figures_are() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'Asia/Tokyo');
         SELECT metabase.set_strategy('metabase_supplier_performance', 'daily')",
    );
    // Until the views are made anew, their days are what they were.
    let before = words_above(&dashboard(&mut client, "inventory_management"));
    assert!(!before.contains("Asia/Tokyo"), "{before}");
    run(
        &mut client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    let words = words_above(&dashboard(&mut client, "inventory_management"));
    assert!(words.contains("days are those of Asia/Tokyo"), "{words}");
    assert!(
        words.contains("`metabase_inventory_status` hourly, `metabase_supplier_performance` daily;"),
        "{words}"
    );
    assert!(!words.contains("metabase_executive_metrics"), "{words}");
}

/// The text beside the card that says how fresh the figures are.
fn words_above(dashboard: &Value) -> String {
    let first = list(&dashboard["ordered_cards"]).first().expect("there is one");
    assert_eq!(first["visualization_settings"]["virtual_card"]["display"], "text");
    text(&first["visualization_settings"]["text"])
}

// What it is made of

#[test]
fn every_card_says_what_it_shows_in_order_and_in_which_unit() {
    let (_database, mut client) = shop_with_views();
    for name in DASHBOARDS {
        let dashboard = dashboard(&mut client, name);
        let mut keys = Vec::new();
        for dashcard in list(&dashboard["ordered_cards"]) {
            let Some(card) = dashcard["card"].as_object() else {
                continue;
            };
            let sql = text(&card["dataset_query"]["native"]["query"]);
            let key = text(&card["key"]);
            assert!(
                sql.starts_with(&format!("-- metabase_views: {name}/{key}\n")),
                "{sql}"
            );
            assert_eq!(card["dataset_query"].get("database"), None, "{key}");
            let is_one_row = card["display"] == "scalar" || key == "data_as_of";
            assert!(is_one_row || sql.contains("ORDER BY"), "{key} is in no order");
            let columns = card["visualization_settings"]["column_settings"]
                .as_object()
                .expect("it is an object");
            for (column, format) in columns {
                // It has one name, in headings, legends and tooltips.
                let (_, name): (String, String) = serde_json::from_str(column).expect("it is a column's key");
                assert!(sql.contains(&format!(" AS \"{name}\"")), "{key}: {name}");
                assert_eq!(format.get("column_title"), None, "{key}: {name}");
            }
            keys.push(key);
        }
        let distinct: BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len(), "{keys:?}");
    }
}

#[test]
fn a_measure_has_one_color_wherever_it_is_drawn() {
    let (_database, mut client) = shop_with_views();
    let mut colors = BTreeMap::new();
    for name in DASHBOARDS {
        let dashboard = dashboard(&mut client, name);
        for dashcard in list(&dashboard["ordered_cards"]) {
            let settings = &dashcard["card"]["visualization_settings"];
            // Lines of values have the colors of these.
            let dimensions = settings["graph.dimensions"].as_array();
            if dimensions.is_some_and(|dimensions| dimensions.len() > 1) {
                continue;
            }
            for metric in settings["graph.metrics"].as_array().into_iter().flatten() {
                let metric = text(metric);
                let color = text(&settings["series_settings"][&metric]["color"]);
                let first = colors.entry(metric.clone()).or_insert(color.clone());
                assert_eq!(*first, color, "{metric} in {name}");
            }
        }
    }
    let distinct: BTreeSet<&String> = colors.values().collect();
    assert_eq!(distinct.len(), colors.len(), "{colors:?}");
    assert_eq!(
        colors.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "Fee rate",
            "Items",
            "Profit",
            "Revenue",
            "Sell-through",
            "Units sold"
        ]
    );
}

#[test]
fn filters_start_as_documented() {
    let (_database, mut client) = shop_with_views();
    let filters = DASHBOARDS.map(|name| {
        let dashboard = dashboard(&mut client, name);
        list(&dashboard["parameters"])
            .iter()
            .map(|it| format!("{} {} {}", it["slug"], it["type"], it["default"]))
            .collect::<Vec<_>>()
    });
    assert_eq!(
        filters,
        [
            vec![r#""date" "date/all-options" "past30days""#],
            vec![
                r#""date" "date/all-options" "past90days""#,
                r#""brand" "string/=" null"#
            ],
            vec![
                r#""date" "date/all-options" "past30days""#,
                r#""platform" "string/=" null"#
            ],
            vec![
                r#""stock_category" "string/=" null"#,
                r#""supplier" "string/=" null"#
            ],
        ]
    );
}

// For one Metabase

/// The shop in a database that has tables of the same names in other schemas, too.
fn shop_with_decoys() -> (Database, Client) {
    let (database, mut client) = shop_with_views();
    for schema in ["\"Analytics\"", "analytics_old", "public"] {
        run(&mut client, &format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
        for view in VIEWS {
            run(
                &mut client,
                &format!("CREATE TABLE {schema}.{view} AS SELECT * FROM analytics.{view}"),
            );
        }
    }
    run(
        &mut client,
        "CREATE TABLE analytics.another (sale_date date);
         CREATE MATERIALIZED VIEW analytics.metabase_of_my_own AS SELECT 1 AS sale_date",
    );
    (database, client)
}

#[test]
fn metabase_understands_every_request() {
    let (_database, mut client) = shop_with_decoys();
    let metadata = metadata(&mut client);
    let (post_card, post_dashboard, put_dashboard) = (
        Request::new("post", "/api/card"),
        Request::new("post", "/api/dashboard"),
        Request::new("put", "/api/dashboard/{id}"),
    );
    for name in DASHBOARDS {
        let requests = requests(&mut client, name, &metadata);
        assert_eq!(requests["name"], name);
        for card in list(&requests["cards"]) {
            assert_eq!(post_card.faults(&card["body"]), Vec::<String>::new(), "{card}");
            assert_eq!(card["body"]["dataset_query"]["database"], DATABASE_ID);
        }
        assert_eq!(
            post_dashboard.faults(&requests["dashboard"]),
            Vec::<String>::new()
        );
        let layout = with_card_ids(&requests["layout"], list(&requests["cards"]));
        assert_eq!(put_dashboard.faults(&layout), Vec::<String>::new());
    }
}

#[test]
fn what_metabase_would_refuse_is_seen_by_these_tests() {
    let card =
        json!({"name": "", "dataset_query": {}, "display": "bar", "visualization_settings": {}, "colour": 1});
    assert_eq!(Request::new("post", "/api/card").faults(&card).len(), 2);
    let layout = json!({
        "parameters": [{"id": "a", "type": "date/fortnight"}],
        "dashcards": [{"id": -1, "row": 0, "col": 0, "size_x": 0, "size_y": 1}]
    });
    assert_ne!(
        Request::new("put", "/api/dashboard/{id}").faults(&layout).len(),
        0
    );
}

/// A layout with the numbers that Metabase has given the cards in the place of their keys, as it is sent.
fn with_card_ids(layout: &Value, cards: &[Value]) -> Value {
    let mut layout = layout.clone();
    for dashcard in layout["dashcards"].as_array_mut().expect("it is a list") {
        let dashcard = dashcard.as_object_mut().expect("it is an object");
        let Some(key) = dashcard.remove("card") else {
            let virtual_card = &dashcard["visualization_settings"]["virtual_card"];
            assert!(["heading", "text"].contains(&virtual_card["display"].as_str().expect("it has one")));
            continue;
        };
        let place = cards.iter().position(|card| card["key"] == key);
        let card_id = 501 + place.expect("each card that is placed is made");
        dashcard.insert("card_id".to_owned(), json!(card_id));
    }
    layout
}

#[test]
fn fields_are_those_that_metabase_has_numbered() {
    let (_database, mut client) = shop_with_decoys();
    let metadata = metadata(&mut client);
    let numbers = numbers(&metadata);
    let mut filtered = BTreeSet::new();
    for name in DASHBOARDS {
        let named = dashboard(&mut client, name);
        let requests = requests(&mut client, name, &metadata);
        let cards = list(&named["ordered_cards"])
            .iter()
            .filter(|dashcard| dashcard["card"].is_object());
        for (dashcard, resolved) in cards.zip(list(&requests["cards"])) {
            let card = &dashcard["card"];
            assert_eq!(card["key"], resolved["key"]);
            let mut tags = card["dataset_query"]["native"]["template-tags"].clone();
            for tag in tags.as_object_mut().expect("it is an object").values_mut() {
                let field = text(&tag["dimension"][1]);
                tag["dimension"][1] = json!(numbers[&field]);
                filtered.insert(field);
            }
            let body = &resolved["body"];
            assert_eq!(body["dataset_query"]["native"]["template-tags"], tags);
            // All else is as it was.
            for same in ["name", "description", "display", "visualization_settings"] {
                assert_eq!(body[same], card[same], "{}", card["key"]);
            }
            assert_eq!(
                body["dataset_query"]["native"]["query"],
                card["dataset_query"]["native"]["query"]
            );
        }
    }
    assert_eq!(
        filtered.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "analytics.metabase_executive_metrics.platform_name",
            "analytics.metabase_executive_metrics.sale_date",
            "analytics.metabase_inventory_status.brand_name",
            "analytics.metabase_inventory_status.stock_category",
            "analytics.metabase_inventory_status.supplier_name",
            "analytics.metabase_sales.brand_name",
            "analytics.metabase_sales.platform_name",
            "analytics.metabase_sales.sale_date",
            "analytics.metabase_supplier_performance.supplier_name",
        ]
    );
}

#[test]
fn what_is_placed_is_new_and_wired_to_filters_that_there_are() {
    let (_database, mut client) = shop_with_decoys();
    let metadata = metadata(&mut client);
    for name in DASHBOARDS {
        let requests = requests(&mut client, name, &metadata);
        let layout = &requests["layout"];
        assert_eq!(layout["parameters"], requests["dashboard"]["parameters"]);
        assert_eq!(layout["width"], "fixed");
        let parameters: BTreeSet<String> = list(&layout["parameters"])
            .iter()
            .map(|it| text(&it["id"]))
            .collect();
        let mut ids = BTreeSet::new();
        let mut placed = Vec::new();
        for dashcard in list(&layout["dashcards"]) {
            assert!(id(dashcard) < 0, "{dashcard}");
            assert!(ids.insert(id(dashcard)), "{dashcard}");
            for mapping in list(&dashcard["parameter_mappings"]) {
                assert!(parameters.contains(&text(&mapping["parameter_id"])), "{mapping}");
            }
            placed.extend(dashcard["card"].as_str().map(str::to_owned));
        }
        let made: Vec<String> = list(&requests["cards"])
            .iter()
            .map(|it| text(&it["key"]))
            .collect();
        assert_eq!(placed, made);
    }
}

#[test]
fn metabase_is_told_what_each_view_and_column_is() {
    let (_database, mut client) = shop_with_decoys();
    let metadata = metadata(&mut client);
    let numbers = numbers(&metadata);
    let requests = requests(&mut client, "executive", &metadata);
    let comments: Vec<(String, String)> = client
        .query(
            "SELECT concat_ws('.', nspname, relname, attname), coalesce(col_description(c.oid, attnum), obj_description(c.oid))
             FROM pg_class AS c
             JOIN pg_namespace AS n ON n.oid = relnamespace
             CROSS JOIN LATERAL (
                 SELECT attname, attnum FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0
                 UNION ALL SELECT NULL, NULL
             ) AS a
             WHERE nspname = 'analytics' AND relname = ANY ($1)",
            &[&VIEWS.as_slice()],
        )
        .expect("the catalog can be read")
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    let told: Vec<&Value> = list(&requests["tables"])
        .iter()
        .chain(list(&requests["fields"]))
        .collect();
    assert_eq!(list(&requests["tables"]).len(), 8);
    assert_eq!(told.len(), comments.len());
    for (name, comment) in &comments {
        let found: Vec<_> = told.iter().filter(|it| it["name"] == name.as_str()).collect();
        let [it] = found[..] else {
            panic!("{name}: {found:?}")
        };
        assert_eq!(id(it), numbers[name], "{name}");
        assert_eq!(it["body"]["description"], comment.as_str(), "{name}");
        if it["body"].get("display_name").is_some() {
            continue;
        }
        let is_amount = comment.contains("in the shop's currency");
        let settings = &it["body"]["settings"];
        assert_eq!(
            settings["number_style"] == "currency",
            is_amount,
            "{name}: {comment}"
        );
        assert_eq!(
            it["body"]["semantic_type"] == "type/Currency",
            is_amount,
            "{name}"
        );
        assert_eq!(settings["currency"] == "EUR", is_amount, "{name}");
        let is_percentage = comment.contains("percent");
        assert_eq!(settings["suffix"] == " %", is_percentage, "{name}: {comment}");
    }
    let names: Vec<String> = list(&requests["tables"])
        .iter()
        .map(|it| text(&it["body"]["display_name"]))
        .collect();
    assert!(names.contains(&"Executive metrics".to_owned()), "{names:?}");
    // The columns that filters offer the values of.
    let mut offered: Vec<String> = list(&requests["fields"])
        .iter()
        .filter(|it| it["body"]["has_field_values"] == "list")
        .map(|it| text(&it["name"]))
        .collect();
    offered.sort();
    assert_eq!(
        offered,
        [
            "analytics.metabase_executive_metrics.platform_name",
            "analytics.metabase_inventory_status.brand_name",
            "analytics.metabase_inventory_status.stock_category",
            "analytics.metabase_inventory_status.supplier_name",
            "analytics.metabase_platform_performance.platform_name",
            "analytics.metabase_product_performance.brand_name",
            "analytics.metabase_sales.brand_name",
            "analytics.metabase_sales.platform_name",
            "analytics.metabase_supplier_performance.supplier_name",
        ]
    );
}

const LOOK_AGAIN: &str = "Create what is missing (SELECT * FROM metabase.create_all_views()), let Metabase's user read it \
                          (SELECT metabase.grant_reader('…')), have Metabase look again (POST /api/database/:id/sync_schema), \
                          and ask for its metadata anew.";

#[test]
fn a_metabase_that_has_not_seen_a_view() {
    let (_database, mut client) = shop_with_decoys();
    let mut metadata = metadata(&mut client);
    metadata["tables"]
        .as_array_mut()
        .expect("it is a list")
        .retain(|table| table["schema"] != "analytics" || table["name"] != "metabase_sales");
    for name in ["executive", "product_analytics", "platform_performance"] {
        assert_error(
            &error_of(&mut client, &request(name, &metadata)),
            "42P01",
            "the metadata has no analytics.metabase_sales",
            Some(LOOK_AGAIN),
        );
    }
    // The other one does not need it, and neither does a shop that wants none.
    requests(&mut client, "inventory_management", &metadata);
    run(&mut client, "SELECT metabase.set_setting('sales_view', 'off')");
    for name in DASHBOARDS {
        requests(&mut client, name, &metadata);
    }
}

#[test]
fn a_metabase_that_has_not_seen_a_column() {
    let (_database, mut client) = shop_with_decoys();
    let complete = metadata(&mut client);
    let table = |metadata: &mut Value, edit: &dyn Fn(&mut Value)| {
        let found = metadata["tables"]
            .as_array_mut()
            .expect("it is a list")
            .iter_mut()
            .find(|it| it["schema"] == "analytics" && it["name"] == "metabase_executive_metrics");
        edit(found.expect("it is there"));
    };
    for edit in [
        // One column; all of them; not even a word about them.
        &(|it: &mut Value| {
            let fields = it["fields"].as_array_mut().expect("it is a list");
            fields.retain(|field| field["name"] != "sale_date");
        }) as &dyn Fn(&mut Value),
        &|it| it["fields"] = json!([]),
        &|it| _ = it.as_object_mut().expect("it is an object").remove("fields"),
    ] {
        let mut metadata = complete.clone();
        table(&mut metadata, edit);
        assert_error(
            &error_of(&mut client, &request("executive", &metadata)),
            "42P01",
            "the metadata has no analytics.metabase_executive_metrics.sale_date",
            Some(LOOK_AGAIN),
        );
    }
}

#[test]
fn what_is_no_metadata() {
    let (_database, mut client) = shop_with_views();
    let mut huge = metadata(&mut client);
    huge["id"] = json!(i64::MAX);
    let requests = requests(&mut client, "executive", &huge);
    assert_eq!(
        requests["cards"][0]["body"]["dataset_query"]["database"],
        i64::MAX
    );

    for (metadata, reason) in [
        ("{}", "missing field `id`"),
        ("[]", "invalid length 0, expected struct Metadata with 2 elements"),
        ("null", "invalid type: null, expected struct Metadata"),
        (
            r#""Not found.""#,
            "invalid type: string \"Not found.\", expected struct Metadata",
        ),
        (r#"{"id": 1}"#, "missing field `tables`"),
        (
            r#"{"id": 1, "tables": [{"id": 7, "schema": "analytics", "name": "metabase_brand_analytics"},
                                    {"id": 8, "schema": "analytics", "name": "metabase_brand_analytics"}]}"#,
            "it has analytics.metabase_brand_analytics twice, with the ids 7 and 8",
        ),
        (
            r#"{"id": "1", "tables": []}"#,
            "invalid type: string \"1\", expected i64",
        ),
        (
            r#"{"id": 1.5, "tables": []}"#,
            "invalid type: floating point `1.5`, expected i64",
        ),
        (
            r#"{"id": 9223372036854775808, "tables": []}"#,
            "invalid value: integer `9223372036854775808`, expected i64",
        ),
        (
            r#"{"id": 1, "tables": {}}"#,
            "invalid type: map, expected a sequence",
        ),
        (r#"{"id": 1, "tables": [{"id": 1}]}"#, "missing field `name`"),
        (
            r#"{"id": 1, "tables": [{"id": 1, "name": "a", "fields": [{"id": 2}]}]}"#,
            "missing field `name`",
        ),
    ] {
        assert_error(
            &error_of(
                &mut client,
                &format!("SELECT metabase.dashboard_json('executive', '{metadata}')"),
            ),
            "22023",
            &format!("the metadata is not what a Metabase answers: {reason}"),
            Some(
                "Pass the whole answer of GET /api/database/:id/metadata, where :id is this database's number in Metabase.",
            ),
        );
    }
    // A list of no tables is an answer: that of a Metabase that has seen nothing yet.
    assert_eq!(
        error_of(
            &mut client,
            r#"SELECT metabase.dashboard_json('executive', '{"id": 1, "tables": [], "name": "Shop"}')"#
        )
        .sqlstate
        .code(),
        "42P01"
    );
}
