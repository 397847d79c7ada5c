//! What people can do about incremental refresh: switch capture on and off, build anew.

use super::capture::{self, Captured};
use super::installer::{self, Order};
use super::{build, state};
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, as_role, check_may_act_as, check_may_decide};
use crate::pg::query;
use crate::pg::transaction::is_own_transaction;
use crate::pg::workspace::Workspace;

/// How the changes of each source are captured.
pub fn capture_status() -> Result<Vec<Captured>, Error> {
    let snapshot = state::snapshot()?;
    let owner = snapshot.catalog.owner.ok_or(Error::NothingToCapture)?;
    check_may_act_as(owner)?;
    let is_active = state::is_active()?;
    let mut captured = as_role(owner, capture::inspect)?;
    // What kept capture from being installed, where nothing is wrong with the sources themselves.
    let obstacle = match (snapshot.is_wanted, capture::first_problem(&captured)) {
        (false, _) => Some("capture is disabled".to_owned()),
        (true, Some(_)) => None,
        (true, None) => snapshot.reason,
    };
    for entity in captured.iter_mut().filter(|entity| entity.relation.is_some()) {
        entity.is_captured &= is_active;
        if !entity.is_captured && entity.problem.is_none() {
            entity.problem.clone_from(&obstacle);
        }
    }
    Ok(captured)
}

/// Captures changes from now on.
pub fn enable_capture() -> Result<Vec<Captured>, Error> {
    let owner = state::checked_owner()?;
    let captured = as_role(owner, capture::inspect)?;
    let is_captured = |captured: &[Captured]| {
        Ok::<_, Error>(capture::first_problem(captured).is_some() || capture::is_complete(captured)?)
    };
    if is_own_transaction() && !is_captured(&captured)? && installer::is_needed(&captured)? {
        return match installer::run(owner, Order::Enable)? {
            None => capture_status(),
            Some(reason) => Err(Error::NotCaptured { reason }),
        };
    }
    let (_, owner) = state::lock_as_owner()?;
    state::store_wanted(true)?;
    let captured = as_role(owner, capture::inspect)?;
    if !is_captured(&captured)? && !installer::install_or_leave(&captured)? {
        state::store_reason(Some(
            "capture begins when the transaction that asked for it has ended",
        ))?;
    }
    capture_status()
}

/// Captures nothing any more.
pub fn disable_capture() -> Result<String, Error> {
    match state::lock_as_owner() {
        // There is nothing to capture now; it is not captured later either.
        Err(Error::NothingToCapture) => {
            check_may_decide()?;
            state::lock()?;
        }
        locked => drop(locked?),
    }
    state::store_wanted(false)?;
    capture::remove()?;
    Ok("changes are not captured any more; all refreshes are full".into())
}

/// Builds facts and rollups.
pub fn rebuild() -> Result<String, Error> {
    let (snapshot, owner) = state::lock_as_owner()?;
    let captured = as_role(owner, capture::inspect)?;
    let reason = match capture::first_problem(&captured) {
        _ if !snapshot.is_wanted => Some("capture is disabled".to_owned()),
        Some(problem) => Some(problem),
        None if !capture::is_complete(&captured)? => {
            Some("changes of the sources are not captured".to_owned())
        }
        None if snapshot.is_installed_now == Some(true) => {
            Some("changes of the sources are captured since this very transaction".to_owned())
        }
        None => None,
    };
    if let Some(reason) = reason {
        return Err(Error::CannotBuild { reason });
    }
    Workspace::open(|workspace| {
        let snapshot = state::snapshot_in(workspace)?;
        build::build(workspace, &snapshot, owner)
    })?;
    #[derive(serde::Deserialize)]
    struct Built {
        rows: i64,
        seconds: f64,
    }
    let built: Built = as_extension_owner(|| {
        query::row(
            "SELECT build_rows AS rows, build_seconds AS seconds FROM metabase_internal.incremental",
            &[],
        )
    })?;
    Ok(format!(
        "facts and rollups were built from {} orders and stock items in {:.1} s; each view is next refreshed in full",
        built.rows, built.seconds
    ))
}
