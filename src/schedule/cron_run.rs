//! What a job of pg_cron does: it refreshes one view, if that is due.

use super::agenda;
use super::engine::Engine;
use crate::error::Error;
use crate::refresh::log::{self, Outcome};
use crate::refresh::run;
use crate::view::state::ViewState;

/// Refreshes a view if pg_cron keeps the times and this one's has come since it was last refreshed.
pub fn refresh_if_due(view: &str) -> Result<Option<Outcome>, Error> {
    if let Some(state) = ViewState::find(view)? {
        state.check_owned(view)?;
    }
    let agenda = agenda::read(Engine::PgCron)?;
    let Some(item) = agenda.items.iter().find(|item| item.view.name() == view) else {
        return Ok(None);
    };
    if !agenda.keeps_times {
        return Ok(None);
    }
    let decision = agenda.decide(item, false);
    agenda.store(item, &decision)?;
    let Some(cause) = decision.cause else {
        return Ok(None);
    };
    let id = item.open_run(cause)?;
    let outcome = run::refresh_opened(&item.view, id, false)?;
    log::notify(&[&outcome])?;
    item.store_result(outcome.error.is_some(), 0.5)?;
    log::prune()?;
    Ok(Some(outcome))
}
