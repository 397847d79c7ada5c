//! The run of a refresh.

use super::choose::{Mode, Plan, choose};
use super::log::{self, Counts, Outcome, Run};
use crate::error::Error;
use crate::pg::subtransaction::subtransaction;
use crate::pg::time_zone::with_time_zone;
use crate::pg::{query, relation};
use crate::settings;
use crate::sql;
use crate::view::registry::ViewEntry;
use crate::view::state::ViewState;

/// Refreshes views one after the other. One that fails is reported as such and harms no other.
pub fn refresh(views: &[ViewEntry], mode: Mode) -> Result<Vec<Outcome>, Error> {
    let zone = settings::current()?.time_zone;
    views
        .iter()
        .map(|view| {
            let outcome = refresh_one(view.name(), mode, &zone);
            log::write(&outcome)?;
            Ok(outcome)
        })
        .collect()
}

fn refresh_one(view: &str, mode: Mode, zone: &str) -> Outcome {
    let mut run = Run::start(view);
    let result = subtransaction(|| {
        let (state, plan, reason) = locked(view, mode)?;
        run.mode_reason = reason;
        let before = Counts::of(state.oid)?;
        let statement = plan.statement(&sql::qualified("analytics", view));
        // A day in a mapping's expression is the shop's, whoever refreshes.
        subtransaction(|| with_time_zone(zone, || query::run(&statement, &[])))
            .map_err(|error| state.explain(view, error))?;
        let after = Counts::of(state.oid)?;
        run.rows_changed = after
            .zip(before)
            .map(|(after, before)| after.changed_since(&before));
        Ok(())
    });
    run.finish(result)
}

/// The view under the lock that its refresh takes.
///
/// REFRESH would wait for that lock with a snapshot that it had taken before, and then put back what a refresh that it waited
/// for has just brought up to date.
fn locked(view: &str, mode: Mode) -> Result<(ViewState, Plan, &'static str), Error> {
    loop {
        let state = ViewState::require(view)?;
        let (plan, reason) = choose(view, &state, mode)?;
        // Only its owner may keep others waiting; to anybody else REFRESH says so.
        if !state.owned {
            return Ok((state, plan, reason));
        }
        subtransaction(|| {
            relation::lock(state.oid, plan.lock());
            Ok(())
        })
        .map_err(|error| state.explain(view, error))?;
        // It may have been replaced or filled meanwhile.
        let now = ViewState::require(view)?;
        if now.oid == state.oid && choose(view, &now, mode)?.0 == plan {
            return Ok((now, plan, reason));
        }
    }
}
