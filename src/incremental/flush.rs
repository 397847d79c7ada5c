//! Flush: the rows of the groups that have changed, written into a view's own heap.

use std::borrow::Cow;
use std::ffi::CString;
use std::sync::LazyLock;

use pgrx::datum::DatumWithOid;

use super::apply::{generated, run_steps};
use super::outdated;
use super::state::{self, StateSnapshot};
use super::target::{FlushTarget, Portion};
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, as_role};
use crate::pg::workspace::Workspace;
use crate::pg::{matview, query, relation};
use crate::sql;
use crate::view::catalog;
use crate::view::definition;

/// One of the views as the catalog has it, and what is known of its rows.
#[derive(Debug, serde::Deserialize)]
pub struct PopulatedView {
    pub oid: u32,
    pub name: String,
    owner: u32,
    relation_now: String,
    relation: Option<String>,
    /// The day that it shows the ages of.
    pub day: Option<String>,
    /// Whether another version has given it another definition than this one has for it.
    is_outdated: bool,
    has_unique_index: bool,
}

/// The query for them. A workspace binds no values.
static POPULATED_VIEWS: LazyLock<String> = LazyLock::new(|| {
    sql::fill(
        include_str!("../../sql/queries/incremental/populated_views.sql"),
        &[(":views", &sql::text_array(&catalog::names()))],
    )
});

/// The views that are populated, as `rows` reads them.
pub fn populated_views(
    rows: impl FnOnce(&str, &[DatumWithOid]) -> Result<Vec<PopulatedView>, Error>,
) -> Result<Vec<PopulatedView>, Error> {
    as_extension_owner(|| rows(&POPULATED_VIEWS, &[]))
}

/// What a flush has written.
pub struct Written {
    pub rows: i64,
    /// Groups that wait for a later flush.
    pub left: i64,
}

impl PopulatedView {
    /// Why its rows cannot be written to; None where they can.
    pub fn obstacle(&self, owner: u32) -> Option<Cow<'static, str>> {
        if self.owner != owner {
            Some("it belongs to another role than the adapters".into())
        } else if !self.has_unique_index {
            Some("it has no unique index".into())
        } else {
            self.is_outdated
                .then(|| definition::what_is_outdated(&self.name).into())
        }
    }

    /// What tells it from any other relation, and from what it was before it was altered.
    pub fn identity(&self) -> String {
        format!("{} {}", self.name, self.relation_now)
    }

    /// Why it has to be compared as a whole; None where it holds what was applied, but for the groups that are noted.
    pub fn unsynced(&self) -> Option<&'static str> {
        match &self.relation {
            None => Some("it had not been compared with its definition since the facts were built"),
            Some(relation) if *relation != self.relation_now => {
                Some("somebody else has refreshed it or altered it")
            }
            _ => None,
        }
    }
}

impl FlushTarget {
    /// Notes the groups that the workspace keeps as dirty for a later flush.
    pub fn note(&self, workspace: &mut Workspace, snapshot: &StateSnapshot) -> Result<(), Error> {
        if workspace.kept(self.dirty) == 0 {
            return Ok(());
        }
        as_extension_owner(|| {
            workspace.run(&self.note_groups())?;
            query::run(
                include_str!("../../sql/queries/incremental/note_dirty.sql"),
                &[self.view.to_owned().into(), snapshot.oldest.clone().into()],
            )
        })
    }

    /// How many groups are noted; none where somebody is just writing them anew. It keeps no lock: whoever asks for a status must
    /// not be in the way of a rebuild.
    pub fn noted(&self) -> Result<i64, Error> {
        let dirty = CString::new(self.dirty)?;
        Ok(relation::count_table_rows(c"metabase_internal", &dirty).unwrap_or(0))
    }

    /// Writes the rows that differ: all, or for an event no more than it may take on. Returns how many, and how many groups are left.
    ///
    /// The caller holds an EXCLUSIVE lock on the view.
    pub fn flush(
        &self,
        workspace: &mut Workspace,
        snapshot: &StateSnapshot,
        populated: &PopulatedView,
        owner: u32,
        is_for_event: bool,
    ) -> Result<Written, Error> {
        let generated = generated(snapshot)?;
        let is_new_day = self.ages.is_some() && populated.day != snapshot.day;
        let portion = match self.most_for_event.filter(|_| is_for_event) {
            Some(most) => self.portion(workspace, snapshot, most)?,
            None => Portion::All,
        };
        run_steps(
            workspace,
            &self.take_groups(is_new_day, portion),
            owner,
            |_, _| (),
        )?;
        let left = match portion {
            Portion::All => 0,
            _ => self.noted()?,
        };
        if workspace.kept("flush_key") == 0 {
            return Ok(Written { rows: 0, left });
        }
        let (steps, changes) = self.changes(&generated.program)?;
        run_steps(workspace, &steps, owner, |_, _| ())?;
        let rows = write(workspace, populated, owner, &changes)?;
        if is_new_day || (workspace.kept("noted") > 0 && left == 0) {
            as_extension_owner(|| {
                query::run(
                    include_str!("../../sql/queries/incremental/note_flushed.sql"),
                    &[self.view.to_owned().into(), snapshot.day.clone().into()],
                )
            })?;
        }
        Ok(Written { rows, left })
    }

    /// What a flush takes on that is to take on `most` groups or so. Where more than that have changed just now, all are noted.
    fn portion(
        &self,
        workspace: &mut Workspace,
        snapshot: &StateSnapshot,
        most: u64,
    ) -> Result<Portion, Error> {
        if workspace.kept(self.dirty) > most {
            self.note(workspace, snapshot)?;
            return Ok(Portion::Noted(most));
        }
        Ok(match self.noted()? as u64 > most {
            true => Portion::Changed { noted: most },
            false => Portion::All,
        })
    }

    /// Writes the rows in which the view differs from its definition, in the snapshot that the facts are of. Returns how many.
    ///
    /// REFRESH would take a newer snapshot. It could show a row in a group that the row has left again by the next apply, which
    /// would not know then that this group is to be mended.
    pub fn compare(
        &self,
        workspace: &mut Workspace,
        snapshot: &StateSnapshot,
        populated: &PopulatedView,
        owner: u32,
    ) -> Result<i64, Error> {
        let definition = self.own_definition(populated)?;
        workspace.once(|workspace| {
            as_extension_owner(|| workspace.run(&format!("DELETE FROM metabase_internal.{}", self.dirty)))?;
            let written = write(workspace, populated, owner, &self.differences(&definition))?;
            let day = snapshot.day.as_deref().unwrap_or_default();
            state::store_view_sync(self.view, day)?;
            Ok(written)
        })
    }
}

impl FlushTarget {
    /// The view's definition, if it is the one that this extension gave it.
    fn own_definition(&self, populated: &PopulatedView) -> Result<String, Error> {
        let held = outdated::held(populated.oid)?;
        match held.is_own {
            true => Ok(held.definition),
            false => Err(Error::ViewUnwritable {
                reason: "its definition is not the one that it was created with",
            }),
        }
    }
}

/// Writes what a query says has changed, as the view's owner. Returns how many rows that were.
fn write(workspace: &mut Workspace, view: &PopulatedView, owner: u32, changes: &str) -> Result<i64, Error> {
    as_role(owner, || {
        let changes = workspace.raw_rows(changes)?;
        match changes.len() {
            0 => Ok(0),
            _ => matview::write(view.oid, &changes),
        }
    })
}
