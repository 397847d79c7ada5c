//! The fingerprint: what the catalog says of all that facts, views and capture rely on. It is dear to take, so a session keeps the last one
//! for as long as no message has told it that the catalog was altered.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::LazyLock;

use super::program::{TABLES, queues};
use crate::error::Error;
use crate::pg::identity::as_extension_owner;
use crate::pg::transaction::{is_own, sees_others};
use crate::pg::workspace::Workspace;
use crate::pg::{alterations, query};
use crate::source::entity::adapters;
use crate::source::installed;
use crate::sql;

/// What the catalog says of the sources, of the adapters and of the extension's own tables.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Fingerprint {
    /// The owner of all adapters, as whom these are read, and the views written; None where they have several, or are not there.
    pub owner: Option<u32>,
    /// What the sources look like.
    pub sources: String,
    /// What the adapters' own entries in the catalog look like.
    adapters: Option<String>,
    /// What the extension's own tables look like; None where one that bears a queue's name is not the extension's.
    pub own_tables: Option<String>,
    /// The transactions that have written what tells the sources and adapters.
    writers: Option<Vec<u32>>,
    /// Whether the adapters read exchange rates.
    pub reads_rates: bool,
    /// Whether there are triggers on what is no source any more.
    pub has_strays: bool,
    /// Whether the names of the sources mean something else than when the adapters were last compared with them, or another version or major
    /// made them.
    pub has_other_names: bool,
}

/// The query for it. A workspace binds no values.
static FINGERPRINT: LazyLock<String> = LazyLock::new(|| {
    sql::fill(
        include_str!("../../sql/queries/incremental/fingerprint.sql"),
        &[
            (":adapters", &sql::text_array(&adapters())),
            (":has_other_names", &installed::has_other_names()),
            (":own_tables", &own_tables()),
        ],
    )
});

/// The query for what the extension's own tables look like.
pub fn own_tables() -> String {
    let queues: Vec<String> = queues().collect();
    sql::fill(
        include_str!("../../sql/queries/incremental/own_tables.sql"),
        &[
            (":tables", &sql::text_array(&TABLES)),
            (":queues", &sql::text_array(&queues)),
        ],
    )
}

thread_local! {
    /// The last one, and how many alterations there had been when it was taken.
    static KEPT: RefCell<Option<(u64, Rc<Fingerprint>)>> = const { RefCell::new(None) };
}

/// The one that is kept, if nothing was altered since.
fn kept(alterations: u64) -> Option<Rc<Fingerprint>> {
    KEPT.with_borrow(|kept| match kept {
        Some((count, fingerprint)) if *count == alterations => Some(fingerprint.clone()),
        _ => None,
    })
}

impl Fingerprint {
    /// As this statement sees the catalog.
    pub fn take() -> Result<Rc<Fingerprint>, Error> {
        let alterations = alterations::count();
        if let Some(kept) = kept(alterations) {
            return Ok(kept);
        }
        let taken: Fingerprint = as_extension_owner(|| query::row(&FINGERPRINT, &[]))?;
        let taken = Rc::new(taken);
        // A transaction that sees no others goes on seeing what they have altered; what the names are compared with is no matter of the catalog.
        let is_lasting = sees_others() && !taken.has_other_names;
        KEPT.set(is_lasting.then(|| (alterations, taken.clone())));
        Ok(taken)
    }

    /// As the snapshot of a workspace has the catalog.
    pub fn take_in(workspace: &mut Workspace) -> Result<Rc<Fingerprint>, Error> {
        if let Some(kept) = kept(alterations::count()) {
            return Ok(kept);
        }
        as_extension_owner(|| {
            let mut rows = workspace.rows::<Fingerprint>(&FINGERPRINT)?;
            rows.pop()
                .map(Rc::new)
                .ok_or_else(|| Error::Internal("the state of incremental refresh is gone".into()))
        })
    }

    /// As the catalog is now, whatever snapshot this transaction has.
    pub fn take_latest(workspace: &mut Workspace) -> Result<Rc<Fingerprint>, Error> {
        match sees_others() {
            true => Fingerprint::take(),
            false => workspace.latest(Fingerprint::take_in),
        }
    }

    /// Whether this transaction itself has altered a source or an adapter: another alteration could not be told from the one that it
    /// has made.
    pub fn is_altered_now(&self) -> bool {
        self.writers.iter().flatten().any(|writer| is_own(*writer))
    }

    /// Whether sources, adapters and the meaning of names are the same.
    pub fn is_of_same_sources(&self, other: &Fingerprint) -> bool {
        self.sources == other.sources
            && self.adapters == other.adapters
            && self.has_other_names == other.has_other_names
    }
}
