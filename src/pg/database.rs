//! The databases of the cluster, read by a process that is connected to none.

use std::ffi::CStr;

use pgrx::pg_sys;

/// A database.
pub struct Database {
    pub oid: u32,
    pub name: String,
    /// Whether a worker may connect to it: it takes connections, and is no template.
    pub is_open: bool,
}

/// All databases, as they are committed now. Called in a transaction.
pub fn all() -> Vec<Database> {
    let mut databases = Vec::new();
    // SAFETY: the catalog is shared, so that it can be read without a database. The tuple stays until the next one is read, and
    // its columns are read as what the catalog says that they are.
    unsafe {
        let relation = pg_sys::table_open(pg_sys::DatabaseRelationId, pg_sys::AccessShareLock as i32);
        let scan = pg_sys::table_beginscan_catalog(relation, 0, std::ptr::null_mut());
        loop {
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            let column = |number: u32| {
                let mut is_null = false;
                pg_sys::heap_getattr(tuple, number as i32, (*relation).rd_att, &mut is_null)
            };
            let name = CStr::from_ptr(column(pg_sys::Anum_pg_database_datname).cast_mut_ptr());
            databases.push(Database {
                oid: column(pg_sys::Anum_pg_database_oid).value() as u32,
                name: name.to_string_lossy().into_owned(),
                // A limit of -2 marks what an interrupted DROP DATABASE has left.
                is_open: column(pg_sys::Anum_pg_database_datallowconn).value() as u8 != 0
                    && column(pg_sys::Anum_pg_database_datistemplate).value() as u8 == 0
                    && column(pg_sys::Anum_pg_database_datconnlimit).value() as i32 != -2,
            });
        }
        pg_sys::heap_endscan(scan);
        pg_sys::table_close(relation, pg_sys::AccessShareLock as i32);
    }
    databases
}
