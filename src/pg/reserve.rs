//! Memory that is kept aside for the moment in which the server is refused any.
//!
//! An error that comes to Rust is copied on its way. Were there no memory for that, the copying itself would raise an error, at the very same
//! place, again and again; at the fifth the server gives up, and ends the sessions of all. What is kept aside is given back as soon as memory
//! is refused, so that there is enough until the transaction that took it is undone; unless another process is quicker, where the machine
//! itself has no more.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use pgrx::pg_sys;
use pgrx::pg_sys::errcodes::PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY;

/// How much that is. Nothing is written to it, so that it takes none of the machine's memory, but for addresses.
const BYTES: usize = 1 << 20;

thread_local! {
    static RESERVE: Cell<*mut c_void> = const { Cell::new(null_mut()) };
}

unsafe extern "C-unwind" {
    /// The server's own: pgrx has a wrapper, which would catch errors while one is under way.
    fn geterrcode() -> c_int;
}

/// Runs `work`, of which an error can come to Rust, with memory kept aside.
pub fn with_reserve<T>(work: impl FnOnce() -> T) -> T {
    if RESERVE.get().is_null() {
        // SAFETY: there is no condition; where even this is refused, work goes on without.
        RESERVE.set(unsafe { libc::malloc(BYTES) });
    }
    let mut callback = pg_sys::ErrorContextCallback {
        previous: null_mut(),
        callback: Some(give_back),
        arg: null_mut(),
    };
    // SAFETY: a session has one thread. The callback stays where it is until it is taken off, below or when an error unwinds; an error that
    // jumps past here sets the stack back to what it was further out.
    unsafe {
        callback.previous = pg_sys::error_context_stack;
        pg_sys::error_context_stack = &mut callback;
    }
    let _callback = OnContextStack(callback.previous);
    work()
}

/// A callback that is on the stack for the time that this lives.
struct OnContextStack(*mut pg_sys::ErrorContextCallback);

impl Drop for OnContextStack {
    fn drop(&mut self) {
        // SAFETY: what was on the stack before is further out, and so still there.
        unsafe { pg_sys::error_context_stack = self.0 }
    }
}

/// # Safety
/// Called by PostgreSQL while it raises an error.
unsafe extern "C-unwind" fn give_back(_argument: *mut c_void) {
    // SAFETY: an error is under way, whose code is asked; what is freed was allocated above, and is forgotten at once.
    unsafe {
        if geterrcode() == ERRCODE_OUT_OF_MEMORY as c_int {
            libc::free(RESERVE.replace(null_mut()));
        }
    }
}
