//! The worker: one process a database, which refreshes its views when they are due and when what they show has changed.

use std::ffi::c_int;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use pgrx::bgworkers::BackgroundWorker;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::agenda::{self, Agenda, AgendaItem};
use super::due::{Cause, Decision, retry_delay};
use super::engine::Engine;
use crate::check::{check_data, last};
use crate::error::Error;
use crate::incremental::state;
use crate::known_role;
use crate::manage::lifecycle;
use crate::parameters;
use crate::pg::identity::{acting_as, as_extension_owner};
use crate::pg::setting::with_settings;
use crate::pg::shared::{self, DatabasePlace, Service};
use crate::pg::{database, process, query};
use crate::refresh::{log, run};
use crate::sqlstate;

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
/// How long the shop's data is not checked again by itself after a check, also after one that has failed for the second time.
const CHECK_PAUSE: Duration = Duration::from_secs(3600);
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
    let mut worker = Worker::new(number);
    worker.take_over();
    worker.work()
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
    /// Before when the shop's data is not checked.
    check_not_before: Instant,
    has_closed_lost_runs: bool,
    /// The owners of views of users' own that had a turn here, the last one last.
    served: Vec<u32>,
    /// As whom it has run code of others.
    acted_as: Option<u32>,
    /// What it begins with.
    next: Next,
    /// The error of the last cycle, so that the log has it once.
    last_error: Option<String>,
    /// How long it rests after the next cycle that fails.
    error_pause: Duration,
    /// The same, of applying.
    apply_error: Option<String>,
    /// The same, of stopping to capture for nobody.
    stop_error: Option<String>,
    /// How many checks of the shop's data have failed in a row.
    check_failures: u32,
}

/// A view that is due.
type Waiting<'a> = (&'a AgendaItem, Decision, Cause);

/// What is next, where it needs a process of its own.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Next {
    /// This extension's views, and all else in its order.
    #[default]
    Ours,
    /// A view of this role's own, which has its turn.
    ViewOf(u32),
    /// The shop's data is checked.
    Check,
}

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
            check_not_before: Instant::now(),
            has_closed_lost_runs: false,
            served: Vec::new(),
            acted_as: None,
            next: Next::Ours,
            last_error: None,
            error_pause: FIRST_ERROR_SLEEP,
            apply_error: None,
            stop_error: None,
            check_failures: 0,
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

    /// Makes sure that this process runs code of one owner only; another process goes on with what is next where it has run some of another
    /// one.
    ///
    /// Code leaves things in its session that no rollback takes back, such as connections of dblink, or what random() gives next. What
    /// one role has left, no other's view is to find.
    fn act_as(&mut self, owner: u32, next: Next) {
        if self.acted_as.is_some_and(|other| other != owner) {
            self.hand_over(next);
        }
        self.acted_as = Some(owner);
    }

    /// Ends this process. The one that comes begins with what is next.
    fn hand_over(&self, next: Next) -> ! {
        let now = (shared::now(), Instant::now());
        let time = |instant: Instant| {
            let until = instant.saturating_duration_since(now.1).as_micros() as i64;
            let since = now.1.saturating_duration_since(instant).as_micros() as i64;
            now.0 + until - since
        };
        let owner = match next {
            Next::ViewOf(owner) => owner,
            Next::Ours | Next::Check => 0,
        };
        self.place(|place| {
            let successor = &place.successor;
            successor.owner.store(owner, SeqCst);
            successor.is_for_check.store(matches!(next, Next::Check), SeqCst);
            successor.check_failures.store(self.check_failures, SeqCst);
            successor
                .event_since
                .store(self.event_since.map_or(0, time), SeqCst);
            successor.events_from.store(time(self.not_before), SeqCst);
            successor.stuck_until.store(time(self.stuck_until), SeqCst);
            successor.apply_from.store(time(self.apply_not_before), SeqCst);
            successor.check_from.store(time(self.check_not_before), SeqCst);
            successor.is_expected.store(true, SeqCst);
            place.next_due.store(0, SeqCst);
            if self.event_since.is_some() {
                place.has_events.store(true, SeqCst);
            }
        });
        process::exit(0)
    }

    /// Takes over what a process has left that was here just before.
    fn take_over(&mut self) {
        let now = (shared::now(), Instant::now());
        let instant = |time: &AtomicI64| {
            let time = time.load(SeqCst);
            let until = Duration::from_micros(time.saturating_sub(now.0).max(0) as u64);
            let since = Duration::from_micros(now.0.saturating_sub(time).max(0) as u64);
            (now.1 + until).checked_sub(since).unwrap_or(now.1)
        };
        with_place_at(self.number, |place| {
            let left = &place.successor;
            if !left.is_expected.swap(false, SeqCst) {
                return;
            }
            self.is_new = false;
            self.next = match (left.owner.load(SeqCst), left.is_for_check.load(SeqCst)) {
                (0, false) => Next::Ours,
                (0, true) => Next::Check,
                (owner, _) => Next::ViewOf(owner),
            };
            self.check_failures = left.check_failures.load(SeqCst);
            self.event_since = (left.event_since.load(SeqCst) != 0).then(|| instant(&left.event_since));
            self.not_before = instant(&left.events_from);
            self.stuck_until = instant(&left.stuck_until);
            self.apply_not_before = instant(&left.apply_from);
            self.check_not_before = instant(&left.check_from);
        });
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

    /// Refreshes those of this extension's views that are due, and one view of a user's own.
    ///
    /// Anybody may make views, and no matter how many there are and how long they take, ours wait for one of them at most, and so
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
        // Whoever has its turn has waited for it: all else is looked at right after.
        let begins_with = std::mem::take(&mut self.next);
        let is_usual = begins_with == Next::Ours;
        let events = is_usual && self.event_due().is_some_and(|due| due <= Instant::now());
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
                Some(cause) if !agenda.is_ours(item) => waiting.push((item, decision, cause)),
                Some(_) if !is_usual => {}
                Some(cause) => {
                    has_run = true;
                    self.act_as(item.owner, Next::Ours);
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
            if agenda.has_changes()
                && !has_run
                && self.apply_not_before <= Instant::now()
                && let Some(owner) = agenda.owner
            {
                self.act_as(owner, Next::Ours);
                self.apply();
            }
        }
        self.prune()?;
        self.note_events();
        let are_more_waiting = waiting.len() > 1;
        // What was committed and is looked at in a moment is not kept waiting.
        let is_event_near =
            !events && is_usual && self.event_due().is_some_and(|due| due <= Instant::now() + SOON);
        if !is_event_near
            && begins_with != Next::Check
            && let Some((item, decision, cause)) = self.turn(&agenda, waiting, begins_with)
        {
            self.act_as(item.owner, Next::ViewOf(item.owner));
            let retry_at = self.run_view(&agenda, item, &decision, cause)?;
            next = earlier(next, retry_at);
            process::heed();
            self.leave_if_asked();
            if are_more_waiting {
                return Ok(Cycle::Done(Duration::ZERO));
            }
        }
        // Last of all: what was refreshed is fresh, and a check is nothing that anybody waits for.
        if !is_event_near
            && !matches!(begins_with, Next::ViewOf(_))
            && let Some(due) = agenda.check
        {
            next = earlier(next, self.check(&agenda, due));
        }
        if !is_usual {
            return Ok(Cycle::Done(Duration::ZERO));
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

    /// Whose turn it is of the views that wait: that of the role that had its turn the longest ago, or who has it already by `begins_with`.
    /// Of turns that processes had before this one, the log knows those in which a view was begun.
    fn turn<'a>(
        &mut self,
        agenda: &Agenda,
        waiting: Vec<Waiting<'a>>,
        begins_with: Next,
    ) -> Option<Waiting<'a>> {
        let has_it = |owner| match begins_with {
            Next::ViewOf(who) => owner == who,
            Next::Ours | Next::Check => true,
        };
        let turn = waiting
            .into_iter()
            .filter(|(item, ..)| has_it(item.owner))
            .min_by_key(|(item, ..)| {
                let last = self.served.iter().position(|owner| *owner == item.owner);
                (last, agenda.last_turn(item.owner), item.due())
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

    /// Checks the shop's data, if that is due, so that `sync_status()` can say how many findings there are. Returns when to look again.
    fn check(&mut self, agenda: &Agenda, due: jiff::Timestamp) -> Option<jiff::Timestamp> {
        let owner = agenda.owner?;
        if parameters::now() < due {
            return Some(due);
        }
        if self.check_not_before <= Instant::now() {
            if let Some(rest) = rest_after_lost_check() {
                self.check_not_before = Instant::now() + rest;
                return parameters::now().checked_add(rest).ok();
            }
            self.act_as(owner, Next::Check);
            process::report("metabase_views: checking the shop's data");
            let note = |begun| process::transaction(|| within_limits(|| last::note_begin(begun)));
            let (result, _) = self.occupied(|| {
                note(Some(parameters::now()))?;
                let checked = process::transaction(|| within(longest_check(), check_as_owner));
                note(None).and(checked)
            });
            self.check_failures = match result {
                Ok(()) => 0,
                Err(_) => self.check_failures.saturating_add(1),
            };
            // Something was dropped or altered while it was looked at, perhaps: what fails again is told, once.
            self.check_not_before = Instant::now()
                + match self.check_failures {
                    1 => LONGEST_SLEEP,
                    _ => CHECK_PAUSE,
                };
            if let Err(error) = &result
                && self.check_failures == 2
            {
                warning!(
                    "metabase_views: the shop's data could not be checked: {}",
                    error.in_full()
                );
            }
        }
        let pause = self.check_not_before.saturating_duration_since(Instant::now());
        parameters::now().checked_add(pause).ok()
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
        let (mut failure, is_interrupted) = self.occupied(|| refreshed(item, id, cause));
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

fn refreshed(item: &AgendaItem, id: i64, cause: Cause) -> Option<Failure> {
    let refresh = || run::refresh_opened(&item.view, id, cause == Cause::Event);
    let result = process::transaction(|| within_limits(|| acting_as(item.owner, refresh)));
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

/// Checks the data that the views are made of, as their owner.
fn check_as_owner() -> Result<(), Error> {
    match state::adapters_owner()? {
        Some(owner) => acting_as(owner, || check_data().map(|_| ())),
        None => Ok(()),
    }
}

/// Runs `work` with the limits that are configured for workers.
fn within_limits<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    within(parameters::statement_timeout(), work)
}

/// Runs `work` for so many milliseconds at most; 0 for no limit.
fn within<T>(statement_timeout: i32, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let lock_timeout = parameters::lock_timeout().to_string();
    process::with_statement_timeout(statement_timeout, || {
        with_settings(&[("lock_timeout", &lock_timeout)], work)
    })
}

/// How long the shop's data is not checked because the process that did so was ended in the middle of it, as one is that does not heed its
/// timeout.
fn rest_after_lost_check() -> Option<Duration> {
    let begun_at = process::transaction(|| within_limits(last::begun_at)).ok()??;
    let since = Duration::try_from(parameters::now().duration_since(begun_at)).unwrap_or_default();
    CHECK_PAUSE.checked_sub(since).filter(|rest| !rest.is_zero())
}

/// How long a check of the shop's data takes at most, in milliseconds: no view is refreshed meanwhile.
fn longest_check() -> i32 {
    const LONGEST: i32 = 120_000;
    match parameters::statement_timeout() {
        0 => LONGEST,
        timeout => timeout.min(LONGEST),
    }
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
