//! Clicks: which filter each sets, to what, and which dashboard each opens.

use std::collections::BTreeSet;

use postgres::Client;
use serde_json::{Value, json};

use super::card::{Choice, Chosen, DASHBOARDS, cards, dashboard, list, text};
use super::faults::{assert_found, dashcard};
use super::json::requests;
use super::metabase::metadata;
use super::shops::{demo, odd};
use crate::cluster::refresh_all;
use crate::rows::cells;
use crate::shop::{run, shop_with_views};

/// A click of a card.
struct Click {
    card: String,
    /// In a table, the column that is clicked on.
    column: Option<String>,
    behavior: Value,
}

/// All clicks of a dashboard, in the order of its cards.
fn clicks(dashboard: &Value) -> Vec<Click> {
    let mut clicks = Vec::new();
    for dashcard in list(&dashboard["ordered_cards"]) {
        let settings = &dashcard["visualization_settings"];
        let mut add = |column: Option<String>, behavior: &Value| {
            if behavior.is_object() {
                clicks.push(Click {
                    card: text(&dashcard["card"]["key"]),
                    column,
                    behavior: behavior.clone(),
                });
            }
        };
        add(None, &settings["click_behavior"]);
        for (key, column) in settings["column_settings"].as_object().into_iter().flatten() {
            let (_, name): (String, String) = serde_json::from_str(key).expect("it is a column's key");
            add(Some(name), &column["click_behavior"]);
        }
    }
    clicks
}

/// What sets which filter: `Brand filter > brand`.
fn settings(click: &Click) -> Vec<String> {
    let mapping = click.behavior["parameterMapping"].as_object();
    let mapping = mapping.expect("it is an object").iter();
    mapping
        .map(|(id, mapping)| {
            assert_eq!(mapping["id"], *id);
            assert_eq!(mapping["target"], json!({"type": "parameter", "id": id}));
            let source = text(&mapping["source"]["id"]);
            format!("{} {source} > {id}", text(&mapping["source"]["type"]))
        })
        .collect()
}

#[test]
fn a_click_filters_its_dashboard_or_opens_another() {
    let (_database, mut client) = shop_with_views();
    let mut found = Vec::new();
    for name in DASHBOARDS {
        for click in clicks(&dashboard(&mut client, name)) {
            let behavior = &click.behavior;
            let leads = match text(&behavior["type"]).as_str() {
                "crossfilter" => "filters".to_owned(),
                "link" => {
                    assert_eq!(behavior["linkType"], "dashboard");
                    format!("opens {}", text(&behavior["targetId"]))
                }
                other => panic!("{other}"),
            };
            let set = settings(&click).join(", ").replace("metabase_views.", "");
            let column = click.column.as_deref().unwrap_or("-");
            found.push(format!("{name}/{} {column}: {leads} ({set})", click.card));
        }
    }
    let with_dates = "opens product_analytics (column Brand > product_analytics.brand, parameter executive.date > product_analytics.date)";
    let by_brand = "opens product_analytics (column Brand > product_analytics.brand)";
    assert_eq!(
        found,
        [
            "executive/platform_performance -: opens platform_performance (parameter executive.date > platform_performance.date, \
             column Platform filter > platform_performance.platform)",
            &format!("executive/top_products Brand: {with_dates}"),
            &format!("executive/top_products Product: {with_dates}"),
            "product_analytics/brand_performance -: filters (column Brand filter > product_analytics.brand)",
            "product_analytics/brand_by_month -: filters (column Brand filter > product_analytics.brand)",
            "product_analytics/product_performance Brand: filters (column Brand > product_analytics.brand)",
            "product_analytics/sell_through_by_brand -: filters (column Brand filter > product_analytics.brand)",
            "platform_performance/revenue_by_platform -: filters (column Platform filter > platform_performance.platform)",
            "platform_performance/fee_comparison -: filters (column Platform filter > platform_performance.platform)",
            "platform_performance/platform_profitability Platform: filters (column Platform filter > platform_performance.platform)",
            "platform_performance/unpaid_payouts Platform: filters (column Platform filter > platform_performance.platform)",
            "inventory_management/stock_status_by_category -: filters (column Stock category > inventory_management.stock_category)",
            &format!("inventory_management/inventory_status Brand: {by_brand}"),
            &format!("inventory_management/inventory_status Product: {by_brand}"),
            "inventory_management/inventory_status Stock category: filters (column Stock category > inventory_management.stock_category)",
            "inventory_management/inventory_status Supplier: filters (column Supplier > inventory_management.supplier)",
            "inventory_management/supplier_performance Supplier: filters (column Supplier > inventory_management.supplier)",
        ]
    );
}

#[test]
fn a_click_on_a_bar_leaves_that_bar_and_words_that_are_no_value_set_nothing() {
    let (_database, mut client) = demo();
    crowd(&mut client);
    // Other platforms on two charts, other brands on one.
    assert_eq!(words_beside_values(&mut client), 3);
    let (_database, mut client) = odd();
    // No platform on two charts and in two tables, no brand on three charts.
    assert_eq!(words_beside_values(&mut client), 7);
}

/// More platforms than there is room for, and a sale without one.
fn crowd(client: &mut Client) {
    run(
        client,
        "INSERT INTO core.platforms SELECT gen_random_uuid(), 'p' || n, 'p' || n FROM generate_series(1, 40) AS n;
         UPDATE transactions.orders SET platform_id = (
             SELECT id FROM core.platforms WHERE slug = 'p' || (1 + abs(hashtext(orders.id::text)) % 40)
         ) WHERE platform_id = (SELECT id FROM core.platforms WHERE slug = 'stockx')",
    );
    refresh_all(client);
}

/// Clicks on every bar of the charts that filter their dashboard; returns how many set nothing.
fn words_beside_values(client: &mut Client) -> usize {
    let mut words = 0;
    for (name, slug, over) in [
        ("product_analytics", "brand", "Brand"),
        ("platform_performance", "platform", "Platform"),
    ] {
        let dashboard = dashboard(client, name);
        let charts: BTreeSet<String> = clicks(&dashboard)
            .into_iter()
            .filter(|click| settings(click)[0].contains(" filter >"))
            .map(|click| click.card)
            .collect();
        assert!(charts.len() >= 2, "{charts:?}");
        for card in cards(&dashboard).iter().filter(|card| charts.contains(&card.key)) {
            let mut pairs = |chosen: &Chosen| {
                let asked = card.asked(client, chosen);
                cells(
                    client,
                    &format!("SELECT DISTINCT \"{over}\", \"{over} filter\" FROM (\n{asked}\n) AS card"),
                )
            };
            for bar in pairs(&Chosen::new()) {
                match &bar[1] {
                    Some(value) => {
                        let clicked = Chosen::from([(slug, Choice::Values(vec![value.clone()]))]);
                        assert_eq!(
                            pairs(&clicked).as_slice(),
                            std::slice::from_ref(&bar),
                            "{name}/{}",
                            card.key
                        );
                        assert_eq!(bar[0], bar[1]);
                    }
                    None => {
                        let shown = bar[0].as_deref().expect("a bar has a name");
                        assert!(shown.starts_with("Other ") || shown.starts_with("No "), "{shown}");
                        words += 1;
                    }
                }
            }
        }
    }
    words
}

#[test]
fn what_is_sent_to_a_metabase_has_links_apart() {
    let (_database, mut client) = shop_with_views();
    let metadata = metadata(&mut client);
    for name in DASHBOARDS {
        let all = clicks(&dashboard(&mut client, name));
        let sent = requests(&mut client, name, &metadata);
        let is_link = |click: &&Click| click.behavior["type"] == "link";
        let links: Vec<Value> = all
            .iter()
            .filter(is_link)
            .map(|click| {
                let mut link = json!({
                    "card": click.card,
                    "dashboard": click.behavior["targetId"],
                    "click_behavior": click.behavior,
                });
                let behavior = link["click_behavior"].as_object_mut().expect("it is an object");
                behavior.remove("targetId");
                if let Some(column) = &click.column {
                    link["column"] = json!(column);
                }
                link
            })
            .collect();
        assert_eq!(sent["links"], json!(links), "{name}");
        // What else the layout says of clicks is what the dashboard says, and nothing is left of a link.
        let layout = sent["layout"].to_string();
        assert!(!layout.contains("\"link\""), "{layout}");
        for dashcard in list(&sent["layout"]["dashcards"]) {
            let columns = dashcard["visualization_settings"]["column_settings"].as_object();
            let mut columns = columns.into_iter().flatten();
            assert!(
                columns.all(|(_, column)| column["click_behavior"].is_object()),
                "{dashcard}"
            );
        }
        let filtering = all.iter().filter(|click| !is_link(click)).count();
        assert_eq!(layout.matches("crossfilter").count(), filtering, "{name}");
    }
}

// What is wrong with a click

/// The click on a card's place.
fn click<'a>(dashboard: &'a mut Value, card: &str) -> &'a mut Value {
    &mut dashcard(dashboard, card)["visualization_settings"]["click_behavior"]
}

#[test]
fn a_click_that_sets_a_filter_that_is_not_there() {
    assert_found(
        "product_analytics",
        |dashboard| {
            click(dashboard, "brand_performance")["parameterMapping"] = json!({
                "size": {"id": "size", "source": {"type": "column", "id": "Brand", "name": "Brand"},
                         "target": {"type": "parameter", "id": "size"}}
            });
        },
        &["brand_performance: a click sets a filter \"size\", which the dashboard does not have"],
    );
    assert_found(
        "executive",
        |dashboard| click(dashboard, "platform_performance")["targetId"] = json!("product_analytics"),
        &[
            "platform_performance: a click sets a filter \"metabase_views.platform_performance.date\", \
             which dashboard \"product_analytics\" does not have",
            "platform_performance: a click sets a filter \"metabase_views.platform_performance.platform\", \
             which dashboard \"product_analytics\" does not have",
        ],
    );
}

#[test]
fn a_click_that_opens_a_dashboard_that_does_not_exist() {
    for (target, named) in [(json!("sales"), "sales"), (json!(null), "")] {
        assert_found(
            "executive",
            |dashboard| click(dashboard, "platform_performance")["targetId"] = target,
            &[&format!(
                "platform_performance: a click opens a dashboard \"{named}\", which does not exist"
            )],
        );
    }
}

#[test]
fn a_click_by_a_column_that_a_result_does_not_have() {
    const BRAND: &str = "metabase_views.product_analytics.brand";
    assert_found(
        "product_analytics",
        |dashboard| {
            click(dashboard, "brand_performance")["parameterMapping"][BRAND]["source"]["id"] = json!("Make");
        },
        &["brand_performance: click_behavior names a column \"Make\" that its result does not have"],
    );
    assert_found(
        "product_analytics",
        |dashboard| {
            let columns =
                &mut dashcard(dashboard, "product_performance")["visualization_settings"]["column_settings"];
            columns[r#"["name","Make"]"#] = columns[r#"["name","Brand"]"#].take();
            columns[r#"["name","Brand"]"#] = json!({});
        },
        &["product_performance: click_behavior names a column \"Make\" that its result does not have"],
    );
}

#[test]
fn a_click_that_sets_a_filter_to_what_it_does_not_take() {
    assert_found(
        "executive",
        |dashboard| {
            let mapping = &mut click(dashboard, "platform_performance")["parameterMapping"];
            mapping["metabase_views.platform_performance.date"]["source"] =
                json!({"type": "column", "id": "Platform", "name": "Platform"});
            mapping["metabase_views.platform_performance.platform"]["source"] =
                json!({"type": "parameter", "id": "metabase_views.executive.date", "name": "Date range"});
        },
        &[
            "platform_performance: a click sets filter \"metabase_views.platform_performance.platform\", \
             which is of the type string/=, to what is of the type date/all-options",
            "platform_performance: a click sets filter \"metabase_views.platform_performance.date\", \
             which is of the type date/all-options, to column \"Platform\", whose type does not fit",
        ],
    );
    // A month is no brand, nor is a number; on the card itself as well as on its place.
    assert_found(
        "product_analytics",
        |dashboard| {
            let by_brand = click(dashboard, "brand_by_month").clone();
            let filter = "metabase_views.product_analytics.brand";
            for (column, place) in [("Month", "place"), ("Revenue", "card")] {
                let mut click = by_brand.clone();
                click["parameterMapping"][filter]["source"] =
                    json!({"type": "column", "id": column, "name": column});
                let dashcard = dashcard(dashboard, "brand_by_month");
                match place {
                    "place" => dashcard["visualization_settings"]["click_behavior"] = click,
                    _ => dashcard["card"]["visualization_settings"]["click_behavior"] = click,
                }
            }
        },
        &[
            "brand_by_month: a click sets filter \"metabase_views.product_analytics.brand\", \
             which is of the type string/=, to column \"Month\", whose type does not fit",
            "brand_by_month: a click sets filter \"metabase_views.product_analytics.brand\", \
             which is of the type string/=, to column \"Revenue\", whose type does not fit",
        ],
    );
    assert_found(
        "executive",
        |dashboard| {
            let mapping = &mut click(dashboard, "platform_performance")["parameterMapping"];
            mapping["metabase_views.platform_performance.date"]["source"]["id"] = json!("day");
            mapping["metabase_views.platform_performance.platform"]["id"] = json!("platform");
        },
        &[
            "platform_performance: a click hands on a filter \"day\", which the dashboard does not have",
            "platform_performance: a click sets filter \"metabase_views.platform_performance.platform\" under another id",
        ],
    );
}
