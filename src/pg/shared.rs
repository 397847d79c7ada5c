//! What the launcher, the workers and all other sessions know of each other: shared memory, which there is only where the
//! library is preloaded. One place a database.

use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicI64, AtomicU8, AtomicU32, AtomicUsize, Ordering::SeqCst,
};

use pgrx::lwlock::PgLwLock;
use pgrx::pg_shmem_init;
use pgrx::prelude::*;
use pgrx::shmem::PGRXSharedMemory;

/// Databases with the extension that can have a worker at some time. The others are left alone, and the log says so.
pub const MOST_DATABASES: usize = 512;

/// Databases that the launcher can be asked to look at before it has done so. Where there are more, it looks at all.
const MOST_ASKED: usize = 64;

/// No time at all.
pub const NEVER: i64 = i64::MAX;

/// The time, in microseconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// All places, and the launcher.
pub struct Board {
    launcher: Latch,
    launcher_pid: AtomicI32,
    /// Whether databases may have come or gone.
    pub has_new_databases: AtomicBool,
    /// Databases to look at, whatever was known of them; 0 where there is none.
    asked: [AtomicU32; MOST_ASKED],
    /// Whether there were more of them.
    has_asked_too_many: AtomicBool,
    pub places: [DatabasePlace; MOST_DATABASES],
}

/// What is known of one database. Times are microseconds since 1970, and 0 stands for none.
#[derive(Default)]
pub struct DatabasePlace {
    /// Its oid; 0 where the place is free.
    pub database: AtomicU32,
    /// The worker's process; 0 where there is none.
    pub pid: AtomicI32,
    worker: Latch,
    /// When the launcher asked for a worker that has not come yet.
    pub asked_at: AtomicI64,
    /// Workers that have ended before they had done anything, one after the other.
    pub failures: AtomicI32,
    /// Before when none is started, after such ones.
    pub retry_at: AtomicI64,
    service: AtomicU8,
    /// Whether something was committed that the worker has not looked at.
    pub has_events: AtomicBool,
    /// Whether the worker waits for something to do.
    pub is_idle: AtomicBool,
    /// Whether the worker is to leave, for another one or for a command that wants the database for itself.
    pub must_leave: AtomicBool,
    /// Until when such a command keeps workers away.
    pub held_until: AtomicI64,
    /// When a worker has something to do next; `NEVER` if only an event brings something.
    pub next_due: AtomicI64,
    /// When the worker last looked at all there is.
    pub cycle_at: AtomicI64,
    /// When the worker came.
    pub came_at: AtomicI64,
    /// When the last worker left.
    pub left_at: AtomicI64,
    /// Since when the worker has been at one refresh; 0 where it is at none.
    pub busy_since: AtomicI64,
    /// Since when it is to stop that, for another database; 0 where it is not.
    pub interrupted_at: AtomicI64,
    /// Whether the last worker was ended because what it ran did not heed its timeout.
    pub has_overrun: AtomicBool,
    /// How far a build of the facts is: the step it is at, and how many there are. 0 where there is none.
    pub build_step: AtomicI32,
    pub build_steps: AtomicI32,
    pub successor: Successor,
}

/// What a worker leaves to the one that takes its place at once, because another owner's code is to run next.
#[derive(Default)]
pub struct Successor {
    pub is_expected: AtomicBool,
    /// The owner whose view of his own has its turn; 0 where nobody's has.
    pub owner: AtomicU32,
    /// Whether the shop's data is checked next.
    pub is_for_check: AtomicBool,
    /// How many checks of the shop's data have failed in a row.
    pub check_failures: AtomicU32,
    /// Since when there may be something that was committed and not looked at; 0 where there is nothing.
    pub event_since: AtomicI64,
    /// Before when nothing is refreshed for events.
    pub events_from: AtomicI64,
    /// Before when what is queued and cannot be applied is no reason to look again.
    pub stuck_until: AtomicI64,
    /// Before when nothing is applied by itself.
    pub apply_from: AtomicI64,
    /// Before when the shop's data is not checked.
    pub check_from: AtomicI64,
}

/// Whether a database is one that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Nobody has looked yet.
    Unknown,
    /// It has the extension.
    Served,
    /// It has not.
    Absent,
}

/// Where a process is woken: the address of its latch, which is the same in all processes; 0 while there is none.
#[derive(Default)]
struct Latch(AtomicUsize);

impl Latch {
    fn set_own(&self) {
        // SAFETY: a plain read of this process's global, which points into the server's shared memory.
        self.0.store(unsafe { pg_sys::MyLatch } as usize, SeqCst);
    }

    fn clear(&self) {
        self.0.store(0, SeqCst);
    }

    fn wake(&self) {
        let latch = self.0.load(SeqCst) as *mut pg_sys::Latch;
        if !latch.is_null() {
            // SAFETY: latches of processes are in shared memory for as long as the server runs. One that has gone to another
            // process since wakes that for nothing, which every process has to bear.
            unsafe { pg_sys::SetLatch(latch) }
        }
    }
}

impl Default for Board {
    fn default() -> Self {
        Board {
            launcher: Latch::default(),
            launcher_pid: AtomicI32::new(0),
            has_new_databases: AtomicBool::new(true),
            asked: std::array::from_fn(|_| AtomicU32::new(0)),
            has_asked_too_many: AtomicBool::new(false),
            places: std::array::from_fn(|_| DatabasePlace::default()),
        }
    }
}

// SAFETY: it consists of atomics, and holds no pointers but to latches, which are in shared memory.
unsafe impl PGRXSharedMemory for Board {}

// SAFETY: the name is this extension's own.
static BOARD: PgLwLock<Board> = unsafe { PgLwLock::new(c"metabase_views") };

static IS_PRELOADED: AtomicBool = AtomicBool::new(false);

/// Asks for the shared memory. Called while the server starts.
pub fn request() {
    pg_shmem_init!(BOARD);
    IS_PRELOADED.store(true, SeqCst);
}

/// Whether the library was there when the server started.
pub fn is_preloaded() -> bool {
    IS_PRELOADED.load(SeqCst)
}

/// What is shared; None where the library is not preloaded. All of it is atomic, so nobody locks it.
pub fn with_board<T>(work: impl FnOnce(&Board) -> T) -> Option<T> {
    is_preloaded().then(|| {
        let board: *const Board = &*BOARD.share();
        // SAFETY: shared memory stays where it is for as long as this process runs, and nobody has more than a shared reference.
        work(unsafe { &*board })
    })
}

/// Whether there is somebody who starts workers.
pub fn has_launcher() -> bool {
    with_board(|board| board.launcher_pid()).flatten().is_some()
}

/// The place of a database, if it has one.
pub fn with_place<T>(database: u32, work: impl FnOnce(&Board, &DatabasePlace) -> T) -> Option<T> {
    with_board(|board| board.place_of(database).map(|place| work(board, place))).flatten()
}

/// The flag of a place that says that its worker did not heed a timeout.
pub fn overrun_flag(number: usize) -> Option<&'static AtomicBool> {
    with_board(|board| {
        let flag: *const AtomicBool = &board.places.get(number)?.has_overrun;
        // SAFETY: shared memory stays where it is for as long as this process runs.
        unsafe { flag.as_ref() }
    })
    .flatten()
}

/// The place of the database that this session is connected to, if it has one.
pub fn with_own_place<T>(work: impl FnOnce(&Board, &DatabasePlace) -> T) -> Option<T> {
    with_place(own_database(), work)
}

fn own_database() -> u32 {
    // SAFETY: a plain read of this backend's global.
    unsafe { pg_sys::MyDatabaseId }.to_u32()
}

/// Something was committed in this database: its worker, if it may have one, has something to look at. It is woken by the first
/// who says so, and waits for more by itself.
pub fn wake_own_worker() {
    with_own_place(|board, place| {
        if !place.has_events.swap(true, SeqCst) {
            match place.pid.load(SeqCst) {
                0 => board.launcher.wake(),
                _ => place.worker.wake(),
            }
        }
    });
}

/// What is to be done in this database was decided otherwise: its worker looks at once, also if it waits with what was committed.
pub fn wake_for_schedule() {
    with_own_place(|board, place| {
        place.has_events.store(true, SeqCst);
        place.worker.wake();
        board.launcher.wake();
    })
    .unwrap_or_else(|| look_at(own_database()));
}

/// Databases may have come or gone.
pub fn wake_for_databases() {
    with_board(|board| {
        board.has_new_databases.store(true, SeqCst);
        board.launcher.wake();
    });
}

/// A database has come that nothing is known of, or something has come to one that may be known to have nothing.
pub fn look_at(database: u32) {
    with_board(|board| {
        board.ask(database);
        board.launcher.wake();
    });
}

/// The extension has come to this database, or may have gone from it, which its worker finds out.
///
/// The event is noted first: a worker that leaves because it has found no extension notes that first, and then looks whether
/// there was an event.
pub fn wake_for_extension(is_here: bool) {
    with_own_place(|board, place| {
        place.has_events.store(true, SeqCst);
        if place.service() == Service::Absent {
            place.set_service(Service::Unknown);
        }
        place.worker.wake();
        board.launcher.wake();
    });
    // The launcher looks at it whether it has a place or not: it may be just about to take that away. Where there is no place and no
    // extension, nobody has to.
    if is_here {
        look_at(own_database());
    }
}

/// The place of a database among these, if it has one.
pub fn place_of(places: &[DatabasePlace], database: u32) -> Option<&DatabasePlace> {
    places
        .iter()
        .find(|place| database != 0 && place.database.load(SeqCst) == database)
}

impl Board {
    pub fn place_of(&self, database: u32) -> Option<&DatabasePlace> {
        place_of(&self.places, database)
    }

    /// Notes a database that the launcher is to look at.
    pub fn ask(&self, database: u32) {
        let is_noted = self.asked.iter().any(|asked| {
            asked.load(SeqCst) == database || asked.compare_exchange(0, database, SeqCst, SeqCst).is_ok()
        });
        if !is_noted {
            self.has_asked_too_many.store(true, SeqCst);
        }
        self.has_new_databases.store(true, SeqCst);
    }

    /// The databases that were noted so, which are not any more; None where they were too many.
    pub fn take_asked(&self) -> Option<Vec<u32>> {
        let is_all = self.has_asked_too_many.swap(false, SeqCst);
        let asked = self.asked.iter().map(|asked| asked.swap(0, SeqCst));
        let asked: Vec<u32> = asked.filter(|database| *database != 0).collect();
        (!is_all).then_some(asked)
    }

    /// The launcher's process; None while there is none.
    pub fn launcher_pid(&self) -> Option<i32> {
        Some(self.launcher_pid.load(SeqCst)).filter(|pid| *pid != 0)
    }

    /// Registers this process as the launcher.
    pub fn enter_launcher(&self) {
        self.launcher.set_own();
        // SAFETY: a plain read of this process's global.
        self.launcher_pid.store(unsafe { pg_sys::MyProcPid }, SeqCst);
    }

    pub fn leave_launcher(&self) {
        self.launcher_pid.store(0, SeqCst);
        self.launcher.clear();
    }
}

impl DatabasePlace {
    pub fn service(&self) -> Service {
        match self.service.load(SeqCst) {
            1 => Service::Served,
            2 => Service::Absent,
            _ => Service::Unknown,
        }
    }

    pub fn set_service(&self, service: Service) {
        let number = match service {
            Service::Unknown => 0,
            Service::Served => 1,
            Service::Absent => 2,
        };
        self.service.store(number, SeqCst);
    }

    /// Registers this process as the worker. Returns whether it is: one that was so slow to start that the launcher has asked
    /// for another may find that one here.
    pub fn enter_worker(&self) -> bool {
        // SAFETY: a plain read of this process's global.
        let own_pid = unsafe { pg_sys::MyProcPid };
        if self.pid.compare_exchange(0, own_pid, SeqCst, SeqCst).is_err() {
            return false;
        }
        self.worker.set_own();
        self.came_at.store(now(), SeqCst);
        self.asked_at.store(0, SeqCst);
        true
    }

    /// Frees the place's worker for the launcher to start another one when there is something to do.
    pub fn leave_worker(&self, board: &Board) {
        self.is_idle.store(false, SeqCst);
        self.worker.clear();
        self.left_at.store(now(), SeqCst);
        self.busy_since.store(0, SeqCst);
        self.interrupted_at.store(0, SeqCst);
        self.pid.store(0, SeqCst);
        self.build_step.store(0, SeqCst);
        board.launcher.wake();
    }

    /// Shows how far a build of the facts is.
    pub fn show_build(&self, step: usize, steps: usize) {
        self.build_steps.store(steps as i32, SeqCst);
        self.build_step.store(step as i32, SeqCst);
    }

    pub fn wake_worker(&self) {
        self.worker.wake();
    }

    /// Gives the place to a database that nothing is known of yet; to none where that is 0.
    pub fn reset(&self, database: u32) {
        self.database.store(0, SeqCst);
        self.asked_at.store(0, SeqCst);
        self.failures.store(0, SeqCst);
        self.retry_at.store(0, SeqCst);
        self.set_service(Service::Unknown);
        self.has_events.store(false, SeqCst);
        self.must_leave.store(false, SeqCst);
        self.held_until.store(0, SeqCst);
        self.next_due.store(NEVER, SeqCst);
        self.cycle_at.store(0, SeqCst);
        self.left_at.store(0, SeqCst);
        self.busy_since.store(0, SeqCst);
        self.interrupted_at.store(0, SeqCst);
        self.has_overrun.store(false, SeqCst);
        self.build_step.store(0, SeqCst);
        self.successor.is_expected.store(false, SeqCst);
        self.database.store(database, SeqCst);
    }
}
