//! How incremental refresh is doing: one row that whoever refreshes locks, and what the catalog says of the sources.

use std::ffi::CString;
use std::rc::Rc;
use std::sync::LazyLock;

use super::fingerprint::Fingerprint;
use super::membership;
use super::program::{Program, TABLES};
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, check_may_act_as, extension_owner, look_extension_up_again};
use crate::pg::subtransaction::subtransaction;
use crate::pg::transaction::{is_on_standby, is_own, sees_others};
use crate::pg::workspace::{Workspace, refuse_nested};
use crate::pg::{query, relation, version};
use crate::source::adapter;
use crate::source::entity::{ENTITIES, adapters};
use crate::sql;
use crate::sqlstate;
use crate::view::catalog::VIEWS;
use crate::view::state::ViewState;

/// The state of the incremental refresh, and of the sources that it reads, as one snapshot of the database has them.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct StateSnapshot {
    /// What the catalog says now.
    #[serde(skip)]
    pub catalog: Rc<Fingerprint>,
    /// Whether this very transaction has altered it.
    #[serde(skip)]
    pub is_altered_now: bool,
    /// Whether changes are to be captured.
    pub is_wanted: bool,
    /// Which build the facts are of; None where there are none.
    pub generation: Option<String>,
    /// What the sources looked like then.
    sources: Option<String>,
    /// The version of this extension that built them.
    version: Option<String>,
    /// The versions of the exchange rates that the facts were built with; None where they need none.
    rates: Option<String>,
    /// Those that there are now.
    rates_now: String,
    /// Why refreshes have not been incremental, where they have not.
    pub reason: Option<String>,
    /// Whether this very transaction has begun to capture changes.
    pub is_installed_now: Option<bool>,
    /// Whether building the facts has failed too short a time ago to try again.
    pub has_just_failed: Option<bool>,
    pub build_seconds: Option<f64>,
    pub seconds_per_change: Option<f64>,
    /// The zone that the views were made for.
    zone: Option<String>,
    /// Today in that zone.
    pub day: Option<String>,
    /// What the extension's own tables looked like when the facts were built.
    own_tables: Option<String>,
    /// Keys in the queues.
    pub changes: i64,
    /// Since when the oldest of them waits.
    pub oldest: Option<String>,
    /// Whether a queue says that everything may have changed.
    pub unknown: bool,
    /// The views whose definitions another version, or another major, was the last to look at.
    pub views_of_others: Vec<String>,
}

/// The query for all of it but the fingerprint.
static SNAPSHOT: LazyLock<String> = LazyLock::new(|| {
    sql::fill(
        include_str!("../../sql/queries/incremental/state_snapshot.sql"),
        &[(":version", &sql::literal(version::LIBRARY))],
    )
});

/// Lets one session at a time refresh this extension's views, until its transaction ends.
///
/// The row is locked, too: a transaction whose snapshot is older than what another one has refreshed since fails here.
pub fn lock() -> Result<(), Error> {
    refuse_nested()?;
    if is_on_standby() {
        return Err(Error::Standby);
    }
    subtransaction(|| {
        as_extension_owner(|| {
            query::run(
                "LOCK TABLE metabase_internal.incremental IN SHARE ROW EXCLUSIVE MODE",
                &[],
            )?;
            query::run(
                "UPDATE metabase_internal.incremental SET is_wanted = is_wanted",
                &[],
            )
        })
    })
    .map_err(|error| match error.sqlstate() {
        sqlstate::LOCK_NOT_AVAILABLE => Error::RefreshLocked,
        sqlstate::SERIALIZATION_FAILURE => Error::Overtaken,
        _ => error,
    })?;
    // Whoever had the lock may have been an upgrade.
    look_extension_up_again()
}

/// The same, for what is the business of the views' owner alone. Whoever may not act as that does not even wait for the lock: others
/// would wait behind it. Returns the state, and the owner.
pub fn lock_as_owner() -> Result<(StateSnapshot, u32), Error> {
    checked_owner()?;
    lock()?;
    let snapshot = snapshot()?;
    let owner = snapshot.catalog.owner.ok_or(Error::NothingToCapture)?;
    check_may_act_as(owner)?;
    Ok((snapshot, owner))
}

/// The owner of all adapters, if the current role may act as that.
pub fn checked_owner() -> Result<u32, Error> {
    let owner = adapters_owner()?.ok_or(Error::NothingToCapture)?;
    check_may_act_as(owner)?;
    Ok(owner)
}

/// The owner of all adapters, as this statement sees them; None where they have several, or are not there.
pub fn adapters_owner() -> Result<Option<u32>, Error> {
    query::value(
        include_str!("../../sql/queries/incremental/adapters_owner.sql"),
        &[adapters().into()],
    )
}

/// The views of this extension that are there: what bears the name of one, and belongs to somebody who does not own the adapters, is none.
///
/// Each is looked up when it is asked for: most callers need the first.
pub fn ours_there_are() -> Result<impl Iterator<Item = Result<&'static str, Error>>, Error> {
    let owner = adapters_owner()?;
    let is_ours = move |state: &ViewState| {
        state.is_materialized_view() && owner.is_none_or(|owner| owner == state.owner_oid)
    };
    Ok(VIEWS.iter().filter_map(move |view| {
        let found = ViewState::find(view.name).map(|state| state.filter(is_ours));
        found.transpose().map(|found| found.map(|_| view.name))
    }))
}

/// Makes sure that the tables of facts, rollups and dirty groups are the extension's own, and stay what they are until the
/// transaction ends. Says whether all are there: a superuser may have dropped one, and somebody else put another in its place.
pub fn hold_tables() -> Result<bool, Error> {
    let owner = extension_owner()?;
    for table in TABLES {
        let name = CString::new(table)?;
        if !relation::hold_table(c"metabase_internal", &name, owner) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The state as this statement sees it.
pub fn snapshot() -> Result<StateSnapshot, Error> {
    let catalog = Fingerprint::take()?;
    as_extension_owner(|| query::row(&SNAPSHOT, &[])).map(|stored: StateSnapshot| stored.with(catalog))
}

/// An error if a source or an adapter was altered since the refresh looked. A function that a read calls can alter it in the
/// middle, and a name then means two things in one refresh.
pub fn check_unaltered(workspace: &mut Workspace, before: &StateSnapshot) -> Result<(), Error> {
    // Not in the refresh's snapshot: names mean what they mean now, also where somebody else has altered them.
    match Fingerprint::take_latest(workspace)?.is_of_same_sources(&before.catalog) {
        true => Ok(()),
        false => Err(altered_meanwhile()),
    }
}

/// The error where a source, an adapter or a view is another one than the refresh has seen.
pub fn altered_meanwhile() -> Error {
    match sees_others() {
        true => Error::AlteredMeanwhile,
        false => Error::Overtaken,
    }
}

/// An error if somebody has altered a source or an adapter since this transaction took its snapshot: tables that were truncated or written
/// anew are empty to it.
pub fn check_not_overtaken(before: &StateSnapshot) -> Result<(), Error> {
    match sees_others() {
        true => Ok(()),
        false => Workspace::open(|workspace| check_unaltered(workspace, before)),
    }
}

/// The state in the snapshot of a workspace.
pub fn snapshot_in(workspace: &mut Workspace) -> Result<StateSnapshot, Error> {
    let catalog = Fingerprint::take_in(workspace)?;
    as_extension_owner(|| {
        workspace
            .rows::<StateSnapshot>(&SNAPSHOT)?
            .pop()
            .ok_or_else(|| Error::Internal("the state of incremental refresh is gone".into()))
    })
    .map(|stored| stored.with(catalog))
}

impl StateSnapshot {
    fn with(self, catalog: Rc<Fingerprint>) -> StateSnapshot {
        StateSnapshot {
            is_altered_now: catalog.is_altered_now(),
            catalog,
            ..self
        }
    }

    /// The versions of the exchange rates that facts are built with now; None where they need none.
    pub fn rates_now(&self) -> Option<&str> {
        self.catalog.reads_rates.then_some(&self.rates_now)
    }

    /// Whether the sources look otherwise than when the facts were built.
    pub fn is_altered(&self) -> bool {
        self.sources
            .as_ref()
            .is_some_and(|sources| *sources != self.catalog.sources)
    }

    /// Why the facts cannot be taken as they are; None where they can.
    pub fn outdated(&self) -> Option<&'static str> {
        if self.generation.is_none() {
            Some("they had not been built yet")
        } else if self.sources.as_deref() != Some(&self.catalog.sources) {
            Some("a source, its triggers or its adapter was altered")
        } else if self.version.as_deref() != Some(version::LIBRARY) {
            Some("another version of metabase_views had built them")
        } else if self.rates.as_deref() != self.rates_now() {
            Some("exchange rates have changed")
        } else if self.own_tables != self.catalog.own_tables {
            Some("a queue, facts or a rollup was altered or emptied")
        } else if self.unknown {
            Some("a source was truncated, or has changed in a way that could not be told")
        } else {
            None
        }
    }

    /// The SQL for the shop as it is.
    pub fn program(&self) -> Result<Program, Error> {
        let names: Vec<String> = ENTITIES.iter().map(|spec| spec.name.to_owned()).collect();
        let mut types: serde_json::Value = query::value(
            include_str!("../../sql/queries/incremental/key_types.sql"),
            &[names.clone().into(), adapters().into()],
        )?;
        types["links"] = query::value(
            include_str!("../../sql/queries/incremental/link_types.sql"),
            &[names.into(), adapters().into(), adapter::LINK.to_owned().into()],
        )?;
        types["zone"] = self.zone.clone().into();
        // A type that is none of those that keys have is NULL there.
        serde_json::from_value(types).map_err(|_| Error::AdapterTypes { rows: "keys".into() })
    }
}

/// Stores whether changes are to be captured.
pub fn store_wanted(wanted: bool) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            "UPDATE metabase_internal.incremental SET is_wanted = $1, retry_at = NULL",
            &[wanted.into()],
        )
    })
}

/// Remembers why refreshes cannot be incremental, or that they can.
pub fn store_reason(reason: Option<&str>) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            "UPDATE metabase_internal.incremental SET reason = $1 WHERE reason IS DISTINCT FROM $1",
            &[reason.map(str::to_owned).into()],
        )
    })
}

/// Notes that anything may have changed that views show, since nothing was captured until now.
pub fn note_unknown() -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/incremental/note_unknown.sql"),
            &[],
        )
    })
}

/// Remembers that this transaction has begun to capture changes.
pub fn store_installed() -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            "UPDATE metabase_internal.incremental SET installed_by = pg_catalog.pg_current_xact_id()",
            &[],
        )
    })
}

/// Whether capture was installed since CREATE EXTENSION: a dump brings facts and triggers, and nothing of this.
pub fn was_installed_here() -> Result<bool, Error> {
    as_extension_owner(|| {
        query::value(
            "SELECT installed_by IS NOT NULL FROM metabase_internal.incremental",
            &[],
        )
    })
}

/// Remembers that the facts could not be built, why, and how long it took to find out.
pub fn store_failure(reason: &str, seconds: f64) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/incremental/store_failure.sql"),
            &[reason.to_owned().into(), seconds.into()],
        )
    })
}

/// Forgets the facts: the next refresh is full.
pub fn invalidate() -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            "UPDATE metabase_internal.incremental SET generation = NULL, sources = NULL",
            &[],
        )?;
        query::run("DELETE FROM metabase_internal.view_sync", &[])
    })
}

/// Remembers that a view holds what is applied, after it was filled from its definition; unless this transaction has refreshed or altered
/// it by hand, which it could do again without leaving another mark.
pub fn store_view_sync(view: &str, day: &str) -> Result<(), Error> {
    let writers: Vec<u32> = as_extension_owner(|| {
        query::values(
            include_str!("../../sql/queries/incremental/view_writers.sql"),
            &[view.to_owned().into()],
        )
    })?;
    if writers.into_iter().any(is_own) {
        return forget_view_sync(view);
    }
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/incremental/store_view_sync.sql"),
            &[view.to_owned().into(), day.to_owned().into()],
        )
    })
}

/// Forgets that a view holds what is applied.
pub fn forget_view_sync(view: &str) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            "DELETE FROM metabase_internal.view_sync WHERE view_name = $1",
            &[view.to_owned().into()],
        )
    })
}

/// Drops the tables of the state, if nobody uses them; with them gone the triggers note nothing. What else bears their names stays, and is
/// in the way of whoever makes them.
pub fn drop_tables() -> Result<(), Error> {
    membership::lock_tables()?;
    membership::end()?;
    let mut names = Vec::new();
    for table in TABLES {
        if is_own_table(table)? {
            names.push(sql::qualified("metabase_internal", table));
        }
    }
    match names.is_empty() {
        true => Ok(()),
        false => as_extension_owner(|| query::run(&format!("DROP TABLE {}", names.join(", ")), &[])),
    }
}

/// Whether there is a table that tells the triggers to note changes.
pub fn is_active() -> Result<bool, Error> {
    is_own_table("sale_fact")
}

/// Whether there is a table of that name, and it is the extension's own.
pub fn is_own_table(table: &str) -> Result<bool, Error> {
    let owner = extension_owner()?;
    Ok(relation::is_table_of(
        c"metabase_internal",
        &CString::new(table)?,
        owner,
    ))
}
