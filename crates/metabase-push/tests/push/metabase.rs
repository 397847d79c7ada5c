//! A Metabase that refuses whatever the real one refuses, and what it would store as nonsense.
//!
//! Its rules are those of Metabase's sources, endpoint by endpoint and version by version; each names the file that it was read in. What
//! begins with a version is in [`version`]. Ids that do not exist, and filters that are wired to nothing, are refused by this one alone.

mod card;
mod collection;
mod dashboard;
mod database;
mod schema;
mod session;
pub mod version;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

pub use self::database::table;
use self::database::tables;
use crate::request::Request;

pub const KEY: &str = "mb_the+key/of=tests";
pub const DATABASE: u64 = 2;

/// The views with their ids and columns; a column's id is that of its view and its number.
pub const VIEWS: [(u64, &str, &[&str]); 8] = [
    (
        1,
        "metabase_executive_metrics",
        &["sale_date", "platform", "total_revenue"],
    ),
    (2, "metabase_product_performance", &["product", "brand"]),
    (3, "metabase_brand_analytics", &["brand"]),
    (4, "metabase_platform_performance", &["platform"]),
    (
        5,
        "metabase_inventory_status",
        &["category", "supplier", "current_value"],
    ),
    (6, "metabase_customer_geography", &["country"]),
    (7, "metabase_supplier_performance", &["supplier", "purchases"]),
    (8, "metabase_sales", &["order"]),
];

/// Everything that this Metabase has.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub databases: Vec<Value>,
    pub tables: Vec<Value>,
    pub collections: BTreeMap<u64, Value>,
    pub cards: BTreeMap<u64, Value>,
    pub dashboards: BTreeMap<u64, Value>,
    /// The fields whose values were scanned.
    pub scanned: BTreeSet<u64>,
    pub next_id: u64,
    /// Its major version.
    pub version: u64,
    /// How many looks at the metadata it takes after a sync until a table more is there.
    pub hidden_tables: Vec<Value>,
}

type Answer = (u16, Value);

impl State {
    /// The newest version, with the shop's database, and all views found.
    pub fn new() -> State {
        State {
            databases: vec![
                json!({"id": 1, "name": "Sample Database", "engine": "h2"}),
                json!({"id": DATABASE, "name": "shop", "engine": "postgres"}),
            ],
            tables: tables(),
            collections: BTreeMap::new(),
            cards: BTreeMap::new(),
            dashboards: BTreeMap::new(),
            scanned: BTreeSet::new(),
            next_id: 100,
            version: *version::ALL.end(),
            hidden_tables: Vec::new(),
        }
    }

    /// The same of another version.
    pub fn of_version(version: u64) -> State {
        State {
            version,
            ..State::new()
        }
    }

    /// What people have made, for tests: a card.
    pub fn add_card(&mut self, card: Value) -> u64 {
        let id = self.id();
        self.cards.insert(id, with(card, &[("id", json!(id))]));
        id
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub fn table(&mut self, id: u64) -> Option<&mut Value> {
        self.tables.iter_mut().find(|table| table["id"] == id)
    }

    pub fn field(&mut self, id: u64) -> Option<&mut Value> {
        self.tables
            .iter_mut()
            .filter_map(|table| table["fields"].as_array_mut())
            .flatten()
            .find(|field| field["id"] == id)
    }

    /// The only card or dashboard with this name.
    pub fn named<'a>(things: &'a mut BTreeMap<u64, Value>, name: &str) -> &'a mut Value {
        let mut found: Vec<&mut Value> = things
            .values_mut()
            .filter(|thing| thing["name"] == name)
            .collect();
        assert_eq!(found.len(), 1, "{name}");
        found.remove(0)
    }

    pub fn handle(&mut self, request: &Request) -> Answer {
        if request.header("x-api-key") != Some(KEY) {
            return (401, json!("Unauthenticated"));
        }
        if request.method != "GET" && request.header("content-type") != Some("application/json") {
            return (415, json!("content-type"));
        }
        let path: Vec<&str> = request.path.trim_start_matches("/api/").split('/').collect();
        let body = &request.body;
        let id = path.get(1).and_then(|id| id.parse::<u64>().ok()).unwrap_or(0);
        let answer = match (request.method.as_str(), path.as_slice()) {
            ("GET", ["session", "properties"]) => Ok(self.properties()),
            ("GET", ["database"]) => Ok(json!({"data": self.databases, "total": self.databases.len()})),
            ("POST", ["database", _, "sync_schema"]) if id == DATABASE => Ok(json!({"status": "ok"})),
            ("GET", ["database", _, "metadata"]) if id == DATABASE => Ok(self.metadata()),
            ("PUT", ["table", _]) => self.put_table(id, body),
            ("PUT", ["field", _]) => self.put_field(id, body),
            ("POST", ["field", _, "rescan_values"]) => self.rescan(id),
            ("GET", ["collection"]) => Ok(self.list_collections()),
            ("POST", ["collection"]) => self.post_collection(body),
            ("GET", ["collection", _, "items"]) => self.items(id, &request.query),
            ("POST", ["card"]) => self.post_card(body),
            ("GET", ["card", _]) => self.card(id),
            ("PUT", ["card", _]) => self.put_card(id, body),
            ("POST", ["dashboard"]) => self.post_dashboard(body),
            ("GET", ["dashboard", _]) => self.dashboard(id),
            ("PUT", ["dashboard", _]) => self.put_dashboard(id, body),
            _ => Err((404, json!("API endpoint does not exist."))),
        };
        match answer {
            Ok(answer) => (200, answer),
            Err(refusal) => refusal,
        }
    }
}

pub fn with(mut object: Value, pairs: &[(&str, Value)]) -> Value {
    for (key, value) in pairs {
        object[*key] = value.clone();
    }
    object
}

fn with_all(mut object: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        object[key] = value.clone();
    }
    object
}

fn without(object: &Value, keys: &[&str]) -> Value {
    let mut object = object.clone();
    if let Some(object) = object.as_object_mut() {
        object.retain(|key, _| !keys.contains(&key.as_str()));
    }
    object
}

fn not_found() -> Answer {
    (404, json!("Not found."))
}

fn refused(key: &str, reason: &str) -> Answer {
    (400, json!({"errors": {key: reason}}))
}

fn require_keys(body: &Value, known: &[&str]) -> Result<(), Answer> {
    let Some(body) = body.as_object().filter(|body| !body.is_empty()) else {
        return Err(refused("body", "empty"));
    };
    match body.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(refused(key, "unknown")),
    }
}
