//! Memory: where Rust is refused an amount, the session ends and not the server.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{c_char, c_int};

use pgrx::pg_sys;

/// The system's allocator, except for what an amount that is refused leads to.
///
/// Rust would abort the process, and the server then ends all sessions and recovers as from a crash. An ERROR is impossible: neither
/// may an allocator unwind, nor may a jump pass over Rust's frames. FATAL does neither: it ends the process as a disconnection
/// does, whoever catches errors on the way.
struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

// SAFETY: all of it is the system's, which was given the same layouts; an amount that is refused does not return.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller has promised.
        granted(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller has promised.
        granted(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller has promised.
        granted(unsafe { System.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller has promised.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn granted(memory: *mut u8, bytes: usize) -> *mut u8 {
    match memory.is_null() {
        true => end_session(bytes),
        false => memory,
    }
}

unsafe extern "C" {
    fn errstart(level: c_int, domain: *const c_char) -> bool;
    fn errcode(sqlstate: c_int) -> c_int;
    fn errmsg(format: *const c_char, ...) -> c_int;
    fn errdetail(format: *const c_char, ...) -> c_int;
    fn errfinish(file: *const c_char, line: c_int, function: *const c_char);
}

#[cold]
fn end_session(bytes: usize) -> ! {
    // SAFETY: a session has one thread. The server keeps memory for its errors aside, and the texts are C strings that stay. What
    // fails while FATAL is under way is FATAL itself, so that nothing jumps; the transaction is undone as that of any session that ends.
    unsafe {
        if errstart(pg_sys::FATAL as c_int, std::ptr::null()) {
            errcode(pg_sys::errcodes::PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY as c_int);
            errmsg(c"out of memory".as_ptr());
            errdetail(c"metabase_views was refused %zu bytes.".as_ptr(), bytes);
            errfinish(c"memory.rs".as_ptr(), line!() as c_int, c"end_session".as_ptr());
        }
    }
    std::process::abort()
}
