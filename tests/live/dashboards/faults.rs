//! A dashboard that is well has no problem, and each fault that somebody could edit into one is found, and nothing else.

use std::sync::LazyLock;

use jiff::civil::Date;
use postgres::Client;
use serde_json::{Value, json};

use super::card::{Choice, Chosen, DASHBOARDS, cards, dashboard};
use super::shops::{demo, empty, odd};
use crate::cluster::{Database, create_all_views, error_of};
use crate::rows::{cells, rows};
use crate::shop::{assert_error, run, shop_with_views};

/// A shop that all of these tests share: none of them changes it.
static SHOP: LazyLock<Database> = LazyLock::new(|| shop_with_views().0);

/// What is wrong with a dashboard, each with the card that it is about.
pub fn problems(client: &mut Client, dashboard: &Value) -> Vec<String> {
    client
        .query("SELECT * FROM metabase.check_dashboard($1::jsonb)", &[dashboard])
        .unwrap_or_else(|error| panic!("{error:?}"))
        .iter()
        .map(|row| {
            let (card, problem): (Option<String>, String) = (row.get(0), row.get(1));
            format!("{}: {problem}", card.as_deref().unwrap_or("dashboard"))
        })
        .collect()
}

/// Asserts that of a dashboard that is edited, exactly this is told.
#[track_caller]
pub fn assert_found(name: &str, edit: impl FnOnce(&mut Value), expected: &[&str]) {
    let mut client = SHOP.connect();
    let mut dashboard = dashboard(&mut client, name);
    edit(&mut dashboard);
    assert_eq!(problems(&mut client, &dashboard), expected);
}

/// The place of a card on the grid, with its wires.
pub fn dashcard<'a>(dashboard: &'a mut Value, key: &str) -> &'a mut Value {
    dashboard["ordered_cards"]
        .as_array_mut()
        .expect("it is a list")
        .iter_mut()
        .find(|dashcard| dashcard["card"]["key"] == key)
        .unwrap_or_else(|| panic!("there is no card {key}"))
}

pub fn card<'a>(dashboard: &'a mut Value, key: &str) -> &'a mut Value {
    &mut dashcard(dashboard, key)["card"]
}

fn settings<'a>(dashboard: &'a mut Value, key: &str) -> &'a mut Value {
    &mut card(dashboard, key)["visualization_settings"]
}

/// How a card shows one of its columns.
fn format_of<'a>(dashboard: &'a mut Value, key: &str, column: &str) -> &'a mut Value {
    &mut settings(dashboard, key)["column_settings"][format!(r#"["name","{column}"]"#)]
}

fn tags<'a>(dashboard: &'a mut Value, key: &str) -> &'a mut Value {
    &mut card(dashboard, key)["dataset_query"]["native"]["template-tags"]
}

/// Takes something away.
fn remove(object: &mut Value, name: &str) {
    object
        .as_object_mut()
        .expect("it is an object")
        .remove(name)
        .unwrap_or_else(|| panic!("there is no {name}"));
}

/// Replaces a part of a card's SQL.
fn edit_sql(dashboard: &mut Value, key: &str, part: &str, new: &str) {
    let query = &mut card(dashboard, key)["dataset_query"]["native"]["query"];
    let sql = query.as_str().expect("it is a text");
    assert!(sql.contains(part), "{sql}");
    *query = json!(sql.replace(part, new));
}

/// Replaces a card's SQL as a whole.
fn set_sql(dashboard: &mut Value, key: &str, sql: &str) {
    card(dashboard, key)["dataset_query"]["native"]["query"] = json!(sql);
}

/// Wires a filter to a card.
fn wire(dashboard: &mut Value, key: &str, parameter_id: &str, tag: &str) {
    let mapping = json!({"parameter_id": parameter_id, "target": ["dimension", ["template-tag", tag], {"stage-number": 0}]});
    dashcard(dashboard, key)["parameter_mappings"]
        .as_array_mut()
        .expect("it is a list")
        .push(mapping);
}

/// Takes all but one card away.
pub fn keep_only(dashboard: &mut Value, key: &str) {
    dashboard["ordered_cards"]
        .as_array_mut()
        .expect("it is a list")
        .retain(|dashcard| dashcard["card"]["key"] == key);
}

const DATE_OF_EXECUTIVE: &str = "metabase_views.executive.date";

// No fault

#[test]
fn nothing_is_wrong_in_shops_of_the_documented_layout() {
    for (_database, mut client) in [demo(), odd(), empty()] {
        for name in DASHBOARDS {
            assert_eq!(
                rows(
                    &mut client,
                    &format!("SELECT * FROM metabase.check_dashboard('{name}')")
                ),
                Vec::<String>::new(),
                "{name}"
            );
        }
    }
}

#[test]
fn nothing_is_wrong_in_the_other_layouts_and_every_card_can_be_asked() {
    for (schema, shop) in [
        ("tests/layouts/b.sql", "tests/layouts/b_rows.sql"),
        ("tests/layouts/c.sql", "tests/layouts/c_rows.sql"),
    ] {
        let database = Database::with_extension();
        database.run_file(schema);
        database.run_file(shop);
        let mut client = database.connect();
        create_all_views(&mut client);
        let day = |month| Date::new(2024, month, 1).expect("it is a day");
        let value = || Choice::Values(vec!["Nike".to_owned(), "StockX".to_owned()]);
        let everything = Chosen::from([
            ("date", Choice::Days(day(1), day(3))),
            ("brand", value()),
            ("platform", value()),
            ("stock_category", value()),
            ("supplier", value()),
        ]);
        for name in DASHBOARDS {
            let dashboard = dashboard(&mut client, name);
            assert_eq!(
                problems(&mut client, &dashboard),
                Vec::<String>::new(),
                "{name} of {schema}"
            );
            for card in cards(&dashboard) {
                let asked = card.asked(&mut client, &Chosen::new());
                let shown = cells(&mut client, &asked);
                assert!(!shown.is_empty(), "{name}/{} of {schema}", card.key);
                let asked = card.asked(&mut client, &everything);
                cells(&mut client, &asked);
            }
        }
    }
}

// Drawing

#[test]
fn a_display_that_metabase_does_not_have() {
    assert_found(
        "executive",
        |it| card(it, "avg_roi")["display"] = json!("donut"),
        &[r#"avg_roi: Metabase has no display "donut" and would draw nothing"#],
    );
}

#[test]
fn cards_that_lie_on_each_other() {
    assert_found(
        "executive",
        |it| dashcard(it, "avg_roi")["col"] = json!(11),
        &[r#"dashboard: card "total_profit" and card "avg_roi" lie on each other"#],
    );
}

#[test]
fn a_card_that_lies_on_a_heading() {
    assert_found(
        "executive",
        |it| dashcard(it, "revenue_trend")["size_y"] = json!(8),
        &[r#"dashboard: card "revenue_trend" and the heading in row 17 lie on each other"#],
    );
}

#[test]
fn a_card_beyond_the_grid() {
    assert_found(
        "executive",
        |it| dashcard(it, "active_orders")["size_x"] = json!(7),
        &[r#"dashboard: card "active_orders" reaches beyond the 24 columns of the grid"#],
    );
}

#[test]
fn a_card_as_far_away_as_numbers_go() {
    assert_found(
        "executive",
        |it| {
            dashcard(it, "active_orders")["col"] = json!(u32::MAX);
            dashcard(it, "active_orders")["row"] = json!(u32::MAX);
        },
        &[r#"dashboard: card "active_orders" reaches beyond the 24 columns of the grid"#],
    );
}

#[test]
fn a_card_without_width_or_height() {
    for side in ["size_x", "size_y"] {
        assert_found(
            "executive",
            |it| dashcard(it, "active_orders")[side] = json!(0),
            &[r#"dashboard: card "active_orders" has no size"#],
        );
    }
}

#[test]
fn a_place_without_a_card_or_a_text() {
    assert_found(
        "executive",
        |it| {
            let nothing = json!({
                "row": 99, "col": 0, "size_x": 1, "size_y": 1, "parameter_mappings": [], "visualization_settings": {}
            });
            it["ordered_cards"]
                .as_array_mut()
                .expect("it is a list")
                .push(nothing);
        },
        &["dashboard: row 99 has something that is neither a card nor a text"],
    );
}

// Columns that a card draws

#[test]
fn a_column_that_a_result_does_not_have() {
    for (name, key, setting, given) in [
        (
            "product_analytics",
            "category_distribution",
            "pie.metric",
            json!("gone"),
        ),
        (
            "product_analytics",
            "category_distribution",
            "pie.dimension",
            json!("gone"),
        ),
        (
            "executive",
            "revenue_trend",
            "graph.metrics",
            json!(["Revenue", "gone"]),
        ),
        ("executive", "revenue_trend", "graph.dimensions", json!(["gone"])),
        (
            "executive",
            "top_products",
            "table.columns",
            json!([{"name": "gone", "enabled": true}]),
        ),
        (
            "executive",
            "top_products",
            "table.column_formatting",
            json!([{"columns": ["gone"], "type": "single", "operator": "<", "value": 0, "color": "#EF8C8C", "highlight_row": false}]),
        ),
        ("executive", "sales_by_country", "map.dimension", json!("gone")),
        ("executive", "sales_by_country", "map.metric", json!("gone")),
        ("executive", "avg_roi", "scalar.field", json!("gone")),
    ] {
        assert_found(
            name,
            |it| {
                settings(it, key)[setting] = given;
                if setting == "table.columns" {
                    settings(it, key)["table.column_widths"] = json!([100]);
                }
            },
            &[&format!(
                r#"{key}: {setting} names a column "gone" that its result does not have"#
            )],
        );
    }
}

#[test]
fn a_format_of_a_column_that_a_result_does_not_have() {
    assert_found(
        "executive",
        |it| *format_of(it, "avg_roi", "gone") = json!({"column_title": "Gone"}),
        &[r#"avg_roi: column_settings names a column "gone" that its result does not have"#],
    );
}

#[test]
fn a_format_of_what_is_no_column() {
    assert_found(
        "executive",
        |it| settings(it, "avg_roi")["column_settings"]["avg_roi"] = json!({}),
        &["avg_roi: column_settings has a key avg_roi, which names no column"],
    );
}

#[test]
fn a_drawing_of_nothing() {
    for (name, key, setting) in [
        ("product_analytics", "category_distribution", "pie.metric"),
        ("product_analytics", "category_distribution", "pie.dimension"),
        ("executive", "revenue_trend", "graph.metrics"),
        ("executive", "revenue_trend", "graph.dimensions"),
        ("executive", "sales_by_country", "map.dimension"),
        ("executive", "sales_by_country", "map.metric"),
    ] {
        assert_found(
            name,
            |it| remove(settings(it, key), setting),
            &[&format!("{key}: {setting} is not set")],
        );
    }
}

#[test]
fn a_map_of_something_else_than_the_world() {
    for (setting, given) in [("map.type", "pin"), ("map.region", "us_states")] {
        assert_found(
            "executive",
            |it| settings(it, "sales_by_country")[setting] = json!(given),
            &["sales_by_country: its map must be of the type region and the region world_countries"],
        );
    }
}

#[test]
fn a_text_that_is_drawn_as_a_number() {
    for (name, key, setting, given, column) in [
        (
            "executive",
            "platform_performance",
            "graph.metrics",
            json!(["Platform"]),
            "Platform",
        ),
        (
            "product_analytics",
            "category_distribution",
            "pie.metric",
            json!("Category"),
            "Category",
        ),
        (
            "executive",
            "sales_by_country",
            "map.metric",
            json!("Country"),
            "Country",
        ),
    ] {
        assert_found(
            name,
            |it| settings(it, key)[setting] = given,
            &[&format!(
                r#"{key}: {setting} names "{column}", which is not a number"#
            )],
        );
    }
}

#[test]
fn a_number_that_is_drawn_as_a_country() {
    assert_found(
        "executive",
        |it| settings(it, "sales_by_country")["map.dimension"] = json!("Orders"),
        &["sales_by_country: map.dimension must be a text: codes of countries"],
    );
}

#[test]
fn a_histogram_without_bins() {
    assert_found(
        "product_analytics",
        |it| settings(it, "price_distribution")["graph.x_axis.scale"] = json!("histogram"),
        &[
            "price_distribution: SQL has no bins, so that a histogram leaves out what is empty: return the classes as texts, the empty ones, \
             too, on an ordinal scale",
        ],
    );
}

#[test]
fn a_series_of_time_over_a_text() {
    assert_found(
        "platform_performance",
        |it| settings(it, "fee_comparison")["graph.x_axis.scale"] = json!("timeseries"),
        &[r#"fee_comparison: the scale of its x axis needs a date, and "Platform" is none"#],
    );
}

// What fits

#[test]
fn more_bars_than_there_is_room_for() {
    for (name, key, part, limit, room) in [
        (
            "product_analytics",
            "brand_performance",
            "LIMIT 10",
            "LIMIT 11",
            10,
        ),
        ("product_analytics", "brand_performance", "LIMIT 10", "", 10),
        (
            "product_analytics",
            "price_distribution",
            "LIMIT 12",
            "LIMIT 100",
            16,
        ),
        ("executive", "platform_performance", "LIMIT 12", "LIMIT ALL", 12),
        (
            "inventory_management",
            "ageing_distribution",
            "LIMIT 7",
            "LIMIT (SELECT 7)",
            16,
        ),
        (
            "inventory_management",
            "ageing_distribution",
            "LIMIT 7",
            "LIMIT NULL",
            16,
        ),
    ] {
        let expected = format!(
            "{key}: there is room for {room} names with their bars: its SQL must end with a LIMIT that is no larger"
        );
        assert_found(name, |it| edit_sql(it, key, part, limit), &[&expected]);
    }
    assert_found(
        "product_analytics",
        |it| dashcard(it, "brand_performance")["size_y"] = json!(5),
        &[
            "brand_performance: there is room for 6 names with their bars: its SQL must end with a LIMIT that is no larger",
        ],
    );
    // Each with two bars.
    assert_found(
        "executive",
        |it| card(it, "platform_performance")["display"] = json!("row"),
        &[
            "platform_performance: there is room for 5 names with their bars: its SQL must end with a LIMIT that is no larger",
        ],
    );
}

#[test]
fn rows_of_a_table_that_are_not_seen() {
    for (name, key, height, seen, wanted) in [
        ("executive", "top_products", 10, 9, 10),
        ("platform_performance", "platform_profitability", 6, 4, 6),
    ] {
        let expected = format!("{key}: of its rows, {seen} are seen, and {wanted} should be: make it higher");
        assert_found(
            name,
            |it| dashcard(it, key)["size_y"] = json!(height),
            &[&expected],
        );
    }
}

#[test]
fn columns_of_a_table_that_are_not_seen() {
    assert_found(
        "executive",
        |it| dashcard(it, "top_products")["size_x"] = json!(16),
        &[
            "top_products: of its columns, 4 are seen in a window of 1024 pixels, and 7 should be: make it wider, or columns narrower",
        ],
    );
    assert_found(
        "inventory_management",
        |it| settings(it, "inventory_status")["table.column_widths"][0] = json!(u32::MAX),
        &[
            "inventory_status: of its columns, 0 are seen in a window of 1024 pixels, and 7 should be: make it wider, or columns narrower",
        ],
    );
}

#[test]
fn widths_of_other_columns_than_a_table_has() {
    for (given, widths) in [(json!([100]), 1), (json!(null), 0)] {
        assert_found(
            "executive",
            |it| settings(it, "top_products")["table.column_widths"] = given,
            &[&format!(
                "top_products: table.column_widths has {widths} widths, and the table 7 columns"
            )],
        );
    }
    // What is not shown has no width.
    assert_found(
        "executive",
        |it| {
            let settings = settings(it, "top_products");
            settings["table.columns"][6]["enabled"] = json!(false);
            settings["table.column_widths"]
                .as_array_mut()
                .expect("it is a list")
                .pop();
        },
        &[],
    );
}

#[test]
fn a_title_that_is_cut() {
    assert_found(
        "executive",
        |it| card(it, "total_revenue")["name"] = json!("Total revenue of the month, so far"),
        &["total_revenue: there is room for 30 characters of its title in a window of 1024 pixels"],
    );
    // Below a number there are as many lines as it takes.
    assert_found(
        "executive",
        |it| card(it, "avg_roi")["name"] = json!("Average return on the investment of all orders"),
        &[],
    );
}

#[test]
fn a_trend_without_room_for_what_it_is_compared_with() {
    assert_found(
        "executive",
        |it| dashcard(it, "total_revenue")["size_x"] = json!(6),
        &["total_revenue: what it is compared with takes 7 columns of the grid, and it has 6"],
    );
}

#[test]
fn a_legend_that_is_cut() {
    for edit in [
        &(|it: &mut Value| settings(it, "category_distribution")["pie.percent_visibility"] = json!("legend"))
            as &dyn Fn(&mut Value),
        &|it| dashcard(it, "category_distribution")["size_x"] = json!(11),
    ] {
        assert_found(
            "product_analytics",
            edit,
            &[
                "category_distribution: the names in its legend would be cut in a window of 1024 pixels: make it wider, or set \
                 pie.percent_visibility to inside",
            ],
        );
    }
    assert_found(
        "product_analytics",
        |it| {
            dashcard(it, "category_distribution")["size_x"] = json!(8);
            settings(it, "category_distribution")["pie.show_legend"] = json!(false);
        },
        &[],
    );
}

#[test]
fn a_text_that_is_cut() {
    assert_found(
        "executive",
        |it| {
            let cards = it["ordered_cards"].as_array_mut().expect("it is a list");
            cards.last_mut().expect("there is one")["size_y"] = json!(3);
        },
        &["dashboard: the text in row 38 needs 4 rows of the grid, and has 3"],
    );
}

#[test]
fn values_of_several_series_over_each_other() {
    assert_found(
        "executive",
        |it| settings(it, "platform_performance")["graph.show_values"] = json!(true),
        &[
            "platform_performance: the values of 2 series would be written over each other: set graph.show_values to false",
        ],
    );
    // Points of a line are far from each other.
    assert_found(
        "executive",
        |it| settings(it, "revenue_trend")["graph.show_values"] = json!(true),
        &[],
    );
}

#[test]
fn a_scale_beside_the_values() {
    for given in [json!(true), json!(null)] {
        assert_found(
            "product_analytics",
            |it| settings(it, "top_products_by_units")["graph.y_axis.axis_enabled"] = given,
            &[
                "top_products_by_units: beside the values of its bars, a scale says nothing new, and repeats whole numbers: set \
                 graph.y_axis.axis_enabled to false",
            ],
        );
    }
}

#[test]
fn a_measure_of_two_colors() {
    assert_found(
        "executive",
        |it| settings(it, "platform_performance")["series_settings"]["Revenue"]["color"] = json!("#000000"),
        &[r##"platform_performance: "Revenue" is #000000 here, and #509EE3 on another card"##],
    );
}

// Names

#[test]
fn a_column_that_is_called_as_in_sql() {
    for alias in ["average_roi", "roi", "roi2", "_", "\"?column?\""] {
        let name = alias.trim_matches('"');
        assert_found(
            "executive",
            |it| {
                edit_sql(it, "avg_roi", "\"Average ROI\"", alias);
                let settings = settings(it, "avg_roi");
                settings["scalar.field"] = json!(name);
                // A title does not help: legends and tooltips do not have it.
                settings["column_settings"] = json!({format!(r#"["name","{name}"]"#): {"number_style": "decimal", "column_title": "ROI"}});
            },
            &[&format!(
                "avg_roi: column \"{name}\" is called as in SQL, in legends and tooltips, too: write AS \"…\" as people read it"
            )],
        );
    }
}

// Numbers that are not there

#[test]
fn a_number_that_can_be_null() {
    let can_be_null = "avg_roi: \"Average ROI\" can be NULL, which Metabase writes out in large letters: have no row then, by WHERE … IS NOT NULL, \
                       or write coalesce(…, 0)";
    let from = "FROM analytics.metabase_executive_metrics WHERE true [[AND {{date}}]]";
    for (select, ending, is_found) in [
        ("avg(avg_roi)", "", true),
        ("coalesce(avg(avg_roi), NULL)", "", true),
        ("NULL::numeric", "", true),
        ("avg(avg_roi)", "HAVING avg(total_profit) IS NOT NULL", true),
        (
            "avg(avg_roi)",
            "HAVING avg(avg_roi) IS NOT NULL OR count(*) > 1",
            true,
        ),
        ("avg(avg_roi)", "HAVING avg(avg_roi) IS NULL", true),
        ("avg(avg_roi)", "HAVING NOT avg(avg_roi) IS NOT NULL", true),
        ("avg(avg_roi)", "HAVING avg( avg_roi ) IS NOT NULL", false),
        (
            "avg(avg_roi)",
            "HAVING count(*) > 1 AND (avg(avg_roi) IS NOT NULL AND true)",
            false,
        ),
        ("coalesce(avg(avg_roi), 0)", "", false),
        ("coalesce(avg(avg_roi), count(*))::numeric", "", false),
        ("count(*)", "", false),
        ("pg_catalog.count(avg_roi)", "", false),
        ("1", "", false),
    ] {
        let expected: &[&str] = if is_found { &[can_be_null] } else { &[] };
        assert_found(
            "executive",
            |it| {
                set_sql(
                    it,
                    "avg_roi",
                    &format!("SELECT {select} AS \"Average ROI\" {from} {ending}"),
                )
            },
            expected,
        );
    }
    // The value of a trend, too.
    assert_found(
        "executive",
        |it| {
            edit_sql(
                it,
                "total_revenue",
                "coalesce(sum(total_revenue), 0)",
                "sum(total_revenue)",
            )
        },
        &[
            "total_revenue: \"Revenue\" can be NULL, which Metabase writes out in large letters: have no row then, by WHERE … IS NOT NULL, \
             or write coalesce(…, 0)",
        ],
    );
}

// Numbers and what they are

#[test]
fn a_number_without_a_style() {
    assert_found(
        "executive",
        |it| remove(format_of(it, "avg_roi", "Average ROI"), "number_style"),
        &[r#"avg_roi: column "Average ROI" is a number without a number_style"#],
    );
}

#[test]
fn a_percentage_as_a_ratio() {
    assert_found(
        "executive",
        |it| format_of(it, "avg_roi", "Average ROI")["number_style"] = json!("percent"),
        &[
            "avg_roi: column \"Average ROI\" has number_style percent, which is for ratios: a percentage is a decimal with a suffix",
        ],
    );
}

#[test]
fn an_amount_of_no_currency() {
    assert_found(
        "executive",
        |it| remove(format_of(it, "revenue_trend", "Profit"), "currency"),
        &[r#"revenue_trend: column "Profit" is an amount of no currency"#],
    );
}

#[test]
fn a_style_of_numbers_that_does_not_exist() {
    assert_found(
        "executive",
        |it| format_of(it, "avg_roi", "Average ROI")["number_style"] = json!("roman"),
        &[r#"avg_roi: column "Average ROI" has a number_style "roman" that does not exist"#],
    );
}

#[test]
fn a_text_with_the_format_of_something_else() {
    for (format, given, what) in [
        ("date_style", "YYYY/M/D", "has a date_style and is not a date"),
        (
            "number_style",
            "decimal",
            "has a number_style and is not a number",
        ),
    ] {
        assert_found(
            "executive",
            |it| format_of(it, "platform_performance", "Platform")[format] = json!(given),
            &[&format!(r#"platform_performance: column "Platform" {what}"#)],
        );
    }
}

#[test]
fn a_number_with_the_format_of_a_date() {
    assert_found(
        "executive",
        |it| format_of(it, "avg_roi", "Average ROI")["date_style"] = json!("YYYY/M/D"),
        &[r#"avg_roi: column "Average ROI" has a date_style and is not a date"#],
    );
}

// Trends

#[test]
fn a_trend_over_two_dates() {
    assert_found(
        "executive",
        |it| {
            edit_sql(
                it,
                "total_revenue",
                "SELECT\n    month::date ",
                "SELECT\n    month::date + 1 AS \"Next day\", month::date ",
            );
        },
        &["total_revenue: a smartscalar needs one date and one number in its result, and nothing else"],
    );
}

#[test]
fn a_trend_with_a_third_column() {
    for third in ["'all' AS \"Platform\"", "sum(total_orders) AS \"Orders\""] {
        assert_found(
            "executive",
            |it| {
                edit_sql(
                    it,
                    "total_revenue",
                    "SELECT\n    month::date ",
                    &format!("SELECT\n    {third}, month::date "),
                );
                let (_, column) = third.split_once(" AS ").expect("it has a name");
                if column == "\"Orders\"" {
                    *format_of(it, "total_revenue", "Orders") = json!({"number_style": "decimal"});
                }
            },
            &["total_revenue: a smartscalar needs one date and one number in its result, and nothing else"],
        );
    }
}

#[test]
fn a_trend_that_does_not_end_with_the_last_date() {
    for order in ["ORDER BY \"Month\" DESC", "ORDER BY \"Revenue\"", ""] {
        assert_found(
            "executive",
            |it| edit_sql(it, "total_revenue", "ORDER BY \"Month\"", order),
            &[
                r#"total_revenue: a smartscalar shows its last row, so its SQL must end with ORDER BY "Month""#,
            ],
        );
    }
}

// Filters and their wires

#[test]
fn a_filter_that_reaches_no_card() {
    assert_found(
        "executive",
        |it| {
            keep_only(it, "top_products");
            set_sql(
                it,
                "top_products",
                r#"SELECT product_name AS "Product", brand_name AS "Brand", units_sold AS "Units", total_revenue AS "Revenue",
                       avg_sale_price AS "Avg price", total_profit AS "Profit", avg_roi AS "ROI"
                   FROM analytics.metabase_product_performance
                   LIMIT 10"#,
            );
            *tags(it, "top_products") = json!({});
            dashcard(it, "top_products")["parameter_mappings"] = json!([]);
            card(it, "top_products")["name"] = json!("Top products, all time");
        },
        &[r#"dashboard: filter "Date range" reaches no card"#],
    );
}

#[test]
fn a_card_that_a_filter_could_reach_and_does_not() {
    assert_found(
        "executive",
        |it| {
            edit_sql(it, "active_orders", "[[AND {{date}}]]", "");
            *tags(it, "active_orders") = json!({});
            dashcard(it, "active_orders")["parameter_mappings"] = json!([]);
        },
        &[
            r#"active_orders: filter "Date range" could reach it, since it reads the filter's view, and does not"#,
        ],
    );
}

#[test]
fn a_card_that_no_filter_reaches_and_that_does_not_say_so() {
    assert_found(
        "inventory_management",
        |it| card(it, "supplier_performance")["name"] = json!("Supplier performance"),
        &[
            r#"supplier_performance: filter "Stock category" does not reach it, and its title does not say "all time""#,
        ],
    );
}

#[test]
fn a_card_that_says_all_time_and_is_not() {
    assert_found(
        "executive",
        |it| card(it, "active_orders")["name"] = json!("Orders of All Time"),
        &[r#"active_orders: its title says "all time", and filter "Date range" reaches it"#],
    );
}

#[test]
fn a_wire_to_a_filter_that_does_not_exist() {
    assert_found(
        "executive",
        |it| wire(it, "active_orders", "nobody", "date"),
        &[r#"active_orders: it is wired to a filter "nobody", which the dashboard does not have"#],
    );
}

#[test]
fn a_wire_to_a_tag_that_does_not_exist() {
    assert_found(
        "executive",
        |it| wire(it, "active_orders", DATE_OF_EXECUTIVE, "day"),
        &[r#"active_orders: filter "Date range" is wired to a tag {{day}}, which it does not have"#],
    );
}

#[test]
fn a_wire_that_the_editor_does_not_know() {
    for stage in [None, Some(json!({"stage-number": 1}))] {
        assert_found(
            "executive",
            |it| {
                let target = dashcard(it, "active_orders")["parameter_mappings"][0]["target"]
                    .as_array_mut()
                    .expect("it is a list");
                target.truncate(2);
                target.extend(stage);
            },
            &[
                "active_orders: filter \"Date range\" is wired without {\"stage-number\": 0}, and Metabase's editor would call its field \
                 unknown",
            ],
        );
    }
}

#[test]
fn a_tag_that_no_filter_fills_in() {
    assert_found(
        "inventory_management",
        |it| dashcard(it, "supplier_performance")["parameter_mappings"] = json!([]),
        &[r#"supplier_performance: no filter is wired to its tag {{supplier}}"#],
    );
}

#[test]
fn a_tag_that_is_not_declared() {
    for part in ["[[AND {{brand}}]]", "AND {{brand}}"] {
        assert_found(
            "executive",
            |it| {
                edit_sql(
                    it,
                    "active_orders",
                    "[[AND {{date}}]]",
                    &format!("[[AND {{{{date}}}}]] {part}"),
                )
            },
            &["active_orders: its SQL has a tag {{brand}} that is not declared"],
        );
    }
}

#[test]
fn a_tag_that_is_declared_and_not_there() {
    assert_found(
        "executive",
        |it| edit_sql(it, "active_orders", "[[AND {{date}}]]", ""),
        &["active_orders: its tag {{date}} is declared and not in its SQL"],
    );
}

#[test]
fn brackets_that_do_not_match() {
    for (part, problem) in [
        ("[[AND {{date}}", "a [[ has no ]]"),
        ("[[AND {{date]]", "a {{ has no }}"),
        ("[[AND {{date}} [[AND {{date}}]]]]", "a [[ stands in another"),
        ("[[AND true]] [[AND {{date}}]]", "a [[ … ]] has no {{tag}}"),
    ] {
        assert_found(
            "executive",
            |it| edit_sql(it, "active_orders", "[[AND {{date}}]]", part),
            &[&format!("active_orders: in its SQL, {problem}")],
        );
    }
}

#[test]
fn brackets_that_do_not_open() {
    assert_found(
        "executive",
        |it| edit_sql(it, "active_orders", "[[AND {{date}}]]", "AND {{date}}]]"),
        &["active_orders: its SQL does not work without a filter: it is not one well-formed SELECT"],
    );
    // Those of an array are Metabase's, too.
    assert_found(
        "executive",
        |it| {
            edit_sql(
                it,
                "active_orders",
                "[[AND {{date}}]]",
                "AND (ARRAY[1])[(ARRAY[1])[1]] = 1 [[AND {{date}}]]",
            )
        },
        &[],
    );
}

#[test]
fn a_tag_in_a_comment() {
    for comment in ["-- [[AND {{date}}]]", "/* [[AND {{date}}]] */"] {
        assert_found(
            "executive",
            |it| edit_sql(it, "active_orders", "[[AND {{date}}]]", comment),
            &["active_orders: its tag {{date}} is declared and not in its SQL"],
        );
    }
}

#[test]
fn more_than_can_be_looked_at() {
    assert_found(
        "executive",
        |it| {
            let cards = it["ordered_cards"].as_array_mut().expect("it is a list");
            let heading = cards[0].clone();
            cards.resize(10_000, heading);
        },
        &["dashboard: it has more than 500 cards, texts and filters, and was not looked at"],
    );
}

#[test]
fn thousands_of_filters_of_a_card_are_told_in_time() {
    let mut client = SHOP.connect();
    let mut executive = dashboard(&mut client, "executive");
    let mut sql = String::new();
    for place in 0..2_000 {
        let tags = tags(&mut executive, "active_orders");
        let mut tag = tags["date"].clone();
        tag["name"] = json!(format!("d{place}"));
        tags[format!("d{place}")] = tag;
        sql += &format!(" [[AND {{{{d{place}}}}}]]");
    }
    edit_sql(
        &mut executive,
        "active_orders",
        "[[AND {{date}}]]",
        &format!("[[AND {{{{date}}}}]]{sql}"),
    );
    run(&mut client, "SET statement_timeout = '20s'");
    let found = problems(&mut client, &executive);
    let last = found.last().map(String::as_str);
    assert_eq!(last, Some("active_orders: it has more than 6 filters"));
}

#[test]
fn a_view_that_was_never_filled() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "REFRESH MATERIALIZED VIEW analytics.metabase_executive_metrics WITH NO DATA",
    );
    let executive = dashboard(&mut client, "executive");
    let found = problems(&mut client, &executive);
    let [problem] = &found[..] else {
        panic!("{found:?}");
    };
    let (problem, remedy) = problem.split_once("; fill it: ").expect("it has a remedy");
    assert_eq!(
        problem,
        "dashboard: materialized view analytics.metabase_executive_metrics was never filled"
    );
    run(&mut client, remedy);
    assert_eq!(problems(&mut client, &executive), [] as [&str; 0]);
}

#[test]
fn a_filter_on_what_is_not_there() {
    for (field, problem) in [
        (
            "analytics.metabase_executive_metrics.day",
            r#"its tag {{date}} is a filter on analytics.metabase_executive_metrics.day: column "day" does not exist"#,
        ),
        (
            "analytics.metabase_executive.sale_date",
            r#"its tag {{date}} is a filter on analytics.metabase_executive.sale_date: relation "analytics.metabase_executive" does not exist"#,
        ),
        ("sale_date", r#""sale_date" is not schema.view.column"#),
    ] {
        assert_found(
            "executive",
            |it| tags(it, "active_orders")["date"]["dimension"][1] = json!(field),
            &[&format!("active_orders: {problem}")],
        );
    }
}

#[test]
fn a_filter_on_a_column_of_another_type() {
    assert_found(
        "executive",
        |it| {
            tags(it, "active_orders")["date"]["dimension"][1] =
                json!("analytics.metabase_executive_metrics.platform_name");
        },
        &[
            "active_orders: its tag {{date}} is a filter of the type date/all-options on \
             analytics.metabase_executive_metrics.platform_name, whose type does not fit",
        ],
    );
}

#[test]
fn a_filter_of_another_type_than_its_tag() {
    assert_found(
        "inventory_management",
        |it| {
            let tag = &mut tags(it, "supplier_performance")["supplier"];
            tag["widget-type"] = json!("date/all-options");
            tag["dimension"][1] = json!("analytics.metabase_supplier_performance.first_purchase");
        },
        &[
            r#"supplier_performance: filter "Supplier" is of the type string/=, and tag {{supplier}} of the type date/all-options"#,
        ],
    );
}

#[test]
fn a_filter_on_a_field_by_the_number_that_one_metabase_gave_it() {
    assert_found(
        "executive",
        |it| tags(it, "active_orders")["date"]["dimension"][1] = json!(42),
        &["active_orders: its tag {{date}} names its field by a number, which only one Metabase knows"],
    );
}

#[test]
fn a_tag_that_is_no_field_filter() {
    assert_found(
        "executive",
        |it| tags(it, "active_orders")["date"]["type"] = json!("date"),
        &[
            r#"active_orders: its tag {{date}} is of the type "date": only a field filter, of the type "dimension", takes ranges and lists"#,
        ],
    );
}

#[test]
fn a_tag_that_calls_itself_otherwise() {
    assert_found(
        "executive",
        |it| tags(it, "active_orders")["date"]["name"] = json!("day"),
        &[r#"active_orders: its tag {{date}} has another name, "day""#],
    );
}

#[test]
fn a_view_that_a_filter_does_not_find_under_its_alias() {
    assert_found(
        "executive",
        |it| {
            edit_sql(
                it,
                "active_orders",
                "metabase_executive_metrics",
                "metabase_executive_metrics AS metrics",
            );
        },
        &[
            "active_orders: its SQL does not work with the filters date: invalid reference to FROM-clause entry for table \
             \"metabase_executive_metrics\"",
        ],
    );
}

#[test]
fn sql_that_fails_only_with_one_of_two_filters() {
    assert_found(
        "product_analytics",
        |it| {
            edit_sql(
                it,
                "category_distribution",
                "[[AND {{brand}}]]",
                "[[AND {{brand}} AND nonsense]]",
            )
        },
        &[
            r#"category_distribution: its SQL does not work with the filters brand: column "nonsense" does not exist"#,
        ],
    );
}

#[test]
fn sql_that_fails_only_where_two_filters_are_set_together() {
    assert_found(
        "product_analytics",
        |it| {
            edit_sql(
                it,
                "category_distribution",
                "[[AND {{brand}}]]",
                "[[AND {{brand}}]] [[AND {{brand}} AND {{date}} AND nonsense]]",
            );
        },
        &[
            r#"category_distribution: its SQL does not work with the filters brand, date: column "nonsense" does not exist"#,
        ],
    );
}

#[test]
fn a_filter_of_a_type_that_is_not_wired_here() {
    assert_found(
        "executive",
        |it| {
            it["parameters"][0]["type"] = json!("date/fortnight");
            keep_only(it, "avg_roi");
        },
        &[
            r#"dashboard: filter "Date range" is of the type "date/fortnight"; here it must be date/all-options or string/="#,
            r#"avg_roi: filter "Date range" is of the type date/fortnight, and tag {{date}} of the type date/all-options"#,
        ],
    );
}

#[test]
fn a_filter_that_starts_with_what_it_cannot_be() {
    for default in [json!(["past30days"]), json!(30), json!(null)] {
        // Nothing is no start, and allowed.
        let expected = format!(
            r#"dashboard: filter "Date range" starts with {default}, which is no text such as "past30days""#
        );
        let expected: &[&str] = if default.is_null() { &[] } else { &[&expected] };
        assert_found(
            "executive",
            |it| it["parameters"][0]["default"] = default,
            expected,
        );
    }
    for default in [json!("Sole Supply GmbH"), json!([1]), json!({})] {
        let expected =
            format!(r#"dashboard: filter "Supplier" starts with {default}, which is no list of texts"#);
        assert_found(
            "inventory_management",
            |it| it["parameters"][1]["default"] = default,
            &[&expected],
        );
    }
    assert_found(
        "inventory_management",
        |it| it["parameters"][1]["default"] = json!(["Sole Supply GmbH", "Dust & Sons"]),
        &[],
    );
}

// SQL

#[test]
fn a_query_that_is_not_sql() {
    assert_found(
        "executive",
        |it| card(it, "avg_roi")["dataset_query"]["type"] = json!("query"),
        &[r#"avg_roi: its query is of the type "query" and not "native""#],
    );
}

#[test]
fn sql_that_is_not_one_select() {
    for sql in [
        "DELETE FROM analytics.metabase_executive_metrics",
        "SELECT 1 AS avg_roi; SELECT 2 AS avg_roi",
        "SELECT 1 AS avg_roi; DROP TABLE transactions.orders",
        "SELECT 1 AS avg_roi INTO public.copy",
        "EXPLAIN SELECT 1 AS avg_roi",
        "TRUNCATE transactions.orders",
        "",
        "-- nothing",
    ] {
        assert_found(
            "executive",
            |it| {
                // Of all time, so that it needs no filter.
                card(it, "avg_roi")["name"] = json!("Average ROI, all time");
                *tags(it, "avg_roi") = json!({});
                dashcard(it, "avg_roi")["parameter_mappings"] = json!([]);
                set_sql(it, "avg_roi", sql);
            },
            &["avg_roi: its SQL does not work without a filter: it is not one well-formed SELECT"],
        );
    }
}

#[test]
fn sql_that_is_not_well_formed() {
    assert_found(
        "executive",
        |it| edit_sql(it, "avg_roi", "SELECT", "SELEKT"),
        &[r#"avg_roi: its SQL does not work without a filter: it is not one well-formed SELECT"#],
    );
}

#[test]
fn a_table_that_grows_without_a_limit() {
    assert_found(
        "inventory_management",
        |it| edit_sql(it, "inventory_status", "LIMIT 2000", ""),
        &["inventory_status: a table can grow, and its SQL has no LIMIT"],
    );
}

#[test]
fn what_is_written_otherwise_and_means_the_same_is_no_fault() {
    assert_found(
        "inventory_management",
        |it| {
            edit_sql(
                it,
                "inventory_status",
                "LIMIT 2000",
                "limit\n2000 -- as many as Metabase shows",
            )
        },
        &[],
    );
    assert_found(
        "executive",
        |it| {
            edit_sql(
                it,
                "total_revenue",
                "ORDER BY \"Month\"",
                "order by \"Month\" ASC -- the last one counts",
            );
        },
        &[],
    );
}

#[test]
fn a_limit_that_only_a_comment_has() {
    assert_found(
        "inventory_management",
        |it| edit_sql(it, "inventory_status", "LIMIT 2000", "-- no limit here"),
        &["inventory_status: a table can grow, and its SQL has no LIMIT"],
    );
}

#[test]
fn a_dashboard_in_a_literal_is_checked_too() {
    let mut client = SHOP.connect();
    let json = dashboard(&mut client, "executive").to_string();
    let call = format!(
        "SELECT * FROM metabase.check_dashboard(' {}')",
        json.replace('\'', "''")
    );
    assert_eq!(rows(&mut client, &call), [""; 0]);
    assert_error(
        &error_of(
            &mut client,
            "SELECT * FROM metabase.check_dashboard('{\"key\": \"mine\"')",
        ),
        "22023",
        "the dashboard cannot be read: EOF while parsing an object at line 1 column 14",
        Some("It must have the form that metabase.dashboard_json(name) returns."),
    );
}

// Names

#[test]
fn cards_of_one_key() {
    assert_found(
        "executive",
        |it| card(it, "avg_roi")["key"] = json!("active_orders"),
        &[r#"dashboard: several cards have the key "active_orders""#],
    );
}

#[test]
fn filters_of_one_id_or_slug() {
    for (what, given) in [
        ("id", "metabase_views.inventory_management.stock_category"),
        ("slug", "stock_category"),
    ] {
        let mut client = SHOP.connect();
        let mut inventory = dashboard(&mut client, "inventory_management");
        inventory["parameters"][1][what] = json!(given);
        let expected = format!(r#"dashboard: several filters have the {what} "{given}""#);
        let found = problems(&mut client, &inventory);
        assert!(found.contains(&expected), "{found:#?}");
    }
}

#[test]
fn a_name_or_description_that_is_blank() {
    for blank in ["", " \n"] {
        assert_found(
            "executive",
            |it| it["name"] = json!(blank),
            &["dashboard: it has no name"],
        );
        assert_found(
            "executive",
            |it| card(it, "avg_roi")["name"] = json!(blank),
            &["avg_roi: it has no title"],
        );
        assert_found(
            "executive",
            |it| card(it, "avg_roi")["description"] = json!(blank),
            &["avg_roi: it has no description"],
        );
    }
}

// Views

#[test]
fn a_view_that_is_missing_is_named_and_does_not_keep_the_dashboard_away() {
    let (_database, mut client) = shop_with_views();
    let before = DASHBOARDS.map(|name| dashboard(&mut client, name));
    run(
        &mut client,
        "SELECT metabase.drop_view('metabase_executive_metrics')",
    );
    let found = DASHBOARDS.map(|name| {
        rows(
            &mut client,
            &format!("SELECT * FROM metabase.check_dashboard('{name}')"),
        )
    });
    let missing = vec![
        "- | materialized view analytics.metabase_executive_metrics does not exist; create it: SELECT * FROM \
         metabase.create_view('metabase_executive_metrics')"
            .to_owned(),
    ];
    assert_eq!(found, [missing.clone(), vec![], missing, vec![]]);
    assert_eq!(DASHBOARDS.map(|name| dashboard(&mut client, name)), before);
    // What it advises helps.
    run(
        &mut client,
        "SELECT * FROM metabase.create_view('metabase_executive_metrics')",
    );
    assert_eq!(
        rows(&mut client, "SELECT * FROM metabase.check_dashboard('executive')"),
        Vec::<String>::new()
    );
}

#[test]
fn a_table_of_a_views_name_is_no_view() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "SELECT metabase.drop_view('metabase_executive_metrics');
         CREATE TABLE analytics.metabase_executive_metrics (sale_date date, total_revenue numeric, total_orders bigint)",
    );
    assert_eq!(
        rows(&mut client, "SELECT * FROM metabase.check_dashboard('executive')"),
        [
            "- | materialized view analytics.metabase_executive_metrics does not exist; create it: SELECT * FROM \
             metabase.create_view('metabase_executive_metrics')"
        ]
    );
}

// What is no dashboard

#[test]
fn what_is_no_dashboard_is_refused() {
    let mut client = SHOP.connect();
    let executive = dashboard(&mut client, "executive");
    let changed = |edit: &dyn Fn(&mut Value)| {
        let mut dashboard = executive.clone();
        edit(&mut dashboard);
        dashboard
    };
    for (dashboard, reason) in [
        (json!({}), "missing field `key`"),
        (
            json!([]),
            "invalid length 0, expected struct Dashboard with 6 elements",
        ),
        (
            json!("executive"),
            "invalid type: string \"executive\", expected struct Dashboard",
        ),
        (json!(null), "invalid type: null, expected struct Dashboard"),
        (
            changed(&|it| it["colour"] = json!("blue")),
            "unknown field `colour`, expected one of `key`, `name`, `description`, `audience`, `parameters`, `ordered_cards`",
        ),
        (
            changed(&|it| remove(it, "parameters")),
            "missing field `parameters`",
        ),
        (
            changed(&|it| dashcard(it, "avg_roi")["col"] = json!(-1)),
            "invalid value: integer `-1`, expected u32",
        ),
        (
            changed(&|it| dashcard(it, "avg_roi")["col"] = json!(1.5)),
            "invalid type: floating point `1.5`, expected u32",
        ),
        (
            changed(&|it| {
                dashcard(it, "avg_roi")["parameter_mappings"][0]["target"] =
                    json!(["variable", ["template-tag", "date"]])
            }),
            "unknown variant `variable`, expected `dimension`",
        ),
    ] {
        let statement = format!(
            "SELECT * FROM metabase.check_dashboard('{}'::jsonb)",
            dashboard.to_string().replace('\'', "''")
        );
        assert_error(
            &error_of(&mut client, &statement),
            "22023",
            &format!("the dashboard cannot be read: {reason}"),
            Some("It must have the form that metabase.dashboard_json(name) returns."),
        );
    }
}

#[test]
fn a_date_of_other_views_than_the_cards_read() {
    assert_found(
        "executive",
        |dashboard| {
            edit_sql(
                dashboard,
                "data_as_of",
                "metabase_sales",
                "metabase_brand_analytics",
            )
        },
        &[
            "data_as_of: it asks metabase.data_as_of() about metabase_brand_analytics, which no card reads",
            "data_as_of: it does not ask metabase.data_as_of() about metabase_sales, which another card reads",
        ],
    );
    // Of all that there are.
    assert_found(
        "executive",
        |dashboard| {
            edit_sql(
                dashboard,
                "data_as_of",
                "ARRAY['metabase_executive_metrics', 'metabase_sales']::text[]",
                "",
            );
        },
        &[],
    );
}

#[test]
fn a_mark_that_marks_nothing() {
    let told = |told: &str| format!("supplier_performance: table.column_formatting {told}");
    for (edit, problem) in [
        (
            json!({"columns": ["Win"]}),
            "names a column \"Win\" that its result does not have",
        ),
        (json!({"columns": []}), "has a rule that is about no column"),
        (
            json!({"operator": "below"}),
            "has an operator \"below\", which Metabase does not have",
        ),
        (
            json!({"value": "0"}),
            "compares \"Profit\" by \"<\" with \"0\", which marks nothing of its type",
        ),
        (
            json!({"columns": ["Supplier"]}),
            "compares \"Supplier\" by \"<\" with 0, which marks nothing of its type",
        ),
        (
            json!({"operator": "contains", "value": "-"}),
            "compares \"Profit\" by \"contains\" with \"-\", which marks nothing of its type",
        ),
    ] {
        assert_found(
            "inventory_management",
            |dashboard| {
                let rule = &mut settings(dashboard, "supplier_performance")["table.column_formatting"][0];
                for (name, value) in edit.as_object().expect("it is an object") {
                    rule[name] = value.clone();
                }
            },
            &[&told(problem)],
        );
    }
}

#[test]
fn a_goal_that_is_not_drawn() {
    for (card, edit, problem) in [
        (
            "revenue_trend",
            json!({"graph.show_goal": true}),
            "graph.show_goal is set, and graph.goal_value is not",
        ),
        (
            "revenue_trend",
            json!({"graph.goal_value": 5}),
            "graph.goal_value is set, and its line is not drawn: set graph.show_goal to true",
        ),
        (
            "avg_roi",
            json!({"graph.show_goal": true, "graph.goal_value": 5}),
            "a scalar has no line for a goal",
        ),
    ] {
        assert_found(
            "executive",
            |dashboard| {
                for (name, value) in edit.as_object().expect("it is an object") {
                    settings(dashboard, card)[name] = value.clone();
                }
            },
            &[&format!("{card}: {problem}")],
        );
    }
}
