//! How the views are doing.

use pgrx::datum::TimestampWithTimeZone;

use crate::error::Error;
use crate::incremental::target::FlushTarget;
use crate::pg::identity::as_extension_owner;
use crate::pg::{query, relation};
use crate::refresh::log::last_runs;
use crate::settings;
use crate::source::installed::{self, ChangedNames};
use crate::view::migration::{Migration, under_way};
use crate::view::registry::{ViewEntry, all_views};
use crate::view::state::ViewState;

/// One view's status.
pub struct Status {
    pub view_name: String,
    /// Whether a shop may be without it.
    pub is_optional: bool,
    pub exists: bool,
    /// When this extension last filled it.
    pub last_refresh: Option<TimestampWithTimeZone>,
    /// Its rows; the planner's estimate where somebody has locked it.
    pub row_count: Option<i64>,
    /// Bytes on disk, with indexes; None where somebody has locked it.
    pub size_bytes: Option<i64>,
    pub indexes: Vec<String>,
    pub strategy: String,
    pub mode: Option<String>,
    /// Why that mode, and what has changed since about its sources.
    pub mode_reason: Option<String>,
    /// Changes that are captured and not in the view yet; None where they are not captured.
    pub pending_changes: Option<i64>,
    /// When the oldest of them was captured.
    pub pending_since: Option<TimestampWithTimeZone>,
    /// Of the last run, if that failed; during a migration, that there is one.
    pub last_error: Option<String>,
}

#[derive(serde::Deserialize)]
struct LastRuns {
    last_refresh: Option<TimestampWithTimeZone>,
    mode: Option<String>,
    mode_reason: Option<String>,
    last_error: Option<String>,
    last_sqlstate: Option<String>,
}

impl LastRuns {
    /// What somebody may know of them who may not read the history: an error's text can hold what stands in the shop's tables. Where
    /// an error is the reason for a mode, it stands behind a colon.
    fn without_texts(mut self) -> LastRuns {
        self.mode_reason = self
            .mode_reason
            .map(|reason| reason.split(": ").next().unwrap_or_default().to_owned());
        self.last_error = self.last_error.map(|_| {
            format!(
                "it failed with SQLSTATE {}; whoever may read metabase.refresh_history sees the whole error",
                self.last_sqlstate.as_deref().unwrap_or("XX000")
            )
        });
        self
    }
}

/// The status of all views: also of those that are not there, unless they are not wanted either.
pub fn all() -> Result<Vec<Status>, Error> {
    let common = Common::look()?;
    let settings = settings::current()?;
    let mut all = Vec::new();
    for view in all_views()? {
        let status = status(&view, &common)?;
        if status.exists || view.is_wanted(&settings) {
            all.push(status);
        }
    }
    Ok(all)
}

/// The status of one view.
pub fn of(view: &ViewEntry) -> Result<Status, Error> {
    status(view, &Common::look()?)
}

/// What is the same for all views.
struct Common {
    sees_texts: bool,
    /// What has changed about the sources of this extension's views.
    changed_sources: ChangedNames,
    migration: Option<Migration>,
}

impl Common {
    fn look() -> Result<Common, Error> {
        Ok(Common {
            sees_texts: may_read_history()?,
            changed_sources: installed::changed_names()?,
            migration: under_way()?,
        })
    }

    /// Why a view was refreshed in its mode, and what has changed since about its sources.
    fn mode_reason(&self, view: &ViewEntry, runs: &LastRuns) -> Option<String> {
        let reason = runs.mode_reason.clone();
        let unseen = self.changed_sources.unseen(runs.last_refresh);
        if !view.is_ours() || unseen.is_empty() {
            return reason;
        }
        let mut changed = "the sources have changed".to_owned();
        if self.sees_texts {
            changed = format!("{changed}: {}", unseen.join("; "));
        }
        Some(match reason {
            Some(reason) => format!("{reason}; since then {changed}"),
            None => changed,
        })
    }
}

/// Whether the current role may see the errors of all runs: operators may.
fn may_read_history() -> Result<bool, Error> {
    query::exists(
        "SELECT WHERE pg_catalog.has_table_privilege('metabase.refresh_history', 'SELECT')",
        &[],
    )
}

fn status(view: &ViewEntry, common: &Common) -> Result<Status, Error> {
    let state = ViewState::find(view.name())?.filter(ViewState::is_materialized_view);
    let runs: LastRuns = last_runs(view.name())?;
    let runs = match common.sees_texts {
        true => runs,
        false => runs.without_texts(),
    };
    let (row_count, size_bytes) = match &state {
        Some(state) => measure(state)?,
        None => (None, None),
    };
    let exists = state.is_some();
    let mode_reason = common.mode_reason(view, &runs);
    let migration = common
        .migration
        .as_ref()
        .filter(|migration| !exists && migration.concerns(view.name()));
    let pending = match exists {
        true => pending(view.name(), runs.last_refresh)?,
        false => None,
    };
    Ok(Status {
        view_name: view.name().to_owned(),
        is_optional: view.is_optional(),
        exists,
        last_refresh: runs.last_refresh.filter(|_| exists),
        row_count,
        size_bytes,
        indexes: state.map(|state| state.indexes).unwrap_or_default(),
        strategy: view.strategy().to_owned(),
        mode: runs.mode.filter(|_| exists),
        mode_reason: mode_reason.filter(|_| exists),
        pending_changes: pending.as_ref().and_then(|pending| pending.changes),
        pending_since: pending.and_then(|pending| pending.since),
        last_error: migration
            .map(|migration| migration.error().to_string())
            .or(runs.last_error),
    })
}

/// What waits for a view.
#[derive(serde::Deserialize)]
pub struct Pending {
    /// None where nobody knows.
    changes: Option<i64>,
    has_dirty_groups: bool,
    /// When the oldest of it was captured; None where nothing waits.
    pub since: Option<TimestampWithTimeZone>,
}

/// What is queued that can change a view, and the groups that are applied and not in it yet. None where changes are not captured.
pub fn pending(view: &str, last_refresh: Option<TimestampWithTimeZone>) -> Result<Option<Pending>, Error> {
    let Some(target) = FlushTarget::of(view) else {
        return Ok(None);
    };
    let entities: Vec<String> = target
        .entities
        .iter()
        .map(|entity| entity.name().to_owned())
        .collect();
    let pending: Option<Pending> = as_extension_owner(|| {
        query::optional_row(
            include_str!("../../sql/queries/manage/pending_changes.sql"),
            &[view.to_owned().into(), entities.into(), last_refresh.into()],
        )
    })?;
    let Some(mut pending) = pending else {
        return Ok(None);
    };
    if pending.has_dirty_groups
        && let Some(changes) = &mut pending.changes
    {
        *changes += target.noted()?;
    }
    Ok(Some(pending))
}

/// Rows and bytes. Status is asked for when something is wrong, so it waits for nobody's lock.
fn measure(state: &ViewState) -> Result<(Option<i64>, Option<i64>), Error> {
    if !state.populated {
        return Ok((None, None));
    }
    let Some(rows) = relation::count_rows(state.oid) else {
        return Ok((Some(state.estimated_rows).filter(|rows| *rows >= 0), None));
    };
    // NULL where it has been dropped since.
    let bytes = query::value(
        "SELECT pg_catalog.pg_total_relation_size($1::oid)",
        &[i64::from(state.oid).into()],
    )?;
    Ok((Some(rows), bytes))
}
