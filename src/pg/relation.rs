//! Looking at a relation without SQL, and so without running anything that its owner may have tied to it.

use std::ffi::{CStr, CString, c_char};
use std::thread::sleep;
use std::time::Duration;

use pgrx::{check_for_interrupts, pg_sys};

use super::query;
use super::transaction::note_effects;

/// Waits for a lock on a relation, and keeps it until the transaction ends.
///
/// What was committed while it waited is seen by the statements that come after it. The caller checks the privilege.
pub fn lock(relation: u32, mode: LockMode) {
    note_effects();
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
    look_up(schema, name, pg_sys::AccessShareLock, |class| {
        class.relowner.to_u32()
    })
}

/// The owner and the kind (`pg_class.relkind`) of a relation, in the same way.
pub fn owner_and_kind(schema: &CStr, name: &CStr) -> Option<(u32, char)> {
    look_up(schema, name, pg_sys::AccessShareLock, |class| {
        (class.relowner.to_u32(), char::from(class.relkind as u8))
    })
}

/// Locks a table against being altered until the transaction ends. Says whether it is an ordinary table of that role.
pub fn hold_table(schema: &CStr, name: &CStr, owner: u32) -> bool {
    let is_own = |class: &pg_sys::FormData_pg_class| {
        class.relkind == pg_sys::RELKIND_RELATION as c_char && class.relowner == pg_sys::Oid::from(owner)
    };
    look_up(schema, name, pg_sys::RowExclusiveLock, is_own).unwrap_or(false)
}

/// How often it is tried to lock tables that somebody uses, and after which time.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(50);

/// Locks tables of a schema against everybody until the transaction ends, if nobody else uses any of them for a moment. Returns the oid of
/// one that somebody uses; then none is locked.
///
/// It never stands in the queue for a lock, where all who come later would wait behind it.
pub fn lock_unused(schema: &CStr, names: &[CString]) -> Result<(), u32> {
    note_effects();
    let mut locked = try_to_lock(schema, names);
    for _ in 1..ATTEMPTS {
        if locked.is_ok() {
            break;
        }
        sleep(PAUSE);
        check_for_interrupts!();
        locked = try_to_lock(schema, names);
    }
    locked
}

/// Whether nobody else uses a relation, for as long as this takes.
pub fn is_unused(relation: u32) -> bool {
    const LOCK: i32 = pg_sys::AccessExclusiveLock as i32;
    let relation = pg_sys::Oid::from(relation);
    // SAFETY: only oids are passed; the lock of one that is gone does no harm, and it is let go at once.
    unsafe {
        let is_unused = pg_sys::ConditionalLockRelationOid(relation, LOCK);
        if is_unused {
            pg_sys::UnlockRelationOid(relation, LOCK);
        }
        is_unused
    }
}

/// Whether a statement of this session that has not ended uses a relation, or has changed rows whose AFTER triggers are still to come.
pub fn is_in_use_here(relation: u32) -> bool {
    const LOCK: i32 = pg_sys::AccessShareLock as i32;
    let oid = pg_sys::Oid::from(relation);
    // SAFETY: only an oid is passed; where somebody else has locked the relation against all others, this session does not use it. It is
    // opened under the lock that was taken, and let go with it.
    unsafe {
        if !pg_sys::ConditionalLockRelationOid(oid, LOCK) {
            return false;
        }
        let relation = pg_sys::try_relation_open(oid, pg_sys::NoLock as i32);
        if relation.is_null() {
            pg_sys::UnlockRelationOid(oid, LOCK);
            return false;
        }
        // What waits for the end of the transaction, such as a deferred foreign key, is none of ours.
        let is_in_trigger = pg_sys::pg_trigger_depth(std::ptr::null_mut()).value() > 0;
        let is_in_use = (*relation).rd_refcnt > 1 || (is_in_trigger && pg_sys::AfterTriggerPendingOnRel(oid));
        pg_sys::relation_close(relation, LOCK);
        is_in_use
    }
}

fn try_to_lock(schema: &CStr, names: &[CString]) -> Result<(), u32> {
    const LOCK: i32 = pg_sys::AccessExclusiveLock as i32;
    let mut locked = Vec::new();
    // SAFETY: the names outlive the calls, which only read them. A name that means another table once it is locked is not ours to touch,
    // and only a superuser can make it one.
    unsafe {
        let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        for name in names {
            let oid = pg_sys::get_relname_relid(name.as_ptr(), schema);
            if oid == pg_sys::InvalidOid {
                continue;
            }
            let is_locked = pg_sys::ConditionalLockRelationOid(oid, LOCK);
            if is_locked {
                locked.push(oid);
            }
            if !is_locked || pg_sys::get_relname_relid(name.as_ptr(), schema) != oid {
                for oid in locked {
                    pg_sys::UnlockRelationOid(oid, LOCK);
                }
                return Err(oid.to_u32());
            }
        }
    }
    Ok(())
}

/// Whether there is an ordinary table of that name now, and it belongs to that role. It keeps no lock.
pub fn is_table_of(schema: &CStr, name: &CStr, owner: u32) -> bool {
    let is_own = |class: &pg_sys::FormData_pg_class| {
        class.relkind == pg_sys::RELKIND_RELATION as c_char && class.relowner == pg_sys::Oid::from(owner)
    };
    read_entry(schema, name, is_own).unwrap_or(false)
}

/// The owner of a relation as it is now, also in a schema that the current role may not use. It keeps no lock.
pub fn owner_now(schema: &CStr, name: &CStr) -> Option<u32> {
    read_entry(schema, name, |class| class.relowner.to_u32())
}

/// Reads the entry of a relation in the catalog, if there is one, without a lock.
fn read_entry<T>(
    schema: &CStr,
    name: &CStr,
    read: impl FnOnce(&pg_sys::FormData_pg_class) -> T,
) -> Option<T> {
    // SAFETY: the names outlive the calls, which only read them. An entry that is found has the form of its catalog, and is let go once
    // it is read.
    unsafe {
        let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        let entry = pg_sys::SearchSysCache2(
            pg_sys::SysCacheIdentifier::RELNAMENSP as i32,
            pg_sys::Datum::from(name.as_ptr()),
            pg_sys::Datum::from(schema),
        );
        if entry.is_null() {
            return None;
        }
        let answer = read(&*(pg_sys::GETSTRUCT(entry) as *const pg_sys::FormData_pg_class));
        pg_sys::ReleaseSysCache(entry);
        Some(answer)
    }
}

/// Locks the relation that bears a name now until the transaction ends, and reads its entry in the catalog, if there is one.
fn look_up<T>(
    schema: &CStr,
    name: &CStr,
    lock: u32,
    read: impl FnOnce(&pg_sys::FormData_pg_class) -> T,
) -> Option<T> {
    // SAFETY: both names outlive the call, which only reads them. The relation is opened under the lock that the lookup has
    // taken, and is closed here, or by the abort of the (sub)transaction if an error unwinds.
    unsafe {
        let range = pg_sys::makeRangeVar(schema.as_ptr().cast_mut(), name.as_ptr().cast_mut(), -1);
        let oid = pg_sys::RangeVarGetRelidExtended(
            range,
            lock as i32,
            pg_sys::RVROption::RVR_MISSING_OK,
            None,
            std::ptr::null_mut(),
        );
        if oid == pg_sys::InvalidOid {
            return None;
        }
        let relation = pg_sys::relation_open(oid, pg_sys::NoLock as i32);
        let answer = read(&*(*relation).rd_rel);
        pg_sys::relation_close(relation, pg_sys::NoLock as i32);
        Some(answer)
    }
}

/// How many rows of a materialized view are visible now.
///
/// None where somebody has locked it, so that nobody is waited for, or where the oid is no filled materialized view any
/// more. Nobody waits for the caller either: the lock is let go at once, and not when the transaction ends.
pub fn count_rows(materialized_view: u32) -> Option<i64> {
    count(pg_sys::Oid::from(materialized_view), |class| {
        class.relkind == pg_sys::RELKIND_MATVIEW as c_char && class.relispopulated
    })
}

/// How many rows of a table are visible now, given its schema and name; None where somebody has locked it, or where there is no
/// such table. As [`count_rows`], it runs no SQL and keeps no lock.
///
/// No privilege is asked for: it is for tables of this extension's own.
pub fn count_table_rows(schema: &CStr, name: &CStr) -> Option<i64> {
    // SAFETY: both names outlive the calls, which only read them.
    let oid = unsafe {
        let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        pg_sys::get_relname_relid(name.as_ptr(), schema)
    };
    count(oid, |class| class.relkind == pg_sys::RELKIND_RELATION as c_char)
}

/// The rows on the heap pages of a relation, if it can be locked without waiting and is what it has to be.
fn count(oid: pg_sys::Oid, is_countable: impl FnOnce(&pg_sys::FormData_pg_class) -> bool) -> Option<i64> {
    const LOCK: i32 = pg_sys::AccessShareLock as i32;
    query::with_current_snapshot(|| {
        // SAFETY: the relation is opened under a lock that is held until it is closed here, and is scanned only if it is on heap
        // pages. The scan, the reference to the relation and the lock are released here, or by the abort of the
        // (sub)transaction if an error unwinds from in between.
        unsafe {
            if oid == pg_sys::InvalidOid || !pg_sys::ConditionalLockRelationOid(oid, LOCK) {
                return None;
            }
            let relation = pg_sys::try_relation_open(oid, pg_sys::NoLock as i32);
            if relation.is_null() {
                pg_sys::UnlockRelationOid(oid, LOCK);
                return None;
            }
            let class = &*(*relation).rd_rel;
            let countable = is_countable(class) && class.relam == pg_sys::HEAP_TABLE_AM_OID;
            let rows = countable.then(|| scanned_rows(relation));
            pg_sys::relation_close(relation, LOCK);
            rows
        }
    })
}

/// Counts the rows that the active snapshot shows.
///
/// SAFETY: the relation is open, locked, and on heap pages.
unsafe fn scanned_rows(relation: pg_sys::Relation) -> i64 {
    let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN
        | pg_sys::ScanOptions::SO_ALLOW_STRAT
        | pg_sys::ScanOptions::SO_ALLOW_SYNC
        | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
    // SAFETY: see above. The scan ends before its snapshot is taken off the stack.
    unsafe {
        let scan = pg_sys::heap_beginscan(
            relation,
            pg_sys::GetActiveSnapshot(),
            0,
            std::ptr::null_mut(),
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
    }
}
