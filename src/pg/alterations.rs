//! Whether anything in the catalog has been altered that gives names and columns to relations: a cheap question, which spares
//! the dear one of what it was.

use std::cell::Cell;

use pgrx::{pg_guard, pg_sys};

thread_local! {
    static IS_REGISTERED: Cell<bool> = const { Cell::new(false) };
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// Entries of relations, their columns and rules, and of schemas.
const WATCHED: [pg_sys::SysCacheIdentifier::Type; 4] = [
    pg_sys::SysCacheIdentifier::RELOID,
    pg_sys::SysCacheIdentifier::ATTNUM,
    pg_sys::SysCacheIdentifier::RULERELNAME,
    pg_sys::SysCacheIdentifier::NAMESPACEOID,
];

/// A number that is another one once such an entry has changed, by this session's hand or as far as others' changes are committed.
pub fn count() -> u64 {
    // SAFETY: callbacks are registered once in a process, and stay; the others are read at a place where nothing is looked up.
    unsafe {
        if !IS_REGISTERED.replace(true) {
            for cache in WATCHED {
                pg_sys::CacheRegisterSyscacheCallback(cache as i32, Some(on_change), pg_sys::Datum::null());
            }
        }
        pg_sys::CommandCounterIncrement();
        pg_sys::AcceptInvalidationMessages();
    }
    COUNT.get()
}

/// # Safety
/// Called by PostgreSQL.
#[pg_guard]
unsafe extern "C-unwind" fn on_change(_argument: pg_sys::Datum, _cache: i32, _entry: u32) {
    COUNT.set(COUNT.get() + 1);
}
