//! What this session's transaction has to heed when it ends, because this extension has done something in it.

use std::cell::Cell;
use std::ffi::c_void;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, pg_guard, pg_sys};

use crate::error::Error;

thread_local! {
    /// Whether this extension has written or locked anything in this transaction.
    static HAS_EFFECTS: Cell<bool> = const { Cell::new(false) };
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

/// # Safety
/// Called by PostgreSQL.
#[pg_guard]
unsafe extern "C-unwind" fn on_end(event: pg_sys::XactEvent::Type, _argument: *mut c_void) {
    match event {
        pg_sys::XactEvent::XACT_EVENT_PRE_PREPARE if HAS_EFFECTS.get() => {
            ErrorReport::from(Error::CannotPrepare).report(PgLogLevel::ERROR);
        }
        pg_sys::XactEvent::XACT_EVENT_COMMIT
        | pg_sys::XactEvent::XACT_EVENT_ABORT
        | pg_sys::XactEvent::XACT_EVENT_PREPARE => {
            HAS_EFFECTS.set(false);
        }
        _ => {}
    }
}
