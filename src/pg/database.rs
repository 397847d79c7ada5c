//! The databases of the cluster, read without SQL: by a process that is connected to none, and by hooks.

use std::ffi::CStr;

use pgrx::pg_sys;

use super::catalog;

/// A database.
pub struct Database {
    pub oid: u32,
    pub name: String,
    /// Whether a worker may connect to it: it takes connections, and is no template.
    pub is_open: bool,
}

/// All databases, as they are committed now. Called in a transaction. The catalog is shared, so that it can be read without a database.
pub fn all() -> Vec<Database> {
    let mut databases = Vec::new();
    catalog::each(pg_sys::DatabaseRelationId, |tuple, form| {
        // SAFETY: the columns are read as what the catalog says that they are.
        unsafe {
            let column = |number: u32| {
                let mut is_null = false;
                pg_sys::heap_getattr(tuple, number as i32, form, &mut is_null)
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
    });
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
    // SAFETY: the name outlives the call; a tuple has the form of its catalog.
    unsafe {
        let own = pg_sys::get_extension_oid(c"metabase_views".as_ptr(), true);
        catalog::each(pg_sys::ExtensionRelationId, |tuple, _| {
            let extension = pg_sys::GETSTRUCT(tuple) as *const pg_sys::FormData_pg_extension;
            if (*extension).oid == own {
                owner = Some((*extension).extowner.to_u32());
            }
        });
    }
    owner
}
