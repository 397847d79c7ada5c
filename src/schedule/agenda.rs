//! The agenda: what there is to refresh, and what the schedule knows of each view.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};

use super::due::{self, Cause, Decision, Past};
use super::engine::{self, Engine};
use crate::calendar::{self, Timetable};
use crate::check::last;
use crate::error::Error;
use crate::incremental::state;
use crate::parameters;
use crate::pg::identity::as_extension_owner;
use crate::pg::patience::in_passing;
use crate::pg::query;
use crate::settings;
use crate::source::installed;
use crate::sql;
use crate::view::catalog::Event;
use crate::view::registry::{ViewEntry, all_views};

/// All that there may be to do.
pub struct Agenda {
    pub items: Vec<AgendaItem>,
    /// As whom this extension's views are refreshed from facts; None where their adapters have no one owner.
    pub owner: Option<u32>,
    queued: Queued,
    pub event_sync: bool,
    /// Whether times are kept by whoever reads this, rather than by nobody.
    pub keeps_times: bool,
    /// When the shop's data is checked next; None where nobody does that by itself.
    pub check: Option<Timestamp>,
    zone: TimeZone,
    /// When it was read. All views are decided about by this time: one that is due later is due the next time that it is read.
    now: Timestamp,
}

/// A view that exists.
pub struct AgendaItem {
    pub view: ViewEntry,
    /// Its owner, as whom it is refreshed.
    pub owner: u32,
    pub failures: i32,
    /// Strategy and zone, as a text that changes with either.
    timetable_name: String,
    timetable: Timetable,
    /// The timetable and the time that are stored.
    stored: (Option<String>, Option<Timestamp>),
    past: Past,
    /// When its last run began, however that has ended.
    last_begun: Option<Timestamp>,
    /// Whether it lacks changes that are applied already, or shows what the sources were before the adapters have followed them, or other
    /// exchange rates.
    is_dirty: bool,
    /// Whether it is the latter.
    is_behind: bool,
}

/// What was captured and is not applied yet.
#[derive(Debug, serde::Deserialize)]
pub struct Queued {
    orders: bool,
    stock_items: bool,
    anything: bool,
    /// Whether refreshes can be incremental: nothing is refreshed in full each time that somebody commits.
    can_be_applied: bool,
    /// Whether the names of the sources mean something else than the views show, or the adapters were made on another major.
    has_other_names: bool,
}

/// The query for that.
static QUEUED: LazyLock<String> = LazyLock::new(|| {
    sql::fill(
        include_str!("../../sql/queries/schedule/queued.sql"),
        &[(":has_other_names", &installed::has_other_names())],
    )
});

#[derive(serde::Deserialize)]
struct AgendaRow {
    view_name: String,
    owner: u32,
    timetable: Option<String>,
    next_due: Option<Timestamp>,
    failures: i32,
    retry_at: Option<Timestamp>,
    is_captured: bool,
    is_dirty: bool,
    is_behind: bool,
    last_run: Option<Timestamp>,
    last_begun: Option<Timestamp>,
}

/// How often a realtime view is refreshed whose changes are not captured.
const UNHEARD: &str = "* * * * *";

/// The agenda as whoever keeps times with `engine` sees it.
pub fn read(engine: Engine) -> Result<Agenda, Error> {
    let now = parameters::now();
    // Before the views: what is queued for a view that has come since is looked at the next time.
    let queued = as_extension_owner(|| query::row(&QUEUED, &[]))?;
    let choice = engine::choice()?;
    let settings = settings::current()?;
    let zone_name = &settings.time_zone;
    let views = all_views()?;
    let names: Vec<String> = views.iter().map(|view| view.name().to_owned()).collect();
    let rows: Vec<AgendaRow> = as_extension_owner(|| {
        static QUERY: LazyLock<String> = LazyLock::new(|| {
            sql::fill(
                include_str!("../../sql/queries/schedule/agenda_views.sql"),
                &[(":rates_changed", installed::RATES_CHANGED)],
            )
        });
        query::rows(&QUERY, &[names.into()])
    })?;
    let mut rows: HashMap<String, AgendaRow> =
        rows.into_iter().map(|row| (row.view_name.clone(), row)).collect();
    let hears_events = choice.event_sync && engine == Engine::Worker;
    let items = views
        .into_iter()
        .filter_map(|view| {
            let row = rows.remove(view.name())?;
            Some(item(view, row, zone_name, hears_events, now))
        })
        .collect();
    let keeps_times = choice.engine == engine && engine != Engine::Nobody;
    let zone = calendar::zone(zone_name).unwrap_or(TimeZone::UTC);
    let check = match keeps_times && settings.daily_check {
        true => due::check(last::read()?.map(|last| last.checked_at), now, &zone),
        false => None,
    };
    Ok(Agenda {
        items,
        owner: state::adapters_owner()?,
        queued,
        event_sync: choice.event_sync,
        keeps_times,
        check,
        zone,
        now,
    })
}

fn item(view: ViewEntry, row: AgendaRow, zone_name: &str, hears_events: bool, now: Timestamp) -> AgendaItem {
    let strategy = match view.strategy() {
        "realtime" if !(row.is_captured && hears_events) => UNHEARD,
        strategy => strategy,
    };
    let timetable_name = format!("{strategy} in {zone_name}");
    AgendaItem {
        owner: row.owner,
        failures: row.failures,
        // What is stored was parsed before it was.
        timetable: Timetable::parse(strategy).unwrap_or_default(),
        past: Past {
            next_due: row
                .next_due
                .filter(|_| row.timetable.as_deref() == Some(&timetable_name)),
            // A run that is still to come was none: the clock was put back.
            last_run: row.last_run.filter(|run| *run <= now),
            // The clock was put back where that is further off than any retry.
            retry_at: row
                .retry_at
                .filter(|at| now.duration_until(*at) <= due::LONGEST_RETRY),
        },
        last_begun: row.last_begun,
        stored: (row.timetable, row.next_due),
        timetable_name,
        is_dirty: row.is_dirty || row.is_behind,
        is_behind: row.is_behind,
        view,
    }
}

impl Agenda {
    /// What to do about a view. `events` says whether what was committed is looked at now.
    pub fn decide(&self, item: &AgendaItem, events: bool) -> Decision {
        let next_after_now = match self.keeps_times {
            true => item.timetable.next_after(self.now, &self.zone),
            false => None,
        };
        let mut past = item.past.clone();
        if !self.keeps_times {
            // Neither what is due nor what has failed is made up for by somebody else; but it is not tried again too soon.
            past.next_due = None;
            past.retry_at = past.retry_at.filter(|at| *at > self.now);
        }
        due::decide(&past, self.now, next_after_now, events && self.concerns(item))
    }

    /// When there is something to do about a view next; None where only an event brings something.
    pub fn next(&self, item: &AgendaItem, decision: &Decision) -> Option<Timestamp> {
        match (item.past.retry_at, decision.cause) {
            (Some(retry_at), None) => Some(retry_at),
            _ => decision.next_due,
        }
    }

    /// Remembers when a view is due next, where that is new and this is who keeps the times. Returns false where another transaction
    /// has just that to itself: it is dropping the view, perhaps.
    pub fn store(&self, item: &AgendaItem, decision: &Decision) -> Result<bool, Error> {
        if !self.keeps_times || item.has_stored(decision) {
            return Ok(true);
        }
        unless_locked(|| {
            query::run(
                include_str!("../../sql/queries/schedule/store_schedule_state.sql"),
                &[
                    item.view.name().to_owned().into(),
                    item.timetable_name.clone().into(),
                    time(decision.next_due),
                ],
            )
        })
    }

    /// The views whose schedule is to be written, or which are to be refreshed for somebody else than the owner of this extension's views, and whose
    /// schedule another transaction has to itself.
    pub fn locked(&self, decided: &[(&AgendaItem, Decision)]) -> Result<Vec<String>, Error> {
        let written: Vec<String> = decided
            .iter()
            .filter(|(item, decision)| {
                let is_custom_run = decision.cause.is_some() && !item.view.is_ours();
                is_custom_run || self.keeps_times && !item.has_stored(decision)
            })
            .map(|(item, _)| item.view.name().to_owned())
            .collect();
        if written.is_empty() {
            return Ok(Vec::new());
        }
        as_extension_owner(|| {
            query::returned(
                include_str!("../../sql/queries/schedule/locked_schedules.sql"),
                &[written.into()],
            )
        })
    }

    /// When a view is refreshed next by itself: in the past where that is overdue.
    pub fn next_refresh(&self, item: &AgendaItem) -> Option<Timestamp> {
        let decision = self.decide(item, false);
        match decision.cause {
            Some(_) => item.past.retry_at.or(item.past.next_due),
            None => self.next(item, &decision),
        }
    }

    /// Whether a view is refreshed with this extension's others, and not for itself: those of users' own are, and what somebody else owns.
    pub fn is_ours(&self, item: &AgendaItem) -> bool {
        item.view.is_ours() && self.owner == Some(item.owner)
    }

    /// When a view of a role that is refreshed for itself was last begun.
    pub fn last_turn(&self, owner: u32) -> Option<Timestamp> {
        let of_owner = self
            .items
            .iter()
            .filter(|item| !self.is_ours(item) && item.owner == owner);
        of_owner.filter_map(|item| item.last_begun).max()
    }

    /// Whether there is anything that is captured and can be applied, or that the views have to follow, or have not shown yet.
    pub fn has_changes(&self) -> bool {
        self.has_drift() || self.queued.can_be_applied && self.queued.anything || self.is_behind()
    }

    /// Whether a view is to be refreshed because it shows what the sources were before the adapters have followed them, or other exchange
    /// rates.
    pub fn is_behind(&self) -> bool {
        self.items
            .iter()
            .any(|item| item.is_behind && self.concerns(item))
    }

    /// Whether the views have to follow what the names of their sources mean now.
    pub fn has_drift(&self) -> bool {
        self.queued.can_be_applied && self.queued.has_other_names
    }

    /// Whether what was committed concerns a view, so that it is refreshed for it.
    fn concerns(&self, item: &AgendaItem) -> bool {
        // Custom views get no events, and manual views are never refreshed automatically.
        if !item.view.is_ours() || item.view.strategy() == "manual" {
            return false;
        }
        let is_realtime = item.view.strategy() == "realtime";
        let of_orders = item.view.is_refreshed_on(Event::Order);
        let of_inventory = item.view.is_refreshed_on(Event::StockItem);
        self.event_sync
            && self.queued.can_be_applied
            && (self.has_drift()
                || of_orders && self.queued.orders
                || of_inventory && self.queued.stock_items
                || is_realtime && self.queued.anything
                || item.is_dirty && (of_orders || of_inventory || is_realtime))
    }
}

impl AgendaItem {
    /// Whether its schedule says so already: also that there is no next time. A time of the timetable before would be one that was
    /// missed if that came back.
    fn has_stored(&self, decision: &Decision) -> bool {
        let (timetable, next_due) = &self.stored;
        let is_new = timetable.as_deref() != Some(&self.timetable_name);
        decision.next_due == *next_due && (!is_new || next_due.is_none())
    }

    /// When it was due, where it is, or is tried again.
    pub fn due(&self) -> Option<Timestamp> {
        self.past.retry_at.or(self.past.next_due)
    }

    /// Remembers how a run has ended, unless another transaction has the view's schedule to itself: then the view is due at its next
    /// time. Returns when it is tried again, if it failed.
    pub fn store_result(&self, has_failed: bool, random: f64) -> Result<Option<Timestamp>, Error> {
        let (failures, retry_at) = match has_failed {
            false if self.failures == 0 && self.past.retry_at.is_none() => return Ok(None),
            false => (0, None),
            true => {
                let failures = self.failures.saturating_add(1);
                let retry_at = parameters::now()
                    .checked_add(due::retry_delay(failures, random))
                    .ok();
                (failures, retry_at)
            }
        };
        let is_stored = unless_locked(|| {
            query::run(
                include_str!("../../sql/queries/schedule/store_run_result.sql"),
                &[
                    self.view.name().to_owned().into(),
                    failures.into(),
                    time(retry_at),
                ],
            )
        })?;
        Ok(retry_at.filter(|_| is_stored))
    }

    /// Opens a run of the view in the log. Returns its number.
    pub fn open_run(&self, cause: Cause) -> Result<i64, Error> {
        as_extension_owner(|| {
            query::returned(
                include_str!("../../sql/queries/schedule/open_run.sql"),
                &[
                    self.view.name().to_owned().into(),
                    cause.name().to_owned().into(),
                    i64::from(self.owner).into(),
                    parameters::clock_offset().into(),
                ],
            )
        })
    }
}

/// Writes to the schedule of a view as the extension's owner. Returns false, with nothing written, where another transaction has locked it:
/// that one keeps this view from being served, and no other.
pub fn unless_locked(write: impl FnOnce() -> Result<(), Error>) -> Result<bool, Error> {
    match in_passing(|| as_extension_owner(write)) {
        Ok(()) => Ok(true),
        Err(error) if error.is_lock_timeout() => Ok(false),
        Err(error) => Err(error),
    }
}

/// A time as SQL has it.
pub fn sql_time(time: Timestamp) -> Result<TimestampWithTimeZone, Error> {
    Ok(serde_json::from_str(&format!("\"{time}\""))?)
}

/// A time as an argument of a statement.
pub fn time(time: Option<Timestamp>) -> DatumWithOid<'static> {
    time.map(|time| time.to_string()).into()
}
