//! Before the extension is dropped: its locks are taken in an order in which nobody waits for each other.
//!
//! DROP EXTENSION locks the queues first, and then, to take off the triggers, the sources. Whoever writes to a source does it the other way
//! round, so that each would wait for the other, and the server would end one of them: the writer, as a rule.

use std::collections::{BTreeSet, HashMap};
use std::thread;
use std::time::{Duration, Instant};

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, check_for_interrupts, pg_sys};

use super::catalog;
use super::patience::once;
use crate::error::Error;

/// How long those get between two attempts who queue up behind one.
const PAUSE: Duration = Duration::from_millis(400);

/// Locks what refreshes lock first, and then all tables that have a trigger of this extension's, against everybody, as dropping the triggers
/// will do. Until that is possible nothing stays locked for longer than an attempt.
pub fn lock_sources() {
    let begin = Instant::now();
    // SAFETY: a plain read of this process's setting.
    let patience = Duration::from_millis(unsafe { pg_sys::LockTimeout }.unsigned_abs().into());
    loop {
        match once(try_to_lock) {
            Ok(()) => return,
            Err(error) if !error.is_lock_timeout() => ErrorReport::from(error).report(PgLogLevel::ERROR),
            Err(_) if !patience.is_zero() && begin.elapsed() >= patience => {
                ErrorReport::from(Error::ExtensionInUse).report(PgLogLevel::ERROR);
            }
            Err(_) => {
                let pause = Instant::now();
                while pause.elapsed() < PAUSE {
                    thread::sleep(Duration::from_millis(20));
                    check_for_interrupts!();
                }
            }
        }
    }
}

fn try_to_lock() -> Result<(), Error> {
    // SAFETY: the names outlive the calls, which only read them; the lock of a relation that is gone does no harm.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"metabase_internal".as_ptr(), true);
        let incremental = pg_sys::get_relname_relid(c"incremental".as_ptr(), schema);
        if incremental != pg_sys::InvalidOid {
            pg_sys::LockRelationOid(incremental, pg_sys::ShareRowExclusiveLock as i32);
        }
        for relation in captured() {
            pg_sys::LockRelationOid(pg_sys::Oid::from(relation), pg_sys::AccessExclusiveLock as i32);
        }
    }
    Ok(())
}

/// The tables that have a trigger whose function is this extension's.
fn captured() -> BTreeSet<u32> {
    let mut captured = BTreeSet::new();
    let mut is_own = HashMap::new();
    // SAFETY: the name outlives the call; a tuple has the form of its catalog.
    unsafe {
        let extension = pg_sys::get_extension_oid(c"metabase_views".as_ptr(), true);
        catalog::each(pg_sys::TriggerRelationId, |tuple, _| {
            let trigger = pg_sys::GETSTRUCT(tuple) as *const pg_sys::FormData_pg_trigger;
            let function = (*trigger).tgfoid;
            let is_own = *is_own.entry(function.to_u32()).or_insert_with(|| {
                pg_sys::getExtensionOfObject(pg_sys::ProcedureRelationId, function) == extension
            });
            if is_own {
                captured.insert((*trigger).tgrelid.to_u32());
            }
        });
    }
    captured
}
