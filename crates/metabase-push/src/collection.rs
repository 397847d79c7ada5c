//! The collection that holds all cards and dashboards. What is outside of it is never touched.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::item::{Item, Kind, Work};
use crate::metabase::Metabase;
use crate::source::Object;
use crate::text;

/// What people read about a collection that is created.
const DESCRIPTION: &str = "Dashboards of metabase_views, pushed by metabase-push.";

/// Finds the collection with this name at the top level, or returns the work of creating it.
pub fn find(metabase: &Metabase, name: &str) -> Result<Work> {
    Ok(match id_of(metabase, name)? {
        Some(id) => Work {
            item: Item::existing(Kind::Collection, name, id, Vec::new(), Vec::new()),
            body: Object::new(),
        },
        None => Work {
            item: Item::to_create(Kind::Collection, name),
            body: [("name", name), ("description", DESCRIPTION)]
                .map(|(key, text)| (key.to_owned(), Value::from(text)))
                .into_iter()
                .collect(),
        },
    })
}

/// Returns the collection's id. Where there is no collection yet, it is created.
pub fn make(metabase: &Metabase, work: &mut Work) -> Result<u64> {
    if let Some(id) = work.item.id {
        return Ok(id);
    }
    let name = &work.item.name;
    let id = metabase.create_collection(&json!(work.body), || id_of(metabase, name))?;
    // All that follows goes into this collection, so it must be the right one.
    if id_of(metabase, name)? != Some(id) {
        return Err(metabase.client().unexpected(
            "/api/collection",
            format!("it has no collection \"{name}\" with the id {id} that was given to it"),
        ));
    }
    work.item.id = Some(id);
    Ok(id)
}

fn id_of(metabase: &Metabase, name: &str) -> Result<Option<u64>> {
    let ids: Vec<u64> = metabase
        .collections()?
        .iter()
        .filter(|collection| {
            collection.name.as_deref() == Some(name)
                && collection.archived != Some(true)
                && collection.personal_owner_id.is_none()
                && collection.namespace.is_none()
                && collection.location.as_deref() == Some("/")
        })
        .filter_map(|collection| collection.id.as_u64())
        .collect();
    match ids[..] {
        [] => Ok(None),
        [id] => Ok(Some(id)),
        _ => Err(Error::SeveralCollections {
            name: name.to_owned(),
            ids: text::few(ids.iter().map(u64::to_string)),
        }),
    }
}
