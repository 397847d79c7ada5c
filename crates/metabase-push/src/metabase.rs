//! The endpoints of Metabase that are used here, and the parts of their answers.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answer::{self, Only};
use crate::error::{Error, Result};
use crate::http::Client;
use crate::source::{SCHEMA, VIEWS};
use crate::version::Version;

/// How many items of a collection are asked for at once.
const PAGE: usize = 200;
/// More items than any collection holds. A longer list is taken for one without an end.
const MOST_ITEMS: usize = 100_000;
/// Memory for the cards of a collection, and for its dashboards.
const MOST_MEMORY_OF_COLLECTION: usize = 256 << 20;

/// A Metabase, and what can be asked of it.
#[derive(Debug)]
pub struct Metabase {
    client: Client,
}

/// A database that Metabase reads.
#[derive(Debug, Deserialize)]
pub struct Database {
    pub id: u64,
    pub name: String,
    pub engine: String,
}

/// A collection. That of the root has a text as its id.
#[derive(Debug, Deserialize)]
pub struct Collection {
    pub id: Value,
    pub name: Option<String>,
    #[serde(default)]
    pub archived: Option<bool>,
    pub location: Option<String>,
    pub personal_owner_id: Option<u64>,
    /// Snippets have collections of their own.
    pub namespace: Option<String>,
}

/// Something in a collection.
#[derive(Debug, Deserialize)]
struct CollectionItem {
    id: u64,
    model: String,
}

/// The items of a collection that are looked at.
#[derive(Debug, Default)]
pub struct CollectionItems {
    pub cards: BTreeSet<u64>,
    pub dashboards: BTreeSet<u64>,
}

/// How much memory the things of a collection take.
#[derive(Default)]
pub struct MemoryOfCollection(usize);

impl MemoryOfCollection {
    /// Counts this as well. Returns an error where that is too much.
    pub fn add(&mut self, value: &Value) -> Result<()> {
        self.0 = self.0.saturating_add(answer::size(value));
        match self.0 {
            ..=MOST_MEMORY_OF_COLLECTION => Ok(()),
            _ => Err(Error::LargeCollection {
                limit: MOST_MEMORY_OF_COLLECTION >> 20,
            }),
        }
    }
}

impl Metabase {
    /// The Metabase that a client speaks to.
    pub fn new(client: Client) -> Metabase {
        Metabase { client }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn version(&self) -> Result<Version> {
        Ok(Version::of(&self.client.get("/api/session/properties")?))
    }

    pub(crate) fn databases(&self) -> Result<Vec<Database>> {
        let path = "/api/database";
        let mut answer = self.client.get(path)?;
        // Old versions answer with the array alone.
        let data = match answer.get_mut("data") {
            Some(data) => data.take(),
            None => answer,
        };
        self.read(path, data)
    }

    pub(crate) fn sync_schema(&self, database: u64) -> Result<()> {
        self.client.ask(&format!("/api/database/{database}/sync_schema"))
    }

    /// Returns the views and their fields. Those that are hidden from people are included, since cards read them all the same.
    ///
    /// Metabase answers with every table of the database. Only the views among them are kept.
    pub(crate) fn metadata(&self, database: u64) -> Result<Value> {
        let path = format!("/api/database/{database}/metadata?include_hidden=true&remove_inactive=true");
        let views = Only {
            list: "tables",
            is_useful: |table| {
                let name = table.get("name").and_then(Value::as_str);
                table.get("schema").is_some_and(|schema| schema == SCHEMA)
                    && name.is_some_and(|name| VIEWS.contains(&name))
            },
        };
        self.client.get_part(&path, Some(views))
    }

    pub(crate) fn put_table(&self, id: u64, body: &Value) -> Result<()> {
        self.client.put(&format!("/api/table/{id}"), body)
    }

    pub(crate) fn put_field(&self, id: u64, body: &Value) -> Result<()> {
        self.client.put(&format!("/api/field/{id}"), body)
    }

    pub(crate) fn rescan_values(&self, field: u64) -> Result<()> {
        self.client.ask(&format!("/api/field/{field}/rescan_values"))
    }

    pub(crate) fn collections(&self) -> Result<Vec<Collection>> {
        let path = "/api/collection";
        let answer = self.client.get(path)?;
        self.read(path, answer)
    }

    pub(crate) fn create_collection(
        &self,
        body: &Value,
        find: impl Fn() -> Result<Option<u64>>,
    ) -> Result<u64> {
        self.client.create("/api/collection", body, find)
    }

    /// Returns the cards and dashboards in a collection, whatever people have made of them: questions that were moved into their
    /// dashboard, and those that were turned into models or metrics, are listed only where one asks for them.
    pub(crate) fn items(&self, collection: u64) -> Result<CollectionItems> {
        let path = format!("/api/collection/{collection}/items");
        let mut items = CollectionItems::default();
        let mut offset = 0;
        loop {
            let mut answer = self.client.get(&format!(
                "{path}?models=card&models=dataset&models=metric&models=dashboard&show_dashboard_questions=true\
                 &limit={PAGE}&offset={offset}"
            ))?;
            let total = answer.get("total").and_then(Value::as_u64).unwrap_or(0);
            let data = answer.get_mut("data").map(Value::take).unwrap_or_default();
            let page: Vec<CollectionItem> = self.read(&path, data)?;
            offset += page.len();
            let last = page.is_empty() || offset as u64 >= total;
            for item in page {
                match item.model.as_str() {
                    "card" | "dataset" | "metric" => items.cards.insert(item.id),
                    "dashboard" => items.dashboards.insert(item.id),
                    _ => false,
                };
            }
            if last {
                return Ok(items);
            }
            if offset >= MOST_ITEMS {
                return Err(self.client.unexpected(&path, "there is no end to it"));
            }
        }
    }

    pub(crate) fn card(&self, id: u64) -> Result<Value> {
        self.object(&format!("/api/card/{id}"))
    }

    pub(crate) fn create_card(&self, body: &Value, find: impl Fn() -> Result<Option<u64>>) -> Result<u64> {
        self.client.create("/api/card", body, find)
    }

    pub(crate) fn put_card(&self, id: u64, body: &Value) -> Result<()> {
        self.client.put(&format!("/api/card/{id}"), body)
    }

    /// Returns a dashboard. A version that leaves out `dashcards` is too old to be sent any.
    pub(crate) fn dashboard(&self, id: u64) -> Result<Value> {
        let path = format!("/api/dashboard/{id}");
        let dashboard = self.object(&path)?;
        match dashboard.get("dashcards") {
            Some(Value::Array(_)) => Ok(dashboard),
            _ => Err(self.client.unexpected(&path, "there is no array \"dashcards\"")),
        }
    }

    pub(crate) fn create_dashboard(
        &self,
        body: &Value,
        find: impl Fn() -> Result<Option<u64>>,
    ) -> Result<u64> {
        self.client.create("/api/dashboard", body, find)
    }

    /// Makes a dashboard what `body` says. Each attempt asks `body` again, because a card that was new on the dashboard may
    /// have an id by then.
    ///
    /// A dashboard of somebody else is not changed, even where Metabase has said that this is its id. Returns whether anything was sent.
    pub(crate) fn put_dashboard(
        &self,
        id: u64,
        is_ours: impl Fn(&Value) -> bool,
        body: impl Fn(&Value) -> Option<Value>,
    ) -> Result<bool> {
        let path = format!("/api/dashboard/{id}");
        self.client.put_anew(&path, || {
            let dashboard = self.dashboard(id)?;
            match is_ours(&dashboard) {
                true => Ok(body(&dashboard)),
                false => Err(self
                    .client
                    .unexpected(&path, "it is not the dashboard that was made")),
            }
        })
    }

    fn object(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(path)?;
        match answer.is_object() {
            true => Ok(answer),
            false => Err(self.client.unexpected(path, "it is not an object")),
        }
    }

    fn read<T: DeserializeOwned>(&self, path: &str, answer: Value) -> Result<T> {
        serde_json::from_value(answer).map_err(|error| self.client.unexpected(path, error))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_collection_that_would_fill_the_memory_is_an_error() {
        let mut kept = MemoryOfCollection(MOST_MEMORY_OF_COLLECTION - answer::size(&json!("card")));
        assert!(kept.add(&json!("card")).is_ok());
        let error = kept.add(&json!("card")).unwrap_err();
        assert!(error.to_string().contains("more than 256 MiB"), "{error}");
        assert!(error.hint().unwrap().contains("--collection"));
    }
}
