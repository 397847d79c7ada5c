//! `/api/dashboard`

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::schema::{DASHBOARD, DASHBOARD_UPDATE, require_schema};
use super::{Answer, State, not_found, refused, version, with, with_all, without};

/// What of a dashcard that exists is taken: `update-dashboard-card!` in `src/metabase/dashboards/models/dashboard_card.clj`
/// (0.50: `src/metabase/models/dashboard_card.clj`).
const TAKEN: [&str; 11] = [
    "action_id",
    "card_id",
    "col",
    "dashboard_tab_id",
    "inline_parameters",
    "parameter_mappings",
    "row",
    "series",
    "size_x",
    "size_y",
    "visualization_settings",
];

impl State {
    /// `POST /` in `src/metabase/dashboards_rest/api.clj` (0.50: `src/metabase/api/dashboard.clj`).
    pub fn post_dashboard(&mut self, body: &Value) -> Result<Value, Answer> {
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

    /// A dashboard with copies of its cards, as far as these are not archived (`hydrate-dashboard-details` in the same file).
    pub fn dashboard(&self, id: u64) -> Result<Value, Answer> {
        let mut dashboard = self.dashboards.get(&id).cloned().ok_or_else(not_found)?;
        if let Some(dashcards) = dashboard["dashcards"].as_array_mut() {
            dashcards.retain(|dashcard| {
                let card = dashcard["card_id"].as_u64().and_then(|id| self.cards.get(&id));
                card.is_none_or(|card| card["archived"] != true)
            });
        }
        for dashcard in dashboard["dashcards"].as_array_mut().into_iter().flatten() {
            dashcard["card"] = match dashcard["card_id"].as_u64() {
                Some(id) => self.card(id)?,
                None => Value::Null,
            };
            if self.version >= version::STAGES_IN_QUERIES
                && let Some(virtual_card) = dashcard
                    .pointer_mut("/visualization_settings/virtual_card")
                    .and_then(Value::as_object_mut)
            {
                virtual_card.retain(|_, value| !value.is_null());
            }
        }
        Ok(dashboard)
    }

    /// `update-dashboard!` in `src/metabase/dashboards_rest/api.clj` (0.50: `src/metabase/api/dashboard.clj`), in its order.
    pub fn put_dashboard(&mut self, id: u64, body: &Value) -> Result<Value, Answer> {
        require_schema(&DASHBOARD_UPDATE, body)?;
        let before = self.dashboards.get(&id).cloned().ok_or_else(not_found)?;
        let parameters = body.get("parameters").unwrap_or(&before["parameters"]).clone();
        let mut dashboard = with_all(before.clone(), &without(body, &["dashcards", "tabs"]));
        if let Some(sent) = body.get("dashcards").and_then(Value::as_array) {
            // Tabs are replaced with the cards.
            let tabs = body.get("tabs").cloned().unwrap_or(json!([]));
            let sent = self.with_tabs(sent, &before["tabs"], &tabs)?;
            let mut seen = BTreeSet::new();
            for dashcard in &sent {
                if !seen.insert(dashcard["id"].as_i64()) {
                    return Err(refused("dashcards", "an id stands twice"));
                }
                self.require_dashcard(dashcard, &before, &parameters, &tabs)?;
            }
            let kept: BTreeMap<i64, Value> = kept(&before, &tabs);
            self.move_questions(id, &kept, &sent)?;
            dashboard["parameters"] = self.without_filters_of_deleted(&parameters, &kept, &seen);
            let mut stored = Vec::new();
            for dashcard in &sent {
                let there = dashcard["id"].as_i64().and_then(|id| kept.get(&id));
                stored.push(self.stored_dashcard(dashcard, there));
            }
            dashboard["dashcards"] = json!(stored);
            dashboard["tabs"] = tabs;
        }
        self.dashboards.insert(id, dashboard);
        self.dashboard(id)
    }

    /// Where a dashboard has tabs, each dashcard needs one. Which tabs count depends on the version. The newest put a dashcard without one on
    /// a tab that comes alone; not to rely on that is stricter.
    fn with_tabs(&self, sent: &[Value], there: &Value, coming: &Value) -> Result<Vec<Value>, Answer> {
        let mut sent = sent.to_vec();
        let counted = match self.version {
            ..version::TABS_THAT_COME => there,
            version::TABS_THAT_COME.. => coming,
        };
        let lacks_tab = sent.iter().any(|dashcard| dashcard["dashboard_tab_id"].is_null());
        if counted.as_array().is_some_and(|tabs| !tabs.is_empty()) && lacks_tab {
            return Err((
                400,
                json!("This dashboard has tab, makes sure every card has a tab"),
            ));
        }
        for dashcard in &mut sent {
            if dashcard.get("dashboard_tab_id").is_none() {
                dashcard["dashboard_tab_id"] = Value::Null;
            }
        }
        Ok(sent)
    }

    /// A question that is saved within the dashboard is archived where it is on it no more, and comes back where it is
    /// (`archive-or-unarchive-internal-dashboard-questions!` in `src/metabase/dashboards/models/dashboard.clj`). One of another dashboard
    /// cannot be put on this one (`assert-new-dashcards-are-not-internal-to-other-dashboards` in the API's file).
    fn move_questions(&mut self, id: u64, kept: &BTreeMap<i64, Value>, sent: &[Value]) -> Result<(), Answer> {
        for dashcard in sent {
            let is_new = dashcard["id"].as_i64().is_none_or(|id| !kept.contains_key(&id));
            let card = dashcard["card_id"].as_u64().and_then(|id| self.cards.get(&id));
            let within = card.map_or(&Value::Null, |card| &card["dashboard_id"]);
            if is_new && !within.is_null() && *within != id {
                return Err((400, json!("Invalid Request.")));
            }
        }
        for (card, question) in self
            .cards
            .iter_mut()
            .filter(|(_, card)| card["dashboard_id"] == id)
        {
            let is_used = sent.iter().any(|dashcard| dashcard["card_id"] == *card);
            question["archived"] = json!(!is_used);
        }
        Ok(())
    }

    /// A filter that stands in a dashcard which is deleted goes with it, wherever else it is wired to. Those on a tab that is deleted are
    /// deleted by the database, which looks after no filter.
    fn without_filters_of_deleted(
        &self,
        parameters: &Value,
        kept: &BTreeMap<i64, Value>,
        sent: &BTreeSet<Option<i64>>,
    ) -> Value {
        let orphans: Vec<&Value> = kept
            .iter()
            .filter(|(id, _)| self.version >= version::FILTERS_IN_DASHCARDS && !sent.contains(&Some(**id)))
            .filter_map(|(_, dashcard)| dashcard["inline_parameters"].as_array())
            .flatten()
            .collect();
        let parameters = parameters.as_array().into_iter().flatten();
        parameters
            .filter(|parameter| !orphans.contains(&&parameter["id"]))
            .cloned()
            .collect()
    }

    /// A dashcard that exists keeps what is not taken. A new one gets an id, and so does one whose tab is gone: the database has deleted it
    /// with the tab (`do-update-tabs!` in `src/metabase/dashboards/models/dashboard_tab.clj`).
    fn stored_dashcard(&mut self, sent: &Value, there: Option<&Value>) -> Value {
        match there {
            Some(there) => {
                let mut stored = there.clone();
                for key in TAKEN {
                    if let Some(value) = sent.get(key) {
                        stored[key] = value.clone();
                    }
                }
                stored
            }
            None => {
                let id = self.id();
                with(without(sent, &["card", "entity_id"]), &[("id", json!(id))])
            }
        }
    }

    /// What the real one would store, and nobody could use. A mapping that does not name the dashcard's own card is such a thing: the
    /// filter is passed over without a word (`resolve-param-for-card` in `src/metabase/query_processor/dashboard.clj`).
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
        for click in clicks(&dashcard["visualization_settings"]) {
            self.require_click(click, parameters)?;
        }
        Ok(())
    }

    /// A click that sets a filter, or opens a dashboard, that there is. On any other, the front-end does nothing
    /// (`frontend/src/metabase-lib/v1/queries/drills/dashboard-click-drill.js`).
    fn require_click(&self, click: &Value, parameters: &Value) -> Result<(), Answer> {
        let filters = match click["type"].as_str() {
            Some("crossfilter") => parameters,
            Some("link") if click["linkType"] == "dashboard" => {
                let target = click["targetId"].as_u64().and_then(|id| self.dashboards.get(&id));
                &target.ok_or_else(|| refused("targetId", &click["targetId"].to_string()))?["parameters"]
            }
            _ => return Err(refused("click_behavior", &click.to_string())),
        };
        let filters: Vec<&Value> = filters.as_array().into_iter().flatten().collect();
        for (id, mapping) in click["parameterMapping"].as_object().into_iter().flatten() {
            let is_there = filters.iter().any(|filter| filter["id"] == *id);
            if !is_there || mapping["id"] != *id || mapping["target"]["id"] != *id {
                return Err(refused("parameterMapping", id));
            }
        }
        Ok(())
    }

    /// What the filters of a dashboard fill in, where the editor of this version calls that an unknown field.
    pub fn unknown_fields(&self, dashboard: &Value) -> Vec<Value> {
        let dashcards = dashboard["dashcards"].as_array().into_iter().flatten();
        let mappings =
            dashcards.flat_map(|dashcard| dashcard["parameter_mappings"].as_array().into_iter().flatten());
        let is_known = |target: &Value| match self.version {
            ..version::STAGES_IN_TARGETS => target.as_array().is_some_and(|parts| parts.len() == 2),
            version::STAGES_IN_TARGETS.. => target[2] == json!({"stage-number": 0}),
        };
        mappings
            .filter(|mapping| !is_known(&mapping["target"]))
            .cloned()
            .collect()
    }
}

/// What clicks on a dashcard do: on all of it, and on columns of its table.
fn clicks(settings: &Value) -> impl Iterator<Item = &Value> {
    let columns = settings["column_settings"].as_object().into_iter().flatten();
    columns
        .map(|(_, column)| &column["click_behavior"])
        .chain([&settings["click_behavior"]])
        .filter(|click| !click.is_null())
}

/// The dashcards that are there, by id, but for those on a tab that goes.
fn kept(dashboard: &Value, tabs: &Value) -> BTreeMap<i64, Value> {
    let stays = |tab: &Value| {
        let mut tabs = tabs.as_array().into_iter().flatten();
        tab.is_null() || tabs.any(|coming| coming["id"] == *tab)
    };
    let dashcards = dashboard["dashcards"].as_array().into_iter().flatten();
    dashcards
        .filter(|dashcard| stays(&dashcard["dashboard_tab_id"]))
        .filter_map(|dashcard| Some((dashcard["id"].as_i64()?, dashcard.clone())))
        .collect()
}
