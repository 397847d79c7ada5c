//! After an upgrade, of this extension or of the server: which views have another definition than this version has for them.

use crate::error::Error;
use crate::pg::identity::{as_extension_owner, as_role};
use crate::pg::query;
use crate::pg::setting::with_time_zone;
use crate::pg::subtransaction::subtransaction;
use crate::settings;
use crate::source::installed;
use crate::view::catalog::VIEWS;
use crate::view::definition;
use crate::view::state::ViewState;

/// A view's definition as the server tells it now.
#[derive(serde::Deserialize)]
pub struct Held {
    pub definition: String,
    /// Whether it is the one that the view was created with.
    pub is_own: bool,
}

/// What the view with that oid has.
pub fn held(view: u32) -> Result<Held, Error> {
    // Times in it are written in the session's zone.
    with_time_zone("UTC", || {
        as_extension_owner(|| {
            query::row(
                include_str!("../../sql/queries/incremental/own_view_definition.sql"),
                &[i64::from(view).into()],
            )
        })
    })
}

/// Compares the definitions of views that another version was the last to look at with those of this one, and remembers what it has found.
///
/// The caller holds the lock of refreshes, and may act as the owner of the views.
pub fn look(views: &[String], owner: u32) -> Result<(), Error> {
    for view in VIEWS
        .iter()
        .filter(|view| views.iter().any(|name| name == view.name))
    {
        let Some(state) = ViewState::find(view.name)?.filter(ViewState::is_materialized_view) else {
            continue;
        };
        let held = held(state.oid)?;
        // Each major tells a definition in words of its own, and another version may have had other words for it: the server is asked how it
        // tells this version's. What cannot be told is another one.
        let zone = settings::of_views()?.time_zone;
        let told = || with_time_zone("UTC", || installed::told(&view.query(&zone)));
        match subtransaction(|| as_role(owner, told)) {
            Ok(told) if told == held.definition => definition::store(view.name)?,
            _ => definition::store_other(view.name, held.is_own)?,
        }
    }
    Ok(())
}
