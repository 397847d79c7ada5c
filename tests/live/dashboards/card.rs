//! A card as a dashboard's JSON has it, and its SQL as Metabase sends it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use postgres::Client;
use serde_json::Value;

use crate::cluster::value;

/// The four, in the order of every answer.
pub const DASHBOARDS: [&str; 4] = [
    "executive",
    "product_analytics",
    "platform_performance",
    "inventory_management",
];

/// What somebody has chosen in one filter.
#[derive(Clone, Debug)]
pub enum Choice {
    /// From the first of these days to the last.
    Days(Date, Date),
    /// Any of these values.
    Values(Vec<String>),
}

/// What somebody has chosen in a dashboard's filters, by their slugs. The others are not set.
pub type Chosen = BTreeMap<&'static str, Choice>;

/// A card.
pub struct Card {
    pub key: String,
    pub title: String,
    sql: String,
    /// The tag that each filter fills in, with the field that it restricts.
    wires: BTreeMap<String, (String, String)>,
}

/// A dashboard as its JSON.
pub fn dashboard(client: &mut Client, name: &str) -> Value {
    value(client, &format!("SELECT metabase.dashboard_json('{name}')"))
}

/// The cards of a dashboard, without its headings and texts.
pub fn cards(dashboard: &Value) -> Vec<Card> {
    list(&dashboard["ordered_cards"])
        .iter()
        .filter(|dashcard| dashcard["card"].is_object())
        .map(|dashcard| Card::new(dashboard, dashcard))
        .collect()
}

impl Card {
    fn new(dashboard: &Value, dashcard: &Value) -> Card {
        let card = &dashcard["card"];
        let native = &card["dataset_query"]["native"];
        let wires = list(&dashcard["parameter_mappings"]).iter().map(|mapping| {
            let parameter = list(&dashboard["parameters"])
                .iter()
                .find(|parameter| parameter["id"] == mapping["parameter_id"])
                .expect("it is wired to a filter that there is");
            let tag = text(&mapping["target"][1][1]);
            let field = text(&native["template-tags"][&tag]["dimension"][1]);
            (text(&parameter["slug"]), (tag, field))
        });
        Card {
            key: text(&card["key"]),
            title: text(&card["name"]),
            sql: text(&native["query"]),
            wires: wires.collect(),
        }
    }

    /// Its SQL as Metabase sends it: with a condition in the place of each tag whose filter is set, and without the brackets
    /// around the others.
    pub fn asked(&self, client: &mut Client, chosen: &Chosen) -> String {
        let mut sql = self.sql.clone();
        let set: BTreeMap<String, String> = self
            .wires
            .iter()
            .filter_map(|(slug, (tag, field))| {
                let choice = chosen.get(slug.as_str())?;
                Some((format!("{{{{{tag}}}}}"), condition(client, field, choice)))
            })
            .collect();
        while let Some((before, rest)) = sql.split_once("[[") {
            let (optional, after) = rest.split_once("]]").expect("each bracket is closed");
            let is_set = set.keys().any(|tag| optional.contains(tag));
            sql = format!("{before}{}{after}", if is_set { optional } else { "" });
        }
        for (tag, condition) in &set {
            sql = sql.replace(tag, condition);
        }
        assert!(!sql.contains("{{"), "{sql}");
        sql
    }
}

/// What Metabase makes of a filter that is set: a condition on the field by its full name.
fn condition(client: &mut Client, field: &str, choice: &Choice) -> String {
    let parts: Vec<&str> = field.split('.').collect();
    let [schema, view, column] = parts[..] else {
        panic!("{field} is no field");
    };
    let name = format!(r#""{schema}"."{view}"."{column}""#);
    let is_date: bool = value(
        client,
        &format!(
            "SELECT atttypid = 'date'::regtype FROM pg_attribute
             WHERE attrelid = '{schema}.{view}'::regclass AND attname = '{column}'"
        ),
    );
    match choice {
        Choice::Days(first, last) if is_date => format!("{name} BETWEEN date '{first}' AND date '{last}'"),
        // The days of a time are those of the zone that Metabase reports in: here, the shop's.
        Choice::Days(first, last) => {
            let end = last.tomorrow().expect("there is a day after it");
            format!(
                "({name} >= timestamptz '{first} 00:00 Europe/Berlin' AND {name} < timestamptz '{end} 00:00 Europe/Berlin')"
            )
        }
        Choice::Values(values) => {
            let texts: Vec<String> = values
                .iter()
                .map(|value| format!("'{}'", value.replace('\'', "''")))
                .collect();
            format!("{name} IN ({})", texts.join(", "))
        }
    }
}

/// A JSON array.
pub fn list(json: &Value) -> &[Value] {
    json.as_array().unwrap_or_else(|| panic!("not a list: {json}"))
}

/// A JSON text.
pub fn text(json: &Value) -> String {
    json.as_str()
        .unwrap_or_else(|| panic!("not a text: {json}"))
        .to_owned()
}
