//! Whether anything in the catalog has been altered that adapters, capture and views rely on: a cheap question, which spares the dear one
//! of what it was.

use std::cell::Cell;

use pgrx::{pg_guard, pg_sys};

thread_local! {
    static IS_REGISTERED: Cell<bool> = const { Cell::new(false) };
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// Entries of relations, their columns and rules, of schemas, functions, operators, casts, types and labels, of roles and who is a member of them, and of the
/// database, whose owner is a member of pg_database_owner. What a
/// relation has besides, such as triggers, policies, indexes, constraints and children, is told with the relation.
const WATCHED: [pg_sys::SysCacheIdentifier::Type; 12] = [
    pg_sys::SysCacheIdentifier::RELOID,
    pg_sys::SysCacheIdentifier::ATTNUM,
    pg_sys::SysCacheIdentifier::RULERELNAME,
    pg_sys::SysCacheIdentifier::NAMESPACEOID,
    pg_sys::SysCacheIdentifier::PROCOID,
    pg_sys::SysCacheIdentifier::OPEROID,
    pg_sys::SysCacheIdentifier::CASTSOURCETARGET,
    pg_sys::SysCacheIdentifier::TYPEOID,
    pg_sys::SysCacheIdentifier::ENUMOID,
    pg_sys::SysCacheIdentifier::AUTHOID,
    pg_sys::SysCacheIdentifier::AUTHMEMROLEMEM,
    pg_sys::SysCacheIdentifier::DATABASEOID,
];

/// A number that is another one once any of that has changed, by this session's hand or as far as others' changes are committed.
pub fn count() -> u64 {
    // SAFETY: callbacks are registered once in a process, and stay; the others are read at a place where nothing is looked up.
    unsafe {
        if !IS_REGISTERED.replace(true) {
            pg_sys::CacheRegisterRelcacheCallback(Some(on_relation), pg_sys::Datum::null());
            for cache in WATCHED {
                pg_sys::CacheRegisterSyscacheCallback(cache as i32, Some(on_entry), pg_sys::Datum::null());
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
unsafe extern "C-unwind" fn on_relation(_argument: pg_sys::Datum, _relation: pg_sys::Oid) {
    COUNT.set(COUNT.get() + 1);
}

/// # Safety
/// Called by PostgreSQL.
#[pg_guard]
unsafe extern "C-unwind" fn on_entry(_argument: pg_sys::Datum, _cache: i32, _entry: u32) {
    COUNT.set(COUNT.get() + 1);
}
