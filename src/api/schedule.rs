//! When views are refreshed by themselves, and how that is going.

use pgrx::JsonB;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::refresh::refresh_rows;
use super::rows::row_type;
use super::{optional, required};
use crate::pg::argument::{Text, Texts};
use crate::schedule::control;
use crate::schedule::{cron_run, freshness, status};
use crate::view::registry::find_view;

row_type! {
    scheduled_rows(scheduled) {
        view_name: String = scheduled.view_name,
        strategy: String = scheduled.strategy,
        next_refresh: Option<TimestampWithTimeZone> = scheduled.next_refresh,
    }
}

scheduled_rows! {
    fn setup_refresh_schedule(engine: default!(Option<Text>, "'auto'")) {
        control::set_up(&required("engine", engine)?)
    }

    fn unschedule() {
        control::unschedule()
    }

    fn set_strategy(view_name: Option<Text>, strategy: Option<Text>) {
        control::set_strategy(&required("view_name", view_name)?, &required("strategy", strategy)?)
    }
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn enable_event_sync() -> Result<String, ErrorReport> {
    Ok(control::set_event_sync(true)?.to_owned())
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn disable_event_sync() -> Result<String, ErrorReport> {
    Ok(control::set_event_sync(false)?.to_owned())
}

row_type! {
    freshness_rows(freshness) {
        as_of: Option<TimestampWithTimeZone> = freshness.as_of,
        state: String = freshness.state.to_owned(),
    }
}

freshness_rows! {
    fn data_as_of(view_names: default!(Option<Texts>, "NULL")) {
        Ok([freshness::of(optional("view_names", view_names)?)?])
    }
}

refresh_rows! {
    fn refresh_if_due(view_name: Option<Text>) {
        cron_run::refresh_if_due(find_view(&required("view_name", view_name)?)?.name())
    }
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn sync_status() -> Result<JsonB, ErrorReport> {
    Ok(JsonB(status::sync_status()?))
}
