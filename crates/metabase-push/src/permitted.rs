//! What a dashboard may ask of Metabase. The key may do more there than the shop's database may decide: all that it says is a question to
//! itself, and what is said of its own tables.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::json::array;

const TABLE: &[&str] = &["description", "display_name"];
const FIELD: &[&str] = &["description", "has_field_values", "semantic_type", "settings"];
/// None of those by which Metabase makes a link or a picture of what a field holds: a web address, an image, an avatar.
const SEMANTIC_TYPES: &[&str] = &[
    "type/Category",
    "type/City",
    "type/Country",
    "type/CreationTimestamp",
    "type/Currency",
    "type/Email",
    "type/Name",
    "type/PK",
    "type/Quantity",
    "type/Score",
    "type/UpdatedTimestamp",
];
/// What a link or a picture in Markdown has, and an address that is a link by itself, and what HTML has.
const PARTS_OF_LINKS: &[&str] = &["](", "]:", "][", "//", "www.", "mailto:", "@", "<"];
const CARD: &[&str] = &[
    "dataset_query",
    "description",
    "display",
    "name",
    "type",
    "visualization_settings",
];
const DATASET_QUERY: &[&str] = &["database", "native", "type"];
const NATIVE: &[&str] = &["query", "template-tags"];
const TEMPLATE_TAG: &[&str] = &["dimension", "display-name", "id", "name", "type", "widget-type"];
const DASHBOARD: &[&str] = &["description", "name", "parameters"];
const PARAMETER: &[&str] = &[
    "default",
    "id",
    "name",
    "sectionId",
    "slug",
    "type",
    "values_query_type",
];
const PARAMETER_MAPPING: &[&str] = &["parameter_id", "target"];
const VISUALIZATION_SETTINGS: &[&str] = &[
    "click_behavior",
    "column_settings",
    "dashcard.background",
    "graph.dimensions",
    "graph.goal_label",
    "graph.goal_value",
    "graph.metrics",
    "graph.show_goal",
    "graph.show_values",
    "graph.x_axis.scale",
    "graph.x_axis.title_text",
    "graph.y_axis.axis_enabled",
    "graph.y_axis.labels_enabled",
    "graph.y_axis.title_text",
    "map.dimension",
    "map.metric",
    "map.region",
    "map.type",
    "pie.decimal_places",
    "pie.dimension",
    "pie.metric",
    "pie.percent_visibility",
    "pie.rows",
    "pie.show_legend",
    "pie.show_total",
    "pie.slice_threshold",
    "pie.sort_rows",
    "pie.sort_rows_dimension",
    "scalar.field",
    "series_settings",
    "table.column_formatting",
    "table.column_widths",
    "table.columns",
    "text",
    "version",
    "virtual_card",
];
const TABLE_COLUMN: &[&str] = &["enabled", "name"];
const CELL_RULE: &[&str] = &["color", "columns", "highlight_row", "operator", "type", "value"];
const PIE_ROW: &[&str] = &[
    "color",
    "defaultColor",
    "enabled",
    "hidden",
    "isOther",
    "key",
    "name",
    "originalName",
];
const SERIES: &[&str] = &["color"];
const COLUMN_SETTINGS: &[&str] = &[
    "click_behavior",
    "column_title",
    "currency",
    "currency_in_header",
    "currency_style",
    "date_abbreviate",
    "date_style",
    "decimals",
    "number_style",
    "show_mini_bar",
    "suffix",
    "time_enabled",
];
const FILTERING_CLICK: &[&str] = &["parameterMapping", "type"];
const OPENING_CLICK: &[&str] = &["linkType", "parameterMapping", "type"];
const CLICK_MAPPING: &[&str] = &["id", "source", "target"];
const CLICK_SOURCE: &[&str] = &["id", "name", "type"];
const CLICK_TARGET: &[&str] = &["id", "type"];
const LINK: &[&str] = &["card", "click_behavior", "column", "dashboard"];
const VIRTUAL_CARD: &[&str] = &[
    "archived",
    "dataset_query",
    "display",
    "name",
    "visualization_settings",
];

/// An error, in words, or nothing where all is well.
type Check = Result<(), String>;

/// Checks what `metabase.dashboard_json()` has returned, as far as it is what that returns: what is of another shape is for whoever reads
/// it. `database` is the database's id in Metabase.
pub fn check(template: &Value, database: u64) -> Check {
    let fields: BTreeSet<u64> = array(template, "fields")
        .filter_map(|field| field["id"].as_u64())
        .collect();
    for table in array(template, "tables") {
        keys("a table", &table["body"], TABLE)?;
        without_links("a table's description", &table["body"]["description"])?;
    }
    for field in array(template, "fields") {
        keys("a field", &field["body"], FIELD)?;
        without_links("a field's description", &field["body"]["description"])?;
        let kind = &field["body"]["semantic_type"];
        if !kind.is_null() && !SEMANTIC_TYPES.iter().any(|known| kind == known) {
            return Err(format!(
                "a field has the semantic type {kind}, which the extension never says"
            ));
        }
        column_settings(&field["body"]["settings"])?;
    }
    for card in array(template, "cards") {
        check_card(&card["body"], database, &fields)
            .map_err(|reason| format!("card {}: {reason}", card["key"]))?;
    }
    keys("the dashboard", &template["dashboard"], DASHBOARD)?;
    without_links(
        "the dashboard's description",
        &template["dashboard"]["description"],
    )?;
    let layout = &template["layout"];
    for parameter in array(&template["dashboard"], "parameters").chain(array(layout, "parameters")) {
        keys("a filter", parameter, PARAMETER)?;
    }
    for dashcard in array(layout, "dashcards") {
        settings(&dashcard["visualization_settings"])?;
        for mapping in array(dashcard, "parameter_mappings") {
            keys("a filter's target", mapping, PARAMETER_MAPPING)?;
        }
    }
    for link in array(template, "links") {
        keys("a link", link, LINK)?;
        let click = &link["click_behavior"];
        keys("a link", click, OPENING_CLICK)?;
        if click["type"] != "link" || click["linkType"] != "dashboard" {
            return Err("a link leads to something else than a dashboard".to_owned());
        }
        click_mapping(click)?;
    }
    Ok(())
}

fn check_card(body: &Value, database: u64, fields: &BTreeSet<u64>) -> Check {
    keys("it", body, CARD)?;
    without_links("its description", &body["description"])?;
    if !matches!(body["type"].as_str(), None | Some("question")) {
        return Err("it is no question".to_owned());
    }
    settings(&body["visualization_settings"])?;
    let query = &body["dataset_query"];
    keys("its query", query, DATASET_QUERY)?;
    if query["database"].as_u64() != Some(database) {
        return Err(format!(
            "it asks database {}, not {database}, which the shop's database is in this Metabase",
            query["database"]
        ));
    }
    if query["type"] != "native" || !query["native"]["query"].is_string() {
        return Err("its query is not SQL".to_owned());
    }
    keys("its query", &query["native"], NATIVE)?;
    for tag in objects(&query["native"]["template-tags"]) {
        keys("a filter in its SQL", tag, TEMPLATE_TAG)?;
        let dimension = &tag["dimension"];
        let is_own = dimension[0] == "field" && dimension[1].as_u64().is_some_and(|id| fields.contains(&id));
        // Other types take in other cards and snippets, and values of other fields.
        if tag["type"] != "dimension" || !is_own {
            return Err("a filter in its SQL is not on a field of the views".to_owned());
        }
    }
    Ok(())
}

fn settings(settings: &Value) -> Check {
    keys("how it is drawn", settings, VISUALIZATION_SETTINGS)?;
    for column in array(settings, "table.columns") {
        keys("a column", column, TABLE_COLUMN)?;
    }
    for rule in array(settings, "table.column_formatting") {
        keys("a cell's color", rule, CELL_RULE)?;
    }
    for row in array(settings, "pie.rows") {
        keys("a slice", row, PIE_ROW)?;
    }
    for series in objects(&settings["series_settings"]) {
        keys("a series", series, SERIES)?;
    }
    for column in objects(&settings["column_settings"]) {
        column_settings(column)?;
    }
    click(&settings["click_behavior"])?;
    without_links("a text", &settings["text"])?;
    let card = &settings["virtual_card"];
    keys("a heading", card, VIRTUAL_CARD)?;
    keys("a heading's query", &card["dataset_query"], &[])?;
    keys("a heading's settings", &card["visualization_settings"], &[])
}

fn column_settings(settings: &Value) -> Check {
    keys("a column's settings", settings, COLUMN_SETTINGS)?;
    click(&settings["click_behavior"])
}

/// Checks what a click does. Links to other dashboards stand by themselves, and there are none to anything else.
fn click(click: &Value) -> Check {
    keys("a click", click, FILTERING_CLICK)?;
    if !click.is_null() && click["type"] != "crossfilter" {
        return Err("a click does something else than to set filters".to_owned());
    }
    click_mapping(click)
}

fn click_mapping(click: &Value) -> Check {
    for mapping in objects(&click["parameterMapping"]) {
        keys("a filter of a click", mapping, CLICK_MAPPING)?;
        keys("a click's source", &mapping["source"], CLICK_SOURCE)?;
        keys("a click's target", &mapping["target"], CLICK_TARGET)?;
        // What a user's login says of him, or else a filter could hand on to the shop's database.
        let is_shown = ["column", "parameter"]
            .map(Value::from)
            .contains(&mapping["source"]["type"]);
        if !is_shown || mapping["target"]["type"] != "parameter" {
            return Err("a click hands on something else than what a card or a filter shows".to_owned());
        }
    }
    Ok(())
}

/// Checks that a text which Metabase shows as Markdown leads nowhere and loads nothing: whoever looks at a dashboard trusts what stands there.
fn without_links(what: &str, text: &Value) -> Check {
    let text = text.as_str().unwrap_or_default();
    match PARTS_OF_LINKS
        .iter()
        .find(|part| text.to_lowercase().contains(*part))
    {
        None => Ok(()),
        Some(part) => Err(format!(
            "{what} has {part:?}, as links have, which the extension never says"
        )),
    }
}

/// Checks that an object has no keys but these. What is no object has none.
fn keys(what: &str, value: &Value, permitted: &[&str]) -> Check {
    let other = value
        .as_object()
        .and_then(|object| object.keys().find(|key| !permitted.contains(&key.as_str())));
    match other {
        None => Ok(()),
        Some(key) => Err(format!("{what} has {key:?}, which the extension never says")),
    }
}

/// The values of an object whose keys are names.
fn objects(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_object().into_iter().flat_map(Map::values)
}
