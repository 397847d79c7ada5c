//! The databases of the cluster, read without SQL: by a process that is connected to none, and by hooks.

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

/// The database of a name, if there is one.
pub fn find(name: &CStr) -> Option<u32> {
    // SAFETY: the name outlives the call, which looks it up in the shared catalog.
    let oid = unsafe { pg_sys::get_database_oid(name.as_ptr(), true) };
    (oid != pg_sys::InvalidOid).then(|| oid.to_u32())
}

/// Whether the current role may do what a database's owner may.
pub fn is_owned(database: u32) -> bool {
    let database = pg_sys::Oid::from(database);
    // SAFETY: oids are all that is passed. The database was found a moment ago; an error unwinds where it has gone since.
    unsafe {
        #[cfg(feature = "pg15")]
        {
            pg_sys::pg_database_ownercheck(database, pg_sys::GetUserId())
        }
        #[cfg(not(feature = "pg15"))]
        {
            pg_sys::object_ownercheck(pg_sys::DatabaseRelationId, database, pg_sys::GetUserId())
        }
    }
}

/// Whether the database of this session has the extension, and the current role may do what its owner may.
pub fn owns_extension() -> bool {
    // SAFETY: as above; the name outlives the call.
    unsafe {
        let extension = pg_sys::get_extension_oid(c"metabase_views".as_ptr(), true);
        if extension == pg_sys::InvalidOid {
            return false;
        }
        #[cfg(feature = "pg15")]
        {
            pg_sys::pg_extension_ownercheck(extension, pg_sys::GetUserId())
        }
        #[cfg(not(feature = "pg15"))]
        {
            pg_sys::object_ownercheck(pg_sys::ExtensionRelationId, extension, pg_sys::GetUserId())
        }
    }
}

/// Whether the database of this session has the extension, as this transaction sees it.
pub fn has_extension() -> bool {
    // SAFETY: the name outlives the call, which looks it up in the catalog. Called in a transaction.
    unsafe { pg_sys::get_extension_oid(c"metabase_views".as_ptr(), true) != pg_sys::InvalidOid }
}

/// Who owns the extension of this session's database, if that has it.
pub fn extension_owner() -> Option<u32> {
    let mut owner = None;
    // SAFETY: the tuple stays until the next one is read, and has the form of its catalog.
    unsafe {
        let own = pg_sys::get_extension_oid(c"metabase_views".as_ptr(), true);
        let extensions = pg_sys::table_open(pg_sys::ExtensionRelationId, pg_sys::AccessShareLock as i32);
        let scan = pg_sys::table_beginscan_catalog(extensions, 0, std::ptr::null_mut());
        loop {
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            let extension = pg_sys::GETSTRUCT(tuple) as *const pg_sys::FormData_pg_extension;
            if (*extension).oid == own {
                owner = Some((*extension).extowner.to_u32());
            }
        }
        pg_sys::heap_endscan(scan);
        pg_sys::table_close(extensions, pg_sys::AccessShareLock as i32);
    }
    owner
}
