//! Acting as somebody else: the extension's owner, for the tables in `metabase_internal` that nobody else may touch, or
//! a relation's owner.

use pgrx::pg_sys;

use super::query;
use crate::error::Error;

/// Puts the caller's identity back, on the way out and when an error unwinds.
struct Caller {
    role: pg_sys::Oid,
    context: i32,
}

impl Drop for Caller {
    fn drop(&mut self) {
        // SAFETY: both values were read from this backend when it began to act as somebody else.
        unsafe { pg_sys::SetUserIdAndSecContext(self.role, self.context) }
    }
}

/// Runs `work` with the privileges of the extension's owner.
///
/// `work` must run only SQL that this extension wrote, over its own tables and the system catalogs, with all values
/// bound: nothing in it may call what a user has made.
pub fn as_extension_owner<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    #[derive(serde::Deserialize)]
    struct Owner {
        oid: u32,
    }
    let owner: Owner = query::row(
        "SELECT extowner::bigint AS oid FROM pg_catalog.pg_extension WHERE extname = 'metabase_views'",
        &[],
    )?;
    as_role(owner.oid, 0, work)
}

/// Runs `work` over a relation with the privileges of the relation's owner, as REFRESH does.
///
/// Whoever owns a relation can have functions called when it is merely looked at (by the predicate of an index, say), so
/// they are called with the privileges of nobody else, and cannot change the session.
pub fn as_relation_owner<T>(owner: u32, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    as_role(owner, pg_sys::SECURITY_RESTRICTED_OPERATION as i32, work)
}

fn as_role<T>(role: u32, restriction: i32, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let mut caller = Caller {
        role: pg_sys::InvalidOid,
        context: 0,
    };
    // SAFETY: reads this backend's identity, then changes it for the time that `caller` lives. The flag keeps SQL from
    // changing the role meanwhile.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut caller.role, &mut caller.context);
        pg_sys::SetUserIdAndSecContext(
            pg_sys::Oid::from(role),
            caller.context | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32 | restriction,
        );
    }
    work()
}
