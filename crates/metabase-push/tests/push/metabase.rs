//! A Metabase that refuses whatever is not exactly as documented.
//!
//! The schemas of requests are those of Metabase's own OpenAPI description (tests/metabase/openapi.json of the extension, whose head
//! and `x-source` name the files that they are from). What that does not cover is refused where the real one would store
//! nonsense: ids that do not exist, filters that are wired to nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::request::Request;

pub const KEY: &str = "mb_the+key/of=tests";
pub const DATABASE: u64 = 2;

/// The views with their ids and columns; a column's id is that of its view and its number.
pub const VIEWS: [(u64, &str, &[&str]); 7] = [
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
    /// Whether it answers as versions since 0.57 do.
    pub new_forms: bool,
    /// How many looks at the metadata it takes after a sync until a table more is there.
    pub hidden_tables: Vec<Value>,
}

type Answer = (u16, Value);

impl State {
    /// With the shop's database, and all views found.
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
            new_forms: false,
            hidden_tables: Vec::new(),
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

    /// Each look lets one more table be found.
    fn metadata(&mut self) -> Value {
        let metadata = json!({"id": DATABASE, "name": "shop", "engine": "postgres", "tables": self.tables});
        if !self.hidden_tables.is_empty() {
            self.tables.push(self.hidden_tables.remove(0));
        }
        metadata
    }

    fn put_table(&mut self, id: u64, body: &Value) -> Result<Value, Answer> {
        require_keys(body, &["display_name", "description"])?;
        let table = self.table(id).ok_or_else(not_found)?;
        *table = with_all(table.clone(), body);
        Ok(table.clone())
    }

    fn put_field(&mut self, id: u64, body: &Value) -> Result<Value, Answer> {
        require_keys(
            body,
            &["description", "semantic_type", "settings", "has_field_values"],
        )?;
        if let Some(kind) = body.get("semantic_type").and_then(Value::as_str)
            && !kind.starts_with("type/")
        {
            return Err(refused("semantic_type", kind));
        }
        let field = self.field(id).ok_or_else(not_found)?;
        *field = with_all(field.clone(), body);
        Ok(field.clone())
    }

    fn rescan(&mut self, id: u64) -> Result<Value, Answer> {
        let field = self.field(id).ok_or_else(not_found)?;
        if field["has_field_values"] != "list" {
            return Err(refused("has_field_values", "not a list"));
        }
        self.scanned.insert(id);
        Ok(json!({"status": "success"}))
    }

    fn list_collections(&self) -> Value {
        let root = json!({"id": "root", "name": "Our analytics", "is_personal": false});
        [root]
            .into_iter()
            .chain(self.collections.values().cloned())
            .collect()
    }

    fn post_collection(&mut self, body: &Value) -> Result<Value, Answer> {
        require_schema(&COLLECTION, body)?;
        let id = self.id();
        let collection = with(
            body.clone(),
            &[
                ("id", json!(id)),
                ("location", json!("/")),
                ("archived", json!(false)),
                ("personal_owner_id", Value::Null),
            ],
        );
        self.collections.insert(id, collection.clone());
        Ok(collection)
    }

    fn items(&self, id: u64, query: &str) -> Result<Value, Answer> {
        self.require_collection(&json!(id), 404)?;
        let number = |name: &str| {
            let value = query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            value.and_then(|value| value.parse::<usize>().ok()).unwrap_or(0)
        };
        let of = |things: &BTreeMap<u64, Value>, model: &str| -> Vec<Value> {
            things
                .values()
                .filter(|thing| thing["collection_id"] == id && thing["archived"] != true)
                .map(|thing| json!({"id": thing["id"], "model": model, "name": thing["name"]}))
                .collect()
        };
        let all = [of(&self.cards, "card"), of(&self.dashboards, "dashboard")].concat();
        let page: Vec<&Value> = all.iter().skip(number("offset")).take(number("limit")).collect();
        Ok(json!({"data": page, "total": all.len(), "limit": number("limit"), "offset": number("offset")}))
    }

    fn post_card(&mut self, body: &Value) -> Result<Value, Answer> {
        require_schema(&CARD, body)?;
        self.require_collection(&body["collection_id"], 400)?;
        self.require_query(&body["dataset_query"])?;
        let id = self.id();
        let card = with(body.clone(), &[("id", json!(id)), ("archived", json!(false))]);
        self.cards.insert(id, migrated(card));
        self.card(id)
    }

    fn put_card(&mut self, id: u64, body: &Value) -> Result<Value, Answer> {
        let card = self.cards.get(&id).cloned().ok_or_else(not_found)?;
        // The schema of a PUT is that of a POST, of which everything may be left out.
        let whole = with_all(card, body);
        let known = [
            "name",
            "description",
            "display",
            "dataset_query",
            "visualization_settings",
        ];
        require_keys(body, &known)?;
        require_schema(&CARD, &without(&whole, &["id", "archived"]))?;
        self.require_query(&whole["dataset_query"])?;
        self.cards.insert(id, migrated(whole));
        self.card(id)
    }

    /// A card as it is answered: with more keys than were sent, and with its query in the form of the version.
    fn card(&self, id: u64) -> Result<Value, Answer> {
        let mut card = self.cards.get(&id).cloned().ok_or_else(not_found)?;
        card["result_metadata"] = json!([{"name": "added by Metabase"}]);
        if self.new_forms && card["dataset_query"]["native"].is_object() {
            let native = card["dataset_query"]["native"].clone();
            let mut tags = native["template-tags"].clone();
            for tag in tags.as_object_mut().into_iter().flat_map(Map::values_mut) {
                let field = tag["dimension"][1].clone();
                tag["dimension"] = json!(["field", {"lib/uuid": "0c8f"}, field]);
            }
            card["dataset_query"] = json!({
                "lib/type": "mbql/query",
                "database": card["dataset_query"]["database"],
                "stages": [{"lib/type": "mbql.stage/native", "native": native["query"], "template-tags": tags}],
            });
        }
        Ok(card)
    }

    fn post_dashboard(&mut self, body: &Value) -> Result<Value, Answer> {
        require_schema(&DASHBOARD, body)?;
        self.require_collection(&body["collection_id"], 400)?;
        let id = self.id();
        let fixed = [
            ("id", json!(id)),
            ("archived", json!(false)),
            ("width", json!("fixed")),
            ("dashcards", json!([])),
            ("tabs", json!([])),
        ];
        self.dashboards.insert(id, with(body.clone(), &fixed));
        self.dashboard(id)
    }

    fn dashboard(&self, id: u64) -> Result<Value, Answer> {
        let mut dashboard = self.dashboards.get(&id).cloned().ok_or_else(not_found)?;
        for dashcard in dashboard["dashcards"].as_array_mut().into_iter().flatten() {
            dashcard["card"] = match dashcard["card_id"].as_u64() {
                Some(id) => self.card(id)?,
                None => Value::Null,
            };
            if self.new_forms {
                for mapping in dashcard["parameter_mappings"]
                    .as_array_mut()
                    .into_iter()
                    .flatten()
                {
                    if let Some(target) = mapping["target"].as_array_mut()
                        && target.len() == 2
                    {
                        target.push(json!({"stage-number": 0}));
                    }
                }
                if let Some(virtual_card) = dashcard
                    .pointer_mut("/visualization_settings/virtual_card")
                    .and_then(Value::as_object_mut)
                {
                    virtual_card.retain(|_, value| !value.is_null());
                }
            }
        }
        Ok(dashboard)
    }

    fn put_dashboard(&mut self, id: u64, body: &Value) -> Result<Value, Answer> {
        require_schema(&DASHBOARD_UPDATE, body)?;
        let mut dashboard = self.dashboards.get(&id).cloned().ok_or_else(not_found)?;
        let parameters = body.get("parameters").unwrap_or(&dashboard["parameters"]).clone();
        // Tabs are replaced with the cards.
        let tabs = body.get("tabs").cloned().unwrap_or(json!([]));
        if let Some(dashcards) = body.get("dashcards").and_then(Value::as_array) {
            let mut seen = BTreeSet::new();
            for dashcard in dashcards {
                if !seen.insert(dashcard["id"].as_i64()) {
                    return Err(refused("dashcards", "an id stands twice"));
                }
                self.require_dashcard(dashcard, &dashboard, &parameters, &tabs)?;
            }
            let mut stored = Vec::new();
            for dashcard in dashcards {
                let id = match dashcard["id"].as_i64() {
                    Some(id) if id > 0 => json!(id),
                    _ => json!(self.id()),
                };
                let mut dashcard = without(dashcard, &["card"]);
                if dashcard.get("dashboard_tab_id").is_none() {
                    dashcard["dashboard_tab_id"] = Value::Null;
                }
                stored.push(with(dashcard, &[("id", id)]));
            }
            dashboard["dashcards"] = json!(stored);
            dashboard["tabs"] = tabs;
        }
        let rest = without(body, &["dashcards", "tabs"]);
        self.dashboards.insert(id, with_all(dashboard, &rest));
        self.dashboard(id)
    }

    fn require_dashcard(
        &self,
        dashcard: &Value,
        dashboard: &Value,
        parameters: &Value,
        tabs: &Value,
    ) -> Result<(), Answer> {
        let ids = |array: &Value| -> Vec<Value> {
            let elements = array.as_array().into_iter().flatten();
            elements.map(|element| element["id"].clone()).collect()
        };
        let id = dashcard["id"].as_i64().unwrap_or(0);
        if id > 0 && !ids(&dashboard["dashcards"]).contains(&json!(id)) {
            return Err((404, json!(format!("there is no dashcard {id}"))));
        }
        if dashcard["col"].as_u64().unwrap_or(0) + dashcard["size_x"].as_u64().unwrap_or(0) > 24 {
            return Err(refused("dashcards", "wider than the grid"));
        }
        let tab = &dashcard["dashboard_tab_id"];
        if tab.is_null() != ids(tabs).is_empty() || !tab.is_null() && !ids(tabs).contains(tab) {
            return Err(refused("dashboard_tab_id", &tab.to_string()));
        }
        let card = match (
            &dashcard["card_id"],
            &dashcard["visualization_settings"]["virtual_card"],
        ) {
            (Value::Null, Value::Object(_)) => None,
            (card_id, _) => {
                let card = card_id.as_u64().and_then(|id| self.cards.get(&id));
                Some(card.ok_or_else(|| (404, json!(format!("there is no card {card_id}"))))?)
            }
        };
        for mapping in dashcard["parameter_mappings"].as_array().into_iter().flatten() {
            if !ids(parameters).contains(&mapping["parameter_id"]) {
                return Err(refused("parameter_id", &mapping["parameter_id"].to_string()));
            }
            if mapping["card_id"] != dashcard["card_id"] {
                return Err(refused("card_id of a mapping", &mapping["card_id"].to_string()));
            }
            let tag = mapping["target"][1][1].as_str().unwrap_or_default();
            let tags = card.map(|card| &card["dataset_query"]["native"]["template-tags"][tag]);
            if !tags.is_some_and(Value::is_object) {
                return Err(refused("target", tag));
            }
        }
        Ok(())
    }

    fn require_collection(&self, id: &Value, status: u16) -> Result<(), Answer> {
        match id.as_u64().is_some_and(|id| self.collections.contains_key(&id)) {
            true => Ok(()),
            false => Err((status, json!(format!("there is no collection {id}")))),
        }
    }

    fn require_query(&self, query: &Value) -> Result<(), Answer> {
        if query["database"] != DATABASE || query["type"] != "native" {
            return Err(refused("dataset_query", &query.to_string()));
        }
        let sql = query["native"]["query"].as_str().unwrap_or_default();
        let tags = query["native"]["template-tags"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        for (name, tag) in &tags {
            if !sql.contains(&format!("{{{{{name}}}}}")) || tag["name"] != *name {
                return Err(refused("template-tags", name));
            }
            let field = &tag["dimension"][1];
            let known = self
                .tables
                .iter()
                .flat_map(|table| table["fields"].as_array())
                .flatten();
            if !known.into_iter().any(|known| known["id"] == *field) {
                return Err((404, json!(format!("there is no field {field}"))));
            }
        }
        Ok(())
    }
}

fn tables() -> Vec<Value> {
    VIEWS
        .iter()
        .map(|(id, name, columns)| table(*id, "analytics", name, columns))
        .chain([table(90, "public", "orders", &["id"])])
        .collect()
}

/// A card with its settings as they are stored: those that do not say to be of version 2 are taken for older ones, and brought
/// up to it (`migrate-viz-settings` in Metabase's `models/interface.clj`).
fn migrated(mut card: Value) -> Value {
    let settings = &mut card["visualization_settings"];
    if settings["pie.show_legend"] == true && settings["version"] != 2 {
        settings["pie.percent_visibility"] = json!("inside");
        settings["version"] = json!(2);
    }
    card
}

/// A table that Metabase has found; ids of fields are those of the table and their number.
pub fn table(id: u64, schema: &str, name: &str, columns: &[impl AsRef<str>]) -> Value {
    let fields: Vec<Value> = columns
        .iter()
        .zip(1..)
        .map(|(column, number)| {
            json!({
                "id": id * 10 + number,
                "name": column.as_ref(),
                "description": null,
                "semantic_type": "type/Category",
                "settings": null,
                "has_field_values": "auto-list",
                "active": true,
            })
        })
        .collect();
    json!({
        "id": id,
        "schema": schema,
        "name": name,
        "display_name": title(name),
        "description": null,
        "active": true,
        "fields": fields,
    })
}

/// A name as Metabase shows it by itself.
fn title(name: &str) -> String {
    let words: Vec<String> = name
        .split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect();
    words.join(" ")
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

static CARD: LazyLock<Validator> = LazyLock::new(|| validator("/api/card", "post"));
static COLLECTION: LazyLock<Validator> = LazyLock::new(|| validator("/api/collection", "post"));
static DASHBOARD: LazyLock<Validator> = LazyLock::new(|| validator("/api/dashboard", "post"));
static DASHBOARD_UPDATE: LazyLock<Validator> = LazyLock::new(|| validator("/api/dashboard/{id}", "put"));

/// The schema of a request's body, which may have no other keys.
fn validator(path: &str, method: &str) -> Validator {
    let openapi: Value =
        serde_json::from_str(include_str!("../../../../tests/metabase/openapi.json")).expect("it is JSON");
    let mut schema =
        openapi["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"].clone();
    schema["additionalProperties"] = json!(false);
    schema["components"] = openapi["components"].clone();
    jsonschema::validator_for(&schema).expect("it is a schema")
}

fn require_schema(validator: &Validator, body: &Value) -> Result<(), Answer> {
    match validator.validate(body) {
        Ok(()) => Ok(()),
        Err(error) => Err(refused(&error.instance_path().to_string(), &error.to_string())),
    }
}
