//! Who we act as: the caller, or the extension's owner, for the tables in `metabase_internal` that nobody else may touch.

use std::cell::Cell;

use pgrx::pg_sys;

use super::setting::{choose_no_compiling, choose_own_storage, with_own_settings};
use super::{query, relation, version};
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
    act_as(
        extension_owner()?,
        pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32,
        || {
            choose_own_storage();
            choose_no_compiling();
            work()
        },
    )
}

thread_local! {
    /// When the transaction began that looked for it, and what it found.
    static EXTENSION_OWNER: Cell<(i64, u32)> = const { Cell::new((0, 0)) };
}

/// The role that the extension belongs to, looked up once a transaction. An error if the extension is of another version than this library.
pub fn extension_owner() -> Result<u32, Error> {
    // SAFETY: a plain question about this transaction.
    let transaction = unsafe { pg_sys::GetCurrentTransactionStartTimestamp() };
    if let (begin, owner) = EXTENSION_OWNER.get()
        && begin == transaction
    {
        return Ok(owner);
    }
    #[derive(serde::Deserialize)]
    struct Extension {
        owner: u32,
        version: String,
    }
    let extension: Extension = with_own_settings(|| {
        query::row(
            "SELECT extowner::bigint AS owner, extversion AS version
             FROM pg_catalog.pg_extension
             WHERE extname = 'metabase_views'",
            &[],
        )
    })?;
    version::check(extension.version)?;
    EXTENSION_OWNER.set((transaction, extension.owner));
    Ok(extension.owner)
}

/// Looks the extension up again: another version of it may have come since this transaction has.
pub fn look_extension_up_again() -> Result<(), Error> {
    EXTENSION_OWNER.take();
    extension_owner().map(drop)
}

/// Runs `work` as another role, with settings of its own. The flags keep SQL from changing the role meanwhile.
fn act_as<T>(role: u32, flags: i32, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let mut caller = Caller {
        role: pg_sys::InvalidOid,
        context: 0,
    };
    // SAFETY: reads this backend's identity, then changes it for the time that `caller` lives.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut caller.role, &mut caller.context);
        pg_sys::SetUserIdAndSecContext(pg_sys::Oid::from(role), caller.context | flags);
    }
    with_own_settings(work)
}

/// Runs `work` as another role, in the restricted context that REFRESH has: what that role's expressions and indexes call can
/// neither become somebody else nor leave anything behind in the session.
///
/// The caller makes sure that the current role may act as the other one, or is a superuser.
pub fn as_role<T>(role: u32, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    act_as(
        role,
        (pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION) as i32,
        work,
    )
}

/// Runs `work` as the current role in the same restricted context.
pub fn restricted<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    as_role(current_role_oid(), work)
}

/// Runs `work` as another role, as a call of that role's own would be: for the background worker, which is nobody by itself.
pub fn acting_as<T>(role: u32, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    act_as(role, pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32, work)
}

/// Whether the current role may do what another one may.
pub fn may_act_as(role: u32) -> Result<bool, Error> {
    query::value(
        "SELECT pg_catalog.pg_has_role($1::oid, 'USAGE')",
        &[i64::from(role).into()],
    )
}

/// An error unless the current role may act as the owner of the views: what is done as that role, or decided for it, is for no
/// other.
pub fn check_may_act_as(owner: u32) -> Result<(), Error> {
    if may_act_as(owner)? {
        return Ok(());
    }
    Err(Error::NotViewsOwner {
        owner: query::value(
            "SELECT pg_catalog.pg_get_userbyid($1::oid)",
            &[i64::from(owner).into()],
        )?,
        role: current_role()?,
    })
}

/// The role that this extension's views belong to, as their adapters do, or did before a migration that is under way; None where there are
/// none.
pub fn views_owner() -> Result<Option<u32>, Error> {
    match relation::owner(c"metabase_internal", c"orders") {
        Some(owner) => Ok(Some(owner)),
        None => as_extension_owner(|| {
            Ok(query::optional_value(include_str!("../../sql/queries/migration_owner.sql"), &[])?.flatten())
        }),
    }
}

/// An error unless the current role may decide what concerns all views: that is for who may act as their owner, where there are any.
pub fn check_may_decide() -> Result<(), Error> {
    views_owner()?.map_or(Ok(()), check_may_act_as)
}

/// Whether the current role is a superuser.
pub fn is_superuser() -> bool {
    // SAFETY: looks the current role up in the catalog.
    unsafe { pg_sys::superuser() }
}

/// The role that we act as.
pub fn current_role() -> Result<String, Error> {
    query::value("SELECT current_user", &[])
}

/// The oid of the role that we act as.
pub fn current_role_oid() -> u32 {
    // SAFETY: a plain read of this backend's state.
    unsafe { pg_sys::GetUserId() }.to_u32()
}

/// Whether the current role may run what the role with oid `author` wrote: it is its own, or that of a superuser.
///
/// Expressions, queries and indexes run with the privileges of the views' owner; a role with fewer must not be able to
/// borrow those.
pub fn is_trusted(author: u32) -> Result<bool, Error> {
    Ok(author == current_role_oid()
        || query::exists(
            "SELECT FROM pg_catalog.pg_roles WHERE oid = $1::oid AND rolsuper",
            &[i64::from(author).into()],
        )?)
}
