//! What this crate knows of the extension is what the extension's sources say.

use std::collections::BTreeSet;
use std::path::Path;

use metabase_push::source::{CARD_MARKER, FILTER_MARKER, SCHEMA, VIEWS};
use serde_json::Value;

use crate::metabase;
use crate::shop::Shop;

/// The texts of all files in a folder of the extension, wherever they are in it.
fn texts(folder: &str) -> String {
    fn add(folder: &Path, texts: &mut String) {
        for entry in std::fs::read_dir(folder).expect("the extension is around this crate") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                add(&path, texts);
            } else {
                *texts += &std::fs::read_to_string(&path).expect("it is a text");
            }
        }
    }
    let mut texts = String::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    add(&root.join(folder), &mut texts);
    texts
}

/// What stands in `text` between each `begin` and the `end` that follows it.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let pieces = text.split(begin).skip(1);
    pieces
        .filter_map(|piece| Some(piece.split_once(end)?.0))
        .collect()
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    names.into_iter().collect()
}

#[test]
fn the_views_are_those_that_the_extension_creates() {
    let definitions = texts("sql/definitions");
    let created = between(&definitions, "CREATE MATERIALIZED VIEW ", " ");
    let qualified: Vec<String> = VIEWS.iter().map(|view| format!("{SCHEMA}.{view}")).collect();
    assert_eq!(set(created), set(qualified.iter().map(String::as_str)));
    let sources = texts("src");
    let catalog = between(&sources, "view!(\"", "\"");
    assert_eq!(set(catalog), set(VIEWS));
    let dashboards = texts("src/dashboard");
    let schemas = between(&dashboards, "const SCHEMA: &str = \"", "\"");
    assert_eq!(set(schemas), set([SCHEMA]));
    // The tests' Metabase has the same.
    assert_eq!(set(metabase::VIEWS.map(|(_, view, _)| view)), set(VIEWS));
}

#[test]
fn what_was_pushed_is_known_by_what_the_extension_writes() {
    let sources = texts("src");
    let markers = between(&sources, "const MARKER: &str = \"", "\"");
    let [marker] = markers[..] else {
        panic!("the extension has other markers: {markers:?}");
    };
    // How it begins a card's SQL, and the id of a filter or the name of a heading: then come the dashboard and what it is.
    for (known, rest) in [(CARD_MARKER, "{}/{}\\n"), (FILTER_MARKER, "{dashboard}.{name}")] {
        let format = format!("\"{}{rest}", known.replace(marker, "{MARKER}"));
        assert_eq!(sources.matches(&format).count(), 1, "{format}");
    }
}

#[test]
fn each_function_that_is_called_or_advised_is_one_of_the_extension() {
    let own = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/postgres.rs"))
        .and_then(|calls| {
            let errors = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/error.rs"))?;
            Ok(calls + &errors)
        })
        .expect("they can be read");
    let mut functions = set(between(&own, "SELECT metabase.", "("));
    functions.extend(between(&own, "FROM metabase.", "("));
    assert!(functions.len() >= 6, "{functions:?}");
    let api = texts("src/api");
    for function in functions {
        assert!(api.contains(&format!("fn {function}(")), "{function}");
    }
}

/// The keys of objects in JSON, but for those that are names somebody chose.
fn keys<'a>(json: &'a Value, keys: &mut BTreeSet<&'a str>) {
    match json {
        Value::Object(object) => {
            for (key, value) in object {
                keys.insert(key);
                match (key.as_str(), value) {
                    ("template-tags" | "column_settings" | "parameterMapping", Value::Object(named)) => {
                        named.values().for_each(|value| self::keys(value, keys));
                    }
                    _ => self::keys(value, keys),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| self::keys(value, keys)),
        _ => {}
    }
}

#[test]
fn the_dashboards_of_the_tests_are_written_as_the_extension_writes_its_own() {
    let sources = texts("src/dashboard");
    let dashboards = Shop::new().dashboards;
    for (name, dashboard) in dashboards.as_object().expect("it is an object") {
        assert!(sources.contains(&format!("key: \"{name}\",")), "{name}");
        let mut all = BTreeSet::new();
        keys(dashboard, &mut all);
        for key in all {
            let is_written = [format!(" {key}: "), format!("rename = \"{key}\"")]
                .iter()
                .any(|written| sources.contains(written));
            assert!(is_written, "{name}: {key}");
        }
        for card in dashboard["cards"].as_array().expect("there are cards") {
            let sql = card["body"]["dataset_query"]["native"]["query"].as_str();
            let key = card["key"].as_str().expect("it has a key");
            let begin = format!("{CARD_MARKER}{name}/{key}\n");
            assert!(sql.is_some_and(|sql| sql.starts_with(&begin)), "{begin}");
        }
        let begin = format!("{FILTER_MARKER}{name}.");
        let filters = dashboard["dashboard"]["parameters"].as_array();
        for filter in filters.expect("there are filters") {
            let id = filter["id"].as_str();
            assert!(id.is_some_and(|id| id.starts_with(&begin)), "{filter}");
        }
    }
}
