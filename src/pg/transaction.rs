//! What kind of transaction this is, and what it has to heed when it ends because this extension has done something in it.

use std::cell::Cell;
use std::ffi::c_void;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, pg_guard, pg_sys};

use super::process::start_helper;
use crate::error::Error;

thread_local! {
    /// Whether this extension has written or locked anything in this transaction.
    static HAS_EFFECTS: Cell<bool> = const { Cell::new(false) };
    /// Whether the installer is started when it commits.
    static INSTALLS: Cell<bool> = const { Cell::new(false) };
}

/// The installer's main function.
const INSTALLER: &str = "metabase_views_installer_main";

/// Whether this statement is a transaction of its own, so that what it locks is free when it ends.
pub fn is_own_transaction() -> bool {
    // SAFETY: a plain question about this backend.
    unsafe { !pg_sys::IsTransactionBlock() && !pg_sys::IsSubTransaction() }
}

/// Whether `xid` is this transaction, or a subtransaction of it that has not been undone.
pub fn is_own(xid: u32) -> bool {
    // SAFETY: a plain question about this backend.
    unsafe { pg_sys::TransactionIdIsCurrentTransactionId(xid.into()) }
}

/// Whether the server follows another one, so that nothing can be changed here.
pub fn is_on_standby() -> bool {
    // SAFETY: a plain question about the server.
    unsafe { pg_sys::RecoveryInProgress() }
}

/// Has the installer started when this transaction commits, so that it sees what that has decided.
pub fn install_at_commit() {
    INSTALLS.set(true);
}

/// Starts the installer, with what it is told, and waits until it has done its work. Says whether the server had room for it.
pub fn run_installer(order: &str) -> bool {
    let installer = start_helper("installer", INSTALLER, order);
    installer.is_some_and(|installer| installer.wait_for_shutdown().is_ok())
}

/// Whether a statement of this transaction sees what others have committed since the transaction began.
pub fn sees_others() -> bool {
    // SAFETY: a plain read of this backend's state.
    unsafe { pg_sys::XactIsoLevel < pg_sys::XACT_REPEATABLE_READ as i32 }
}

/// Has this process heed how its transactions end. Called once, when the library is loaded.
pub fn watch() {
    // SAFETY: the callback stays for as long as the process.
    unsafe { pg_sys::RegisterXactCallback(Some(on_end), std::ptr::null_mut()) }
}

/// Notes that this extension writes or locks something. What it locks is everybody's, and a prepared transaction holds its locks for as
/// long as nobody ends it, so that this one cannot be prepared any more.
pub fn note_effects() {
    HAS_EFFECTS.set(true);
}

/// Whether this extension has written or locked anything in this transaction so far.
pub fn has_effects() -> bool {
    HAS_EFFECTS.get()
}

/// # Safety
/// Called by PostgreSQL.
#[pg_guard]
unsafe extern "C-unwind" fn on_end(event: pg_sys::XactEvent::Type, _argument: *mut c_void) {
    match event {
        pg_sys::XactEvent::XACT_EVENT_PRE_PREPARE if HAS_EFFECTS.get() => {
            ErrorReport::from(Error::CannotPrepare).report(PgLogLevel::ERROR);
        }
        // It waits for the locks that this transaction lets go when it has committed. Where there is no room for it, the next refresh
        // has it started.
        pg_sys::XactEvent::XACT_EVENT_PRE_COMMIT if INSTALLS.get() => {
            start_helper("installer", INSTALLER, "");
        }
        pg_sys::XactEvent::XACT_EVENT_COMMIT
        | pg_sys::XactEvent::XACT_EVENT_ABORT
        | pg_sys::XactEvent::XACT_EVENT_PREPARE => {
            HAS_EFFECTS.set(false);
            INSTALLS.set(false);
        }
        _ => {}
    }
}
