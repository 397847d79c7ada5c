//! How fresh views are, taken together: up to when all of them hold what was committed, for whoever looks at a dashboard.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use pgrx::datum::TimestampWithTimeZone;

use super::agenda::sql_time;
use crate::calendar::{self, Strategy, Timetable};
use crate::check::last;
use crate::error::Error;
use crate::incremental::flush::{PopulatedView, populated_views};
use crate::incremental::state::{self, StateSnapshot};
use crate::incremental::target::FlushTarget;
use crate::manage::status;
use crate::pg::query;
use crate::refresh::log::last_runs;
use crate::settings;
use crate::view::registry::{ViewEntry, find_view, views_to_refresh};
use crate::view::state::ViewState;

/// How fresh views are.
pub struct Freshness {
    /// Up to when all of them hold what was committed; None where one was never filled by this extension.
    pub as_of: Option<TimestampWithTimeZone>,
    /// `up to date`, `late`, `data has errors` or `not filled`.
    pub state: &'static str,
}

/// How long a refresh may take, and wait for its turn, once its time has come.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// How fresh the views of these names are, or all of this extension's that there are.
pub fn of(names: Option<Vec<String>>) -> Result<Freshness, Error> {
    let names = names.map(BTreeSet::from_iter);
    let views: Vec<ViewEntry> = match names.filter(|names: &BTreeSet<String>| !names.is_empty()) {
        Some(names) => names
            .iter()
            .map(|name| find_view(name))
            .collect::<Result<_, _>>()?,
        None => views_to_refresh()?
            .into_iter()
            .filter(ViewEntry::is_ours)
            .collect(),
    };
    let seen = Seen::look()?;
    let now = Timestamp::now();
    let mut as_of = seen.until;
    let mut is_late = false;
    for view in &views {
        let Some(until) = seen.held_until(view)? else {
            return Ok(Freshness {
                as_of: None,
                state: "not filled",
            });
        };
        let due = due_after(view.strategy(), until, &seen.zone);
        is_late |= due.is_some_and(|due| now > due + PATIENCE);
        as_of = as_of.min(until);
    }
    Ok(Freshness {
        as_of: Some(sql_time(as_of)?),
        state: match is_late {
            true => "late",
            false if last::read()?.is_some_and(|last| last.has_errors()) => "data has errors",
            false => "up to date",
        },
    })
}

/// What is the same for all views.
struct Seen {
    /// Up to when this statement sees what was committed.
    until: Timestamp,
    zone: TimeZone,
    snapshot: StateSnapshot,
    populated: Vec<PopulatedView>,
}

impl Seen {
    fn look() -> Result<Seen, Error> {
        Ok(Seen {
            until: query::value(include_str!("../../sql/queries/schedule/seen_until.sql"), &[])?,
            zone: calendar::zone(&settings::of_views()?.time_zone).unwrap_or(TimeZone::UTC),
            snapshot: state::snapshot()?,
            populated: populated_views(query::rows)?,
        })
    }

    /// Up to when a view holds what was committed; None where it was never filled, or not by this extension: of what somebody has put in its place
    /// nobody knows.
    fn held_until(&self, view: &ViewEntry) -> Result<Option<Timestamp>, Error> {
        #[derive(serde::Deserialize)]
        struct LastRun {
            last_refresh: Option<TimestampWithTimeZone>,
            last_seen: Option<Timestamp>,
        }
        let is_filled = ViewState::find(view.name())?.is_some_and(|state| state.populated);
        let last_run: LastRun = last_runs(view.name())?;
        let pending = status::pending(view.name(), last_run.last_refresh)?;
        let is_followed = pending.is_some() && self.is_followed(view);
        let until = match is_followed {
            true => Some(self.day_of_ages_ends(view).unwrap_or(self.until)),
            // What was committed while it was refreshed, it may lack.
            false => last_run.last_seen,
        };
        let Some(until) = until.filter(|_| is_filled) else {
            return Ok(None);
        };
        let waits_since = pending.and_then(|pending| pending.since);
        Ok(Some(match waits_since.map(instant).transpose()? {
            Some(since) => until.min(since),
            None => until.min(self.until),
        }))
    }

    /// Whether all that is committed is captured for a view, so that it lacks nothing but what waits.
    fn is_followed(&self, view: &ViewEntry) -> bool {
        let is_synced = |populated: &PopulatedView| populated.unsynced().is_none();
        self.snapshot.is_wanted
            && !self.snapshot.catalog.has_other_names
            && self.snapshot.outdated().is_none()
            && self.populated_as(view).is_some_and(is_synced)
    }

    fn populated_as(&self, view: &ViewEntry) -> Option<&PopulatedView> {
        self.populated
            .iter()
            .find(|populated| view.is_ours() && populated.name == view.name())
    }

    /// When the day ended that a view shows the ages of; None where that is today, or it has none.
    fn day_of_ages_ends(&self, view: &ViewEntry) -> Option<Timestamp> {
        FlushTarget::of(view.name())?.ages?;
        let day = &self.populated_as(view)?.day;
        if *day == self.snapshot.day {
            return None;
        }
        let day: Date = day.as_ref()?.parse().ok()?;
        let next = day.tomorrow().ok()?.to_zoned(self.zone.clone()).ok()?;
        Some(next.timestamp())
    }
}

/// By when a view of a strategy that holds what was committed until then is to hold more; None where nobody has said so: what is refreshed by hand is
/// never late.
fn due_after(strategy: &str, until: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    match Strategy::from_name(strategy) {
        Some(Strategy::Realtime) => Some(until),
        _ => Timetable::parse(strategy).ok()?.next_after(until, zone),
    }
}

fn instant(time: TimestampWithTimeZone) -> Result<Timestamp, Error> {
    Ok(serde_json::from_value(serde_json::to_value(time)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_late_by_its_strategy() {
        let until: Timestamp = "2026-06-01T10:20:00Z".parse().expect("a time");
        let due = |strategy| due_after(strategy, until, &TimeZone::UTC).map(|due| due.to_string());
        assert_eq!(due("realtime").as_deref(), Some("2026-06-01T10:20:00Z"));
        assert_eq!(due("hourly").as_deref(), Some("2026-06-01T11:00:00Z"));
        assert_eq!(due("daily").as_deref(), Some("2026-06-02T02:00:00Z"));
        assert_eq!(due("weekly").as_deref(), Some("2026-06-08T03:00:00Z"));
        assert_eq!(due("30 10 * * *").as_deref(), Some("2026-06-01T10:30:00Z"));
        assert_eq!(due("manual"), None);
    }
}
