//! What is to be done: read first, shown, then sent, in the order in which one thing needs the other.

use std::time::Duration;

use crate::card::{CardWork, ExistingCards, Owner};
use crate::collection;
use crate::dashboard::{DashboardWork, ExistingDashboards};
use crate::database;
use crate::error::{Error, Result};
use crate::item::{Item, Work};
use crate::links::Targets;
use crate::metabase::{CollectionItems, Metabase};
use crate::metadata;
use crate::source::{Source, Template};
use crate::text;

/// What is pushed, where to and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database's name in Metabase.
    pub database: String,
    /// The database's id, where several have that name.
    pub database_id: Option<u64>,
    /// The collection; named after the database where this is none.
    pub collection: Option<String>,
    /// The dashboards to push; all where this is empty.
    pub dashboards: Vec<String>,
    /// Whether what people have changed by hand is replaced.
    pub replace: bool,
    /// How long Metabase may take to find the views.
    pub wait: Duration,
}

/// What is to be done, thing by thing.
#[derive(Debug)]
pub struct Plan {
    replace: bool,
    tables: Vec<Work>,
    fields: Vec<Work>,
    /// Fields whose values filters offer.
    listed_fields: Vec<u64>,
    collection: Work,
    dashboards: Vec<(DashboardWork, Vec<CardWork>)>,
    targets: Targets,
}

/// Finds out what is to be done, and changes nothing. Where Metabase lacks views, it is asked for a schema sync.
pub fn plan(metabase: &Metabase, source: &mut dyn Source, options: &Options) -> Result<Plan> {
    let progress = metabase.client().progress();
    progress.step("Looking at the shop's database");
    let views = source.views()?;
    database::require_all(&views)?;
    let names = chosen(source.dashboards()?, &options.dashboards)?;

    progress.step("Looking for the database in Metabase");
    let database = database::find(metabase, &options.database, options.database_id)?;
    let metadata = database::metadata_with(metabase, &database, &views, options.wait)?;

    progress.step("Reading the dashboards");
    let version = metabase.version()?;
    let templates = names
        .iter()
        .map(|name| {
            let json = source.dashboard_json(name, &metadata)?;
            Ok(Template::parse(name, json, database.id)?.in_form_of(version))
        })
        .collect::<Result<Vec<_>>>()?;
    let described = metadata::compare(&metadata, &templates, options.replace)?;

    progress.step("Looking at the collection");
    let name = match &options.collection {
        Some(name) => name.clone(),
        None => format!("{} analytics", database.name),
    };
    let collection = collection::find(metabase, &name)?;
    let items = match collection.item.id {
        Some(id) => metabase.items(id)?,
        None => CollectionItems::default(),
    };
    let mut cards = ExistingCards::load(metabase, &items)?;
    cards.require_one_database(&name, database.id)?;
    let mut dashboards = ExistingDashboards::load(metabase, &items)?;
    let shown = templates
        .iter()
        .filter_map(|template| Some((template, dashboards.of(template)?)));
    for (template, (_, dashboard)) in shown {
        cards.load_shown(metabase, &template.name, dashboard)?;
    }
    let targets = dashboards.targets(&templates);
    Ok(Plan {
        replace: options.replace,
        tables: described.tables,
        fields: described.fields,
        listed_fields: described.listed_fields,
        collection,
        dashboards: templates
            .into_iter()
            .map(|template| {
                let owner = Owner {
                    database: database.id,
                    dashboard: dashboards.of(&template).map(|(id, _)| *id),
                };
                let cards: Vec<CardWork> = template
                    .cards
                    .iter()
                    .map(|card| cards.compare(&template.name, card, owner, options.replace))
                    .collect();
                let dashboard = dashboards.compare(template, &cards, &targets, options.replace);
                (dashboard, cards)
            })
            .collect(),
        targets,
    })
}

fn chosen(known: Vec<String>, asked: &[String]) -> Result<Vec<String>> {
    if let Some(name) = asked.iter().find(|name| !known.contains(name)) {
        return Err(Error::UnknownDashboard {
            name: name.clone(),
            known,
        });
    }
    Ok(known
        .into_iter()
        .filter(|name| asked.is_empty() || asked.contains(name))
        .collect())
}

impl Plan {
    /// Everything that was looked at.
    pub fn items(&self) -> impl Iterator<Item = &Item> + Clone {
        let described = self.tables.iter().chain(&self.fields).map(|work| &work.item);
        let cards = self.dashboards.iter().flat_map(|(_, cards)| cards);
        let dashboards = self.dashboards.iter().map(|(dashboard, _)| &dashboard.item);
        described
            .chain([&self.collection.item])
            .chain(cards.map(|card| &card.work.item))
            .chain(dashboards)
    }

    /// How many things are to be created or changed.
    pub fn pending(&self) -> usize {
        self.items().filter(|item| item.is_pending()).count()
    }

    /// Sends all of it. Where that stops half-way, a new plan holds what is left. What Metabase does not take as it was sent is an error
    /// at the end, when all the rest is done.
    pub fn apply(&mut self, metabase: &Metabase) -> Result<()> {
        let pending = self.pending();
        if pending == 0 {
            return Ok(());
        }
        let mut done = 0;
        let mut report = |item: &Item| {
            metabase.client().progress().count(done, pending, &item.name);
            done += 1;
        };

        for table in self.tables.iter().filter(|work| work.item.is_pending()) {
            report(&table.item);
            table.send(|id, body| metabase.put_table(id, body))?;
        }
        for field in self.fields.iter().filter(|work| work.item.is_pending()) {
            report(&field.item);
            field.send(|id, body| metabase.put_field(id, body))?;
        }
        self.rescan_values(metabase)?;
        if self.collection.item.is_pending() {
            report(&self.collection.item);
        }
        let collection = collection::make(metabase, &mut self.collection)?;
        for (dashboard, cards) in &mut self.dashboards {
            for card in cards.iter_mut().filter(|card| card.work.item.is_pending()) {
                report(&card.work.item);
                card.apply(metabase, collection)?;
            }
            let id = dashboard.make(metabase, collection)?;
            self.targets.insert(dashboard.item.name.clone(), Some(id));
        }
        // What is on one dashboard may lead to any other.
        let mut unsettled = Vec::new();
        for (dashboard, cards) in &self.dashboards {
            if let Some(id) = dashboard.item.id
                && dashboard.item.is_pending()
            {
                report(&dashboard.item);
                let left = dashboard.apply(metabase, id, cards, &self.targets, self.replace)?;
                unsettled.extend(
                    left.into_iter()
                        .map(|change| (dashboard.item.name.as_str(), change)),
                );
            }
        }
        match unsettled.is_empty() {
            true => Ok(()),
            false => Err(Error::Unsettled {
                changes: text::few(
                    unsettled
                        .iter()
                        .map(|(dashboard, change)| text::one_line(&format!("{dashboard}: {}", change.key))),
                ),
            }),
        }
    }

    /// Has Metabase read the values that filters offer. All fields are read, changed or not: a run that stopped before this
    /// leaves no trace of what it changed.
    fn rescan_values(&self, metabase: &Metabase) -> Result<()> {
        for field in &self.listed_fields {
            match metabase.rescan_values(*field) {
                // Metabase also reads them by itself, later. A failure now is no reason to stop.
                Err(error @ (Error::Unreachable { .. } | Error::ServerFailed { .. })) => {
                    let warning = format!("{error}; filters offer their values later");
                    metabase.client().progress().warn(&warning);
                    return Ok(());
                }
                result => result?,
            }
        }
        Ok(())
    }
}
