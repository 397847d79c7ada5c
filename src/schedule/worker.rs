//! The worker: one process a database, which refreshes its views when they are due and when what they show has changed.

use std::collections::BTreeSet;
use std::ffi::c_int;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use pgrx::bgworkers::BackgroundWorker;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::agenda::{self, Agenda, AgendaItem};
use super::due::{Cause, Decision, retry_delay};
use super::engine::Engine;
use crate::error::Error;
use crate::known_role;
use crate::manage::lifecycle;
use crate::parameters;
use crate::pg::identity::{acting_as, as_extension_owner};
use crate::pg::setting::with_settings;
use crate::pg::shared::{self, DatabasePlace, Service};
use crate::pg::{database, process, query};
use crate::refresh::{log, run};
use crate::sqlstate;
use crate::view::registry::ViewEntry;

/// How long after a change it is applied where no view is refreshed for it, so that the queues stay short.
const APPLY_DELAY: Duration = Duration::from_secs(10);
/// The longest sleep: a change that nobody has told of, such as one that was prepared before the server was restarted, is found
/// after it.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// How long to sleep after the first of several cycles that failed. It doubles with each.
const FIRST_ERROR_SLEEP: Duration = Duration::from_secs(1);
/// How long a view is left alone whose schedule somebody else has to itself.
const LOCKED_SLEEP: Duration = Duration::from_secs(5);
/// How long nothing is applied after a worker was ended because it did not stop doing so.
const OVERRUN_PAUSE: Duration = Duration::from_secs(600);
/// What became of a refresh that the launcher has interrupted.
const INTERRUPTED: &str =
    "it was interrupted: it took long, and other databases waited for a background worker (SQLSTATE 57014)";
/// How long no view of a user's own is begun before changes are looked at.
const SOON: Duration = Duration::from_secs(1);
/// How often old runs are removed from the log.
const PRUNING: Duration = Duration::from_secs(3600);
/// Refreshes for events take one part of the time at most, of as many.
const EVENT_SHARE: u32 = 5;

/// The worker's main function. Its argument is the number of its place.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn metabase_views_worker_main(argument: pg_sys::Datum) {
    let number = argument.value();
    let database: u32 = BackgroundWorker::get_extra().parse().unwrap_or(0);
    if with_place_at(number, |place| place.database.load(SeqCst)) != Some(database) {
        return;
    }
    if with_place_at(number, DatabasePlace::enter_worker) != Some(true) {
        return;
    }
    process::at_end(leave, number);
    // A worker that was slow to start may come to a place that was given to another database meanwhile.
    if with_place_at(number, |place| place.database.load(SeqCst)) != Some(database) {
        return;
    }
    let Some(overrun_flag) = shared::overrun_flag(number) else {
        return;
    };
    process::start(Some(database));
    process::prepare_overrun(overrun_flag);
    process::report_idle();
    Worker::new(number).work()
}

/// # Safety
/// Called by PostgreSQL when the process ends.
#[pg_guard]
unsafe extern "C-unwind" fn leave(_code: c_int, argument: pg_sys::Datum) {
    shared::with_board(|board| {
        if let Some(place) = board.places.get(argument.value()) {
            place.leave_worker(board);
        }
    });
}

fn with_place_at<T>(number: usize, work: impl FnOnce(&DatabasePlace) -> T) -> Option<T> {
    shared::with_board(|board| board.places.get(number).map(work)).flatten()
}

struct Worker {
    number: usize,
    /// Since when there may be something that was committed and not looked at.
    event_since: Option<Instant>,
    /// How long after that it is looked at.
    event_delay: Duration,
    /// Whether it has not looked at anything yet. It does so without delay: where databases take turns, it may have to leave
    /// before the delay is over.
    is_new: bool,
    /// Before when refreshes for events have to wait.
    not_before: Instant,
    /// Before when what is queued and cannot be applied is no reason to look again: what is committed meanwhile is one.
    stuck_until: Instant,
    /// Whether views had to follow their sources when it last looked.
    has_lagged: bool,
    /// Before when nothing is applied by itself, after the last worker was ended because of that.
    apply_not_before: Instant,
    pruned_at: Option<Instant>,
    has_closed_lost_runs: bool,
    /// The owners of views of users' own that wait and have had a turn, the last one last.
    served: Vec<u32>,
    /// The error of the last cycle, so that the log has it once.
    last_error: Option<String>,
    /// How long it rests after the next cycle that fails.
    error_pause: Duration,
    /// The same, of applying.
    apply_error: Option<String>,
    /// The same, of stopping to capture for nobody.
    stop_error: Option<String>,
}

/// A view that is due.
type Waiting<'a> = (&'a AgendaItem, Decision, Cause);

/// How a cycle has ended.
enum Cycle {
    /// All was done that there was to do; the next is due after so long, but for events.
    Done(Duration),
    /// The extension is not here.
    NoExtension,
}

impl Worker {
    fn new(number: usize) -> Worker {
        Worker {
            number,
            // Whatever was committed before the server went down waits in the queues.
            event_since: Some(Instant::now()),
            event_delay: parameters::event_delay(),
            is_new: true,
            not_before: Instant::now(),
            stuck_until: Instant::now(),
            has_lagged: false,
            apply_not_before: Instant::now(),
            pruned_at: None,
            has_closed_lost_runs: false,
            served: Vec::new(),
            last_error: None,
            error_pause: FIRST_ERROR_SLEEP,
            apply_error: None,
            stop_error: None,
        }
    }

    fn work(&mut self) -> ! {
        loop {
            process::heed();
            self.leave_if_asked();
            self.note_events();
            let pause = match self.cycle() {
                Ok(Cycle::Done(pause)) => {
                    self.last_error = None;
                    self.error_pause = FIRST_ERROR_SLEEP;
                    pause
                }
                Ok(Cycle::NoExtension) => self.leave_for_good(),
                // It may have been dropped in the middle of it.
                Err(_) if matches!(self.has_extension(), Ok(false)) => self.leave_for_good(),
                Err(error) => self.complain(&error),
            };
            self.sleep(pause);
        }
    }

    /// Notes that something was committed.
    fn note_events(&mut self) {
        if self.place(|place| place.has_events.load(SeqCst)) {
            self.event_since.get_or_insert_with(Instant::now);
        }
    }

    /// Whether the extension is here. What was committed before the look is looked at by it: only what comes later is a reason to look
    /// again where there is none.
    fn has_extension(&self) -> Result<bool, Error> {
        let has_events = self.place(|place| place.has_events.swap(false, SeqCst));
        let is_here = process::transaction(|| Ok(database::has_extension()));
        if has_events && !matches!(is_here, Ok(false)) {
            self.place(|place| place.has_events.store(true, SeqCst));
        }
        is_here
    }

    /// Ends this process, because the extension is not here.
    fn leave_for_good(&self) -> ! {
        self.place(|place| {
            place.failures.store(0, SeqCst);
            place.set_service(Service::Absent);
            // It may have come since.
            if place.has_events.load(SeqCst) {
                place.set_service(Service::Unknown);
            }
        });
        process::exit(0)
    }

    fn place<T>(&self, work: impl FnOnce(&DatabasePlace) -> T) -> T
    where
        T: Default,
    {
        with_place_at(self.number, work).unwrap_or_default()
    }

    fn sleep(&self, pause: Duration) {
        let due = shared::now() + pause.as_micros() as i64;
        self.place(|place| {
            place.next_due.store(due, SeqCst);
            place.cycle_at.store(shared::now(), SeqCst);
            place.is_idle.store(true, SeqCst);
        });
        process::report_idle();
        if !self.place(|place| place.has_events.load(SeqCst)) || self.event_since.is_some() {
            process::wait(pause.min(LONGEST_SLEEP));
        }
        self.place(|place| place.is_idle.store(false, SeqCst));
    }

    /// Makes room for another database's worker, or for a command that wants this database for itself.
    fn leave_if_asked(&self) {
        // One that was just being started when the command came was told before it was there.
        let is_asked = |place: &DatabasePlace| {
            place.must_leave.load(SeqCst) || shared::now() < place.held_until.load(SeqCst)
        };
        if self.place(is_asked) {
            if self.event_since.is_some() {
                self.place(|place| place.has_events.store(true, SeqCst));
            }
            process::exit(0);
        }
    }

    /// An error that is not that of a view's refresh: the log has it once, and all is tried again, sooner after the first than after the
    /// next ones. Most are over in a moment: something was dropped or altered just when it was looked at.
    fn complain(&mut self, error: &Error) -> Duration {
        let error = error.in_full();
        if self.last_error.as_deref() != Some(&error) {
            warning!("metabase_views: the schedule could not be read or kept: {error}");
            self.last_error = Some(error);
        }
        let pause = self.error_pause;
        self.error_pause = (pause * 2).min(LONGEST_SLEEP);
        pause
    }

    /// Refreshes those of the seven that are due, and one view of a user's own.
    ///
    /// Anybody may make views, and no matter how many there are and how long they take, the seven wait for one of them at most, and so
    /// does another role's view for one of each role.
    fn cycle(&mut self) -> Result<Cycle, Error> {
        if !self.has_extension()? {
            return Ok(Cycle::NoExtension);
        }
        process::transaction(known_role::settle)?;
        if !self.has_closed_lost_runs {
            let has_overrun = self.place(|place| place.has_overrun.swap(false, SeqCst));
            if has_overrun {
                warning!(
                    "metabase_views: the last background worker was ended: what it ran did not stop at statement_timeout, or for another database"
                );
                self.apply_not_before = Instant::now() + OVERRUN_PAUSE;
                self.stuck_until = self.apply_not_before;
            }
            process::transaction(|| close_lost_runs(has_overrun))?;
            self.has_closed_lost_runs = true;
        }
        self.stop_for_nobody();
        self.place(|place| {
            place.set_service(Service::Served);
            place.failures.store(0, SeqCst);
            place.retry_at.store(0, SeqCst);
        });
        let events = self.event_due().is_some_and(|due| due <= Instant::now());
        if events {
            // Until here, whoever commits has seen that the worker knows, and has not woken it. What is committed from here on is
            // looked at once more. Until all is looked at there is something to do: should this process be ended meanwhile, another
            // one is started at once.
            self.place(|place| {
                place.next_due.store(0, SeqCst);
                place.has_events.store(false, SeqCst);
            });
        }
        let agenda = process::transaction(|| agenda::read(Engine::Worker))?;
        if agenda.has_changes() && self.stuck_until <= Instant::now() {
            self.event_since.get_or_insert_with(Instant::now);
        }
        self.event_delay = match agenda.event_sync {
            true => parameters::event_delay(),
            false => parameters::event_delay().max(APPLY_DELAY),
        };
        let mut event_time = Duration::ZERO;
        let mut has_run = false;
        let mut next = None;
        let mut waiting = Vec::new();
        let decided: Vec<(&AgendaItem, Decision)> = agenda
            .items
            .iter()
            .map(|item| (item, agenda.decide(item, events)))
            .collect();
        let locked = process::transaction(|| agenda.locked(&decided))?;
        for (item, decision) in decided {
            if locked.iter().any(|name| name == item.view.name()) {
                next = earlier(next, when_free());
                continue;
            }
            next = earlier(next, agenda.next(item, &decision));
            match decision.cause {
                Some(cause) if !item.view.is_of_the_seven() => waiting.push((item, decision, cause)),
                Some(cause) => {
                    has_run = true;
                    let begin = Instant::now();
                    let retry_at = self.run_view(&agenda, item, &decision, cause)?;
                    next = earlier(next, retry_at);
                    // One that has failed, after it had waited for a lock perhaps, waits for its retry, and keeps no other waiting.
                    if cause == Cause::Event && retry_at.is_none() {
                        event_time += begin.elapsed();
                    }
                }
                None => {
                    process::transaction(|| agenda.store(item, &decision))?;
                }
            }
            process::heed();
            self.leave_if_asked();
        }
        if events {
            self.event_since = None;
            self.is_new = false;
            self.not_before = Instant::now() + event_time * (EVENT_SHARE - 1);
            let lags = agenda.has_drift() || agenda.is_behind();
            if lags && self.has_lagged {
                // Where views could not follow, that alone is no reason to try again at once.
                self.stuck_until = Instant::now() + LONGEST_SLEEP;
            }
            self.has_lagged = lags;
            if agenda.has_changes() && !has_run && self.apply_not_before <= Instant::now() {
                self.apply();
            }
        }
        self.prune()?;
        self.note_events();
        let are_more_waiting = waiting.len() > 1;
        // What was committed and is looked at in a moment is not kept waiting.
        let is_event_near = !events && self.event_due().is_some_and(|due| due <= Instant::now() + SOON);
        if !is_event_near && let Some((item, decision, cause)) = self.turn(waiting) {
            let retry_at = self.run_view(&agenda, item, &decision, cause)?;
            next = earlier(next, retry_at);
            process::heed();
            self.leave_if_asked();
            if are_more_waiting {
                return Ok(Cycle::Done(Duration::ZERO));
            }
        }
        let until_next = next.map(|next| parameters::now().duration_until(next));
        let pause = match until_next {
            Some(until) => Duration::try_from(until).unwrap_or(Duration::ZERO),
            None => LONGEST_SLEEP,
        };
        Ok(Cycle::Done(match self.event_due() {
            Some(due) => pause.min(due.saturating_duration_since(Instant::now())),
            None => pause,
        }))
    }

    /// Whose turn it is of the views that wait: that of the role that had its turn the longest ago.
    fn turn<'a>(&mut self, waiting: Vec<Waiting<'a>>) -> Option<Waiting<'a>> {
        let owners: BTreeSet<u32> = waiting.iter().map(|(item, ..)| item.owner).collect();
        self.served.retain(|owner| owners.contains(owner));
        let turn = waiting.into_iter().min_by_key(|(item, ..)| {
            let last = self.served.iter().position(|owner| *owner == item.owner);
            (last, item.due())
        })?;
        let owner = turn.0.owner;
        self.served.retain(|served| *served != owner);
        self.served.push(owner);
        Some(turn)
    }

    /// Stops to capture for nobody. Where that cannot be, because somebody reads facts perhaps, it is tried again by the next cycle.
    fn stop_for_nobody(&mut self) {
        let stopped = process::transaction(|| within_limits(lifecycle::stop_for_nobody));
        let error = stopped.err().map(|error| error.in_full());
        if let Some(error) = &error
            && self.stop_error.as_ref() != Some(error)
        {
            warning!(
                "metabase_views: nothing is captured for any view, and it could not be ended yet: {error}"
            );
        }
        self.stop_error = error;
    }

    /// When what was committed is looked at; None where there is nothing.
    fn event_due(&self) -> Option<Instant> {
        match self.is_new {
            true => self.event_since,
            false => self
                .event_since
                .map(|since| (since + self.event_delay).max(self.not_before)),
        }
    }

    /// Applies what is queued, and leaves it to later refreshes to show it. Where that cannot be, it is not tried again at once.
    fn apply(&mut self) {
        process::report("metabase_views: applying changes");
        let begin = Instant::now();
        let (result, _) = self.occupied(|| process::transaction(|| within_limits(run::apply_queued)));
        match &result {
            Ok(true) => self.not_before = Instant::now() + begin.elapsed() * (EVENT_SHARE - 1),
            Ok(false) | Err(_) => self.stuck_until = Instant::now() + LONGEST_SLEEP,
        }
        let error = result.err().map(|error| error.in_full());
        if let Some(error) = &error
            && self.apply_error.as_ref() != Some(error)
        {
            warning!("metabase_views: changes could not be applied: {error}");
        }
        self.apply_error = error;
    }

    /// Notes that this process is at one thing for as long as `work` takes. Returns also whether it was to stop that, for another database.
    fn occupied<T>(&self, work: impl FnOnce() -> T) -> (T, bool) {
        self.place(|place| place.busy_since.store(shared::now(), SeqCst));
        let result = work();
        let is_interrupted = self.place(|place| {
            place.busy_since.store(0, SeqCst);
            place.interrupted_at.swap(0, SeqCst) != 0
        });
        (result, is_interrupted)
    }

    /// Refreshes a view as its owner, in a transaction of its own between two that say in the log that it has begun and how it ended.
    /// Returns when it is tried again, if it failed.
    fn run_view(
        &mut self,
        agenda: &Agenda,
        item: &AgendaItem,
        decision: &Decision,
        cause: Cause,
    ) -> Result<Option<jiff::Timestamp>, Error> {
        // What is left open in the log is closed the next time.
        self.has_closed_lost_runs = false;
        let id = process::transaction(|| match agenda.store(item, decision)? {
            true => item.open_run(cause).map(Some),
            false => Ok(None),
        })?;
        let Some(id) = id else {
            // Whoever has its schedule to itself may be dropping it.
            self.has_closed_lost_runs = true;
            return Ok(when_free());
        };
        process::report(&format!(
            "metabase_views: refreshing analytics.{} ({}, {})",
            item.view.name(),
            item.view.strategy(),
            cause.name()
        ));
        let (mut failure, is_interrupted) = self.occupied(|| refreshed(&item.view, item.owner, id));
        if is_interrupted
            && let Some(failure) = &mut failure
            && failure.unlogged_sqlstate.as_deref() == Some(sqlstate::QUERY_CANCELED)
        {
            failure.error = INTERRUPTED.into();
        }
        process::report_idle();
        let retry_at = process::transaction(|| {
            if let Some(Failure {
                error,
                unlogged_sqlstate: Some(sqlstate),
            }) = &failure
            {
                log::close_failed(id, sqlstate, error)?;
            }
            item.store_result(failure.is_some(), random())
        })?;
        if let Some(Failure { error, .. }) = failure {
            let again = retry_at.map_or_else(String::new, |at| format!(" (it is tried again at {at:.0})"));
            ErrorReport::new(
                PgSqlErrorCode::ERRCODE_WARNING,
                format!(
                    "metabase_views: view \"{}\" was not refreshed: {error}{again}",
                    item.view.name()
                ),
                "run_view",
            )
            .report(PgLogLevel::WARNING);
        }
        self.has_closed_lost_runs = true;
        Ok(retry_at)
    }

    fn prune(&mut self) -> Result<(), Error> {
        if self.pruned_at.is_some_and(|pruned| pruned.elapsed() < PRUNING) {
            return Ok(());
        }
        self.pruned_at = Some(Instant::now());
        process::transaction(log::prune)
    }
}

/// When a view is looked at again whose schedule somebody else has to itself.
fn when_free() -> Option<jiff::Timestamp> {
    parameters::now().checked_add(LOCKED_SLEEP).ok()
}

fn earlier(one: Option<jiff::Timestamp>, other: Option<jiff::Timestamp>) -> Option<jiff::Timestamp> {
    one.into_iter().chain(other).min()
}

/// Why a refresh failed.
struct Failure {
    error: String,
    /// Its SQLSTATE, where its transaction failed, so that the refresh could not write it down itself.
    unlogged_sqlstate: Option<String>,
}

fn refreshed(view: &ViewEntry, owner: u32, id: i64) -> Option<Failure> {
    let result =
        process::transaction(|| within_limits(|| acting_as(owner, || run::refresh_opened(view, id))));
    match result {
        Ok(outcome) => {
            // In a transaction of its own: where the queue of notifications is full, it is that which fails.
            let _ = process::transaction(|| log::notify(&[&outcome]));
            outcome.error_message().map(|error| Failure {
                error,
                unlogged_sqlstate: None,
            })
        }
        Err(error) => Some(Failure {
            error: match error.sqlstate() == sqlstate::QUERY_CANCELED && process::was_cancelled_again() {
                true => "it took longer than metabase_views.statement_timeout, and did not stop at once (SQLSTATE 57014)".into(),
                false => error.in_full(),
            },
            unlogged_sqlstate: Some(error.sqlstate().to_owned()),
        }),
    }
}

/// Runs `work` with the limits that are configured for workers.
fn within_limits<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let lock_timeout = parameters::lock_timeout().to_string();
    process::with_statement_timeout(parameters::statement_timeout(), || {
        with_settings(&[("lock_timeout", &lock_timeout)], work)
    })
}

/// Closes the runs that nobody has closed, and has their views tried again: at once where the server or its worker has ended, later
/// where the worker was ended because of the run.
fn close_lost_runs(has_overrun: bool) -> Result<(), Error> {
    let now = parameters::now();
    let (sqlstate, message, retry_at) = match has_overrun {
        true => (
            sqlstate::QUERY_CANCELED,
            "it was cancelled, by metabase_views.statement_timeout or because other databases waited, and what it called went on all the \
             same, so that the background worker was ended",
            now.checked_add(retry_delay(1, random())).unwrap_or(now),
        ),
        false => (
            sqlstate::ADMIN_SHUTDOWN,
            "the server or its background worker ended before the refresh did",
            now,
        ),
    };
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/schedule/close_lost_runs.sql"),
            &[
                agenda::time(Some(retry_at)),
                sqlstate.to_owned().into(),
                message.to_owned().into(),
            ],
        )
    })
}

/// A number between 0 and 1, for spreading retries.
fn random() -> f64 {
    f64::from(jiff::Timestamp::now().subsec_nanosecond() % 1_000_000) / 1e6
}
