//! The triggers that note the key of each changed row in the queue of its entity.
//!
//! They run inside the shop's own statements, so they never fail for a reason of ours, and take no lock that is in anybody's way. What a
//! session has found out about a trigger, it reads no table for again. A queue row is written straight into the heap: queues have no index and no trigger.
//!
//! Their functions may be executed by everybody, since PostgreSQL asks that of whoever makes a partition, to which it gives the triggers of
//! the parent. So what they do is done for triggers on sources only.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, c_char};

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgList, PgLogLevel, pg_sys};

use super::hooks::wake_worker_at_commit;
use super::reserve::with_reserve;
use crate::error::Error;

/// Columns of a queue, as sql/tables.sql makes them.
const CAPTURED_AT: usize = 0;
const KEY_UUID: usize = 1;
const KEY_INTEGER: usize = 2;
const KEY_TEXT: usize = 3;
const QUEUE_COLUMNS: usize = 4;

/// The queues, as sql/tables.sql makes them.
pub const QUEUES: [&CStr; 9] = [
    c"order_queue",
    c"stock_item_queue",
    c"product_queue",
    c"brand_queue",
    c"category_queue",
    c"platform_queue",
    c"supplier_queue",
    c"size_queue",
    c"joined_queue",
];

/// While this table is there, what changes is of use to somebody.
const STATE: &CStr = c"sale_fact";

/// The sources whose triggers note anything.
const CAPTURED: &CStr = c"captured_relation";

/// What the trigger of a source is told, as its third argument, whose rows are shown without a key, too.
const REQUIRED: i16 = 2;

/// The number of the key's column in the source, as its fourth. The triggers of release 0.1.0 have none.
const KEY_NUMBER: i16 = 3;

/// The calling convention of the functions below.
static VERSION_1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };

/// Tells PostgreSQL how to call [`metabase_views_capture_row`].
#[unsafe(no_mangle)]
pub extern "C" fn pg_finfo_metabase_views_capture_row() -> &'static pg_sys::Pg_finfo_record {
    &VERSION_1
}

/// Tells PostgreSQL how to call [`metabase_views_capture_truncate`].
#[unsafe(no_mangle)]
pub extern "C" fn pg_finfo_metabase_views_capture_truncate() -> &'static pg_sys::Pg_finfo_record {
    &VERSION_1
}

/// Behind metabase_internal.capture_row().
///
/// # Safety
/// Called by PostgreSQL, with a function call's data.
#[pgrx::pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn metabase_views_capture_row(
    fcinfo: pg_sys::FunctionCallInfo,
) -> pg_sys::Datum {
    // SAFETY: PostgreSQL passes valid data, which is read as a trigger's only if it is one. An AFTER trigger's tuples stay
    // until it returns.
    with_reserve(|| unsafe {
        if let Some((trigger, source, queue)) = called_as_trigger(fcinfo, pg_sys::TRIGGER_EVENT_ROW) {
            wake_worker_at_commit();
            if queue.is_of_another {
                queue.append(&CapturedKey::Unknown);
                queue.close();
                return;
            }
            let column = key_column(trigger, source);
            let is_required = argument(trigger, REQUIRED).is_some_and(|word| !word.is_empty());
            let key = |tuple| match CapturedKey::of(tuple, trigger, column) {
                CapturedKey::None if is_required => CapturedKey::Unknown,
                key => key,
            };
            let old = key((*trigger).tg_trigtuple);
            let updated = !(*trigger).tg_newtuple.is_null();
            let new = updated.then(|| key((*trigger).tg_newtuple));
            queue.append(&old);
            if let Some(new) = new.filter(|new| *new != old) {
                queue.append(&new);
            }
            queue.close();
        }
    });
    pg_sys::Datum::null()
}

/// Behind metabase_internal.capture_truncate().
///
/// # Safety
/// Called by PostgreSQL, with a function call's data.
#[pgrx::pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn metabase_views_capture_truncate(
    fcinfo: pg_sys::FunctionCallInfo,
) -> pg_sys::Datum {
    // SAFETY: as above.
    with_reserve(|| unsafe {
        if let Some((_, _, queue)) = called_as_trigger(fcinfo, 0) {
            wake_worker_at_commit();
            queue.append(&CapturedKey::Unknown);
            queue.close();
        }
    });
    pg_sys::Datum::null()
}

/// The trigger's data, the source that it is of, and its queue; None where nobody is interested. `level` is that of a row, or 0 for that of a statement:
/// a trigger of another kind than ours has no rows to look at, or decides what becomes of them.
///
/// SAFETY: `fcinfo` is what PostgreSQL passed.
unsafe fn called_as_trigger(
    fcinfo: pg_sys::FunctionCallInfo,
    level: u32,
) -> Option<(*const pg_sys::TriggerData, pg_sys::Oid, Queue)> {
    // SAFETY: see above; the node's tag says whether it is a trigger's data.
    unsafe {
        let context = (*fcinfo).context;
        if context.is_null() || (*context).type_ != pg_sys::NodeTag::T_TriggerData {
            return None;
        }
        let trigger = context as *const pg_sys::TriggerData;
        if (*trigger).tg_event & (pg_sys::TRIGGER_EVENT_TIMINGMASK | pg_sys::TRIGGER_EVENT_ROW) != level {
            ErrorReport::from(Error::ForeignTrigger).report(PgLogLevel::ERROR);
        }
        let name = argument(trigger, 0)?;
        if !QUEUES.contains(&name) {
            return None;
        }
        // Where the function is, whatever somebody has renamed that schema to.
        let schema = pg_sys::get_func_namespace((*(*fcinfo).flinfo).fn_oid);
        loop {
            let heard = messages_heard();
            let found = wanting_queue(trigger, name, schema);
            // It is looked up step by step, and what the first steps have found may have been replaced before the last: an answer
            // during which something was altered is not believed.
            if heard == messages_heard() {
                return found.map(|(source, queue)| (trigger, source, queue));
            }
            if let Some((_, queue)) = found {
                queue.close();
            }
        }
    }
}

unsafe extern "C-unwind" {
    static mut SharedInvalidMessageCounter: u64;
}

/// How many messages this session has had of what others have altered.
fn messages_heard() -> u64 {
    // SAFETY: a number that is always there, and that this thread alone writes.
    unsafe { (&raw const SharedInvalidMessageCounter).read_volatile() }
}

/// The source that a trigger is of, and the queue that it writes to, in that schema; None where nobody is interested.
///
/// SAFETY: the trigger's data is valid.
unsafe fn wanting_queue(
    trigger: *const pg_sys::TriggerData,
    name: &CStr,
    schema: pg_sys::Oid,
) -> Option<(pg_sys::Oid, Queue)> {
    // SAFETY: see above.
    unsafe {
        let state = pg_sys::get_relname_relid(STATE.as_ptr(), schema);
        if state == pg_sys::InvalidOid {
            return None;
        }
        let source = source(trigger, schema)?;
        let named = |name: &CStr| Queue::open(pg_sys::get_relname_relid(name.as_ptr(), schema));
        // Where its own cannot be written to, another one says that anything may have changed.
        let queue = named(name).or_else(|| {
            let other = QUEUES.iter().find_map(|name| named(name))?;
            Some(Queue {
                is_of_another: true,
                ..other
            })
        })?;
        // Operators may put tables there, too: one of theirs under that name says nothing.
        if relation_owner(state) != Some((*(*queue.relation).rd_rel).relowner) {
            queue.close();
            return None;
        }
        Some((source, queue))
    }
}

thread_local! {
    /// The triggers that this session has found to be on a source, with the tables that they are on, and which source that is.
    static ON_SOURCES: RefCell<HashMap<(u32, u32, bool), pg_sys::Oid>> = RefCell::default();
}

unsafe extern "C-unwind" {
    fn get_partition_ancestors(relation: pg_sys::Oid) -> *mut pg_sys::List;
}

/// The source that a trigger is on, or that the table is a partition of which has it from that source: anybody may put one on a table of
/// his own, and is not to fill the queues by that. Sources are remembered when they are captured, and stay it while an adapter is away: what
/// is written then is not lost to the views that come back.
///
/// That it is one, is remembered: should it be none any more, its keys do no harm. That it is none is asked each time.
///
/// SAFETY: the trigger's data is valid.
unsafe fn source(trigger: *const pg_sys::TriggerData, schema: pg_sys::Oid) -> Option<pg_sys::Oid> {
    // SAFETY: see above. The list is read at once; nothing is to be dropped in the call that may raise an error.
    unsafe {
        let relation = (*(*trigger).tg_relation).rd_id;
        let definition = (*trigger).tg_trigger;
        // A partition's own trigger can become what it has of the source's.
        let key = (
            (*definition).tgoid.to_u32(),
            relation.to_u32(),
            (*definition).tgisclone,
        );
        if let Some(source) = ON_SOURCES.with_borrow(|known| known.get(&key).copied()) {
            return Some(source);
        }
        let is_source = is_captured(relation, schema);
        let source = match (*definition).tgisclone {
            false => is_source.then_some(relation),
            true => {
                let ancestors = pg_sys::ffi::pg_guard_ffi_boundary(|| get_partition_ancestors(relation));
                let sources = PgList::<pg_sys::Oid>::from_pg(ancestors)
                    .iter_oid()
                    .filter(|ancestor| is_captured(*ancestor, schema))
                    .collect::<Vec<_>>();
                // The topmost that has the trigger: those below have it from there, also one that is the source of another entity.
                let has_it = |source: &&pg_sys::Oid| {
                    pg_sys::get_trigger_oid(**source, (*definition).tgname, true) != pg_sys::InvalidOid
                };
                let origin = sources.iter().rev().find(has_it).or(sources.last());
                origin.copied().or(is_source.then_some(relation))
            }
        }?;
        ON_SOURCES.with_borrow_mut(|known| known.insert(key, source));
        Some(source)
    }
}

/// Whether a relation is among those that are captured.
///
/// Each row is looked at as it is now, in no snapshot: rows come and go as a whole, and writers who are serializable are not to depend on them.
///
/// SAFETY: called inside a transaction.
unsafe fn is_captured(relation: pg_sys::Oid, schema: pg_sys::Oid) -> bool {
    // SAFETY: see above. The table belongs to the extension, and is looked at all the same. The scan, the table and its lock are released
    // here, or by the abort of the (sub)transaction if an error unwinds from in between.
    unsafe {
        let captured = pg_sys::get_relname_relid(CAPTURED.as_ptr(), schema);
        if captured == pg_sys::InvalidOid {
            return false;
        }
        let table = pg_sys::try_table_open(captured, pg_sys::AccessShareLock as i32);
        if table.is_null() {
            return false;
        }
        let fits = (*(*table).rd_rel).relam == pg_sys::HEAP_TABLE_AM_OID
            && pg_sys::SPI_gettypeid((*table).rd_att, 1) == pg_sys::OIDOID;
        let mut key = pg_sys::ScanKeyData::default();
        pg_sys::ScanKeyInit(
            &mut key,
            1,
            pg_sys::BTEqualStrategyNumber as u16,
            pg_sys::F_OIDEQ.into(),
            pg_sys::Datum::from(relation),
        );
        let is_in = fits && {
            let scan = pg_sys::systable_beginscan(
                table,
                pg_sys::InvalidOid,
                false,
                &raw mut pg_sys::SnapshotSelfData,
                1,
                &mut key,
            );
            let is_in = !pg_sys::systable_getnext(scan).is_null();
            pg_sys::systable_endscan(scan);
            is_in
        };
        pg_sys::table_close(table, pg_sys::AccessShareLock as i32);
        is_in
    }
}

/// The owner of a relation, from the cache of the catalog, without a lock.
///
/// SAFETY: called inside a transaction.
unsafe fn relation_owner(relation: pg_sys::Oid) -> Option<pg_sys::Oid> {
    // SAFETY: an entry that is found has the form of its catalog, and is let go once it is read.
    unsafe {
        let entry = pg_sys::SearchSysCache1(
            pg_sys::SysCacheIdentifier::RELOID as i32,
            pg_sys::Datum::from(relation),
        );
        if entry.is_null() {
            return None;
        }
        let owner = (*(pg_sys::GETSTRUCT(entry) as *const pg_sys::FormData_pg_class)).relowner;
        pg_sys::ReleaseSysCache(entry);
        Some(owner)
    }
}

/// SAFETY: the trigger's data is valid, and stays for as long as the argument is read.
unsafe fn argument<'trigger>(trigger: *const pg_sys::TriggerData, position: i16) -> Option<&'trigger CStr> {
    // SAFETY: see above; an argument is read only if there are as many.
    unsafe {
        let definition = (*trigger).tg_trigger;
        (position < (*definition).tgnargs)
            .then(|| CStr::from_ptr(*(*definition).tgargs.add(position as usize)))
    }
}

/// The number of the key's column in the relation that fired, which may be a partition with columns of another order. 0 where
/// that cannot be told: there is none of its name any more, or another column of the source bears that for the moment.
///
/// Adapters read columns by their numbers, whatever they are called. A partition has its own numbers, and the names of its source.
///
/// SAFETY: the trigger's data is valid, and `source` is the relation that it is of.
unsafe fn key_column(trigger: *const pg_sys::TriggerData, source: pg_sys::Oid) -> i32 {
    // SAFETY: see above; SPI_fnumber only compares names.
    unsafe {
        let Some(name) = argument(trigger, 1) else {
            return 0;
        };
        let relation = (*trigger).tg_relation;
        let column = pg_sys::SPI_fnumber((*relation).rd_att, name.as_ptr()).max(0);
        let Some(number) = argument(trigger, KEY_NUMBER) else {
            return column;
        };
        let number: i16 = number
            .to_str()
            .ok()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0);
        let is_it = match source == (*relation).rd_id {
            true => column == i32::from(number),
            false => is_called(source, number, name),
        };
        if is_it { column } else { 0 }
    }
}

/// Whether a column of a relation, given by its number, has that name now.
///
/// SAFETY: called inside a transaction.
unsafe fn is_called(relation: pg_sys::Oid, number: i16, name: &CStr) -> bool {
    // SAFETY: an entry that is found has the form of its catalog, and is let go once it is read.
    unsafe {
        let entry = pg_sys::SearchSysCache2(
            pg_sys::SysCacheIdentifier::ATTNUM as i32,
            pg_sys::Datum::from(relation),
            pg_sys::Datum::from(number),
        );
        if entry.is_null() {
            return false;
        }
        let column = &*(pg_sys::GETSTRUCT(entry) as *const pg_sys::FormData_pg_attribute);
        let is_called = CStr::from_ptr(column.attname.data.as_ptr()) == name;
        pg_sys::ReleaseSysCache(entry);
        is_called
    }
}

/// How many bytes the text of a key has at most: more does no index take. Of a longer one it is noted that anything may have changed,
/// so that a writer is asked for no more memory than this.
const LONGEST_KEY: usize = 2704;

/// A changed row's key.
enum CapturedKey<'row> {
    Uuid([u8; 16]),
    Integer(i64),
    /// A text, in the server's memory.
    Text(&'row [u8]),
    /// It cannot be told: whoever reads the queue has to look at everything.
    Unknown,
    /// The row has none, so no adapter shows it.
    None,
}

impl PartialEq for CapturedKey<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (CapturedKey::Uuid(this), CapturedKey::Uuid(that)) => this == that,
            (CapturedKey::Integer(this), CapturedKey::Integer(that)) => this == that,
            (CapturedKey::Text(this), CapturedKey::Text(that)) => this == that,
            (CapturedKey::Unknown, CapturedKey::Unknown) | (CapturedKey::None, CapturedKey::None) => true,
            _ => false,
        }
    }
}

impl<'row> CapturedKey<'row> {
    /// SAFETY: the tuple is one of the relation that fired, and `column` is 0 or one of its columns. The tuple, and the memory context that
    /// is the current one, stay for as long as the key does.
    unsafe fn of(
        tuple: pg_sys::HeapTuple,
        trigger: *const pg_sys::TriggerData,
        column: i32,
    ) -> CapturedKey<'row> {
        if column == 0 {
            return CapturedKey::Unknown;
        }
        // SAFETY: see above. A value is read as what its column's type says; getBaseType looks through domains. A text that is not in
        // the tuple is brought into the memory context.
        unsafe {
            let columns = (*(*trigger).tg_relation).rd_att;
            let mut is_null = false;
            let value = pg_sys::heap_getattr(tuple, column, columns, &mut is_null);
            if is_null {
                return CapturedKey::None;
            }
            match pg_sys::getBaseType(pg_sys::SPI_gettypeid(columns, column)) {
                pg_sys::UUIDOID => CapturedKey::Uuid(*value.cast_mut_ptr::<[u8; 16]>()),
                pg_sys::INT2OID => CapturedKey::Integer(i64::from(value.value() as i16)),
                pg_sys::INT4OID => CapturedKey::Integer(i64::from(value.value() as i32)),
                pg_sys::INT8OID => CapturedKey::Integer(value.value() as i64),
                pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::BPCHAROID
                    if pg_sys::toast_raw_datum_size(value) > LONGEST_KEY + size_of::<i32>() =>
                {
                    CapturedKey::Unknown
                }
                base @ (pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::BPCHAROID) => {
                    let packed = pg_sys::pg_detoast_datum_packed(value.cast_mut_ptr());
                    let text = pgrx::varlena::varlena_to_byte_slice(packed);
                    // Blanks at the end are no part of a char(n), and a cast to text takes them off.
                    let end = match base {
                        pg_sys::BPCHAROID => text
                            .iter()
                            .rposition(|byte| *byte != b' ')
                            .map_or(0, |last| last + 1),
                        _ => text.len(),
                    };
                    CapturedKey::Text(&text[..end])
                }
                pg_sys::NAMEOID => CapturedKey::Text(CStr::from_ptr(value.cast_mut_ptr()).to_bytes()),
                _ => CapturedKey::Unknown,
            }
        }
    }
}

/// An entity's queue, open for appending.
struct Queue {
    relation: pg_sys::Relation,
    /// Whether it stands in for the one that the trigger names.
    is_of_another: bool,
}

impl Queue {
    /// SAFETY: called inside a transaction.
    unsafe fn open(queue: pg_sys::Oid) -> Option<Queue> {
        if queue == pg_sys::InvalidOid {
            return None;
        }
        // SAFETY: the relation is opened under the lock of an insert, which it keeps until the transaction ends. It belongs to
        // the extension, and is looked at all the same: what is written must fit.
        unsafe {
            let relation = pg_sys::try_table_open(queue, pg_sys::RowExclusiveLock as i32);
            if relation.is_null() {
                return None;
            }
            let class = &*(*relation).rd_rel;
            let types = [
                pg_sys::TIMESTAMPTZOID,
                pg_sys::UUIDOID,
                pg_sys::INT8OID,
                pg_sys::TEXTOID,
            ];
            let columns = (*relation).rd_att;
            let fits = class.relkind == pg_sys::RELKIND_RELATION as c_char
                && class.relam == pg_sys::HEAP_TABLE_AM_OID
                && (*columns).natts as usize == QUEUE_COLUMNS
                && (1..=QUEUE_COLUMNS as i32)
                    .zip(types)
                    .all(|(column, expected)| pg_sys::SPI_gettypeid(columns, column) == expected);
            if !fits {
                pg_sys::relation_close(relation, pg_sys::NoLock as i32);
                return None;
            }
            Some(Queue {
                relation,
                is_of_another: false,
            })
        }
    }

    /// SAFETY: called once.
    unsafe fn close(self) {
        // SAFETY: it was opened by `open`.
        unsafe { pg_sys::relation_close(self.relation, pg_sys::NoLock as i32) }
    }

    /// SAFETY: called inside a transaction.
    unsafe fn append(&self, key: &CapturedKey) {
        let mut values = [pg_sys::Datum::null(); QUEUE_COLUMNS];
        let mut nulls = [true; QUEUE_COLUMNS];
        // SAFETY: each value is of its column's type, as `open` has found it, and outlives the forming of the tuple. The heap
        // copies it; a long text goes to the queue's toast table.
        unsafe {
            values[CAPTURED_AT] = pg_sys::Datum::from(pg_sys::GetCurrentStatementStartTimestamp());
            nulls[CAPTURED_AT] = false;
            match key {
                CapturedKey::None => return,
                CapturedKey::Unknown => {}
                CapturedKey::Uuid(bytes) => {
                    values[KEY_UUID] = pg_sys::Datum::from(bytes.as_ptr());
                    nulls[KEY_UUID] = false;
                }
                CapturedKey::Integer(number) => {
                    values[KEY_INTEGER] = pg_sys::Datum::from(*number);
                    nulls[KEY_INTEGER] = false;
                }
                CapturedKey::Text(bytes) => {
                    values[KEY_TEXT] = pg_sys::Datum::from(pg_sys::cstring_to_text_with_len(
                        bytes.as_ptr() as *const c_char,
                        bytes.len() as i32,
                    ));
                    nulls[KEY_TEXT] = false;
                }
            }
            let row =
                pg_sys::heap_form_tuple((*self.relation).rd_att, values.as_mut_ptr(), nulls.as_mut_ptr());
            pg_sys::heap_insert(
                self.relation,
                row,
                pg_sys::GetCurrentCommandId(true),
                0,
                std::ptr::null_mut(),
            );
            pg_sys::heap_freetuple(row);
        }
    }
}
