//! Refreshing views.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;

use super::required;
use super::rows::row_type;
use crate::calendar::Strategy;
use crate::error::Error;
use crate::manage::lifecycle;
use crate::pg::argument::Text;
use crate::refresh::decide::Mode;
use crate::refresh::log::Outcome;
use crate::refresh::run;
use crate::view::catalog::Event;
use crate::view::registry::{ViewEntry, find_view, views_to_refresh};

row_type! {
    pub(super) refresh_rows(outcome) {
        view_name: String = outcome.view_name.clone(),
        status: String = outcome.status().to_owned(),
        started_at: TimestampWithTimeZone = outcome.started_at,
        completed_at: TimestampWithTimeZone = outcome.completed_at,
        duration_seconds: f64 = outcome.duration_seconds,
        mode: String = outcome.mode.to_owned(),
        rows_changed: Option<i64> = outcome.rows_changed,
        error_message: Option<String> = outcome.error_message(),
    }
}

refresh_rows! {
    fn refresh(strategy: Option<Text>) {
        let name = required("strategy", strategy)?;
        let mut views = views_to_refresh()?;
        if name != "all" {
            let strategy = Strategy::from_name(&name).ok_or(Error::UnknownStrategy { name })?;
            views.retain(|view| view.strategy() == strategy.name());
        }
        refreshed(&views, Mode::Auto)
    }

    fn refresh_view(view_name: Option<Text>, mode: default!(Option<Text>, "'auto'")) {
        let name = required("mode", mode)?;
        let mode = Mode::from_name(&name).ok_or(Error::UnknownMode { name })?;
        let view = find_view(&required("view_name", view_name)?)?;
        refreshed(&[view], mode)
    }

    fn sync_all() {
        refreshed(&views_to_refresh()?, Mode::Auto)
    }

    fn sync_on_order_event() {
        refreshed(&views_refreshed_on(Event::Order)?, Mode::Auto)
    }

    fn sync_on_inventory_event() {
        refreshed(&views_refreshed_on(Event::StockItem)?, Mode::Auto)
    }
}

/// Refreshes views. Where some are missing, all may be.
fn refreshed(views: &[ViewEntry], mode: Mode) -> Result<Vec<Outcome>, Error> {
    let outcomes = run::refresh(views, mode)?;
    if outcomes.iter().any(|outcome| outcome.error.is_some()) {
        match lifecycle::stop_for_nobody() {
            // Whoever reads facts is no reason to undo what was refreshed; the next refresh tries again.
            Err(Error::FactsInUse { .. }) => {}
            stopped => stopped?,
        }
    }
    Ok(outcomes)
}

fn views_refreshed_on(event: Event) -> Result<Vec<ViewEntry>, Error> {
    let mut views = views_to_refresh()?;
    views.retain(|view| view.is_refreshed_on(event));
    Ok(views)
}
