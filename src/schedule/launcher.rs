//! The launcher: one process in the cluster that finds the databases, and starts a worker for each that has something to do.

use std::ffi::c_int;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use pgrx::bgworkers::{BackgroundWorkerBuilder, BgWorkerStartTime};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::parameters;
use crate::error::Error;
use crate::pg::shared::{self, Board, MOST_DATABASES, Place, Service};
use crate::pg::{database, process};

const LIBRARY: &str = "metabase_views";

/// How often databases are looked for that nobody has told of, such as copies of others.
const RESCAN: i64 = 60_000_000;
/// How long a worker may take from being asked for to its connection.
const SLOW_START: i64 = 30_000_000;
/// Waiting times after workers that could not start double from the first to the last of these.
const FIRST_BACKOFF: i64 = 1_000_000;
const LAST_BACKOFF: i64 = 300_000_000;
/// The longest wait for room for a worker: whoever takes it may not tell when it ends, and trying costs nothing.
const LONGEST_REFUSAL: i64 = 10_000_000;
/// How long a worker that was asked to leave may take to have left.
const LEAVING: i64 = 50_000;
/// How long the log is not told again that there is no room.
const SILENCE: i64 = 3_600_000_000;

/// Has the server start the launcher, once it is no standby any more, and again whenever it ends.
pub fn register() {
    BackgroundWorkerBuilder::new("metabase_views launcher")
        .set_type("metabase_views launcher")
        .set_library(LIBRARY)
        .set_function("metabase_views_launcher_main")
        .enable_shmem_access(None)
        .enable_spi_access()
        .set_start_time(BgWorkerStartTime::RecoveryFinished)
        .set_restart_time(Some(Duration::from_secs(2)))
        .load();
}

/// The launcher's main function.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn metabase_views_launcher_main(_argument: pg_sys::Datum) {
    process::start(None);
    process::at_end(leave, 0);
    shared::with_board(Board::enter_launcher);
    let mut launcher = Launcher::default();
    loop {
        let pause = shared::with_board(|board| launcher.cycle(board)).unwrap_or(RESCAN);
        if process::wait(Duration::from_micros(pause.max(1_000) as u64)) {
            // Other databases may be served than before.
            launcher.scanned_at = 0;
        }
    }
}

/// # Safety
/// Called by PostgreSQL when the process ends.
#[pg_guard]
unsafe extern "C-unwind" fn leave(_code: c_int, _argument: pg_sys::Datum) {
    shared::with_board(Board::leave_launcher);
}

#[derive(Default)]
struct Launcher {
    scanned_at: i64,
    /// When starting workers may be tried again, after the server had no room for one.
    retry_at: i64,
    /// How often in a row the server had no room.
    refusals: u32,
    /// When the log was last told so.
    told_at: i64,
    has_told_of_too_many: bool,
}

impl Launcher {
    /// Does what there is to do. Answers how many microseconds there is nothing to do after that.
    fn cycle(&mut self, board: &Board) -> i64 {
        let now = shared::now();
        if board.has_new_databases.swap(false, SeqCst)
            || !(self.scanned_at..self.scanned_at + RESCAN).contains(&now)
        {
            self.scanned_at = now;
            if let Err(error) = self.scan(board) {
                log!("metabase_views: the databases could not be read: {error}");
            }
        }
        let mut next = self.scanned_at + RESCAN;
        let mut running = board.places.iter().filter(|place| is_taken(place, now)).count();
        let mut waiting = Vec::new();
        for (number, place) in board.places.iter().enumerate() {
            match self.due(place, now) {
                Some(due) if due > now => next = next.min(due),
                Some(_) => waiting.push((number, place)),
                None => {}
            }
        }
        // Whose worker was there longest ago comes first, so that each has its turn.
        waiting.sort_by_key(|(_, place)| place.cycle_at.load(SeqCst));
        for (number, place) in waiting {
            if running >= parameters::max_workers() {
                // Whoever leaves wakes the launcher.
                if !make_room(board) {
                    next = next.min(now + FIRST_BACKOFF);
                }
                break;
            }
            match start(number, place) {
                true => {
                    running += 1;
                    self.refusals = 0;
                    next = next.min(now + SLOW_START);
                }
                false => {
                    self.refuse(now, make_room(board));
                    next = next.min(self.retry_at);
                    break;
                }
            }
        }
        (next - shared::now()).max(0)
    }

    /// When a place needs a worker that it has not; None where it needs none.
    fn due(&self, place: &Place, now: i64) -> Option<i64> {
        if place.database.load(SeqCst) == 0 || is_taken(place, now) {
            return None;
        }
        let due = match place.service() {
            Service::Unknown => 0,
            Service::Absent => return None,
            Service::Served if place.has_events.load(SeqCst) => 0,
            Service::Served => place.next_due.load(SeqCst),
        };
        let not_before = [
            place.held_until.load(SeqCst),
            place.retry_at.load(SeqCst),
            self.retry_at,
        ];
        Some(not_before.into_iter().fold(due, i64::max))
    }

    /// The server had no room for a worker. The log says so, but not each time.
    fn refuse(&mut self, now: i64, is_making_room: bool) {
        if now >= self.told_at + SILENCE {
            self.told_at = now;
            ErrorReport::new(
                PgSqlErrorCode::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
                "metabase_views: there is no room for a background worker; refreshes have to wait",
                "refuse",
            )
            .set_hint("Raise max_worker_processes, which needs a restart.")
            .report(PgLogLevel::WARNING);
        }
        let pause = match is_making_room {
            true => LEAVING,
            false => backoff(self.refusals).min(LONGEST_REFUSAL),
        };
        self.retry_at = now + pause;
        self.refusals += 1;
    }

    /// Gives each database a place that may have a worker, and takes it from those that may not any more.
    fn scan(&mut self, board: &Board) -> Result<(), Error> {
        let databases = process::transaction(|| Ok(database::all()))?;
        let wanted = |oid: u32| {
            databases
                .iter()
                .any(|database| database.oid == oid && database.is_open && parameters::serves(&database.name))
        };
        for place in &board.places {
            let oid = place.database.load(SeqCst);
            if oid == 0 || wanted(oid) {
                continue;
            }
            if place.pid.load(SeqCst) == 0 {
                place.reset(0);
            } else {
                place.must_leave.store(true, SeqCst);
                place.wake_worker();
                board.has_new_databases.store(true, SeqCst);
            }
        }
        for database in &databases {
            if !wanted(database.oid) || board.place_of(database.oid).is_some() {
                continue;
            }
            let free = board.places.iter().find(|place| place.database.load(SeqCst) == 0);
            match free {
                Some(place) => place.reset(database.oid),
                None if self.has_told_of_too_many => {}
                None => {
                    self.has_told_of_too_many = true;
                    warning!(
                        "metabase_views: there are more than {MOST_DATABASES} databases; name those to keep fresh in metabase_views.databases"
                    );
                }
            }
        }
        Ok(())
    }
}

/// Whether a place has a worker, or is about to have one.
fn is_taken(place: &Place, now: i64) -> bool {
    place.pid.load(SeqCst) != 0 || now < place.asked_at.load(SeqCst) + SLOW_START
}

fn start(number: usize, place: &Place) -> bool {
    let database = place.database.load(SeqCst);
    place.must_leave.store(false, SeqCst);
    place.asked_at.store(shared::now(), SeqCst);
    // A worker that comes so far that it knows what there is to do takes this back.
    let failures = place.failures.fetch_add(1, SeqCst);
    if failures > 0 {
        place
            .retry_at
            .store(shared::now() + backoff(failures as u32), SeqCst);
    }
    let started = BackgroundWorkerBuilder::new(&format!("metabase_views worker of database {database}"))
        .set_type("metabase_views worker")
        .set_library(LIBRARY)
        .set_function("metabase_views_worker_main")
        .set_argument(Some(pg_sys::Datum::from(number)))
        .set_extra(&database.to_string())
        .enable_shmem_access(None)
        .enable_spi_access()
        .set_start_time(BgWorkerStartTime::RecoveryFinished)
        .set_restart_time(None)
        .load_dynamic()
        .is_ok();
    if !started {
        place.asked_at.store(0, SeqCst);
        place.failures.store(failures, SeqCst);
    }
    started
}

/// Asks an idle worker to leave, for a database that has something to do: the one that has nothing to do for longest. One at a
/// time. Answers whether there is one.
fn make_room(board: &Board) -> bool {
    let is_idle = |place: &&Place| place.pid.load(SeqCst) != 0 && place.is_idle.load(SeqCst);
    let idle = || board.places.iter().filter(is_idle);
    if idle().any(|place| place.must_leave.load(SeqCst)) {
        return true;
    }
    let longest = idle().max_by_key(|place| place.next_due.load(SeqCst));
    if let Some(place) = longest {
        place.must_leave.store(true, SeqCst);
        place.wake_worker();
    }
    longest.is_some()
}

/// Microseconds to wait after so many failures in a row.
fn backoff(failures: u32) -> i64 {
    (FIRST_BACKOFF << failures.min(20)).min(LAST_BACKOFF)
}
