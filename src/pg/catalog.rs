//! Reading a catalog without SQL.

use pgrx::pg_sys;

/// Shows `look` each tuple of a catalog that is committed now, and how to take it apart. A tuple stays until `look` returns. Called in a
/// transaction.
pub fn each(catalog: pg_sys::Oid, mut look: impl FnMut(pg_sys::HeapTuple, pg_sys::TupleDesc)) {
    // SAFETY: the relation is open for as long as it is read; an error ends the scan with its transaction.
    unsafe {
        let relation = pg_sys::table_open(catalog, pg_sys::AccessShareLock as i32);
        let scan = pg_sys::table_beginscan_catalog(relation, 0, std::ptr::null_mut());
        loop {
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            look(tuple, (*relation).rd_att);
        }
        pg_sys::heap_endscan(scan);
        pg_sys::table_close(relation, pg_sys::AccessShareLock as i32);
    }
}
