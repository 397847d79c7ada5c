//! A thing in Metabase: what it is, what of it differs, and what is to be sent for it.

use serde::Serialize;
use serde_json::Value;

use crate::error::Result;
use crate::source::Object;

/// One thing and what is to be sent for it; nothing where it is unchanged.
#[derive(Debug)]
pub struct Work {
    /// The thing.
    pub item: Item,
    /// The request's body.
    pub body: Object,
}

/// One thing in Metabase.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// How people know it.
    pub name: String,
    /// Its id, once it exists.
    pub id: Option<u64>,
    /// What is done to it.
    pub action: Action,
    /// What differs.
    pub changes: Vec<Change>,
    /// What differs and stays, because people may have written it.
    pub kept: Vec<Change>,
}

/// The kinds of things.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A view, which is a table to Metabase.
    Table,
    /// A column of a view.
    Field,
    /// The folder of all cards and dashboards.
    Collection,
    /// A question with its chart.
    Card,
    /// Cards, headings, texts and filters on one page.
    Dashboard,
}

/// What is done to a thing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is not there yet.
    Create,
    /// Something of it differs.
    Change,
    /// It is as it should be.
    Unchanged,
}

/// A key with two values.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The key.
    pub key: String,
    /// What Metabase has; null where it has nothing.
    pub old: Value,
    /// What is ours; null where it is removed.
    pub new: Value,
}

impl Change {
    /// A key with its value in Metabase and ours.
    pub fn new(key: impl Into<String>, old: &Value, new: &Value) -> Change {
        Change {
            key: key.into(),
            old: old.clone(),
            new: new.clone(),
        }
    }
}

impl Item {
    /// A thing that is not there yet.
    pub fn to_create(kind: Kind, name: impl Into<String>) -> Item {
        Item {
            kind,
            name: name.into(),
            id: None,
            action: Action::Create,
            changes: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// A thing that is there, and what of it differs.
    pub fn existing(
        kind: Kind,
        name: impl Into<String>,
        id: u64,
        changes: Vec<Change>,
        kept: Vec<Change>,
    ) -> Item {
        Item {
            kind,
            name: name.into(),
            id: Some(id),
            action: match changes.is_empty() {
                true => Action::Unchanged,
                false => Action::Change,
            },
            changes,
            kept,
        }
    }

    /// Whether there is anything to do.
    pub fn is_pending(&self) -> bool {
        self.action != Action::Unchanged
    }
}

impl Work {
    /// Sends the body of something that exists.
    pub fn send(&self, put: impl Fn(u64, &Value) -> Result<()>) -> Result<()> {
        match self.item.id {
            Some(id) => put(id, &Value::Object(self.body.clone())),
            None => Ok(()),
        }
    }
}
