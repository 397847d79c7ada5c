//! Dashboards: finding those that were pushed before, and making them what they should be.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::card::CardWork;
use crate::compare::{self, Difference, compare};
use crate::error::Result;
use crate::item::{Change, Item, Kind};
use crate::json::array;
use crate::layout;
use crate::links::{self, Targets};
use crate::metabase::{CollectionItems, MemoryOfCollection, Metabase};
use crate::source::{FILTER_MARKER, Template};

/// How often a dashboard is sent until Metabase has it as it should be. Once is enough, unless Metabase does something of its own in
/// consequence: with a heading that is removed, it removes the filters in it.
const MOST_ROUNDS: usize = 3;

/// The dashboards in the collection, the oldest first.
pub struct ExistingDashboards(Vec<(u64, Value)>);

/// A dashboard and what is to be done to it.
#[derive(Debug)]
pub struct DashboardWork {
    /// The dashboard as it is shown.
    pub item: Item,
    template: Template,
}

impl ExistingDashboards {
    /// Reads the dashboards among the items of the collection.
    pub fn load(metabase: &Metabase, items: &CollectionItems) -> Result<ExistingDashboards> {
        let mut dashboards = Vec::new();
        let mut memory = MemoryOfCollection::default();
        for id in &items.dashboards {
            let dashboard = metabase.dashboard(*id)?;
            memory.add(&dashboard)?;
            dashboards.push((*id, dashboard));
        }
        Ok(ExistingDashboards(dashboards))
    }

    /// Returns what is to be done so that this dashboard is there with these cards. A dashboard that was found is not found
    /// again for another one.
    pub fn compare(
        &mut self,
        template: Template,
        cards: &[CardWork],
        targets: &Targets,
        replace: bool,
    ) -> DashboardWork {
        let label = &template.name;
        let item = match self.find(&template) {
            None => Item::to_create(Kind::Dashboard, label),
            Some(index) => {
                let (id, theirs) = self.0.remove(index);
                let difference = difference(&template, &theirs, &ids(cards), targets, replace);
                Item::existing(Kind::Dashboard, label, id, difference.changes, difference.kept)
            }
        };
        DashboardWork { item, template }
    }

    /// The dashboard that is this one: its id, and what is on it.
    pub fn of(&self, template: &Template) -> Option<&(u64, Value)> {
        self.0.get(self.find(template)?)
    }

    /// Returns the ids of the dashboards that clicks open, as far as these are there, and of all that are pushed.
    pub fn targets(&self, templates: &[Template]) -> Targets {
        let links = templates.iter().flat_map(|template| &template.links);
        let elsewhere = links.filter_map(|link| {
            let marker = marker(&link.dashboard);
            let (id, _) = self
                .0
                .iter()
                .find(|(_, dashboard)| has_filter(dashboard, &marker))?;
            Some((link.dashboard.clone(), Some(*id)))
        });
        let pushed = templates
            .iter()
            .map(|template| (template.name.clone(), self.of(template).map(|(id, _)| *id)));
        elsewhere.chain(pushed).collect()
    }

    /// Finds the dashboard with a filter of ours, or one of this name without. Of copies, the oldest is the original.
    fn find(&self, template: &Template) -> Option<usize> {
        self.0
            .iter()
            .position(|(_, dashboard)| is_marked(dashboard, template))
            .or_else(|| {
                self.0
                    .iter()
                    .position(|(_, dashboard)| is_named(dashboard, template))
            })
    }
}

/// Whether a dashboard has a filter of ours.
fn is_marked(dashboard: &Value, template: &Template) -> bool {
    has_filter(dashboard, &marker(&template.name))
}

/// How the id of each filter of this dashboard begins.
fn marker(name: &str) -> String {
    format!("{FILTER_MARKER}{name}.")
}

/// Whether a dashboard has our name, and no filter of another one of ours.
fn is_named(dashboard: &Value, template: &Template) -> bool {
    dashboard.get("name") == template.dashboard.get("name") && !has_filter(dashboard, FILTER_MARKER)
}

fn has_filter(dashboard: &Value, marker: &str) -> bool {
    array(dashboard, "parameters")
        .any(|parameter| parameter["id"].as_str().is_some_and(|id| id.starts_with(marker)))
}

fn difference(
    template: &Template,
    theirs: &Value,
    cards: &BTreeMap<&str, u64>,
    targets: &Targets,
    replace: bool,
) -> Difference {
    let mut ours = template.dashboard.clone();
    // The filters are part of the layout, and are merged there.
    ours.remove("parameters");
    let mut difference = compare(&ours, theirs, replace, compare::is_text);
    let layout = layout::merge(&links::linked(template, targets), theirs, cards, replace);
    difference.send.extend(layout.send);
    difference.changes.extend(layout.changes);
    difference.kept.extend(layout.kept);
    difference
}

/// The ids of the cards that exist, by key.
fn ids(cards: &[CardWork]) -> BTreeMap<&str, u64> {
    cards
        .iter()
        .filter_map(|card| Some((card.key.as_str(), card.work.item.id?)))
        .collect()
}

impl DashboardWork {
    /// Sends what differs. All cards must exist, and all dashboards. Returns what Metabase still has otherwise after that.
    pub fn apply(
        &self,
        metabase: &Metabase,
        id: u64,
        cards: &[CardWork],
        targets: &Targets,
        replace: bool,
    ) -> Result<Vec<Change>> {
        let is_ours = |theirs: &Value| is_marked(theirs, &self.template) || is_named(theirs, &self.template);
        let left = RefCell::new(Vec::new());
        // The last round only looks.
        for round in 0..=MOST_ROUNDS {
            // The dashboard is read once more: Metabase deletes the cards that are missing from the list that is sent.
            let is_sent = metabase.put_dashboard(id, is_ours, |theirs| {
                let difference = difference(&self.template, theirs, &ids(cards), targets, replace);
                left.replace(difference.changes);
                let is_due = round < MOST_ROUNDS && !difference.send.is_empty();
                is_due.then_some(Value::Object(difference.send))
            })?;
            if !is_sent {
                break;
            }
        }
        Ok(left.into_inner())
    }

    /// Returns the dashboard's id. Where it does not exist, it is created, with nothing on it.
    pub fn make(&mut self, metabase: &Metabase, collection: u64) -> Result<u64> {
        let id = match self.item.id {
            Some(id) => id,
            None => self.create(metabase, collection)?,
        };
        self.item.id = Some(id);
        Ok(id)
    }

    fn create(&self, metabase: &Metabase, collection: u64) -> Result<u64> {
        let mut body = self.template.dashboard.clone();
        body.insert("collection_id".to_owned(), json!(collection));
        metabase.create_dashboard(&Value::Object(body), || {
            let dashboards = ExistingDashboards::load(metabase, &metabase.items(collection)?)?;
            let found = dashboards.find(&self.template);
            Ok(found.map(|index| dashboards.0[index].0))
        })
    }
}
