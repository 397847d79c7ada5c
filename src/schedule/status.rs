//! How all of it is doing, as one JSON document.

use std::sync::atomic::Ordering::SeqCst;

use serde_json::{Value, json};

use super::control::{self, Scheduled};
use super::engine;
use crate::check::last;
use crate::error::Error;
use crate::incremental::problem;
use crate::manage::status::{self, Status};
use crate::pg::identity::as_extension_owner;
use crate::pg::shared::{self, NEVER};
use crate::pg::{query, version};
use crate::source::installed;
use crate::view::definition;
use crate::view::migration::under_way;

/// Views, worker, queue and schedule, at a glance.
pub fn sync_status() -> Result<Value, Error> {
    let (optional, views): (Vec<Status>, Vec<Status>) =
        status::all()?.into_iter().partition(|view| view.is_optional);
    let scheduled = control::scheduled()?;
    let choice = engine::choice()?;
    let existing = views.iter().filter(|view| view.exists).count();
    let total_rows: i64 = views.iter().filter_map(|view| view.row_count).sum();
    let total = views.len();
    let told = |view| of_view(view, &scheduled);
    let views: Vec<Value> = views.into_iter().map(told).collect();
    let last_check = last::read()?;
    let migration = under_way()?;
    let lacking = optional.iter().find(|view| !view.exists);
    let lacks_sales = lacking
        .filter(|_| existing > 0 && migration.is_none())
        .map(|view| {
            let name = &view.view_name;
            format!(
                "{name} is not there: SELECT metabase.create_view('{name}'); or do without it: SELECT metabase.set_setting('sales_view', 'off');"
            )
        });
    let sales_view = optional.into_iter().map(told).next();
    let full = problem::stored()?.map(|problem| {
        format!(
            "all refreshes are full until this is mended: {problem} (SELECT * FROM metabase.capture_status() has the details)"
        )
    });
    let outdated = definition::outdated()?
        .into_iter()
        .map(|view| format!("{view}: {}", definition::what_is_outdated(&view)));
    let problems: Vec<String> = full.into_iter().chain(lacks_sales).chain(outdated).collect();
    Ok(json!({
        "version": version::LIBRARY,
        "total_views": total,
        "existing_views": existing,
        "missing_views": total - existing,
        "total_rows": total_rows,
        "last_check": pgrx::datum::datetime_support::clock_timestamp(),
        "engine": choice.engine.name(),
        "event_sync": choice.event_sync,
        "worker": worker(),
        "queue": queue()?,
        "changed_sources": installed::changed_names()?.all(),
        "migration": migration.map(|migration| json!({
            "since": migration.since,
            "by": migration.begun_by_name,
            "message": migration.error().to_string(),
            "views": migration.views,
        })),
        "problems": problems,
        "data": last_check.map(|last| json!({
            "checked_at": last.checked_at.to_string(),
            "findings": last.findings,
        })),
        "views": views,
        "sales_view": sales_view,
    }))
}

/// One view at a glance.
fn of_view(view: Status, scheduled: &[Scheduled]) -> Value {
    let next_refresh = control::next_refresh(scheduled, &view.view_name);
    json!({
        "view_name": view.view_name,
        "exists": view.exists,
        "last_refresh": view.last_refresh,
        "row_count": view.row_count,
        "size_bytes": view.size_bytes,
        "strategy": view.strategy,
        "next_refresh": next_refresh,
        "mode": view.mode,
        "mode_reason": view.mode_reason,
        "pending_changes": view.pending_changes,
        "pending_since": view.pending_since,
        "last_error": view.last_error,
    })
}

/// The background worker of this database.
fn worker() -> Value {
    let launcher = shared::with_board(|board| board.launcher_pid()).flatten();
    let time = |microseconds: i64| {
        jiff::Timestamp::from_microsecond(microseconds)
            .ok()
            .filter(|_| microseconds != 0 && microseconds != NEVER)
            .map(|time| time.to_string())
    };
    let of_place = shared::with_own_place(|_, place| {
        let pid = Some(place.pid.load(SeqCst)).filter(|pid| *pid != 0);
        let build_step = place.build_step.load(SeqCst);
        json!({
            "preloaded": true,
            "launcher_pid": launcher,
            "alive": pid.is_some(),
            "pid": pid,
            "idle": place.is_idle.load(SeqCst),
            "last_cycle": time(place.cycle_at.load(SeqCst)),
            "next_cycle": time(place.next_due.load(SeqCst)),
            "failures": place.failures.load(SeqCst),
            "build": (build_step != 0).then(|| json!({
                "step": build_step,
                "of": place.build_steps.load(SeqCst),
            })),
        })
    });
    of_place.unwrap_or_else(|| {
        json!({
            "preloaded": shared::is_preloaded(),
            "launcher_pid": launcher,
            "alive": false,
        })
    })
}

/// What is captured and not applied yet.
fn queue() -> Result<Value, Error> {
    as_extension_owner(|| query::row(include_str!("../../sql/queries/schedule/queue.sql"), &[]))
}
