//! Looking at a relation without SQL, and so without running anything that its owner may have tied to it.

use pgrx::{check_for_interrupts, pg_sys};

use super::query;

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
