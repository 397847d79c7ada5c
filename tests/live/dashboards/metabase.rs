//! A Metabase as far as these tests need one: what it says of a database, and which requests it understands.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use postgres::Client;
use serde_json::{Value, json};

use super::card::list;

/// The number that it has given the database.
pub const DATABASE_ID: i64 = 7;

/// What it answers to `GET /api/database/:id/metadata`: every table and view of every schema, each with a number of its own,
/// and each of their columns, in the order in which Metabase happens to have found them.
pub fn metadata(client: &mut Client) -> Value {
    let mut next_field = 90_000;
    let tables: Vec<Value> = client
        .query(
            "SELECT nspname::text, relname::text, array_agg(attname::text ORDER BY attnum)
             FROM pg_class
             JOIN pg_namespace ON pg_namespace.oid = relnamespace
             JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
             WHERE relkind IN ('r', 'm', 'v') AND nspname !~ '^(pg_|information_schema|metabase)'
             GROUP BY nspname, relname
             ORDER BY md5(nspname || relname)",
            &[],
        )
        .expect("the catalog can be read")
        .iter()
        .zip((1001..).step_by(13))
        .map(|(row, table)| {
            let columns: Vec<String> = row.get(2);
            let fields: Vec<Value> = columns
                .iter()
                .map(|column| {
                    next_field -= 7;
                    json!({"id": next_field, "table_id": table, "name": column, "display_name": column, "active": true})
                })
                .collect();
            let (schema, name): (String, String) = (row.get(0), row.get(1));
            json!({"id": table, "db_id": DATABASE_ID, "schema": schema, "name": name, "active": true, "fields": fields})
        })
        .collect();
    json!({"id": DATABASE_ID, "name": "Shop", "engine": "postgres", "features": [], "tables": tables})
}

/// The numbers in such an answer by their names: `schema.table` and `schema.table.column`.
pub fn numbers(metadata: &Value) -> BTreeMap<String, i64> {
    let mut numbers = BTreeMap::new();
    for table in list(&metadata["tables"]) {
        let name = format!(
            "{}.{}",
            table["schema"].as_str().unwrap_or_default(),
            table["name"].as_str().expect("it is a text")
        );
        for field in list(&table["fields"]) {
            let column = field["name"].as_str().expect("it is a text");
            numbers.insert(format!("{name}.{column}"), id(field));
        }
        numbers.insert(name, id(table));
    }
    numbers
}

/// The number of something.
pub fn id(object: &Value) -> i64 {
    object["id"]
        .as_i64()
        .unwrap_or_else(|| panic!("no number: {object}"))
}

/// Metabase's description of its API, as far as it is about cards and dashboards.
static OPENAPI: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../metabase/openapi.json")).expect("it is JSON"));

/// What one request may look like.
pub struct Request {
    schema: Value,
    validator: Validator,
}

impl Request {
    /// Such as `("post", "/api/card")`.
    pub fn new(method: &str, path: &str) -> Request {
        let mut schema =
            OPENAPI["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"].clone();
        assert!(schema.is_object(), "{method} {path} is not described");
        schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        // What it refers to is looked for from its own root on.
        schema["components"] = OPENAPI["components"].clone();
        Request {
            validator: jsonschema::validator_for(&schema).expect("it is a schema"),
            schema,
        }
    }

    /// What is wrong with a body; a name that the API does not know is wrong, too, which Metabase would ignore.
    pub fn faults(&self, body: &Value) -> Vec<String> {
        let known = self.schema["properties"].as_object().expect("it is an object");
        let names = body.as_object().expect("it is an object").keys();
        let unknown = names.filter(|name| !known.contains_key(*name));
        self.validator
            .iter_errors(body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .chain(unknown.map(|name| format!("{name} is not known")))
            .collect()
    }
}
