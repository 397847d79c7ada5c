//! What is on a dashboard: ours laid over what is there, without losing what people have put or moved there.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::compare::{Difference, changes};
use crate::item::Change;
use crate::json::{array, covers, overlay};
use crate::source::{Dashcard, GridPlace, Layout, Object};
use crate::text;

/// What people set to their liking in a filter. The slug follows the name.
const OF_PEOPLE: [&str; 3] = ["name", "slug", "default"];

/// Returns the body that gives a dashboard our layout. There is nothing to send where the dashboard has it already.
///
/// Cards that `cards` has no id for do not exist yet. With `replace`, nothing but our layout stays.
pub fn merge(layout: &Layout, current: &Value, cards: &BTreeMap<&str, u64>, replace: bool) -> Difference {
    let mut merge = Merge {
        replace,
        cards,
        difference: Difference::default(),
    };
    let tabs = merge.tabs(current);
    let parameters = merge.parameters(&layout.parameters, current);
    let dashcards = merge.dashcards(&layout.dashcards, current, &tabs[0]["id"]);
    merge.note("width", &current["width"], &json!(layout.width));
    let mut difference = merge.difference;
    if !difference.changes.is_empty() {
        difference.send = [
            ("parameters", json!(parameters)),
            ("dashcards", json!(dashcards)),
            ("tabs", tabs),
            ("width", json!(layout.width)),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .collect();
    }
    difference
}

struct Merge<'a> {
    replace: bool,
    cards: &'a BTreeMap<&'a str, u64>,
    difference: Difference,
}

impl Merge<'_> {
    /// Notes what differs from ours. Returns whether anything does.
    fn note(&mut self, key: &str, there: &Value, ours: &Value) -> bool {
        let changes = changes(key, there, ours, self.replace);
        let differs = !changes.is_empty();
        self.difference.changes.extend(changes);
        differs
    }

    fn change(&mut self, key: &str, old: &Value, new: &Value) {
        self.difference.changes.push(Change::new(key, old, new));
    }

    fn keep(&mut self, key: &str, there: &Value, ours: &Value) {
        if !covers(there, ours) {
            self.difference.kept.push(Change::new(key, there, ours));
        }
    }

    /// Returns the tabs, which are people's. Metabase deletes a tab that is left out, with all that is on it.
    ///
    /// With `replace`, the first one stays and holds everything: up to 0.58, Metabase refuses to give up the last tab of a dashboard
    /// that has cards, and where there is only one, nobody but its editor sees it.
    fn tabs(&mut self, current: &Value) -> Value {
        let mut theirs: Vec<Value> = array(current, "tabs")
            .map(|tab| json!({"id": tab["id"], "name": tab["name"]}))
            .collect();
        if self.replace && theirs.len() > 1 {
            let names: Vec<&Value> = theirs.iter().map(|tab| &tab["name"]).collect();
            self.change("tabs", &json!(names), &json!(names[..1]));
            theirs.truncate(1);
        }
        json!(theirs)
    }

    /// Returns the filters in the order in which they are there, and then ours that are new. People's are left as they are.
    fn parameters(&mut self, ours: &[Object], current: &Value) -> Vec<Value> {
        let mut merged: Vec<Value> = array(current, "parameters")
            .filter(|parameter| parameter.is_object())
            .cloned()
            .collect();
        if self.replace {
            merged.retain(|there| {
                let is_ours = ours
                    .iter()
                    .any(|parameter| parameter.get("id") == there.get("id"));
                if !is_ours {
                    self.change(&label("filter", &there["name"]), there, &Value::Null);
                }
                is_ours
            });
        }
        for parameter in ours {
            let label = label("filter", parameter.get("name").unwrap_or(&Value::Null));
            match merged
                .iter_mut()
                .find(|there| there.get("id") == parameter.get("id"))
            {
                Some(there) => self.update_parameter(&label, parameter, there),
                None => {
                    let parameter = json!(parameter);
                    self.change(&label, &Value::Null, &parameter);
                    merged.push(parameter);
                }
            }
        }
        merged
    }

    fn update_parameter(&mut self, label: &str, ours: &Object, there: &mut Value) {
        let mut ours = ours.clone();
        // Where ours has no default, one that is there is people's.
        ours.entry("default").or_insert(Value::Null);
        for (key, value) in &ours {
            let labelled = format!("{label}: {key}");
            if !self.replace && OF_PEOPLE.contains(&key.as_str()) {
                self.keep(&labelled, &there[key], value);
            } else if self.note(&labelled, &there[key], value) {
                there[key] = value.clone();
            }
        }
    }

    /// Returns the cards, headings and texts that are there, and then ours that are new. People's are left as they are.
    fn dashcards(&mut self, ours: &[Dashcard], current: &Value, first_tab: &Value) -> Vec<Value> {
        let theirs: Vec<&Value> = array(current, "dashcards")
            .filter(|dashcard| dashcard.is_object())
            .collect();
        let pairs = pairs(ours, &theirs, self.cards);
        let mut merged = Vec::new();
        for (there, pair) in theirs.into_iter().zip(&pairs) {
            match pair {
                Some(index) => merged.push(self.update_dashcard(&ours[*index], there, first_tab)),
                None if self.replace => self.change(&label_of(there), &place_of(there), &Value::Null),
                None => merged.push(what_is_taken(there)),
            }
        }
        let new: Vec<&Dashcard> = ours
            .iter()
            .enumerate()
            .filter(|(index, _)| !pairs.contains(&Some(*index)))
            .map(|(_, dashcard)| dashcard)
            .collect();
        let taken: Vec<GridPlace> = merged
            .iter()
            .filter(|dashcard| dashcard["dashboard_tab_id"] == *first_tab)
            .filter_map(|dashcard| GridPlace::deserialize(dashcard).ok())
            .collect();
        for (index, (dashcard, place)) in new.iter().zip(free_places(&new, &taken)).enumerate() {
            // Metabase takes a negative id for something new.
            let mut created = json!({
                "id": -1 - index as i64,
                "card_id": self.card_id(dashcard),
                "row": place.row,
                "col": place.col,
                "size_x": place.size_x,
                "size_y": place.size_y,
                "parameter_mappings": self.mappings(dashcard),
                "visualization_settings": dashcard.visualization_settings,
            });
            if !first_tab.is_null() {
                created["dashboard_tab_id"] = first_tab.clone();
            }
            self.change(&label_of_ours(dashcard), &Value::Null, &place_of(&created));
            merged.push(created);
        }
        merged
    }

    /// Returns one of ours that is there already, brought up to date. People choose its place.
    fn update_dashcard(&mut self, ours: &Dashcard, there: &Value, first_tab: &Value) -> Value {
        let label = label_of_ours(ours);
        let mut updated = what_is_taken(there);
        if self.replace {
            let GridPlace {
                row,
                col,
                size_x,
                size_y,
            } = ours.place;
            let exact = [
                ("row", json!(row)),
                ("col", json!(col)),
                ("size_x", json!(size_x)),
                ("size_y", json!(size_y)),
                ("dashboard_tab_id", first_tab.clone()),
                ("series", json!([])),
                // Filters that somebody has put there; where they are not, they stand above everything.
                ("inline_parameters", json!([])),
            ];
            for (key, value) in exact {
                if self.note(&format!("{label}: {key}"), &there[key], &value) {
                    updated[key] = value;
                }
            }
        }
        self.update_mappings(&label, ours, there, &mut updated);
        self.update_settings(&label, ours, there, &mut updated);
        updated
    }

    /// Updates which filter reaches what. What people have wired to filters of theirs stays.
    fn update_mappings(&mut self, label: &str, ours: &Dashcard, there: &Value, updated: &mut Value) {
        let ours = self.mappings(ours);
        let theirs: Vec<&Value> = array(there, "parameter_mappings").collect();
        let (same_filter, others): (Vec<&Value>, Vec<&Value>) = theirs.into_iter().partition(|mapping| {
            ours.iter()
                .any(|our| our["parameter_id"] == mapping["parameter_id"])
        });
        let is_there = |our: &Value| same_filter.iter().any(|mapping| covers(mapping, our));
        let others = if self.replace { &[][..] } else { &others[..] };
        let superfluous = self.replace && array(there, "parameter_mappings").count() > ours.len();
        if !ours.iter().all(is_there) || superfluous {
            let mappings: Vec<&Value> = others.iter().copied().chain(&ours).collect();
            let mappings = json!(mappings);
            self.change(
                &format!("{label}: parameter_mappings"),
                &there["parameter_mappings"],
                &mappings,
            );
            updated["parameter_mappings"] = mappings;
        }
    }

    /// Updates what is shown. The words of a heading are people's once they are there. Those of a text are generated, and
    /// become wrong when the shop's settings change.
    fn update_settings(&mut self, label: &str, ours: &Dashcard, there: &Value, updated: &mut Value) {
        let there = &there["visualization_settings"];
        let mut settings = json!(ours.visualization_settings);
        if !self.replace && is_heading(&settings) && there["text"].is_string() {
            self.keep(&format!("{label}: text"), &there["text"], &settings["text"]);
            settings["text"] = there["text"].clone();
        }
        if self.note(&format!("{label}: visualization_settings"), there, &settings) {
            updated["visualization_settings"] = match self.replace {
                true => settings,
                false => overlay(there, &settings),
            };
        }
    }

    /// Returns the id of the card that is shown. Headings and texts show none.
    fn card_id(&self, dashcard: &Dashcard) -> Option<u64> {
        self.cards.get(dashcard.card.as_deref()?).copied()
    }

    fn mappings(&self, dashcard: &Dashcard) -> Vec<Value> {
        let card_id = self.card_id(dashcard);
        let with_card = |mapping: &Object| {
            let mut mapping = mapping.clone();
            if let Some(id) = card_id {
                mapping.insert("card_id".to_owned(), json!(id));
            }
            Value::Object(mapping)
        };
        dashcard.parameter_mappings.iter().map(with_card).collect()
    }
}

/// Returns which of ours each of theirs is. A card is known by its id, a heading or text by its name. Where somebody has made
/// it anew, without that name, it is known by its words. A heading, whose words people edit, is also known by its place; a
/// text is not, since a person's own that stands there would get our words.
fn pairs(ours: &[Dashcard], theirs: &[&Value], cards: &BTreeMap<&str, u64>) -> Vec<Option<usize>> {
    let mut pairs = vec![None; theirs.len()];
    let has_same_identity = |our: &Dashcard, their: &Value| match &our.card {
        Some(key) => match cards.get(key.as_str()) {
            Some(id) => their["card_id"].as_u64() == Some(*id),
            None => false,
        },
        None => {
            let name = |settings: &Value| settings["virtual_card"]["name"].clone();
            let our_name = name(&json!(our.visualization_settings));
            is_same_kind_of_text(our, their)
                && our_name.is_string()
                && our_name == name(&their["visualization_settings"])
        }
    };
    let has_same_words = |our: &Dashcard, their: &Value| {
        is_same_kind_of_text(our, their)
            && our.visualization_settings.get("text") == their["visualization_settings"].get("text")
    };
    let is_heading_in_same_place = |our: &Dashcard, their: &Value| {
        is_same_kind_of_text(our, their)
            && is_heading(&their["visualization_settings"])
            && their["row"] == our.place.row
            && their["col"] == our.place.col
    };
    /// Whether one of our cards and one of theirs are the same.
    type Rule<'a> = &'a dyn Fn(&Dashcard, &Value) -> bool;
    let rules: [Rule; 3] = [&has_same_identity, &has_same_words, &is_heading_in_same_place];
    for is_same in rules {
        for (index, our) in ours.iter().enumerate() {
            if pairs.contains(&Some(index)) {
                continue;
            }
            let found =
                (0..theirs.len()).find(|their| pairs[*their].is_none() && is_same(our, theirs[*their]));
            if let Some(found) = found {
                pairs[found] = Some(index);
            }
        }
    }
    pairs
}

fn is_same_kind_of_text(our: &Dashcard, their: &Value) -> bool {
    let display = |settings: &Value| settings["virtual_card"]["display"].clone();
    our.card.is_none()
        && their["card_id"].is_null()
        && display(&json!(our.visualization_settings)) == display(&their["visualization_settings"])
}

fn is_heading(settings: &Value) -> bool {
    settings["virtual_card"]["display"] == "heading"
}

/// Returns the places of new ones: their own, or, where that is taken, one below everything, arranged as in the template.
fn free_places(new: &[&Dashcard], taken: &[GridPlace]) -> Vec<GridPlace> {
    let is_free = |place: &GridPlace| !taken.iter().any(|other| overlap(place, other));
    let places: Vec<GridPlace> = new.iter().map(|dashcard| dashcard.place).collect();
    let (free, displaced): (Vec<&GridPlace>, Vec<&GridPlace>) =
        places.iter().partition(|place| is_free(place));
    let bottom = taken
        .iter()
        .chain(free)
        .map(|place| place.row.saturating_add(place.size_y))
        .max()
        .unwrap_or(0);
    let top = displaced.iter().map(|place| place.row).min().unwrap_or(0);
    places
        .iter()
        .map(|place| match is_free(place) {
            true => *place,
            false => GridPlace {
                row: bottom.saturating_add(place.row - top),
                ..*place
            },
        })
        .collect()
}

fn overlap(a: &GridPlace, b: &GridPlace) -> bool {
    let apart = |start_a: u32, size_a: u32, start_b: u32, size_b: u32| {
        start_a >= start_b.saturating_add(size_b) || start_b >= start_a.saturating_add(size_a)
    };
    !apart(a.row, a.size_y, b.row, b.size_y) && !apart(a.col, a.size_x, b.col, b.size_x)
}

/// What Metabase takes of a dashcard. The rest of what it answers is its own, such as the copy of the card, which can be large.
const TAKEN: [&str; 12] = [
    "action_id",
    "card_id",
    "col",
    "dashboard_tab_id",
    "id",
    "inline_parameters",
    "parameter_mappings",
    "row",
    "series",
    "size_x",
    "size_y",
    "visualization_settings",
];

/// Returns a dashcard as it is sent back.
fn what_is_taken(dashcard: &Value) -> Value {
    let mut dashcard = dashcard.clone();
    if let Some(object) = dashcard.as_object_mut() {
        object.retain(|key, _| TAKEN.contains(&key.as_str()));
        if let Some(Value::Array(series)) = object.get_mut("series") {
            for card in series {
                *card = json!({"id": card["id"]});
            }
        }
    }
    dashcard
}

fn label_of_ours(dashcard: &Dashcard) -> String {
    match &dashcard.card {
        Some(key) => format!("card {key}"),
        None => label_of_text(&json!(dashcard.visualization_settings)),
    }
}

fn label_of(dashcard: &Value) -> String {
    match dashcard["card_id"].as_u64() {
        Some(_) => label("card", &dashcard["card"]["name"]),
        None => label_of_text(&dashcard["visualization_settings"]),
    }
}

fn label_of_text(settings: &Value) -> String {
    label(
        settings["virtual_card"]["display"].as_str().unwrap_or("text"),
        &settings["text"],
    )
}

fn label(kind: &str, name: &Value) -> String {
    format!(
        "{kind} \"{}\"",
        text::beginning(name.as_str().unwrap_or_default())
    )
}

fn place_of(dashcard: &Value) -> Value {
    json!(format!(
        "row {}, column {}, {} x {}",
        dashcard["row"], dashcard["col"], dashcard["size_x"], dashcard["size_y"]
    ))
}
