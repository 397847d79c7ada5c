//! A background process of the extension's own: its signals, its waiting, its transactions.

use std::ffi::{CStr, CString, c_int, c_long};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use pgrx::bgworkers::{BackgroundWorkerBuilder, BgWorkerStartTime, DynamicBackgroundWorker};
use pgrx::pg_sys::panic::CaughtError;
use pgrx::{PgTryBuilder, pg_sys};

use super::reserve::with_reserve;
use super::setting::OWN_PATH;
use super::subtransaction::caught_error;
use crate::error::Error;

// As the server itself names them: pgrx has wrappers, which are no signal handlers, or nothing in some versions.
unsafe extern "C-unwind" {
    #[cfg_attr(feature = "pg18", link_name = "pqsignal_be")]
    fn pqsignal(signal: c_int, handler: unsafe extern "C-unwind" fn(c_int));
    fn proc_exit(code: c_int) -> !;
    fn die(signal: c_int);
    fn SignalHandlerForConfigReload(signal: c_int);
    fn RegisterTimeout(timeout: c_int, handler: unsafe extern "C-unwind" fn()) -> c_int;
    fn enable_timeout_after(timeout: c_int, milliseconds: c_int);
    fn enable_timeout_every(timeout: c_int, first: pg_sys::TimestampTz, milliseconds: c_int);
    fn disable_timeout(timeout: c_int, keep_indicator: bool);
}

const SETTINGS: &[(&CStr, &CStr)] = &[
    (c"default_transaction_isolation", c"read committed"),
    (c"default_transaction_read_only", c"off"),
    (c"default_transaction_deferrable", c"off"),
    #[cfg(not(any(feature = "pg15", feature = "pg16")))]
    (c"transaction_timeout", c"0"),
];

/// What its statements run under, as the functions of the API do: whoever owns the database configures its sessions, and this one
/// is a superuser's. Functions that views call may set these for themselves.
const SESSION_SETTINGS: &[(&CStr, &CStr)] = &[
    // First: a role that the database's sessions begin with would not be the one that acts for others.
    (c"role", c"none"),
    (c"search_path", OWN_PATH),
    (c"standard_conforming_strings", c"on"),
    (c"transform_null_equals", c"off"),
    (c"quote_all_identifiers", c"off"),
    (c"array_nulls", c"on"),
    (c"backslash_quote", c"safe_encoding"),
    (c"gin_fuzzy_search_limit", c"0"),
    (c"row_security", c"on"),
    // Releases of PostgreSQL before August 2024 do not know it.
    (c"restrict_nonsystem_relation_kind", c""),
    (c"lock_timeout", c"10s"),
    // A view that fails must not end the process.
    (c"exit_on_error", c"off"),
];

/// Sets up this process, and connects it to a database, or to none.
///
/// Whatever is configured for sessions, its transactions write, and see what was committed before each of their statements.
///
/// It ends at once when it is told to, as every session does: a handler that only sets a flag would keep a fast shutdown
/// waiting for whatever runs.
pub fn start(database: Option<u32>) {
    // SAFETY: called once, at the beginning of a background worker's main function. The handlers are the server's own.
    unsafe {
        pqsignal(pg_sys::SIGTERM as i32, die);
        pqsignal(pg_sys::SIGHUP as i32, SignalHandlerForConfigReload);
        pg_sys::BackgroundWorkerUnblockSignals();
        configure(SETTINGS, pg_sys::GucSource::PGC_S_OVERRIDE);
        match database {
            Some(oid) => pg_sys::BackgroundWorkerInitializeConnectionByOid(
                pg_sys::Oid::from(oid),
                pg_sys::InvalidOid,
                0,
            ),
            None => pg_sys::BackgroundWorkerInitializeConnection(std::ptr::null(), std::ptr::null(), 0),
        }
    }
    configure(SESSION_SETTINGS, pg_sys::GucSource::PGC_S_SESSION);
}

/// Sets parameters for this process.
fn configure(settings: &[(&CStr, &CStr)], source: pg_sys::GucSource::Type) {
    for (name, value) in settings {
        // SAFETY: both strings outlive the calls, which copy them; a setting that this server does not know is NULL.
        unsafe {
            if pg_sys::GetConfigOption(name.as_ptr(), true, false).is_null() {
                continue;
            }
            pg_sys::SetConfigOption(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_SUSET,
                source,
            );
        }
    }
}

/// Waits until this process is woken, or for some time at most, and does what it was told meanwhile. Returns whether it has read
/// the configuration again.
pub fn wait(at_most: Duration) -> bool {
    let milliseconds = at_most.as_millis().clamp(1, 3_600_000) as c_long;
    // SAFETY: the latch is this process's own.
    unsafe {
        pg_sys::WaitLatch(
            pg_sys::MyLatch,
            (pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH) as i32,
            milliseconds,
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::ResetLatch(pg_sys::MyLatch);
    }
    heed()
}

/// Ends this process, or reads the configuration again, where it was told to. Returns whether it has read it. Called where
/// there is nothing to cancel.
pub fn heed() -> bool {
    forget_cancellation();
    pgrx::check_for_interrupts!();
    // SAFETY: plain access to this process's flag; the configuration is read outside of a transaction.
    unsafe {
        let is_changed = pg_sys::ConfigReloadPending != 0;
        if is_changed {
            pg_sys::ConfigReloadPending = 0;
            pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP);
        }
        is_changed
    }
}

/// Forgets a request to cancel that came too late for what it meant, or for nothing: a session ignores that, too.
fn forget_cancellation() {
    // SAFETY: a plain write to this process's flag.
    unsafe { pg_sys::QueryCancelPending = 0 }
}

/// Runs `work` in a transaction of its own. Its failure rolls back all that it did, and comes back as an error.
pub fn transaction<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    forget_cancellation();
    // SAFETY: called outside of a transaction.
    unsafe {
        pg_sys::SetCurrentStatementStartTimestamp();
        pg_sys::StartTransactionCommand();
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
    }
    let commit = || {
        let result = work()?;
        // SAFETY: the snapshot is the one that was pushed above: whatever `work` pushed it has taken off.
        unsafe {
            pg_sys::PopActiveSnapshot();
            pg_sys::CommitTransactionCommand();
        }
        Ok(result)
    };
    let result = with_reserve(|| {
        PgTryBuilder::new(AssertUnwindSafe(commit))
            .catch_others(|caught: CaughtError| Err(caught_error(caught)))
            .execute()
    });
    // SAFETY: after an error the transaction is ended as the server's own main loop does it; what the error was has been
    // copied. Statistics are sent where no transaction is open.
    unsafe {
        if result.is_err() {
            pg_sys::AbortCurrentTransaction();
        }
        // What a view's functions have locked for their session would stay locked for as long as this process lives.
        pg_sys::LockReleaseSession(pg_sys::USER_LOCKMETHOD as pg_sys::LOCKMETHODID);
        pg_sys::pgstat_report_stat(true);
    }
    result
}

/// Says in `pg_stat_activity` what this process does.
pub fn report(activity: &str) {
    report_state(pg_sys::BackendState::STATE_RUNNING, activity);
}

/// Says there that it waits.
pub fn report_idle() {
    report_state(pg_sys::BackendState::STATE_IDLE, "");
}

fn report_state(state: pg_sys::BackendState::Type, activity: &str) {
    if let Ok(text) = CString::new(activity) {
        // SAFETY: the server copies the text.
        unsafe { pg_sys::pgstat_report_activity(state, text.as_ptr()) }
    }
}

/// The server's number for the timeout of statements, in all versions from 15 on.
const STATEMENT_TIMEOUT: c_int = 3;

/// A number that asks the server for a timeout of one's own: it is above that of the first of those, in all versions from 15 on.
const ANY_OWN_TIMEOUT: c_int = 15;

/// How often what runs too long is cancelled again: a function may have caught the first cancellation, and have gone on.
const CANCEL_AGAIN: Duration = Duration::from_secs(1);

/// How often it is, before this process is ended.
const MOST_CANCELLATIONS: u32 = 10;

/// The server's number for the timeout that cancels again, from `prepare_overrun()` on.
static OVERRUN_TIMEOUT: AtomicI32 = AtomicI32::new(0);

/// How often that has come since the work began.
static OVERRUNS: AtomicU32 = AtomicU32::new(0);

/// A flag in shared memory that is set before this process is ended because of what it runs; null until `prepare_overrun()`.
static OVERRUN_FLAG: AtomicPtr<AtomicBool> = AtomicPtr::new(std::ptr::null_mut());

/// Sees to it that this process can be ended for what does not heed a timeout, and that `flag` tells others of it. Called once this
/// process is connected.
pub fn prepare_overrun(flag: &'static AtomicBool) {
    OVERRUN_FLAG.store(std::ptr::from_ref(flag).cast_mut(), SeqCst);
    // SAFETY: timeouts were set up when this process connected. The handler does what a signal handler may.
    let timeout = unsafe { RegisterTimeout(ANY_OWN_TIMEOUT, cancel_again) };
    OVERRUN_TIMEOUT.store(timeout, SeqCst);
}

/// Cancels what runs once more, or has the server end this process: that is FATAL, and no function catches it.
///
/// # Safety
/// Called by PostgreSQL, in a signal handler: it writes to atomics and sends a signal, and does nothing else.
unsafe extern "C-unwind" fn cancel_again() {
    let signal = match OVERRUNS.fetch_add(1, SeqCst) < MOST_CANCELLATIONS {
        true => libc::SIGINT,
        false => libc::SIGTERM,
    };
    // SAFETY: the flag is in shared memory, which stays for as long as this process. The signal goes to this process itself.
    unsafe {
        if signal == libc::SIGTERM
            && let Some(flag) = OVERRUN_FLAG.load(SeqCst).as_ref()
        {
            flag.store(true, SeqCst);
        }
        libc::kill(pg_sys::MyProcPid, signal);
    }
}

/// Runs `work`, and cancels it like a statement that takes longer than `milliseconds`; 0 for no limit.
///
/// It is cancelled again and again until it heeds that. If it does not, this process is ended after a while, and with it the
/// transaction: otherwise one function that catches the cancellation would keep all other views waiting for good. Called after
/// `prepare_overrun()`.
pub fn with_statement_timeout<T>(milliseconds: i32, work: impl FnOnce() -> T) -> T {
    OVERRUNS.store(0, SeqCst);
    if milliseconds <= 0 {
        return work();
    }
    let again = CANCEL_AGAIN.as_millis() as c_int;
    // SAFETY: the first timeout was registered when this process connected to its database, the second one after that. They only set flags that the next check
    // for interrupts heeds.
    unsafe {
        enable_timeout_after(STATEMENT_TIMEOUT, milliseconds);
        let first = pg_sys::GetCurrentTimestamp() + 1000 * (i64::from(milliseconds) + i64::from(again));
        enable_timeout_every(OVERRUN_TIMEOUT.load(SeqCst), first, again);
    }
    let _running = RunningTimeouts;
    work()
}

/// Whether what was run last under a timeout has heeded a later cancellation than the first. The server takes that for a user's.
pub fn was_cancelled_again() -> bool {
    OVERRUNS.load(SeqCst) > 0
}

/// Ends the timeouts of a statement, also where an error unwinds.
struct RunningTimeouts;

impl Drop for RunningTimeouts {
    fn drop(&mut self) {
        // SAFETY: both timeouts were enabled when this was made.
        unsafe {
            disable_timeout(STATEMENT_TIMEOUT, false);
            disable_timeout(OVERRUN_TIMEOUT.load(SeqCst), false);
        }
    }
}

/// Has the server start a process in this session's database that does one thing and ends, and that this session can wait for. `order`
/// is what it is told. None where the server has no room for it.
pub fn start_helper(kind: &str, main_function: &str, order: &str) -> Option<DynamicBackgroundWorker> {
    // SAFETY: plain reads of this backend's globals.
    let (database, pid) = unsafe { (pg_sys::MyDatabaseId.to_u32(), pg_sys::MyProcPid) };
    BackgroundWorkerBuilder::new(&format!("metabase_views {kind} of database {database}"))
        .set_type(&format!("metabase_views {kind}"))
        .set_library("metabase_views")
        .set_function(main_function)
        .set_argument(Some(pg_sys::Datum::from(database as usize)))
        .set_extra(order)
        .enable_shmem_access(None)
        .enable_spi_access()
        .set_start_time(BgWorkerStartTime::RecoveryFinished)
        .set_restart_time(None)
        .set_notify_pid(pid)
        .load_dynamic()
        .ok()
}

/// Whether the server runs for `pg_upgrade`, which wants to be alone.
pub fn is_binary_upgrade() -> bool {
    // SAFETY: a plain read of a global.
    unsafe { pg_sys::IsBinaryUpgrade }
}

/// Whether the server is loading libraries at its start.
pub fn is_preloading() -> bool {
    // SAFETY: a plain read of a global.
    unsafe { pg_sys::process_shared_preload_libraries_in_progress }
}

/// Cancels what another process of the extension's own runs.
pub fn cancel(pid: i32) {
    // SAFETY: a plain system call. The process is, or was a moment ago, one of the server's.
    unsafe { libc::kill(pid, libc::SIGINT) };
}

/// Has another process of the extension's own end, whatever it runs.
pub fn terminate(pid: i32) {
    // SAFETY: as above.
    unsafe { libc::kill(pid, libc::SIGTERM) };
}

/// Ends this process.
pub fn exit(code: i32) -> ! {
    // SAFETY: called outside of a transaction.
    unsafe { proc_exit(code) }
}

/// Has `at_end` called when this process ends in whatever way.
pub fn at_end(at_end: unsafe extern "C-unwind" fn(code: c_int, argument: pg_sys::Datum), argument: usize) {
    // SAFETY: the function stays for as long as the process.
    unsafe { pg_sys::before_shmem_exit(Some(at_end), pg_sys::Datum::from(argument)) }
}
