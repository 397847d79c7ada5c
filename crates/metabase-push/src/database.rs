//! The database in Metabase, and the views in it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::json::array;
use crate::metabase::{Database, Metabase};
use crate::source::{OPTIONAL_VIEW, SCHEMA, VIEWS, View};
use crate::text;

/// The first pause between two looks at what Metabase has found, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// Finds the database with this name, and with this id where one is given.
pub fn find(metabase: &Metabase, name: &str, id: Option<u64>) -> Result<Database> {
    let databases = metabase.databases()?;
    let described =
        |database: &Database| format!("\"{}\" ({})", text::beginning(&database.name), database.id);
    let (mut found, others): (Vec<Database>, Vec<Database>) = databases
        .into_iter()
        .partition(|database| database.name == name && id.is_none_or(|id| database.id == id));
    if found.len() > 1 {
        return Err(Error::SeveralDatabases {
            name: name.to_owned(),
            ids: text::few(found.iter().map(|database| database.id.to_string())),
        });
    }
    let Some(database) = found.pop() else {
        return Err(Error::NoDatabase {
            asked: match id {
                Some(id) => format!("\"{name}\" with id {id}"),
                None => format!("\"{name}\""),
            },
            known: text::few(others.iter().map(described)),
        });
    };
    if database.engine != "postgres" {
        return Err(Error::NotPostgres {
            name: database.name,
            engine: text::beginning(&database.engine),
        });
    }
    Ok(database)
}

/// Returns Metabase's metadata of the database, once all these views are in it with all their columns.
///
/// Where all are there, only the metadata is read. Otherwise Metabase is asked to read the schema.
pub fn metadata_with(
    metabase: &Metabase,
    database: &Database,
    views: &[View],
    wait: Duration,
) -> Result<Value> {
    let client = metabase.client();
    let metadata = metabase.metadata(database.id)?;
    if missing(&metadata, views).is_empty() {
        return Ok(metadata);
    }
    metabase.sync_schema(database.id)?;
    let start = client.clock().now();
    let (mut pause, longest_pause) = PAUSES;
    loop {
        let metadata = metabase.metadata(database.id)?;
        let missing = missing(&metadata, views);
        if missing.is_empty() {
            return Ok(metadata);
        }
        let left = wait.saturating_sub(client.clock().now() - start);
        if left.is_zero() {
            return Err(Error::ViewsNotSynced {
                seconds: wait.as_secs(),
                missing: missing.into_values().flatten().collect(),
            });
        }
        client.progress().count(
            views.len() - missing.len(),
            views.len(),
            "views found by Metabase",
        );
        client.clock().sleep(pause.min(left));
        pause = (pause * 3 / 2).min(longest_pause);
    }
}

/// Returns what is missing of each view that Metabase has not found in full: the view as a whole, or some columns.
fn missing<'a>(metadata: &Value, views: &'a [View]) -> BTreeMap<&'a str, Vec<String>> {
    let mut missing = BTreeMap::new();
    for view in views {
        let qualified = format!("{SCHEMA}.{}", view.name);
        let fields = fields_of(metadata, &view.name);
        let absent = match fields {
            // Metabase finds a table first and its fields later. A table without fields is not there yet.
            fields if fields.is_empty() => vec![qualified],
            fields => view
                .columns
                .iter()
                .filter(|column| !fields.contains(column.as_str()))
                .map(|column| format!("{qualified}.{column}"))
                .collect(),
        };
        if !absent.is_empty() {
            missing.insert(view.name.as_str(), absent);
        }
    }
    missing
}

fn fields_of<'a>(metadata: &'a Value, view: &str) -> BTreeSet<&'a str> {
    array(metadata, "tables")
        .filter(|table| {
            table["schema"] == SCHEMA && table["name"] == view && table["active"] != Value::Bool(false)
        })
        .flat_map(|table| array(table, "fields"))
        .filter(|field| field["active"] != Value::Bool(false))
        .filter_map(|field| field["name"].as_str())
        .collect()
}

/// Returns an error where the shop's database itself lacks views, since no waiting would help. All are needed that each shop has, whatever
/// the chosen dashboards read, because all are described.
pub fn require_all(views: &[View]) -> Result<()> {
    let missing: Vec<String> = VIEWS
        .iter()
        .filter(|name| **name != OPTIONAL_VIEW && !views.iter().any(|view| view.name == **name))
        .map(|name| format!("{SCHEMA}.{name}"))
        .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Error::ViewsNotCreated { missing }),
    }
}
