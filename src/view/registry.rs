//! All views under this extension's care: the seven, and those that users have made.

use super::catalog::{Strategy, VIEWS, View};
use super::custom::CustomView;
use crate::error::Error;
use crate::pg::identity::as_extension_owner;
use crate::pg::query;
use crate::settings::Settings;
use crate::sql;

/// Any view under this extension's care.
pub enum ViewEntry {
    Seven(&'static View),
    Custom(CustomView),
}

impl ViewEntry {
    pub fn name(&self) -> &str {
        match self {
            ViewEntry::Seven(view) => view.name,
            ViewEntry::Custom(view) => &view.view_name,
        }
    }

    pub fn strategy(&self) -> Strategy {
        match self {
            ViewEntry::Seven(view) => view.strategy,
            // Only known strategies are ever stored.
            ViewEntry::Custom(view) => Strategy::from_name(&view.strategy).unwrap_or(Strategy::Manual),
        }
    }

    /// The statements that make it, with its indexes and comments.
    pub fn statements(&self, settings: &Settings) -> String {
        match self {
            ViewEntry::Seven(view) => view
                .definition
                .replace(":'time_zone'", &sql::literal(&settings.time_zone)),
            ViewEntry::Custom(view) => view.statements(),
        }
    }
}

/// All views: the seven in their order, then the user's own by name.
pub fn all_views() -> Result<Vec<ViewEntry>, Error> {
    let custom: Vec<CustomView> = as_extension_owner(|| {
        query::rows(
            "SELECT * FROM metabase_internal.custom_view ORDER BY view_name COLLATE \"C\"",
            &[],
        )
    })?;
    Ok(VIEWS
        .iter()
        .map(ViewEntry::Seven)
        .chain(custom.into_iter().map(ViewEntry::Custom))
        .collect())
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
