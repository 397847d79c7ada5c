//! The run of a refresh.

use super::choose::{Mode, choose};
use super::log::{self, Outcome, Run, rows_changed_in_transaction};
use crate::error::Error;
use crate::pg::query;
use crate::pg::subtransaction::subtransaction;
use crate::sql;
use crate::view::custom::ViewEntry;
use crate::view::state::ViewState;

/// Refreshes views one after the other. One that fails is reported as such and harms no other.
pub fn refresh(views: &[ViewEntry], mode: Mode) -> Result<Vec<Outcome>, Error> {
    views
        .iter()
        .map(|view| {
            let outcome = refresh_one(view.name(), mode);
            log::write(&outcome)?;
            Ok(outcome)
        })
        .collect()
}

fn refresh_one(view: &str, mode: Mode) -> Outcome {
    let mut run = Run::start(view);
    let result = subtransaction(|| {
        let state = ViewState::require(view)?;
        let (plan, reason) = choose(view, &state, mode)?;
        run.mode_reason = reason;
        let before = rows_changed_in_transaction(state.oid)?;
        subtransaction(|| query::run(&plan.statement(&sql::qualified("analytics", view)), &[]))
            .map_err(|error| state.explain(view, error))?;
        let after = rows_changed_in_transaction(state.oid)?;
        run.rows_changed = after.zip(before).map(|(after, before)| after - before);
        Ok(())
    });
    run.finish(result)
}
