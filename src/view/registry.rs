//! All views under this extension's care: the seven, and those that users have made.

use std::collections::HashMap;

use super::catalog::{Event, VIEWS, View};
use super::custom::CustomView;
use crate::error::Error;
use crate::pg::identity::as_extension_owner;
use crate::pg::query;
use crate::settings::Settings;

/// Any view under this extension's care.
pub struct ViewEntry {
    pub kind: ViewKind,
    strategy: String,
}

/// Whose view it is.
pub enum ViewKind {
    Seven(&'static View),
    Custom(CustomView),
}

impl ViewEntry {
    pub fn name(&self) -> &str {
        match &self.kind {
            ViewKind::Seven(view) => view.name,
            ViewKind::Custom(view) => &view.view_name,
        }
    }

    /// How often it is refreshed: the name of a strategy, or a cron expression.
    pub fn strategy(&self) -> &str {
        &self.strategy
    }

    /// Whether it is one of the seven.
    pub fn is_of_the_seven(&self) -> bool {
        matches!(self.kind, ViewKind::Seven(_))
    }

    /// Whether it is refreshed at once when that happens.
    pub fn is_refreshed_on(&self, event: Event) -> bool {
        match &self.kind {
            ViewKind::Seven(view) => view.events.contains(&event),
            // Changes of a custom view's sources are not captured.
            ViewKind::Custom(_) => false,
        }
    }

    /// The statements that make it, with its indexes and comments.
    pub fn statements(&self, settings: &Settings) -> Result<String, Error> {
        match &self.kind {
            ViewKind::Seven(view) => Ok(view.statements(&settings.time_zone)),
            ViewKind::Custom(view) => view.statements(),
        }
    }
}

/// All views: the seven in their order, then the user's own by name.
pub fn all_views() -> Result<Vec<ViewEntry>, Error> {
    let custom: Vec<CustomView> =
        as_extension_owner(|| query::rows(include_str!("../../sql/queries/view/custom_views.sql"), &[]))?;
    let mut entries: Vec<ViewEntry> = VIEWS
        .iter()
        .map(ViewEntry::from)
        .chain(custom.into_iter().map(ViewEntry::from))
        .collect();
    let told: Vec<Told> = as_extension_owner(|| {
        query::rows("SELECT view_name, strategy FROM metabase_internal.schedule", &[])
    })?;
    let mut told: HashMap<String, String> = told
        .into_iter()
        .map(|told| (told.view_name, told.strategy))
        .collect();
    for entry in &mut entries {
        if let Some(strategy) = told.remove(entry.name()) {
            entry.strategy = strategy;
        }
    }
    Ok(entries)
}

/// What set_strategy() was told.
#[derive(serde::Deserialize)]
struct Told {
    view_name: String,
    strategy: String,
}

impl From<&'static View> for ViewEntry {
    fn from(view: &'static View) -> ViewEntry {
        ViewEntry {
            strategy: view.strategy.name().to_owned(),
            kind: ViewKind::Seven(view),
        }
    }
}

impl From<CustomView> for ViewEntry {
    fn from(view: CustomView) -> ViewEntry {
        ViewEntry {
            strategy: view.strategy.clone(),
            kind: ViewKind::Custom(view),
        }
    }
}

/// The view of a name, with or without its schema.
pub fn find_view(name: &str) -> Result<ViewEntry, Error> {
    let bare = name.strip_prefix("analytics.").unwrap_or(name);
    let mut known = Vec::new();
    for view in all_views()? {
        if view.name() == bare {
            return Ok(view);
        }
        known.push(view.name().to_owned());
    }
    Err(Error::UnknownView {
        name: name.to_owned(),
        known,
    })
}
