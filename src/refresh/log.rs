//! The log of what was refreshed, when, how and with which result.

use std::time::Instant;

use pgrx::JsonB;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::datum::datetime_support::{clock_timestamp, transaction_timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::{Error, shortened};
use crate::parameters;
use crate::pg::identity::{as_extension_owner, current_role};
use crate::pg::{query, transaction};
use crate::settings;
use crate::view::catalog::VIEWS;

/// A run under way.
pub struct Run {
    view_name: String,
    started_at: TimestampWithTimeZone,
    seen_until: Option<TimestampWithTimeZone>,
    clock: Instant,
    pub mode: &'static str,
    pub mode_reason: String,
    pub rows_changed: Option<i64>,
}

/// A run that has ended, as refresh() returns it.
pub struct Outcome {
    pub view_name: String,
    pub started_at: TimestampWithTimeZone,
    /// Up to when it saw what was committed, at least, and the view shows it; None where it failed, or has left rows to later runs.
    seen_until: Option<TimestampWithTimeZone>,
    pub completed_at: TimestampWithTimeZone,
    pub duration_seconds: f64,
    pub mode: &'static str,
    pub mode_reason: String,
    pub rows_changed: Option<i64>,
    pub error: Option<Error>,
}

impl Run {
    pub fn start(view_name: &str) -> Run {
        Run::start_in(view_name, snapshot_time())
    }

    /// Of a view that is filled in a snapshot which was taken at that time or later.
    pub fn start_in(view_name: &str, seen_until: TimestampWithTimeZone) -> Run {
        Run {
            view_name: view_name.to_owned(),
            started_at: clock_timestamp(),
            seen_until: Some(seen_until),
            clock: Instant::now(),
            mode: "full",
            mode_reason: "it failed before there was a choice".into(),
            rows_changed: None,
        }
    }

    /// Of the rows that it found to differ it leaves so many to later runs.
    pub fn leave(&mut self, rows: i64) {
        self.mode_reason += &format!("; {rows} rows are left to later refreshes");
        self.seen_until = None;
    }

    pub fn finish(self, result: Result<(), Error>) -> Outcome {
        let microseconds = (self.clock.elapsed().as_secs_f64() * 1e6).round();
        Outcome {
            view_name: self.view_name,
            started_at: self.started_at,
            seen_until: self.seen_until.filter(|_| result.is_ok()),
            completed_at: clock_timestamp(),
            duration_seconds: microseconds / 1e6,
            mode: self.mode,
            mode_reason: self.mode_reason,
            rows_changed: self.rows_changed.filter(|_| result.is_ok()),
            error: result.err(),
        }
    }
}

/// When a snapshot was taken, at the earliest, that a statement reads in from now on.
pub fn snapshot_time() -> TimestampWithTimeZone {
    match transaction::sees_others() {
        true => clock_timestamp(),
        false => transaction_timestamp(),
    }
}

impl Outcome {
    pub fn status(&self) -> &'static str {
        match self.error {
            None => "completed",
            Some(_) => "failed",
        }
    }

    pub fn error_message(&self) -> Option<String> {
        self.error.as_ref().map(Error::in_full)
    }

    /// The same, as it is stored.
    fn stored_error(&self) -> Option<String> {
        self.error_message().map(|error| shortened(&error, LONGEST_TEXT))
    }

    /// Why its mode was taken, as it is stored.
    fn stored_reason(&self) -> String {
        shortened(&self.mode_reason, LONGEST_TEXT)
    }
}

/// How many characters are stored of an error or a reason. The parts of an error were cut when it was caught.
const LONGEST_TEXT: usize = 4000;

/// Runs that are kept of each view at most, whatever their age.
const MOST_RUNS: i64 = 10_000;

/// Removes runs from the log that are older than the setting `history_days` says, or too many; the last one of a view that completed is
/// neither, as long as the view is there.
pub fn prune() -> Result<(), Error> {
    let days = settings::current()?.history_days;
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/refresh/prune_history.sql"),
            &[days.into(), MOST_RUNS.into()],
        )
    })
}

/// Writes into the log how run `id` has ended, which it has had since it began.
pub fn close(id: i64, outcome: &Outcome) -> Result<(), Error> {
    let error = outcome.error.as_ref();
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/refresh/close_run.sql"),
            &[
                id.into(),
                outcome.status().to_owned().into(),
                outcome.mode.to_owned().into(),
                outcome.stored_reason().into(),
                outcome.rows_changed.into(),
                error.map(|error| error.sqlstate().to_owned()).into(),
                outcome.stored_error().into(),
                outcome.seen_until.into(),
            ],
        )
    })
}

/// Writes into the log that run `id` has failed, in a transaction that is rolled back already.
pub fn close_failed(id: i64, sqlstate: &str, message: &str) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/refresh/close_run.sql"),
            &[
                id.into(),
                "failed".to_owned().into(),
                None::<String>.into(),
                None::<String>.into(),
                None::<i64>.into(),
                sqlstate.to_owned().into(),
                shortened(message, LONGEST_TEXT).into(),
                None::<TimestampWithTimeZone>.into(),
            ],
        )
    })
}

/// Tells whoever listens on channel metabase_views what was refreshed, when this transaction commits; nobody where half of the server's
/// queue of notifications is taken. Any login of any database can fill it, and a transaction that has notified then fails when it
/// commits: no refresh is to be lost for that.
///
/// Every login of the database may listen. What this extension's views are called is no secret; what a view of somebody's own is called, and how
/// much changes in it, is for those who may read it.
pub fn notify(outcomes: &[&Outcome]) -> Result<(), Error> {
    let told: Vec<Value> = outcomes
        .iter()
        .filter(|outcome| outcome.error.is_none())
        .map(|outcome| {
            let is_ours = VIEWS.iter().any(|view| view.name == outcome.view_name);
            json!({
                "view": is_ours.then_some(&outcome.view_name),
                "mode": outcome.mode,
                "rows": outcome.rows_changed.filter(|_| is_ours),
            })
        })
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/refresh/notify.sql"),
            &[JsonB(told.into()).into()],
        )
    })
}

/// Writes runs that have ended into the log. A refresh that was refused to somebody who has no say in the view is no run of it.
pub fn write(outcomes: &[&Outcome]) -> Result<(), Error> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let runs: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            json!({
                "view_name": outcome.view_name,
                "status": outcome.status(),
                "started_at": outcome.started_at,
                "completed_at": outcome.completed_at,
                "seen_until": outcome.seen_until,
                "mode": outcome.mode,
                "mode_reason": outcome.stored_reason(),
                "rows_changed": outcome.rows_changed,
                "sqlstate": outcome.error.as_ref().map(Error::sqlstate),
                "error_message": outcome.stored_error(),
            })
        })
        .collect();
    let role = current_role()?;
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/refresh/log_refresh.sql"),
            &[
                JsonB(runs.into()).into(),
                role.into(),
                parameters::clock_offset().into(),
            ],
        )
    })?;
    notify(outcomes)
}

/// The last completed run of a view, and the error of its last run that has ended, if that failed: what `T` names of these.
pub fn last_runs<T: DeserializeOwned>(view: &str) -> Result<T, Error> {
    as_extension_owner(|| {
        query::row(
            include_str!("../../sql/queries/refresh/last_runs.sql"),
            &[view.to_owned().into()],
        )
    })
}

/// Rows that this session has written into and removed from a relation.
#[derive(serde::Deserialize)]
pub struct Counts {
    inserted: i64,
    deleted: i64,
}

impl Counts {
    /// The counts so far; None where the server does not count (track_counts off).
    pub fn of(relation: u32) -> Result<Option<Counts>, Error> {
        query::optional_row(
            include_str!("../../sql/queries/refresh/rows_changed.sql"),
            &[i64::from(relation).into()],
        )
    }

    /// The rows that have changed since then. A row that was replaced was deleted and inserted, and counts once.
    pub fn changed_since(&self, earlier: &Counts) -> i64 {
        (self.inserted - earlier.inserted).max(self.deleted - earlier.deleted)
    }

    /// The rows of a relation that was made since counting began.
    pub fn inserted(&self) -> i64 {
        self.inserted
    }
}
