//! The schemas of requests, which are those of Metabase's own OpenAPI description.
//!
//! The head of tests/metabase/openapi.json of the extension says of which version it is, and each `x-source` there names its file.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{Answer, refused};

pub static CARD: LazyLock<Validator> = LazyLock::new(|| validator("/api/card", "post"));
pub static COLLECTION: LazyLock<Validator> = LazyLock::new(|| validator("/api/collection", "post"));
pub static DASHBOARD: LazyLock<Validator> = LazyLock::new(|| validator("/api/dashboard", "post"));
pub static DASHBOARD_UPDATE: LazyLock<Validator> = LazyLock::new(|| validator("/api/dashboard/{id}", "put"));

/// The schema of a request's body, which may have no other keys.
fn validator(path: &str, method: &str) -> Validator {
    let openapi: Value =
        serde_json::from_str(include_str!("../../../../../tests/metabase/openapi.json")).expect("it is JSON");
    let mut schema =
        openapi["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"].clone();
    schema["additionalProperties"] = json!(false);
    schema["components"] = openapi["components"].clone();
    jsonschema::validator_for(&schema).expect("it is a schema")
}

pub fn require_schema(validator: &Validator, body: &Value) -> Result<(), Answer> {
    match validator.validate(body) {
        Ok(()) => Ok(()),
        Err(error) => Err(refused(&error.instance_path().to_string(), &error.to_string())),
    }
}
