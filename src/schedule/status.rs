//! How all of it is doing, as one JSON document.

use std::sync::atomic::Ordering::SeqCst;

use serde_json::{Value, json};

use super::{control, engine};
use crate::error::Error;
use crate::incremental::problem;
use crate::manage::status;
use crate::pg::identity::as_extension_owner;
use crate::pg::query;
use crate::pg::shared::{self, NEVER};
use crate::source::installed;
use crate::view::migration::under_way;

/// Views, worker, queue and schedule, at a glance.
pub fn sync_status() -> Result<Value, Error> {
    let views = status::all()?;
    let scheduled = control::scheduled()?;
    let choice = engine::choice()?;
    let existing = views.iter().filter(|view| view.exists).count();
    let total_rows: i64 = views.iter().filter_map(|view| view.row_count).sum();
    let total = views.len();
    let views: Vec<Value> = views
        .into_iter()
        .map(|view| {
            let next_refresh = control::next_refresh(&scheduled, &view.view_name);
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
        })
        .collect();
    let migration = under_way()?;
    let problems: Vec<String> = problem::stored()?
        .map(|problem| {
            format!(
                "all refreshes are full until this is mended: {problem} (SELECT * FROM metabase.capture_status() has the details)"
            )
        })
        .into_iter()
        .collect();
    Ok(json!({
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
        "views": views,
    }))
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
