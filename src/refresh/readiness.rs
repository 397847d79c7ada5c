//! Whether the seven can be refreshed incrementally now, and why not where they cannot.

use super::choose::Mode;
use crate::error::Error;
use crate::incremental::capture;
use crate::incremental::state::{self, StateSnapshot};
use crate::pg::identity::{as_extension_owner, as_role, may_act_as};
use crate::pg::query;
use crate::pg::subtransaction::subtransaction;
use crate::view::catalog;
use crate::view::state::schema_stranger;

/// Below this many queued keys nobody asks what they cost.
const MANY_CHANGES: i64 = 10_000;
/// What a change is taken to cost until it has been measured, in seconds.
const SECONDS_PER_CHANGE: f64 = 0.0002;

/// Facts that are built in the transaction that began to capture changes could lack what was committed just before.
const INSTALLED_NOW: &str =
    "changes of its sources are captured since this transaction: the next one builds facts and rollups";

/// How the seven are going to be refreshed.
pub enum Readiness {
    /// From facts: what has changed since they were applied is in the queues.
    Incremental {
        owner: u32,
        /// Why the facts have to be built first; None where they are there.
        build: Option<&'static str>,
    },
    /// Each view is filled from its definition.
    Full {
        reason: String,
        /// Whether capture is to be installed once all else is done: that locks the sources until the transaction ends.
        install: bool,
    },
}

fn full(reason: impl Into<String>) -> Readiness {
    Readiness::Full {
        reason: reason.into(),
        install: false,
    }
}

/// Finds out, under the lock of whoever refreshes.
pub fn readiness(mode: Mode, is_own_transaction: bool) -> Result<Readiness, Error> {
    state::lock()?;
    let snapshot = state::snapshot()?;
    let Some(owner) = snapshot.owner else {
        return Ok(full("there are no adapters"));
    };
    if !may_act_as(owner)? {
        return Ok(full("it belongs to another role"));
    }
    if !snapshot.is_wanted {
        return Ok(full("capture is disabled"));
    }
    if let Some(stranger) = schema_stranger(owner)? {
        return Ok(full(Error::SchemaOfStranger { owner: stranger }.to_string()));
    }
    if mode == Mode::Full {
        return Ok(full("full was asked for"));
    }
    if snapshot.is_altered_now == Some(true) {
        return Ok(full(
            "this transaction has altered a source, its triggers or its adapter",
        ));
    }
    let why = match snapshot.outdated() {
        Some(why) => why,
        None if mode == Mode::Auto && is_build_cheaper(&snapshot)? => {
            distrust_cost()?;
            "so much has changed that this is cheaper"
        }
        None => return Ok(Readiness::Incremental { owner, build: None }),
    };
    if snapshot.has_just_failed == Some(true) {
        let reason = snapshot
            .reason
            .unwrap_or_else(|| "facts and rollups could not be built a moment ago".into());
        return Ok(full(reason));
    }
    if snapshot.is_installed_now == Some(true) {
        return Ok(full(INSTALLED_NOW));
    }
    let readiness = rebuilt(why, owner, mode, is_own_transaction)?;
    // Who asks for nothing but what is queued has not tried what would help.
    if let Readiness::Full { reason, .. } = &readiness
        && mode != Mode::Incremental
    {
        state::store_reason(Some(reason))?;
    }
    Ok(readiness)
}

/// Whether the facts can be built, or what has to come first.
fn rebuilt(why: &'static str, owner: u32, mode: Mode, is_own_transaction: bool) -> Result<Readiness, Error> {
    let captured = match subtransaction(|| as_role(owner, capture::inspect)) {
        Ok(captured) => captured,
        Err(error) => return Ok(full(format!("the sources could not be looked at: {error}"))),
    };
    if let Some(problem) = capture::first_problem(&captured) {
        // Whatever builds the facts one day reads more than what is queued.
        state::invalidate()?;
        capture::empty_queues()?;
        return Ok(full(problem));
    }
    if !capture::is_complete(&captured)? {
        return Ok(match is_own_transaction {
            true => Readiness::Full {
                reason: "changes of its sources are captured from now on".into(),
                install: true,
            },
            false => full(
                "changes of its sources are not captured yet: that begins with a refresh outside of a transaction block",
            ),
        });
    }
    Ok(match mode {
        Mode::Incremental => full(format!("facts and rollups have to be built first: {why}")),
        _ => Readiness::Incremental {
            owner,
            build: Some(why),
        },
    })
}

/// Whether building anew, and filling each view, is expected to cost less than applying what is queued.
fn is_build_cheaper(snapshot: &StateSnapshot) -> Result<bool, Error> {
    if snapshot.changes < MANY_CHANGES {
        return Ok(false);
    }
    let full: Option<f64> = as_extension_owner(|| {
        query::value(
            include_str!("../../sql/queries/refresh/full_cost.sql"),
            &[catalog::names().into()],
        )
    })?;
    let (Some(build), Some(full)) = (snapshot.build_seconds, full) else {
        return Ok(false);
    };
    let apply = snapshot.changes as f64 * snapshot.seconds_per_change.unwrap_or(SECONDS_PER_CHANGE);
    Ok(apply > build + full)
}

/// A cost that has kept a refresh from being incremental is not measured again by it: it is halved, so that the other way gets
/// its turn.
fn distrust_cost() -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            "UPDATE metabase_internal.incremental SET seconds_per_change = seconds_per_change / 2",
            &[],
        )
    })
}
