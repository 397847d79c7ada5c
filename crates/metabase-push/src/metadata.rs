//! Descriptions, types and formats of tables and fields.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::compare;
use crate::error::{Error, Result};
use crate::item::{Item, Kind, Work};
use crate::json::array;
use crate::source::{Described, Template};

/// What is to be said about tables and fields.
pub struct Metadata {
    pub tables: Vec<Work>,
    pub fields: Vec<Work>,
    /// Fields with a list of values.
    pub listed_fields: Vec<u64>,
}

/// Compares what the extension says about tables and fields with Metabase's metadata. Every dashboard comes with the same, so
/// the first one's is taken.
pub fn compare(metadata: &Value, templates: &[Template], replace: bool) -> Result<Metadata> {
    let tables: BTreeMap<u64, &Value> = by_id(array(metadata, "tables"));
    let fields = by_id(array(metadata, "tables").flat_map(|table| array(table, "fields")));
    let mut described = Metadata {
        tables: Vec::new(),
        fields: Vec::new(),
        listed_fields: Vec::new(),
    };
    let Some(template) = templates.first() else {
        return Ok(described);
    };
    for ours in &template.tables {
        let theirs = known(&tables, template, ours)?;
        described
            .tables
            .push(compare_one(Kind::Table, ours, theirs, replace));
    }
    for ours in &template.fields {
        let theirs = known(&fields, template, ours)?;
        if ours.body.get("has_field_values").and_then(Value::as_str) == Some("list") {
            described.listed_fields.push(ours.id);
        }
        described
            .fields
            .push(compare_one(Kind::Field, ours, theirs, replace));
    }
    Ok(described)
}

fn by_id<'a>(objects: impl Iterator<Item = &'a Value>) -> BTreeMap<u64, &'a Value> {
    objects
        .filter_map(|object| Some((object["id"].as_u64()?, object)))
        .collect()
}

fn known<'a>(theirs: &BTreeMap<u64, &'a Value>, template: &Template, ours: &Described) -> Result<&'a Value> {
    theirs.get(&ours.id).copied().ok_or_else(|| Error::Template {
        dashboard: template.name.clone(),
        reason: format!("Metabase's metadata has no {} with id {}", ours.name, ours.id),
    })
}

fn compare_one(kind: Kind, ours: &Described, theirs: &Value, replace: bool) -> Work {
    let difference = compare::compare(&ours.body, theirs, replace, |key, value| match key {
        // Metabase makes this name from the column's. Somebody has written it only where it has other letters.
        "display_name" => words(value) != words(&theirs["name"]),
        _ => compare::is_text(key, value),
    });
    Work {
        item: Item::existing(kind, &ours.name, ours.id, difference.changes, difference.kept),
        body: difference.send,
    }
}

/// Returns a name without what distinguishes `total_revenue` from `Total Revenue`.
fn words(name: &Value) -> String {
    name.as_str()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
