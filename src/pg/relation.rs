//! Looking at a relation without SQL, and so without running anything that its owner may have tied to it.

use std::ffi::CStr;

use pgrx::{check_for_interrupts, pg_sys};

use super::query;

/// Waits for a lock on a relation, and keeps it until the transaction ends.
///
/// What was committed while it waited is seen by the statements that come after it. The caller checks the privilege.
pub fn lock(relation: u32, mode: LockMode) {
    let mode = match mode {
        LockMode::Exclusive => pg_sys::ExclusiveLock,
        LockMode::AccessExclusive => pg_sys::AccessExclusiveLock,
    };
    // SAFETY: it only takes an oid; the lock of one that is gone does no harm.
    unsafe { pg_sys::LockRelationOid(pg_sys::Oid::from(relation), mode as i32) }
}

/// How strong a lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Readers go on.
    Exclusive,
    /// Nobody goes on.
    AccessExclusive,
}

/// The owner of a relation as it stands now, whatever snapshot this transaction has; it stays until the transaction ends.
pub fn owner(schema: &CStr, name: &CStr) -> Option<u32> {
    // SAFETY: both names outlive the call, which only reads them. The relation is opened under the lock that the lookup has
    // taken, and is closed here, or by the abort of the (sub)transaction if an error unwinds.
    unsafe {
        let range = pg_sys::makeRangeVar(schema.as_ptr().cast_mut(), name.as_ptr().cast_mut(), -1);
        let oid = pg_sys::RangeVarGetRelidExtended(
            range,
            pg_sys::AccessShareLock as i32,
            pg_sys::RVROption::RVR_MISSING_OK,
            None,
            std::ptr::null_mut(),
        );
        if oid == pg_sys::InvalidOid {
            return None;
        }
        let relation = pg_sys::relation_open(oid, pg_sys::NoLock as i32);
        let owner = (*(*relation).rd_rel).relowner;
        pg_sys::relation_close(relation, pg_sys::NoLock as i32);
        Some(owner.to_u32())
    }
}

/// Locks a table against being altered, until the transaction ends, if it is an ordinary one and belongs to a role. Says whether
/// it does: from then on its name means that table, which nobody but its owner and superusers can have prepared for anything.
pub fn hold_table(schema: &CStr, name: &CStr, owner: u32) -> bool {
    // SAFETY: as above.
    unsafe {
        let range = pg_sys::makeRangeVar(schema.as_ptr().cast_mut(), name.as_ptr().cast_mut(), -1);
        let oid = pg_sys::RangeVarGetRelidExtended(
            range,
            pg_sys::RowExclusiveLock as i32,
            pg_sys::RVROption::RVR_MISSING_OK,
            None,
            std::ptr::null_mut(),
        );
        if oid == pg_sys::InvalidOid {
            return false;
        }
        let relation = pg_sys::relation_open(oid, pg_sys::NoLock as i32);
        let class = &*(*relation).rd_rel;
        let is_own = class.relkind == pg_sys::RELKIND_RELATION as std::ffi::c_char
            && class.relowner == pg_sys::Oid::from(owner);
        pg_sys::relation_close(relation, pg_sys::NoLock as i32);
        is_own
    }
}

/// How many rows of a materialized view are visible now.
///
/// None where somebody has locked it, so that nobody is waited for, or where the oid is no filled materialized view any
/// more.
pub fn count_rows(materialized_view: u32) -> Option<i64> {
    let oid = pg_sys::Oid::from(materialized_view);
    query::with_current_snapshot(|| {
        // SAFETY: the relation is opened under a lock that it keeps until the transaction ends, and is used only if it is a
        // filled materialized view on heap pages. The scan, the snapshot and the reference to the relation are released here,
        // or by the abort of the (sub)transaction if an error unwinds from in between.
        unsafe {
            if !pg_sys::ConditionalLockRelationOid(oid, pg_sys::AccessShareLock as i32) {
                return None;
            }
            let relation = pg_sys::try_relation_open(oid, pg_sys::NoLock as i32);
            if relation.is_null() {
                return None;
            }
            let class = &*(*relation).rd_rel;
            let countable = class.relkind == pg_sys::RELKIND_MATVIEW as std::ffi::c_char
                && class.relispopulated
                && class.relam == pg_sys::HEAP_TABLE_AM_OID;
            let rows = countable.then(|| {
                let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN
                    | pg_sys::ScanOptions::SO_ALLOW_STRAT
                    | pg_sys::ScanOptions::SO_ALLOW_SYNC
                    | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
                let nothing = std::ptr::null_mut();
                let scan = pg_sys::heap_beginscan(
                    relation,
                    pg_sys::GetActiveSnapshot(),
                    0,
                    nothing,
                    std::ptr::null_mut(),
                    flags,
                );
                let mut rows = 0;
                while !pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection).is_null() {
                    rows += 1;
                    check_for_interrupts!();
                }
                pg_sys::heap_endscan(scan);
                rows
            });
            pg_sys::relation_close(relation, pg_sys::NoLock as i32);
            rows
        }
    })
}
