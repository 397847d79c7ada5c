//! All views under this extension's care: those that it brings, and those that users have made.

use std::collections::HashMap;

use super::catalog::{Event, VIEWS, View};
use super::custom::CustomView;
use super::state::ViewState;
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
    /// One that this extension brings: one of the seven, or that of the sales.
    Ours(&'static View),
    Custom(CustomView),
}

impl ViewEntry {
    pub fn name(&self) -> &str {
        match &self.kind {
            ViewKind::Ours(view) => view.name,
            ViewKind::Custom(view) => &view.view_name,
        }
    }

    /// How often it is refreshed: the name of a strategy, or a cron expression.
    pub fn strategy(&self) -> &str {
        &self.strategy
    }

    /// Whether this extension brings it.
    pub fn is_ours(&self) -> bool {
        matches!(self.kind, ViewKind::Ours(_))
    }

    /// Whether this extension brings it and a shop may be without it: also one that was set up before there was such a view.
    pub fn is_optional(&self) -> bool {
        matches!(self.kind, ViewKind::Ours(view) if view.is_optional)
    }

    /// Whether a shop with these settings is to have it.
    pub fn is_wanted(&self, settings: &Settings) -> bool {
        settings.sales_view || !self.is_optional()
    }

    /// Whether it is refreshed at once when that happens.
    pub fn is_refreshed_on(&self, event: Event) -> bool {
        match &self.kind {
            ViewKind::Ours(view) => view.events.contains(&event),
            // Changes of a custom view's sources are not captured.
            ViewKind::Custom(_) => false,
        }
    }

    /// Makes it, with its indexes and comments, and fills it.
    pub fn make(&self, settings: &Settings) -> Result<(), Error> {
        match &self.kind {
            ViewKind::Ours(view) => query::run(&view.statements(&settings.time_zone), &[]),
            ViewKind::Custom(view) => {
                view.make_unfilled()?;
                view.fill()?;
                view.make_indexes()
            }
        }
    }
}

/// All views: this extension's in their order, then the user's own by name.
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

/// The views that there are to refresh: all but one that a shop may be without, where that is not there.
pub fn views_to_refresh() -> Result<Vec<ViewEntry>, Error> {
    let mut views = Vec::new();
    for view in all_views()? {
        if !view.is_optional() || ViewState::find(view.name())?.is_some() {
            views.push(view);
        }
    }
    Ok(views)
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
            kind: ViewKind::Ours(view),
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
