//! `/api/collection`

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::schema::{COLLECTION, require_schema};
use super::{Answer, State, version, with};

impl State {
    pub fn list_collections(&self) -> Value {
        let root = json!({"id": "root", "name": "Our analytics", "is_personal": false});
        [root]
            .into_iter()
            .chain(self.collections.values().cloned())
            .collect()
    }

    pub fn post_collection(&mut self, body: &Value) -> Result<Value, Answer> {
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

    /// What is in a collection: `GET /:id/items` in `src/metabase/collections_rest/api.clj` (0.50: `src/metabase/api/collection.clj`).
    ///
    /// Cards are listed by their type: a question is a `card`, a model a `dataset`. Archived ones are not, and questions that are saved
    /// within a dashboard only with `show_dashboard_questions` (`card-query`). Versions that do not know that word ignore it.
    pub fn items(&self, id: u64, query: &str) -> Result<Value, Answer> {
        self.require_collection(&json!(id), 404)?;
        let values = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value)
                .collect::<Vec<_>>()
        };
        let number = |name: &str| {
            let value = values(name).first().and_then(|value| value.parse::<usize>().ok());
            value.unwrap_or(0)
        };
        let models = values("models");
        if models
            .iter()
            .any(|model| !["card", "dataset", "metric", "dashboard"].contains(model))
        {
            return Err(super::refused("models", &models.join(" ")));
        }
        let shows_questions =
            self.version < version::QUESTIONS_IN_DASHBOARDS || values("show_dashboard_questions") == ["true"];
        let model_of = |card: &Value| match card["type"].as_str() {
            Some("model") => "dataset",
            Some("metric") => "metric",
            _ => "card",
        };
        let of = |things: &BTreeMap<u64, Value>, model: &dyn Fn(&Value) -> &'static str| -> Vec<Value> {
            things
                .values()
                .filter(|thing| thing["collection_id"] == id && thing["archived"] != true)
                .filter(|thing| shows_questions || thing["dashboard_id"].is_null())
                .map(|thing| json!({"id": thing["id"], "model": model(thing), "name": thing["name"]}))
                .filter(|item| models.iter().any(|model| item["model"] == *model))
                .collect()
        };
        let all = [of(&self.cards, &model_of), of(&self.dashboards, &|_| "dashboard")].concat();
        let page: Vec<&Value> = all.iter().skip(number("offset")).take(number("limit")).collect();
        Ok(json!({"data": page, "total": all.len(), "limit": number("limit"), "offset": number("offset")}))
    }

    pub fn require_collection(&self, id: &Value, status: u16) -> Result<(), Answer> {
        match id.as_u64().is_some_and(|id| self.collections.contains_key(&id)) {
            true => Ok(()),
            false => Err((status, json!(format!("there is no collection {id}")))),
        }
    }
}
