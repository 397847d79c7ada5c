//! `/api/card`

use serde_json::{Map, Value, json};

use super::schema::{CARD, require_schema};
use super::{Answer, DATABASE, State, not_found, refused, require_keys, version, with, with_all, without};

/// What Metabase adds to a card by itself.
const OWN: [&str; 3] = ["id", "archived", "dashboard_id"];

impl State {
    /// `CardCreateSchema` in `src/metabase/queries_rest/api/card.clj` (0.50: `src/metabase/api/card.clj`).
    pub fn post_card(&mut self, body: &Value) -> Result<Value, Answer> {
        require_schema(&CARD, body)?;
        self.require_collection(&body["collection_id"], 400)?;
        self.require_query(&body["dataset_query"])?;
        let id = self.id();
        let own = [
            ("id", json!(id)),
            ("archived", json!(false)),
            ("dashboard_id", Value::Null),
        ];
        self.cards.insert(id, migrated(with(body.clone(), &own)));
        self.card(id)
    }

    /// `CardUpdateSchema` in the same file: that of a POST, of which everything may be left out.
    pub fn put_card(&mut self, id: u64, body: &Value) -> Result<Value, Answer> {
        let card = self.cards.get(&id).cloned().ok_or_else(not_found)?;
        let whole = with_all(card, body);
        let known = [
            "name",
            "description",
            "display",
            "type",
            "dataset_query",
            "visualization_settings",
        ];
        require_keys(body, &known)?;
        require_schema(&CARD, &without(&whole, &OWN))?;
        self.require_query(&whole["dataset_query"])?;
        self.cards.insert(id, migrated(whole));
        self.card(id)
    }

    /// A card as it is answered: with more keys than were sent, and with its query in the form of the version.
    pub fn card(&self, id: u64) -> Result<Value, Answer> {
        let mut card = self.cards.get(&id).cloned().ok_or_else(not_found)?;
        card["result_metadata"] = json!([{"name": "added by Metabase"}]);
        if self.version >= version::STAGES_IN_QUERIES && card["dataset_query"]["native"].is_object() {
            let native = card["dataset_query"]["native"].clone();
            let mut tags = native["template-tags"].clone();
            for tag in tags.as_object_mut().into_iter().flat_map(Map::values_mut) {
                let field = tag["dimension"][1].clone();
                tag["dimension"] = json!(["field", {"lib/uuid": "0c8f"}, field]);
            }
            if self.version >= version::TAGS_IN_A_LIST {
                // In the order in which somebody has written them, which is none of the alphabet's.
                tags = tags
                    .as_object()
                    .into_iter()
                    .flat_map(Map::values)
                    .rev()
                    .cloned()
                    .collect();
            }
            card["dataset_query"] = json!({
                "lib/type": "mbql/query",
                "database": card["dataset_query"]["database"],
                "stages": [{"lib/type": "mbql.stage/native", "native": native["query"], "template-tags": tags}],
            });
        }
        Ok(card)
    }

    /// A tag's key is its name, and it has a type of its own: `::template-tag-map` in `src/metabase/lib/schema/template_tag.cljc`. Its id
    /// is a UUID in the schema of representations, which is stricter than the API.
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
            if !tag["id"].as_str().is_some_and(is_uuid) {
                return Err(refused("id of a tag", &tag["id"].to_string()));
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

/// Whether a text is a UUID as people write it.
fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
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
