//! Reads the state, lets `decide` choose between incremental and full, and does what must come before the refresh.

use super::decide::{self, Build, CaptureState, Mode, Seen, Way};
use crate::error::Error;
use crate::incremental::capture;
use crate::incremental::state;
use crate::pg::identity::{as_extension_owner, as_role, may_act_as};
use crate::pg::query;
use crate::pg::subtransaction::subtransaction;
use crate::view::catalog;
use crate::view::state::schema_stranger;

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

/// Takes the lock that lets one session refresh at a time, then decides.
pub fn readiness(mode: Mode, is_own_transaction: bool) -> Result<Readiness, Error> {
    state::lock()?;
    let seen = see()?;
    let (owner, why) = match decide::way(&seen, mode) {
        Way::Incremental { owner } => return Ok(Readiness::Incremental { owner, build: None }),
        Way::Full { reason } => {
            return Ok(Readiness::Full {
                reason,
                install: false,
            });
        }
        Way::Build {
            owner,
            why,
            is_cheaper,
        } => {
            if is_cheaper {
                distrust_cost()?;
            }
            (owner, why)
        }
    };
    match decide::build(why, capture_state(owner)?, mode, is_own_transaction) {
        Build::Now => Ok(Readiness::Incremental {
            owner,
            build: Some(why),
        }),
        Build::Instead {
            reason,
            forgets,
            installs,
        } => {
            if forgets {
                state::invalidate()?;
                capture::empty_queues()?;
            }
            // Mode incremental never builds the facts, so it does not know why a build would fail.
            if mode != Mode::Incremental {
                state::store_reason(Some(&reason))?;
            }
            Ok(Readiness::Full {
                reason,
                install: installs,
            })
        }
    }
}

fn see() -> Result<Seen, Error> {
    let snapshot = state::snapshot()?;
    let (may_act_as_owner, schema_stranger) = match snapshot.owner {
        Some(owner) => (may_act_as(owner)?, schema_stranger(owner)?),
        None => (false, None),
    };
    let full_seconds = match decide::asks_for_cost(&snapshot) {
        true => full_seconds()?,
        false => None,
    };
    Ok(Seen {
        snapshot,
        may_act_as_owner,
        schema_stranger,
        full_seconds,
    })
}

fn capture_state(owner: u32) -> Result<CaptureState, Error> {
    let captured = match subtransaction(|| as_role(owner, capture::inspect)) {
        Ok(captured) => captured,
        Err(error) => return Ok(CaptureState::Unreadable(error.to_string())),
    };
    Ok(match capture::first_problem(&captured) {
        Some(problem) => CaptureState::Impossible(problem),
        None if capture::is_complete(&captured)? => CaptureState::Complete,
        None => CaptureState::Incomplete,
    })
}

/// How long the last full refresh of each view took, in seconds.
fn full_seconds() -> Result<Option<f64>, Error> {
    as_extension_owner(|| {
        query::value(
            include_str!("../../sql/queries/refresh/full_cost.sql"),
            &[catalog::names().into()],
        )
    })
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
