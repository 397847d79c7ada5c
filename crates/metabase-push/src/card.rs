//! Cards: finding those that were pushed before, and what of them differs.

use serde_json::{Value, json};

use crate::compare::{self, compare};
use crate::error::{Error, Result};
use crate::item::{Change, Item, Kind, Work};
use crate::json::array;
use crate::metabase::{CollectionItems, MemoryOfCollection, Metabase};
use crate::query::Query;
use crate::source::Card;
use crate::text;

/// The cards in SQL that may be ours.
#[derive(Default)]
pub struct ExistingCards {
    /// Those in the collection, the oldest first.
    collected: Vec<ExistingCard>,
    /// Those on a dashboard of ours that somebody has moved to another collection.
    elsewhere: Vec<ExistingCard>,
    memory: MemoryOfCollection,
}

struct ExistingCard {
    id: u64,
    card: Value,
    query: Query,
}

/// Whose cards are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// The id of the database that they ask.
    pub database: u64,
    /// The id of their dashboard, where that exists.
    pub dashboard: Option<u64>,
}

impl Owner {
    /// Whether it can be the owner's. A question that is saved within another dashboard, such as a copy of ours, can be on no other.
    fn may_own(self, card: &ExistingCard) -> bool {
        let within = card.card["dashboard_id"].as_u64();
        within.is_none() || within == self.dashboard
    }
}

/// A card and what is to be done to it.
#[derive(Debug)]
pub struct CardWork {
    /// Its key within its dashboard.
    pub key: String,
    name: Value,
    owner: Owner,
    /// What is to be sent.
    pub work: Work,
}

impl ExistingCards {
    /// Reads the cards in SQL among the items of the collection.
    pub fn load(metabase: &Metabase, items: &CollectionItems) -> Result<ExistingCards> {
        let mut cards = ExistingCards::default();
        for id in &items.cards {
            let card = cards.read(metabase, *id)?;
            cards.collected.extend(card);
        }
        Ok(cards)
    }

    /// Reads the cards that this dashboard shows and the collection does not have. Only those with a marker of this dashboard's count:
    /// anybody can put any other card on it.
    pub fn load_shown(&mut self, metabase: &Metabase, name: &str, dashboard: &Value) -> Result<()> {
        let marker = format!("{name}/");
        for dashcard in array(dashboard, "dashcards") {
            let is_marked = |query: &Query| query.marker().is_some_and(|marked| marked.starts_with(&marker));
            let Some(id) = dashcard["card_id"].as_u64() else {
                continue;
            };
            let is_known = self
                .collected
                .iter()
                .chain(&self.elsewhere)
                .any(|card| card.id == id);
            if is_known
                || !Query::of(&dashcard["card"]["dataset_query"]).is_some_and(|query| is_marked(&query))
            {
                continue;
            }
            let card = self.read(metabase, id)?;
            let card = card.filter(|card| is_marked(&card.query) && card.card["archived"] != true);
            self.elsewhere.extend(card);
        }
        Ok(())
    }

    /// Reads a card. One that is not in SQL is none.
    fn read(&mut self, metabase: &Metabase, id: u64) -> Result<Option<ExistingCard>> {
        let mut card = metabase.card(id)?;
        let Some(query) = Query::of(&card["dataset_query"]) else {
            return Ok(None);
        };
        // Nothing of these is compared any more, and they take most of the memory.
        for key in ["dataset_query", "result_metadata"] {
            card[key] = Value::Null;
        }
        self.memory.add(&json!([query.sql, query.tags()]))?;
        self.memory.add(&card)?;
        Ok(Some(ExistingCard { id, card, query }))
    }

    /// An error where the collection has pushed cards of another database: the dashboards would mix both.
    pub fn require_one_database(&self, collection: &str, database: u64) -> Result<()> {
        let other = self
            .collected
            .iter()
            .find(|card| card.query.marker().is_some() && card.query.database != Some(database));
        match other {
            None => Ok(()),
            Some(other) => Err(Error::OtherDatabase {
                collection: collection.to_owned(),
                card: text::beginning(other.card["name"].as_str().unwrap_or_default()),
                id: other.id,
            }),
        }
    }

    /// Returns what is to be done so that this card is there. A card that was found is not found again for another one.
    pub fn compare(&mut self, dashboard: &str, card: &Card, owner: Owner, replace: bool) -> CardWork {
        let label = format!("{dashboard}/{}", card.key);
        let name = card.body.get("name").cloned().unwrap_or_default();
        let work = match self.take(&label, &name, owner) {
            None => Work {
                item: Item::to_create(Kind::Card, label),
                body: card.body.clone(),
            },
            Some(theirs) => differences(label, card, &theirs, replace),
        };
        CardWork {
            key: card.key.clone(),
            name,
            owner,
            work,
        }
    }

    /// Takes out the card with this marker, or one of this name in the collection whose marker somebody has removed. Of copies, the
    /// oldest is the original.
    fn take(&mut self, marker: &str, name: &Value, owner: Owner) -> Option<ExistingCard> {
        let marked = |card: &ExistingCard| card.query.marker() == Some(marker) && owner.may_own(card);
        let of_the_database = |card: &ExistingCard| card.query.database == Some(owner.database);
        let named = |card: &ExistingCard| {
            card.query.marker().is_none()
                && of_the_database(card)
                && card.card["name"] == *name
                && owner.may_own(card)
        };
        if let Some(index) = self.collected.iter().position(marked) {
            return Some(self.collected.remove(index));
        }
        let moved = |card: &ExistingCard| marked(card) && of_the_database(card);
        if let Some(index) = self.elsewhere.iter().position(moved) {
            return Some(self.elsewhere.remove(index));
        }
        let index = self.collected.iter().position(named)?;
        Some(self.collected.remove(index))
    }
}

fn differences(label: String, card: &Card, theirs: &ExistingCard, replace: bool) -> Work {
    let mut ours = card.body.clone();
    let dataset_query = ours.remove("dataset_query").unwrap_or_default();
    let mut difference = compare(&ours, &theirs.card, replace, compare::is_text);
    // A query has several forms that mean the same. Its meaning is compared, and the form that all versions take is sent.
    if let Some(query) = Query::of(&dataset_query)
        && !query.is_in(&theirs.query)
    {
        if query.sql != theirs.query.sql {
            difference
                .changes
                .push(Change::new("query", &json!(theirs.query.sql), &json!(query.sql)));
        } else {
            let tags = compare::changes("template-tags", &theirs.query.tags(), &query.tags(), false);
            difference.changes.extend(tags);
        }
        difference.send.insert("dataset_query".to_owned(), dataset_query);
    }
    Work {
        item: Item::existing(Kind::Card, label, theirs.id, difference.changes, difference.kept),
        body: difference.send,
    }
}

impl CardWork {
    /// Creates the card, or sends what differs.
    pub fn apply(&mut self, metabase: &Metabase, collection: u64) -> Result<()> {
        if self.work.item.id.is_some() {
            return self.work.send(|id, body| metabase.put_card(id, body));
        }
        let mut body = self.work.body.clone();
        body.insert("collection_id".to_owned(), json!(collection));
        let id = metabase.create_card(&Value::Object(body), || {
            let mut cards = ExistingCards::load(metabase, &metabase.items(collection)?)?;
            let found = cards.take(&self.work.item.name, &self.name, self.owner);
            Ok(found.map(|card| card.id))
        })?;
        self.work.item.id = Some(id);
        Ok(())
    }
}
