//! Reads the state, lets `decide` choose between incremental and full, and does what must come before the refresh.

use super::decide::{self, Build, CaptureState, Mode, Seen, Way};
use crate::error::Error;
use crate::incremental::follow::{self, Followed};
use crate::incremental::installer::{self, Order};
use crate::incremental::{capture, outdated, problem, state};
use crate::pg::identity::{as_extension_owner, as_role, may_act_as};
use crate::pg::subtransaction::{subtransaction, subtransaction_kept_if};
use crate::pg::{query, transaction};
use crate::source::installed;
use crate::view::catalog;
use crate::view::state::schema_stranger;

/// How the views are going to be refreshed.
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
    /// The same, and nobody is kept from refreshing.
    Apart { reason: &'static str },
    /// No view can be filled: what the names of the sources mean, the adapters cannot show.
    Barred { what: String },
}

/// Finds out, and lets nobody else refresh until the transaction ends, unless this role has nothing that only one may refresh at a
/// time.
pub fn readiness(mode: Mode, is_own_transaction: bool) -> Result<Readiness, Error> {
    // Whoever may not act as the views' owner does not even wait for the lock: others would wait behind it.
    let owner = state::adapters_owner()?;
    let may_act_as_owner = owner.map_or(Ok(false), may_act_as)?;
    if let Err(reason) = decide::owner(owner, may_act_as_owner) {
        // This role cannot have the adapters follow.
        let replaced = installed::changed_names()?.replaced;
        return Ok(match replaced.is_empty() {
            true => Readiness::Apart { reason },
            false => Readiness::Barred {
                what: format!(
                    "{} is another table, and only the adapters' owner has views follow",
                    replaced.join(", ")
                ),
            },
        });
    }
    let under_lock = |installer: Installer| {
        let keeps = |found: &Found| {
            !matches!(
                found,
                Found::Ready(Readiness::Apart { .. }) | Found::NeedsInstaller { .. }
            )
        };
        subtransaction_kept_if(keeps, || {
            state::lock()?;
            find(mode, is_own_transaction, installer)
        })
    };
    // What this transaction has locked before, the installer would wait for; what it has made, it would not see.
    let mut installer = match transaction::has_effects() {
        true => Installer::OutOfReach,
        false => Installer::NotAsked,
    };
    loop {
        match under_lock(installer)? {
            Found::Ready(readiness) => return Ok(readiness),
            // It needs the lock, which is free again here.
            Found::NeedsInstaller { owner } => {
                installer = Installer::Ended(match installer::run(owner, Order::AsDecided) {
                    Err(error @ Error::NoRoomForInstaller) => Some(installer::not_installed(&error)),
                    failure => failure?,
                });
            }
        }
    }
}

/// What is known of the installer.
enum Installer {
    OutOfReach,
    NotAsked,
    /// It has been there, and why nothing is captured all the same.
    Ended(Option<String>),
}

enum Found {
    Ready(Readiness),
    /// Nothing is known before the installer has been there: this role may not do its work, but have it done.
    NeedsInstaller {
        owner: u32,
    },
}

fn find(mode: Mode, is_own_transaction: bool, installer: Installer) -> Result<Found, Error> {
    let seen = see()?;
    state::check_not_overtaken(&seen.snapshot)?;
    let owner = decide::owner(seen.snapshot.catalog.owner, seen.may_act_as_owner);
    if let Ok(owner) = owner {
        outdated::look(&seen.snapshot.views_of_others, owner)?;
        match follow::follow(&seen.snapshot, owner, mode != Mode::Incremental)? {
            Followed::Nothing => {}
            Followed::Adapters(what) => return after_following(owner, &what, mode, is_own_transaction),
            Followed::Not(what) => {
                let reason = format!("the views have to follow their sources: {what}");
                return Ok(Found::Ready(Readiness::Full {
                    reason,
                    install: false,
                }));
            }
            Followed::Barred(what) => return Ok(Found::Ready(Readiness::Barred { what })),
        }
    }
    let (owner, why) = match decide::way(&seen, mode) {
        Way::Incremental { owner } => {
            if seen.snapshot.reason.is_some() {
                state::store_reason(None)?;
                problem::note(None)?;
            }
            return Ok(Found::Ready(Readiness::Incremental { owner, build: None }));
        }
        Way::Full { reason } => {
            if seen.snapshot.is_wanted && seen.schema_stranger.is_some() {
                state::store_reason(Some(&reason))?;
                problem::note(Some(&reason))?;
            }
            return Ok(Found::Ready(Readiness::Full {
                reason,
                install: false,
            }));
        }
        Way::Apart { reason } => return Ok(Found::Ready(Readiness::Apart { reason })),
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
    let (state, needs_installer) = capture_state(owner)?;
    let is_for_good = matches!(state, CaptureState::Unreadable(_) | CaptureState::Impossible(_));
    let is_for_installer = needs_installer && !matches!(installer, Installer::OutOfReach);
    let (mut reason, forgets, mut install) = match decide::build(why, state, mode, is_own_transaction) {
        Build::Now => {
            return Ok(Found::Ready(Readiness::Incremental {
                owner,
                build: Some(why),
            }));
        }
        Build::Instead {
            reason,
            forgets,
            installs,
        } => (reason, forgets, installs),
    };
    if is_for_installer {
        match installer {
            Installer::Ended(failure) => {
                reason = failure.unwrap_or(reason);
                install = false;
            }
            _ => return Ok(Found::NeedsInstaller { owner }),
        }
    }
    if forgets {
        state::invalidate()?;
        capture::empty_queues()?;
    }
    // Mode incremental never builds the facts, so it does not know why a build would fail.
    if mode != Mode::Incremental {
        state::store_reason(Some(&reason))?;
        if is_for_good {
            problem::note(Some(&reason))?;
        }
    }
    Ok(Found::Ready(Readiness::Full { reason, install }))
}

/// How views are refreshed whose adapters have just been replaced: in full, because this transaction has altered what tells whether the
/// sources were altered. What is new is captured from now on.
fn after_following(owner: u32, what: &str, mode: Mode, is_own_transaction: bool) -> Result<Found, Error> {
    let is_wanted = state::snapshot()?.is_wanted && mode == Mode::Auto;
    let install =
        is_wanted && is_own_transaction && matches!(capture_state(owner)?, (CaptureState::Incomplete, _));
    let reason = format!("the views follow their sources: {what}");
    Ok(Found::Ready(Readiness::Full { reason, install }))
}

fn see() -> Result<Seen, Error> {
    let snapshot = state::snapshot()?;
    let (may_act_as_owner, schema_stranger) = match snapshot.catalog.owner {
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

/// How capture is doing, and whether only the installer could complete it.
fn capture_state(owner: u32) -> Result<(CaptureState, bool), Error> {
    let captured = match subtransaction(|| as_role(owner, capture::inspect)) {
        Ok(captured) => captured,
        Err(error) => return Ok((CaptureState::Unreadable(error.to_string()), false)),
    };
    Ok(match capture::first_problem(&captured) {
        Some(problem) => (CaptureState::Impossible(problem), false),
        None if capture::is_complete(&captured)? => (CaptureState::Complete, false),
        None => (CaptureState::Incomplete, installer::is_needed(&captured)?),
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
