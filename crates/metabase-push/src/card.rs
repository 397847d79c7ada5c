//! Cards: finding those that were pushed before, and what of them differs.

use serde_json::{Value, json};

use crate::compare::{self, compare};
use crate::error::{Error, Result};
use crate::item::{Change, Item, Kind, Work};
use crate::metabase::{CollectionItems, MemoryOfCollection, Metabase};
use crate::query::Query;
use crate::source::Card;
use crate::text;

/// The cards in the collection, the oldest first.
pub struct ExistingCards(Vec<ExistingCard>);

struct ExistingCard {
    id: u64,
    card: Value,
    query: Query,
}

/// A card and what is to be done to it.
#[derive(Debug)]
pub struct CardWork {
    /// Its key within its dashboard.
    pub key: String,
    name: Value,
    /// What is to be sent.
    pub work: Work,
}

impl ExistingCards {
    /// Reads the cards in SQL among the items of the collection.
    pub fn load(metabase: &Metabase, items: &CollectionItems) -> Result<ExistingCards> {
        let mut cards = Vec::new();
        let mut memory = MemoryOfCollection::default();
        for id in &items.cards {
            let mut card = metabase.card(*id)?;
            if let Some(query) = Query::of(&card["dataset_query"]) {
                // Nothing of these is compared any more, and they take most of the memory.
                for key in ["dataset_query", "result_metadata"] {
                    card[key] = Value::Null;
                }
                memory.add(&json!([query.sql, query.tags()]))?;
                memory.add(&card)?;
                cards.push(ExistingCard { id: *id, card, query });
            }
        }
        Ok(ExistingCards(cards))
    }

    /// An error where the collection has pushed cards of another database: the dashboards would mix both.
    pub fn require_one_database(&self, collection: &str, database: u64) -> Result<()> {
        let other = self
            .0
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
    pub fn compare(&mut self, dashboard: &str, card: &Card, database: u64, replace: bool) -> CardWork {
        let label = format!("{dashboard}/{}", card.key);
        let name = card.body.get("name").cloned().unwrap_or_default();
        let work = match self.find(&label, &name, database) {
            None => Work {
                item: Item::to_create(Kind::Card, label),
                body: card.body.clone(),
            },
            Some(index) => differences(label, card, &self.0.remove(index), replace),
        };
        CardWork {
            key: card.key.clone(),
            name,
            work,
        }
    }

    /// Finds the card with this marker, or one of this name whose marker somebody has removed. Of copies, the oldest is the
    /// original.
    fn find(&self, marker: &str, name: &Value, database: u64) -> Option<usize> {
        let marked = |card: &ExistingCard| card.query.marker() == Some(marker);
        let named = |card: &ExistingCard| {
            card.query.marker().is_none()
                && card.query.database == Some(database)
                && card.card["name"] == *name
        };
        self.0
            .iter()
            .position(marked)
            .or_else(|| self.0.iter().position(named))
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
    pub fn apply(&mut self, metabase: &Metabase, collection: u64, database: u64) -> Result<()> {
        if self.work.item.id.is_some() {
            return self.work.send(|id, body| metabase.put_card(id, body));
        }
        let mut body = self.work.body.clone();
        body.insert("collection_id".to_owned(), json!(collection));
        let id = metabase.create_card(&Value::Object(body), || {
            let cards = ExistingCards::load(metabase, &metabase.items(collection)?)?;
            let found = cards.find(&self.work.item.name, &self.name, database);
            Ok(found.map(|index| cards.0[index].id))
        })?;
        self.work.item.id = Some(id);
        Ok(())
    }
}
