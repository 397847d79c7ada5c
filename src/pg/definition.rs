//! Running the query of a materialized view as the server has stored it: parsed when the view was made.
//!
//! Its text is no substitute. Parsed anew, it can mean something else: another function may fit its words better by now, and a literal
//! calls whatever the CHECK of its domain calls today. REFRESH never parses it either.

use std::ptr::null_mut;

use pgrx::pg_sys;

use super::receiver::Receiver;
use crate::error::Error;

/// A materialized view that is open, and that nobody can drop or replace meanwhile.
struct Opened(pg_sys::Relation);

impl Opened {
    fn open(view: u32) -> Opened {
        // SAFETY: we are inside a transaction. An error unwinds where there is no such relation.
        Opened(unsafe { pg_sys::table_open(view.into(), pg_sys::AccessShareLock as i32) })
    }

    /// A copy of its query, which running it may change.
    fn query(&self) -> Result<*mut pg_sys::Query, Error> {
        // SAFETY: an open relation has valid fields; a materialized view has one rule, whose one action is its query.
        unsafe {
            let rules = (*self.0).rd_rules;
            let is_materialized_view =
                (*(*self.0).rd_rel).relkind == pg_sys::RELKIND_MATVIEW as std::ffi::c_char;
            if !is_materialized_view || rules.is_null() || (*rules).numLocks != 1 {
                return Err(Error::Internal("a materialized view has no query".into()));
            }
            let actions = (**(*rules).rules).actions;
            if pg_sys::list_length(actions) != 1 {
                return Err(Error::Internal("a materialized view has no query".into()));
            }
            Ok(pg_sys::copyObjectImpl(pg_sys::list_nth(actions, 0)).cast())
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: it is open; the lock stays until the transaction ends.
            unsafe { pg_sys::table_close(self.0, pg_sys::NoLock as i32) }
        }
    }
}

/// Runs the query of a materialized view under the active snapshot, as the current role.
///
/// SAFETY: called with an active snapshot; the receiver stays where it is meanwhile.
pub(super) unsafe fn run_stored_query(view: u32, receiver: &mut Receiver) -> Result<(), Error> {
    let opened = Opened::open(view);
    let query = opened.query()?;
    // SAFETY: the query is a copy of our own. What it reads is locked before it is rewritten and planned, as a view's query always is.
    // What is begun here is ended here, or by the abort of the subtransaction if an error unwinds.
    unsafe {
        pg_sys::AcquireRewriteLocks(query, true, false);
        let rewritten = pg_sys::QueryRewrite(query);
        if pg_sys::list_length(rewritten) != 1 {
            return Err(Error::Internal("a view's query is not one SELECT".into()));
        }
        let text = c"the query of a materialized view".as_ptr();
        let plan = pg_sys::pg_plan_query(pg_sys::list_nth(rewritten, 0).cast(), text, 0, null_mut());
        let run = pg_sys::CreateQueryDesc(
            plan,
            text,
            pg_sys::GetActiveSnapshot(),
            null_mut(),
            receiver.as_destination(),
            null_mut(),
            null_mut(),
            0,
        );
        pg_sys::ExecutorStart(run, 0);
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        #[cfg(not(feature = "pg18"))]
        pg_sys::ExecutorRun(run, forward, 0, true);
        #[cfg(feature = "pg18")]
        pg_sys::ExecutorRun(run, forward, 0);
        pg_sys::ExecutorFinish(run);
        pg_sys::ExecutorEnd(run);
        pg_sys::FreeQueryDesc(run);
    }
    Ok(())
}
