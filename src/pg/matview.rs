//! Writing single rows into a materialized view's heap, as REFRESH CONCURRENTLY does inside.
//!
//! SQL refuses to: only REFRESH may change a materialized view. This takes the same lock, writes through the same heap and
//! index code, and leaves rollback, readers' snapshots, WAL and visibility to them.

use pgrx::{check_for_interrupts, pg_sys};

use super::receiver::{attributes, types};
use super::workspace::Rows;
use crate::error::Error;

/// The columns of a row of changes that stand before those of the view: where the view holds the row (NULL where it does not),
/// and whether there is to be one.
const COLUMNS_BEFORE: [pg_sys::Oid; 2] = [pg_sys::TIDOID, pg_sys::BOOLOID];

/// Brings a materialized view's rows to what `changes` says. Returns how many rows it has written or removed.
///
/// Each row of `changes` is `(ctid tid, present boolean, …)` and then the view's columns in their order. The caller holds an
/// EXCLUSIVE lock on the view and acts as its owner: indexes may call the owner's functions.
pub fn write(view: u32, changes: &Rows) -> Result<i64, Error> {
    // SAFETY: the caller holds the lock. Everything that is opened here is closed below, or by the abort of the
    // subtransaction if an error unwinds.
    unsafe {
        let relation = pg_sys::table_open(pg_sys::Oid::from(view), pg_sys::NoLock as i32);
        let written = check(relation, changes).map(|()| {
            let mut writer = Writer::open(relation, changes.snapshot());
            let written = writer.write(changes);
            writer.close();
            written
        });
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
        pg_sys::CommandCounterIncrement();
        written?
    }
}

/// Whether the view is one that can be written to, and whether the changes have its columns.
///
/// SAFETY: the relation is open and locked.
unsafe fn check(relation: pg_sys::Relation, changes: &Rows) -> Result<(), Error> {
    // SAFETY: an open relation has a class and columns; a column is looked at only if it exists.
    unsafe {
        let class = &*(*relation).rd_rel;
        if class.relkind != pg_sys::RELKIND_MATVIEW as std::ffi::c_char
            || class.relam != pg_sys::HEAP_TABLE_AM_OID
            || !class.relispopulated
        {
            return Err(Error::ViewUnwritable {
                reason: "it is no filled materialized view on heap pages",
            });
        }
        // The columns that the rows really have: what they were meant to have, somebody may have changed since.
        let mut expected = COLUMNS_BEFORE.to_vec();
        expected.extend(types((*relation).rd_att));
        let has_dropped = attributes((*relation).rd_att).any(|column| column.attisdropped);
        if has_dropped || types(changes.columns()) != expected {
            return Err(Error::ViewUnwritable {
                reason: "its columns are not those of its definition",
            });
        }
        Ok(())
    }
}

/// What is to be done to a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowChange {
    Delete,
    Update,
    Insert,
}

impl RowChange {
    /// By whether the view holds the row, and whether there is to be one.
    fn of(is_held: bool, is_present: bool) -> Option<RowChange> {
        match (is_held, is_present) {
            (true, false) => Some(RowChange::Delete),
            (true, true) => Some(RowChange::Update),
            (false, true) => Some(RowChange::Insert),
            (false, false) => None,
        }
    }
}

struct Writer {
    relation: pg_sys::Relation,
    state: *mut pg_sys::EState,
    target: *mut pg_sys::ResultRelInfo,
    slot: *mut pg_sys::TupleTableSlot,
    command: pg_sys::CommandId,
    /// The snapshot that tells where the view's rows are.
    snapshot: pg_sys::Snapshot,
    blocks: pg_sys::BlockNumber,
}

impl Writer {
    /// SAFETY: the relation is open and locked, and a materialized view.
    unsafe fn open(relation: pg_sys::Relation, snapshot: pg_sys::Snapshot) -> Writer {
        // SAFETY: as the executor does for the target of an INSERT. The result relation is zeroed and then initialized.
        unsafe {
            let state = pg_sys::CreateExecutorState();
            let target = pg_sys::palloc0(size_of::<pg_sys::ResultRelInfo>()) as *mut pg_sys::ResultRelInfo;
            (*target).type_ = pg_sys::NodeTag::T_ResultRelInfo;
            pg_sys::InitResultRelInfo(target, relation, 0, std::ptr::null_mut(), 0);
            pg_sys::ExecOpenIndices(target, false);
            let slot = pg_sys::MakeSingleTupleTableSlot((*relation).rd_att, &pg_sys::TTSOpsHeapTuple);
            Writer {
                relation,
                state,
                target,
                slot,
                command: pg_sys::GetCurrentCommandId(true),
                snapshot,
                blocks: pg_sys::RelationGetNumberOfBlocksInFork(relation, pg_sys::ForkNumber::MAIN_FORKNUM),
            }
        }
    }

    /// SAFETY: called once, after the last write.
    unsafe fn close(self) {
        // SAFETY: all three were opened by `open`.
        unsafe {
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            pg_sys::ExecCloseIndices(self.target);
            pg_sys::FreeExecutorState(self.state);
        }
    }

    /// Writes all changes: rows that go first, so that what they hold in unique indexes is free for those that come.
    ///
    /// SAFETY: the changes have been checked against the relation.
    unsafe fn write(&mut self, changes: &Rows) -> Result<i64, Error> {
        let mut written = 0;
        for kind in [RowChange::Delete, RowChange::Update, RowChange::Insert] {
            changes.each(|values, nulls| {
                // SAFETY: the first two columns are a tid, where it is not NULL, and a boolean. The others are the relation's.
                unsafe {
                    let (is_held, is_present) = (!nulls[0], !nulls[1] && values[1].value() != 0);
                    if RowChange::of(is_held, is_present) != Some(kind) {
                        return Ok(());
                    }
                    written += 1;
                    if kind == RowChange::Delete {
                        return self.delete(*(values[0].cast_mut_ptr()));
                    }
                    let row = pg_sys::heap_form_tuple(
                        (*self.relation).rd_att,
                        values[COLUMNS_BEFORE.len()..].as_mut_ptr(),
                        nulls[COLUMNS_BEFORE.len()..].as_mut_ptr(),
                    );
                    (*row).t_tableOid = (*self.relation).rd_id;
                    match kind {
                        RowChange::Update => self.update(*(values[0].cast_mut_ptr()), row)?,
                        _ => self.insert(row),
                    }
                    pg_sys::heap_freetuple(row);
                    Ok(())
                }
            })?;
        }
        Ok(written)
    }

    /// Whether there is a row in that place that the snapshot shows: the heap takes a place for what it is told to be.
    ///
    /// SAFETY: as for `write`.
    unsafe fn check_place(&self, place: pg_sys::ItemPointerData) -> Result<(), Error> {
        let block = (u32::from(place.ip_blkid.bi_hi) << 16) | u32::from(place.ip_blkid.bi_lo);
        // SAFETY: a block that exists is read; the heap looks at the place in it. The buffer is let go if a row was found.
        let is_there = block < self.blocks
            && place.ip_posid != 0
            && unsafe {
                let mut row = std::mem::zeroed::<pg_sys::HeapTupleData>();
                row.t_self = place;
                let mut buffer = 0;
                let is_there = pg_sys::heap_fetch(self.relation, self.snapshot, &mut row, &mut buffer, false);
                if is_there {
                    pg_sys::ReleaseBuffer(buffer);
                }
                is_there
            };
        match is_there {
            true => Ok(()),
            false => Err(Error::Overtaken),
        }
    }

    /// SAFETY: as for `write`.
    unsafe fn delete(&self, mut place: pg_sys::ItemPointerData) -> Result<(), Error> {
        check_for_interrupts!();
        // SAFETY: as for `write`.
        unsafe { self.check_place(place)? };
        // SAFETY: the failure's data is written before it is looked at, and all arguments outlive the call.
        let result = unsafe {
            let mut failure = std::mem::zeroed::<pg_sys::TM_FailureData>();
            pg_sys::heap_delete(
                self.relation,
                &mut place,
                self.command,
                std::ptr::null_mut(),
                true,
                &mut failure,
                false,
            )
        };
        written(result)
    }

    /// SAFETY: as for `write`.
    unsafe fn update(&self, mut place: pg_sys::ItemPointerData, row: pg_sys::HeapTuple) -> Result<(), Error> {
        check_for_interrupts!();
        // SAFETY: as for `write`.
        unsafe { self.check_place(place)? };
        // SAFETY: as for `delete`. The new row's place is set by the heap.
        unsafe {
            let mut failure = std::mem::zeroed::<pg_sys::TM_FailureData>();
            let mut lock = pg_sys::LockTupleMode::LockTupleExclusive;
            #[cfg(feature = "pg15")]
            let (result, in_indexes, only_summarizing) = {
                let result = pg_sys::heap_update(
                    self.relation,
                    &mut place,
                    row,
                    self.command,
                    std::ptr::null_mut(),
                    true,
                    &mut failure,
                    &mut lock,
                );
                let heap_only = u32::from((*(*row).t_data).t_infomask2) & pg_sys::HEAP_ONLY_TUPLE != 0;
                (result, !heap_only, false)
            };
            #[cfg(not(feature = "pg15"))]
            let (result, in_indexes, only_summarizing) = {
                let mut indexes = pg_sys::TU_UpdateIndexes::TU_None;
                let result = pg_sys::heap_update(
                    self.relation,
                    &mut place,
                    row,
                    self.command,
                    std::ptr::null_mut(),
                    true,
                    &mut failure,
                    &mut lock,
                    &mut indexes,
                );
                (
                    result,
                    indexes != pg_sys::TU_UpdateIndexes::TU_None,
                    indexes == pg_sys::TU_UpdateIndexes::TU_Summarizing,
                )
            };
            written(result)?;
            if in_indexes {
                self.insert_into_indexes(row, true, only_summarizing);
            }
        }
        Ok(())
    }

    /// SAFETY: as for `write`.
    unsafe fn insert(&self, row: pg_sys::HeapTuple) {
        check_for_interrupts!();
        // SAFETY: the row was formed for this relation, which is locked.
        unsafe {
            pg_sys::heap_insert(self.relation, row, self.command, 0, std::ptr::null_mut());
            self.insert_into_indexes(row, false, false);
        }
    }

    /// Makes the index entries of a row that stands in the heap, and checks the unique ones.
    ///
    /// SAFETY: the heap has set the row's place.
    #[cfg_attr(feature = "pg15", allow(unused_variables))]
    unsafe fn insert_into_indexes(&self, row: pg_sys::HeapTuple, update: bool, only_summarizing: bool) {
        // SAFETY: the slot has the relation's columns; it borrows the row until it is cleared below.
        unsafe {
            pg_sys::ExecStoreHeapTuple(row, self.slot, false);
            (*self.slot).tts_tid = (*row).t_self;
            pg_sys::ExecInsertIndexTuples(
                self.target,
                self.slot,
                self.state,
                update,
                false,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                #[cfg(not(feature = "pg15"))]
                only_summarizing,
            );
            if let Some(clear) = (*(*self.slot).tts_ops).clear {
                clear(self.slot);
            }
            let context = (*self.state).es_per_tuple_exprcontext;
            if !context.is_null() {
                pg_sys::MemoryContextReset((*context).ecxt_per_tuple_memory);
            }
        }
    }
}

/// What the heap says of a row that was to be deleted or updated. Under the lock only an older snapshot than that of the last
/// refresh can have shown a row that is not there any more.
fn written(result: pg_sys::TM_Result::Type) -> Result<(), Error> {
    match result {
        pg_sys::TM_Result::TM_Ok => Ok(()),
        _ => Err(Error::Overtaken),
    }
}
