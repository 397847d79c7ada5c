//! Locks that are taken only where nobody has to wait for them.

use pgrx::pg_sys;

/// Takes a reader's lock on a relation until the transaction ends, or does without if it is not free at once.
pub fn try_read_lock(relation: u32) -> bool {
    // SAFETY: it only takes an oid, and answers false where the lock is held; an oid that is gone does no harm, because the
    // relation's kind is looked up after the lock.
    unsafe { pg_sys::ConditionalLockRelationOid(pg_sys::Oid::from(relation), pg_sys::AccessShareLock as i32) }
}
