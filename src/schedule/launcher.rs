//! The launcher: one process in the cluster that finds the databases, and starts a worker for each that has something to do.

use std::collections::HashSet;
use std::ffi::c_int;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use pgrx::bgworkers::{BackgroundWorkerBuilder, BgWorkerStartTime};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::error::Error;
use crate::parameters;
use crate::pg::shared::{self, Board, DatabasePlace, MOST_DATABASES, Service};
use crate::pg::{database, process};

const LIBRARY: &str = "metabase_views";

// Times are in microseconds.

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
/// How long a database has its worker, and a refresh goes on, whoever else waits for a worker: a minute, and in builds for tests less.
const SLICE: i64 = if cfg!(debug_assertions) {
    5_000_000
} else {
    60_000_000
};
/// How often what was interrupted is interrupted again: a function may have caught that, and have gone on.
const INSISTENCE: i64 = 1_000_000;
/// How long it may do so, before its worker is ended.
const LAST_WARNING: i64 = 10_000_000;
/// A number of workers, no time: so many in a row that could not start are reason enough to give a place to another database that has none.
const HOPELESS: i32 = 3;
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
    /// Databases that were looked at and have no extension. They need no place, and are not looked at again unless somebody asks for
    /// it: a place is for a database with the extension, or for one that nobody has looked at yet.
    absent: HashSet<u32>,
    /// Whether a database waits for a place.
    lacks_places: bool,
}

impl Launcher {
    /// Works until nothing is left to do. Returns for how many microseconds it can rest then.
    fn cycle(&mut self, board: &Board) -> i64 {
        let now = shared::now();
        // Before what was asked for is read: what is asked for later is a reason to scan again.
        let has_new_databases = board.has_new_databases.swap(false, SeqCst);
        self.heed(board);
        if self.free_places(&board.places, now) && self.lacks_places {
            self.scanned_at = 0;
        }
        if has_new_databases || !(self.scanned_at..self.scanned_at + RESCAN).contains(&now) {
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
        waiting.sort_by_key(|(_, place)| place.cycle_at.load(SeqCst).max(place.left_at.load(SeqCst)));
        for (number, place) in waiting {
            if running >= parameters::max_workers() {
                // Whoever leaves wakes the launcher. Whoever does not is looked at again.
                make_room(&board.places, now);
                next = next.min(now + INSISTENCE);
                break;
            }
            match start(number, place) {
                true => {
                    running += 1;
                    self.refusals = 0;
                    next = next.min(now + SLOW_START);
                }
                false => {
                    self.refuse(now, make_room(&board.places, now));
                    next = next.min(self.retry_at);
                    break;
                }
            }
        }
        (next - shared::now()).max(0)
    }

    /// When a place needs a worker that it has not; None where it needs none.
    fn due(&self, place: &DatabasePlace, now: i64) -> Option<i64> {
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

    /// Looks anew at the databases that somebody has asked for.
    fn heed(&mut self, board: &Board) {
        match board.take_asked() {
            Some(asked) => {
                for database in asked {
                    self.forget(&board.places, database);
                    // Whoever commits next takes it that the worker knows.
                    if let Some(place) = board.place_of(database) {
                        place.wake_worker();
                    }
                }
            }
            // Too many to be told: all of them.
            None => self.absent.clear(),
        }
    }

    /// Forgets that a database had no extension.
    fn forget(&mut self, places: &[DatabasePlace], database: u32) {
        self.absent.remove(&database);
        if let Some(place) = shared::place_of(places, database) {
            place.has_events.store(true, SeqCst);
            if place.service() == Service::Absent {
                place.set_service(Service::Unknown);
            }
        }
    }

    /// Frees the places of databases that were found to have no extension. Returns whether there were any.
    fn free_places(&mut self, places: &[DatabasePlace], now: i64) -> bool {
        let mut has_freed = false;
        for place in places {
            let database = place.database.load(SeqCst);
            if database != 0 && place.service() == Service::Absent && !is_taken(place, now) {
                self.absent.insert(database);
                place.reset(0);
                has_freed = true;
            }
        }
        has_freed
    }

    /// Gives each database a place that may have a worker, and takes it from those that may not any more.
    fn scan(&mut self, board: &Board) -> Result<(), Error> {
        let databases = process::transaction(|| Ok(database::all()))?;
        let wanted: HashSet<u32> = databases
            .iter()
            .filter(|database| database.is_open && parameters::serves(&database.name))
            .map(|database| database.oid)
            .collect();
        for place in &board.places {
            let oid = place.database.load(SeqCst);
            if oid == 0 || wanted.contains(&oid) {
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
        self.absent
            .retain(|oid| databases.iter().any(|database| database.oid == *oid));
        let in_order = databases.iter().map(|database| database.oid);
        self.give_places(
            &board.places,
            in_order.filter(|oid| wanted.contains(oid)),
            shared::now(),
        );
        let is_full = board
            .places
            .iter()
            .all(|place| place.service() == Service::Served);
        if self.lacks_places && is_full && !self.has_told_of_too_many {
            self.has_told_of_too_many = true;
            warning!(
                "metabase_views: more than {MOST_DATABASES} databases have the extension; name those to keep fresh in metabase_views.databases"
            );
        }
        Ok(())
    }

    /// Gives a place to each of these databases that needs one, as long as there are any.
    fn give_places(&mut self, places: &[DatabasePlace], databases: impl Iterator<Item = u32>, now: i64) {
        // Places of databases that no worker can start in, the worst last: these give way.
        let mut hopeless: Vec<&DatabasePlace> = places
            .iter()
            .filter(|place| {
                place.database.load(SeqCst) != 0
                    && place.service() == Service::Unknown
                    && place.failures.load(SeqCst) >= HOPELESS
                    && !is_taken(place, now)
            })
            .collect();
        hopeless.sort_by_key(|place| place.failures.load(SeqCst));
        // Before any place is taken, so that who loses one waits for the next scan.
        let needy: Vec<u32> = databases
            .filter(|oid| !self.absent.contains(oid) && shared::place_of(places, *oid).is_none())
            .collect();
        let mut free = places.iter().filter(|place| place.database.load(SeqCst) == 0);
        self.lacks_places = false;
        for oid in needy {
            match free.next().or_else(|| hopeless.pop()) {
                Some(place) => place.reset(oid),
                None => {
                    self.lacks_places = true;
                    break;
                }
            }
        }
    }
}

/// Whether a place has a worker, or is about to have one.
fn is_taken(place: &DatabasePlace, now: i64) -> bool {
    place.pid.load(SeqCst) != 0 || now < place.asked_at.load(SeqCst) + SLOW_START
}

fn start(number: usize, place: &DatabasePlace) -> bool {
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

/// Makes room for a database that has something to do. Returns whether an idle worker leaves for it. Where all are busy, one is hurried.
fn make_room(places: &[DatabasePlace], now: i64) -> bool {
    if let Some((place, is_new)) = idle_to_leave(places) {
        if is_new {
            place.wake_worker();
        }
        return true;
    }
    match hurry(places, now) {
        Some(Hurry::Cancel(pid)) => process::cancel(pid),
        Some(Hurry::End(pid)) => process::terminate(pid),
        None => {}
    }
    false
}

/// The idle worker that is to leave: the one that has had nothing to do for longest, one at a time. Says whether it is to be told.
fn idle_to_leave(places: &[DatabasePlace]) -> Option<(&DatabasePlace, bool)> {
    let is_idle = |place: &&DatabasePlace| place.pid.load(SeqCst) != 0 && place.is_idle.load(SeqCst);
    let idle = || places.iter().filter(is_idle);
    if let Some(leaving) = idle().find(|place| place.must_leave.load(SeqCst)) {
        return Some((leaving, false));
    }
    let longest = idle().max_by_key(|place| place.next_due.load(SeqCst))?;
    longest.must_leave.store(true, SeqCst);
    Some((longest, true))
}

/// What is done to a worker's process.
#[derive(Debug, PartialEq, Eq)]
enum Hurry {
    Cancel(i32),
    End(i32),
}

/// Has one of the busy workers leave after the view that it is at, if it has been there for a while. One that is at a view for long is left
/// alone as long as another one is not: long refreshes may have all workers but one. Where they have that, too, the one that came last to
/// it is interrupted.
fn hurry(places: &[DatabasePlace], now: i64) -> Option<Hurry> {
    let is_long = |place: &&DatabasePlace| {
        let since = place.busy_since.load(SeqCst);
        since != 0 && now - since >= SLICE
    };
    let (long, short): (Vec<&DatabasePlace>, Vec<&DatabasePlace>) = places
        .iter()
        .filter(|place| place.pid.load(SeqCst) != 0)
        .partition(is_long);
    if let Some(place) = long.iter().find(|place| place.interrupted_at.load(SeqCst) != 0) {
        let pid = place.pid.load(SeqCst);
        if now - place.interrupted_at.load(SeqCst) < LAST_WARNING {
            return Some(Hurry::Cancel(pid));
        }
        place.has_overrun.store(true, SeqCst);
        return Some(Hurry::End(pid));
    }
    if short.iter().any(|place| place.must_leave.load(SeqCst)) {
        return None;
    }
    if let Some(first) = short.iter().min_by_key(|place| place.came_at.load(SeqCst)) {
        // Whoever left sooner might have done nothing.
        let has_had_its_time = now - first.came_at.load(SeqCst) >= SLICE;
        first.must_leave.store(has_had_its_time, SeqCst);
        return None;
    }
    // Of one alone, nobody else's is kept: it would never end.
    if long.len() < 2 {
        return None;
    }
    let last = long.iter().max_by_key(|place| place.busy_since.load(SeqCst))?;
    last.interrupted_at.store(now, SeqCst);
    last.must_leave.store(true, SeqCst);
    Some(Hurry::Cancel(last.pid.load(SeqCst)))
}

/// Microseconds to wait after so many failures in a row.
fn backoff(failures: u32) -> i64 {
    (FIRST_BACKOFF << failures.min(20)).min(LAST_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000_000_000;

    fn places<const COUNT: usize>() -> [DatabasePlace; COUNT] {
        std::array::from_fn(|_| DatabasePlace::default())
    }

    fn databases(places: &[DatabasePlace]) -> Vec<u32> {
        let mut databases: Vec<u32> = places
            .iter()
            .map(|place| place.database.load(SeqCst))
            .filter(|database| *database != 0)
            .collect();
        databases.sort_unstable();
        databases
    }

    /// Lets workers look at all databases that have a place and were not looked at. Returns which those were.
    fn look(places: &[DatabasePlace], has_extension: impl Fn(u32) -> bool) -> Vec<u32> {
        let unknown =
            |place: &&DatabasePlace| place.database.load(SeqCst) != 0 && place.service() == Service::Unknown;
        places
            .iter()
            .filter(unknown)
            .map(|place| {
                let database = place.database.load(SeqCst);
                place.set_service(match has_extension(database) {
                    true => Service::Served,
                    false => Service::Absent,
                });
                database
            })
            .collect()
    }

    /// Scans and looks until nothing is left to do. Returns all databases that were looked at, in order.
    fn settle(launcher: &mut Launcher, places: &[DatabasePlace], all: &[u32], served: &[u32]) -> Vec<u32> {
        let mut looked_at = Vec::new();
        loop {
            launcher.free_places(places, NOW);
            launcher.give_places(places, all.iter().copied(), NOW);
            match look(places, |database| served.contains(&database)) {
                now if now.is_empty() => return looked_at,
                now => looked_at.extend(now),
            }
        }
    }

    #[test]
    fn databases_without_the_extension_keep_no_place_and_are_looked_at_once() {
        let (mut launcher, places) = (Launcher::default(), places::<3>());
        let all: Vec<u32> = (1..=20).collect();
        let mut looked_at = settle(&mut launcher, &places, &all, &[7, 20]);
        looked_at.sort_unstable();
        assert_eq!(looked_at, all);
        assert_eq!(databases(&places), [7, 20]);
        assert!(!launcher.lacks_places);
        // However often it is looked whether there are new ones.
        assert_eq!(settle(&mut launcher, &places, &all, &[7, 20]), [0; 0]);
    }

    #[test]
    fn a_database_that_the_extension_has_come_to_is_looked_at_again() {
        let (mut launcher, places) = (Launcher::default(), places::<2>());
        let all = [1, 2, 3, 4];
        settle(&mut launcher, &places, &all, &[]);
        assert_eq!(databases(&places), [0; 0]);
        launcher.forget(&places, 3);
        assert_eq!(settle(&mut launcher, &places, &all, &[3]), [3]);
        assert_eq!(databases(&places), [3]);
        // Also where it still has its place.
        launcher.forget(&places, 4);
        launcher.give_places(&places, all.into_iter(), NOW);
        look(&places, |_| false);
        launcher.forget(&places, 4);
        assert_eq!(settle(&mut launcher, &places, &all, &[3, 4]), [4]);
        assert_eq!(databases(&places), [3, 4]);
    }

    #[test]
    fn a_place_with_a_worker_is_not_taken_away() {
        let (mut launcher, places) = (Launcher::default(), places::<1>());
        launcher.give_places(&places, [1, 2].into_iter(), NOW);
        assert!(launcher.lacks_places);
        look(&places, |_| false);
        places[0].pid.store(17, SeqCst);
        assert!(!launcher.free_places(&places, NOW));
        places[0].pid.store(0, SeqCst);
        places[0].asked_at.store(NOW - 1, SeqCst);
        assert!(!launcher.free_places(&places, NOW));
        assert!(launcher.free_places(&places, NOW + SLOW_START));
    }

    #[test]
    fn databases_that_no_worker_can_start_in_give_way_to_others_in_turn() {
        let (mut launcher, places) = (Launcher::default(), places::<2>());
        launcher.give_places(&places, [1, 2].into_iter(), NOW);
        places[0].failures.store(HOPELESS, SeqCst);
        places[1].failures.store(HOPELESS + 1, SeqCst);
        launcher.give_places(&places, [1, 2, 3].into_iter(), NOW);
        assert_eq!(databases(&places), [1, 3]);
        launcher.give_places(&places, [1, 2, 3].into_iter(), NOW);
        assert_eq!(databases(&places), [2, 3]);
        // One that is served stays, whatever happens to its workers.
        places.iter().for_each(|place| {
            place.set_service(Service::Served);
            place.failures.store(9, SeqCst);
        });
        launcher.give_places(&places, [1, 2, 3].into_iter(), NOW);
        assert_eq!(databases(&places), [2, 3]);
        assert!(launcher.lacks_places);
    }

    #[test]
    fn more_databases_than_can_be_asked_for_are_all_looked_at() {
        let board = Board::default();
        assert_eq!(board.take_asked().as_deref(), Some(&[][..]));
        (1..=3).chain(1..=3).for_each(|database| board.ask(database));
        assert_eq!(board.take_asked().as_deref(), Some(&[1, 2, 3][..]));
        (1..=1000).for_each(|database| board.ask(database));
        assert_eq!(board.take_asked(), None);
        assert_eq!(board.take_asked().as_deref(), Some(&[][..]));
    }

    /// Places with workers, which have been at one refresh since so many slices; 0 for none.
    fn busy<const COUNT: usize>(slices: [i64; COUNT]) -> [DatabasePlace; COUNT] {
        let places = places::<COUNT>();
        for (number, (place, slices)) in places.iter().zip(slices).enumerate() {
            let number = number as i32 + 1;
            place.database.store(number as u32, SeqCst);
            place.pid.store(number, SeqCst);
            place.came_at.store(i64::from(number), SeqCst);
            place
                .busy_since
                .store(if slices == 0 { 0 } else { NOW - slices * SLICE }, SeqCst);
        }
        places
    }

    /// The workers that are to leave.
    fn leaving(places: &[DatabasePlace]) -> Vec<i32> {
        places
            .iter()
            .filter(|place| place.must_leave.load(SeqCst))
            .map(|place| place.pid.load(SeqCst))
            .collect()
    }

    #[test]
    fn an_idle_worker_makes_room_before_a_busy_one_does() {
        let places = busy([3, 0, 2]);
        places[1].is_idle.store(true, SeqCst);
        assert!(idle_to_leave(&places).is_some());
        assert_eq!(leaving(&places), [2]);
    }

    #[test]
    fn of_busy_workers_one_leaves_after_its_view_and_long_refreshes_go_on() {
        let places = busy([9, 0, 0, 9]);
        for _ in 0..2 {
            assert!(idle_to_leave(&places).is_none());
            assert_eq!(hurry(&places, NOW), None);
            assert_eq!(leaving(&places), [2]);
        }
        // It takes long, after all: the next one is asked.
        places[1].busy_since.store(NOW - SLICE, SeqCst);
        assert_eq!(hurry(&places, NOW), None);
        assert_eq!(leaving(&places), [2, 3]);
    }

    #[test]
    fn whoever_has_just_come_stays_for_a_while() {
        let places = busy([9, 0]);
        places[1].came_at.store(NOW - SLICE + 1, SeqCst);
        assert_eq!(hurry(&places, NOW), None);
        assert_eq!(leaving(&places), [0; 0]);
        assert_eq!(hurry(&places, NOW + 1), None);
        assert_eq!(leaving(&places), [2]);
    }

    #[test]
    fn where_all_are_at_long_refreshes_the_last_one_is_interrupted_again_and_again_and_ended() {
        let places = busy([9, 1, 5]);
        assert_eq!(hurry(&places, NOW), Some(Hurry::Cancel(2)));
        assert_eq!(leaving(&places), [2]);
        assert_eq!(hurry(&places, NOW + INSISTENCE), Some(Hurry::Cancel(2)));
        assert!(!places[1].has_overrun.load(SeqCst));
        assert_eq!(hurry(&places, NOW + LAST_WARNING), Some(Hurry::End(2)));
        assert!(places[1].has_overrun.load(SeqCst));
    }

    #[test]
    fn a_long_refresh_goes_on_where_there_is_one_worker() {
        assert_eq!(hurry(&busy([9]), NOW), None);
    }
}
