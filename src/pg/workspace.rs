//! Several statements over one snapshot, with rows that are kept between them.
//!
//! An SQL error unwinds through all of it: a workspace is opened inside a subtransaction, whose end cleans up.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{CStr, CString};

use pgrx::pg_sys;
use serde::de::DeserializeOwned;

use super::definition::run_stored_query;
use super::query::LONGEST_ANSWER;
use super::receiver::{Receiver, attributes, types};
use super::reserve::with_reserve;
use super::subtransaction::subtransaction;
use crate::error::Error;

/// What the planner is told of kept rows: few, so that big tables are looked up by index, and a table without an index is
/// read once rather than once a row.
const EXPECTED_ROWS: f64 = 100.0;

/// The types of what is read from the shop: those that adapters have. None of them, and no operator or function that goes with
/// them, is anything that a user has made.
const READ_TYPES: [pg_sys::Oid; 8] = [
    pg_sys::UUIDOID,
    pg_sys::INT2OID,
    pg_sys::INT4OID,
    pg_sys::INT8OID,
    pg_sys::TEXTOID,
    pg_sys::NUMERICOID,
    pg_sys::TIMESTAMPTZOID,
    pg_sys::BOOLOID,
];

/// Plans that this session keeps: they are made once, and made anew by the server when what they read changes.
struct Plans {
    /// What the statements were generated for; plans for anything else are dropped.
    generation: String,
    plans: HashMap<String, KeptPlan>,
}

/// A plan that is used again.
struct KeptPlan {
    pointer: pg_sys::SPIPlanPtr,
    /// The kept rows that it reads, and their types: the server does not notice when these change.
    reads: Vec<(String, Vec<pg_sys::Oid>)>,
}

thread_local! {
    static IS_OPEN: Cell<bool> = const { Cell::new(false) };
    static PLANS: RefCell<Plans> = RefCell::new(Plans { generation: String::new(), plans: HashMap::new() });
}

/// Rows that later statements read like a table.
struct Kept {
    relation: *mut pg_sys::EphemeralNamedRelationData,
    rows: u64,
    types: Vec<pg_sys::Oid>,
}

/// See the module.
pub struct Workspace {
    snapshot: pg_sys::Snapshot,
    kept: HashMap<String, Kept>,
    /// Whether statements are planned for one run, and for as many rows as are kept.
    is_once: bool,
}

/// The rows of a query, as the server holds them.
pub struct Rows {
    store: *mut pg_sys::Tuplestorestate,
    columns: pg_sys::TupleDesc,
    count: u64,
    snapshot: pg_sys::Snapshot,
}

/// A plan, and whether it is dropped once it has run.
struct CachedPlan {
    pointer: pg_sys::SPIPlanPtr,
    is_once: bool,
}

/// Says that a workspace is open, for as long as it lives.
struct Open;

impl Open {
    fn begin() -> Result<Open, Error> {
        refuse_nested()?;
        IS_OPEN.set(true);
        Ok(Open)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        IS_OPEN.set(false);
    }
}

/// An error where a workspace is open: a function that its statements call must not change what they work on.
pub fn refuse_nested() -> Result<(), Error> {
    match IS_OPEN.get() {
        true => Err(Error::Nested),
        false => Ok(()),
    }
}

impl Workspace {
    /// Opens a workspace over what this transaction can see now, and closes it after `work`.
    pub fn open<T>(work: impl FnOnce(&mut Workspace) -> Result<T, Error>) -> Result<T, Error> {
        let _open = Open::begin()?;
        // SAFETY: we are inside a transaction. What is connected and registered here is released below, or by the abort of
        // the subtransaction if an error unwinds.
        let mut workspace = unsafe {
            pg_sys::CommandCounterIncrement();
            if pg_sys::SPI_connect() != pg_sys::SPI_OK_CONNECT as i32 {
                return Err(Error::Internal("SPI_connect failed".into()));
            }
            Workspace {
                snapshot: pg_sys::RegisterSnapshot(pg_sys::GetTransactionSnapshot()),
                kept: HashMap::new(),
                is_once: false,
            }
        };
        let result = with_reserve(|| work(&mut workspace));
        // SAFETY: no statement runs any more, so nobody reads the kept rows or the snapshot.
        unsafe {
            for kept in workspace.kept.values() {
                pg_sys::tuplestore_end((*kept.relation).reldata as *mut pg_sys::Tuplestorestate);
            }
            pg_sys::UnregisterSnapshot(workspace.snapshot);
            pg_sys::SPI_finish();
        }
        result
    }

    /// Runs `work` so that its failure undoes all that it did and nothing else. What it keeps is gone afterwards.
    ///
    /// Many rows are kept in a file, which belongs to the subtransaction and is closed with it.
    pub fn subtransaction<T>(
        &mut self,
        work: impl FnOnce(&mut Workspace) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before: Vec<String> = self.kept.keys().cloned().collect();
        let result = subtransaction(|| {
            let result = work(self)?;
            self.forget_all_but(&before, true)?;
            Ok(result)
        });
        if result.is_err() {
            self.forget_all_but(&before, false)?;
        }
        result
    }

    /// Forgets kept rows, and closes their files unless a rollback has done so.
    fn forget_all_but(&mut self, names: &[String], has_files: bool) -> Result<(), Error> {
        let others: Vec<String> = self
            .kept
            .keys()
            .filter(|name| !names.contains(*name))
            .cloned()
            .collect();
        for name in others {
            let c_name = CString::new(name.as_str())?;
            if let Some(kept) = self.kept.remove(&name) {
                // SAFETY: no statement runs that reads it. After a rollback its file is closed, so that only the memory is left,
                // which goes with this SPI connection.
                unsafe {
                    pg_sys::SPI_unregister_relation(c_name.as_ptr());
                    if has_files {
                        pg_sys::tuplestore_end((*kept.relation).reldata as *mut pg_sys::Tuplestorestate);
                    }
                }
            }
        }
        Ok(())
    }

    /// Says which generation of tables the statements from here on are for: plans for another one are dropped.
    pub fn set_generation(&mut self, generation: &str) {
        forget_other_plans(generation);
    }

    /// Has `work` run statements that will not come again: they are planned for the rows that there are.
    pub fn once<T>(&mut self, work: impl FnOnce(&mut Workspace) -> Result<T, Error>) -> Result<T, Error> {
        let before = std::mem::replace(&mut self.is_once, true);
        let result = work(self);
        self.is_once = before;
        result
    }

    /// Has `work` see what all others have committed by now, also where this transaction's snapshot is older.
    pub fn latest<T>(&mut self, work: impl FnOnce(&mut Workspace) -> Result<T, Error>) -> Result<T, Error> {
        // SAFETY: we are inside a transaction. The snapshot is let go below, when no statement runs any more, or by the abort of the
        // subtransaction if an error unwinds.
        let latest = unsafe { pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot()) };
        let own = std::mem::replace(&mut self.snapshot, latest);
        let result = work(self);
        self.snapshot = own;
        // SAFETY: see above.
        unsafe { pg_sys::UnregisterSnapshot(latest) };
        result
    }

    /// Runs a statement. Returns how many rows it wrote or returned.
    pub fn run(&mut self, statement: &str) -> Result<u64, Error> {
        // SAFETY: called between SPI_connect and SPI_finish.
        unsafe {
            let plan = self.plan(statement)?;
            let processed = self.execute(&plan)?;
            pg_sys::SPI_freetuptable(pg_sys::SPI_tuptable);
            plan.done();
            Ok(processed)
        }
    }

    /// Keeps the rows of a query under a name that later statements use like a table's. Returns how many there are.
    pub fn keep(&mut self, name: &str, query: &str) -> Result<u64, Error> {
        let rows = self.raw_rows(query)?;
        self.register(name, rows)
    }

    /// Keeps the rows that a materialized view's query gives, as the server has stored it. Returns how many there are.
    pub fn keep_stored(&mut self, name: &str, view: u32) -> Result<u64, Error> {
        // SAFETY: there is an active snapshot for the run, and the receiver stays where it is.
        let rows = unsafe { self.received(|receiver| run_stored_query(view, receiver)) }?;
        self.register(name, rows)
    }

    /// Keeps the rows of a query that reads what is not the extension's own. Later statements run with other privileges than
    /// this one, so nothing may come through it but values of the types that adapters have.
    pub fn read(&mut self, name: &str, query: &str) -> Result<u64, Error> {
        let rows = self.raw_rows(query)?;
        rows.check_plain(name)?;
        self.register(name, rows)
    }

    /// Keeps no rows under the name of some that are read elsewhere (see [`read`](Self::read)). The types of none are types, too:
    /// later statements would be planned with the functions that these bring along.
    pub fn read_none(&mut self, name: &str, query: &str) -> Result<(), Error> {
        let rows = self.no_rows(query)?;
        rows.check_plain(name)?;
        self.register(name, rows).map(drop)
    }

    /// Keeps the rows that a statement returns which it has written or deleted.
    pub fn keep_written(&mut self, name: &str, statement: &str) -> Result<u64, Error> {
        // SAFETY: the statement returned a set of rows, which `SPI_tuptable` now is. They are copied into a store that
        // belongs to the memory of this SPI connection.
        let rows = unsafe {
            let plan = self.plan(statement)?;
            let count = self.execute(&plan)?;
            let table = pg_sys::SPI_tuptable;
            if table.is_null() {
                return Err(Error::Internal(format!("no rows to keep as {name}")));
            }
            let store = new_store();
            for position in 0..count as usize {
                pg_sys::tuplestore_puttuple(store, *(*table).vals.add(position));
            }
            let columns = pg_sys::CreateTupleDescCopy((*table).tupdesc);
            pg_sys::SPI_freetuptable(table);
            plan.done();
            Rows {
                store,
                columns,
                count,
                snapshot: self.snapshot,
            }
        };
        self.register(name, rows)
    }

    /// Keeps no rows under a name: those of a statement that is known to have none.
    pub fn keep_none(&mut self, name: &str, statement: &str) -> Result<(), Error> {
        let rows = self.no_rows(statement)?;
        self.register(name, rows).map(drop)
    }

    /// No rows with the columns that those of a statement have.
    fn no_rows(&mut self, statement: &str) -> Result<Rows, Error> {
        // SAFETY: the columns are copied before the plan is dropped, if it is. They may be those of when the plan was made; there is no
        // row that could have others.
        unsafe {
            let plan = self.plan(statement)?;
            let columns = pg_sys::CreateTupleDescCopy(result_columns(plan.pointer)?);
            plan.done();
            Ok(Rows {
                store: new_store(),
                columns,
                count: 0,
                snapshot: self.snapshot,
            })
        }
    }

    /// How many rows are kept under a name.
    pub fn kept(&self, name: &str) -> u64 {
        self.kept.get(name).map_or(0, |kept| kept.rows)
    }

    /// The rows of a query as structs.
    pub fn rows<T: DeserializeOwned>(&mut self, query: &str) -> Result<Vec<T>, Error> {
        let statement = format!("SELECT pg_catalog.to_jsonb(row)::pg_catalog.text FROM (\n{query}\n) AS row");
        // SAFETY: the statement returned a set of rows with one column of text.
        unsafe {
            let plan = self.plan(&statement)?;
            let processed = self.execute(&plan)?;
            let mut rows = Vec::with_capacity(processed as usize);
            let mut bytes = 0;
            let table = pg_sys::SPI_tuptable;
            for position in 0..processed as usize {
                let text = pg_sys::SPI_getvalue(*(*table).vals.add(position), (*table).tupdesc, 1);
                if text.is_null() {
                    return Err(Error::Internal("a row came back as NULL".into()));
                }
                let row = CStr::from_ptr(text).to_bytes();
                bytes += row.len();
                if bytes > LONGEST_ANSWER {
                    return Err(Error::LongAnswer { most: LONGEST_ANSWER });
                }
                rows.push(serde_json::from_slice(row)?);
                pg_sys::pfree(text.cast());
            }
            pg_sys::SPI_freetuptable(table);
            plan.done();
            Ok(rows)
        }
    }

    /// The rows of a query as the server holds them: many of them in a file.
    pub fn raw_rows(&mut self, query: &str) -> Result<Rows, Error> {
        // SAFETY: called between SPI_connect and SPI_finish; there is an active snapshot for the run, and the receiver stays where it is.
        unsafe {
            let plan = self.plan(query)?;
            let rows = self.received(|receiver| {
                let mut options = std::mem::zeroed::<pg_sys::SPIExecuteOptions>();
                options.read_only = true;
                options.dest = receiver.as_destination();
                match pg_sys::SPI_execute_plan_extended(plan.pointer, &options) {
                    code if code < 0 => Err(Error::Internal(format!(
                        "SPI_execute_plan_extended returned {code}"
                    ))),
                    _ => Ok(()),
                }
            });
            plan.done();
            rows
        }
    }

    /// The rows that a run gives to a receiver, under what this workspace's snapshot shows, and what this transaction has done so far.
    ///
    /// SAFETY: the run has ended when `run` returns.
    unsafe fn received(
        &mut self,
        run: impl FnOnce(&mut Receiver) -> Result<(), Error>,
    ) -> Result<Rows, Error> {
        // SAFETY: the active snapshot is a copy of the registered one; it is taken off again below, or by the abort of the subtransaction
        // if an error unwinds. The receiver puts rows into the store, stays where it is during the run, and belongs with the store to
        // the memory of this SPI connection.
        unsafe {
            let store = new_store();
            let mut receiver = Receiver::new(store);
            pg_sys::CommandCounterIncrement();
            pg_sys::PushCopiedSnapshot(self.snapshot);
            pg_sys::UpdateActiveSnapshotCommandId();
            let outcome = run(&mut receiver);
            pg_sys::PopActiveSnapshot();
            outcome?;
            let (columns, count) = receiver.received()?;
            Ok(Rows {
                store,
                columns,
                count,
                snapshot: self.snapshot,
            })
        }
    }

    /// SAFETY: the plan is one of this session's and has no parameters.
    unsafe fn execute(&mut self, plan: &CachedPlan) -> Result<u64, Error> {
        // SAFETY: the snapshot is registered for as long as this workspace is open; the server copies it and adds what this
        // transaction has done so far.
        unsafe {
            let code = pg_sys::SPI_execute_snapshot(
                plan.pointer,
                std::ptr::null_mut(),
                std::ptr::null(),
                self.snapshot,
                std::ptr::null_mut(),
                false,
                true,
                0,
            );
            if code < 0 {
                return Err(Error::Internal(format!("SPI_execute_snapshot returned {code}")));
            }
            Ok(pg_sys::SPI_processed)
        }
    }

    /// SAFETY: called between SPI_connect and SPI_finish, with every name that the statement uses kept already.
    unsafe fn plan(&self, statement: &str) -> Result<CachedPlan, Error> {
        #[cfg(debug_assertions)]
        super::injection::point()?;
        let is_once = self.is_once;
        if !is_once && let Some(pointer) = self.kept_plan(statement) {
            return Ok(CachedPlan { pointer, is_once });
        }
        // SAFETY: a plan that is kept lives until it is freed.
        let pointer = unsafe {
            let pointer = prepare(statement)?;
            if !is_once && pg_sys::SPI_keepplan(pointer) != 0 {
                return Err(Error::Internal("SPI_keepplan failed".into()));
            }
            pointer
        };
        if !is_once {
            let reads = self
                .kept
                .iter()
                // A name that is only part of a word costs a plan and no more.
                .filter(|(name, _)| statement.contains(name.as_str()))
                .map(|(name, kept)| (name.clone(), kept.types.clone()))
                .collect();
            PLANS.with_borrow_mut(|plans| {
                plans
                    .plans
                    .insert(statement.to_owned(), KeptPlan { pointer, reads })
            });
        }
        Ok(CachedPlan { pointer, is_once })
    }

    /// The plan that this session has of a statement, unless it reads rows that have other types now: then it is dropped.
    fn kept_plan(&self, statement: &str) -> Option<pg_sys::SPIPlanPtr> {
        PLANS.with_borrow_mut(|plans| {
            let plan = plans.plans.get(statement)?;
            let is_current = plan
                .reads
                .iter()
                .all(|(name, types)| self.kept.get(name).is_some_and(|kept| kept.types == *types));
            if is_current {
                return Some(plan.pointer);
            }
            if let Some(plan) = plans.plans.remove(statement) {
                plan.free();
            }
            None
        })
    }

    /// Has later statements read rows by a name. Returns how many there are.
    fn register(&mut self, name: &str, rows: Rows) -> Result<u64, Error> {
        let c_name = CString::new(name)?;
        let (count, columns, store) = (rows.count, rows.columns, rows.store);
        // From here on the relation has them.
        std::mem::forget(rows);
        // SAFETY: called between SPI_connect and SPI_finish. The relation is made in the memory of this SPI connection, like what it
        // points to. An earlier one of its name is taken away first.
        unsafe {
            if let Some(earlier) = self.kept.remove(name) {
                pg_sys::SPI_unregister_relation(c_name.as_ptr());
                pg_sys::tuplestore_end((*earlier.relation).reldata as *mut pg_sys::Tuplestorestate);
            }
            let relation = pg_sys::palloc0(size_of::<pg_sys::EphemeralNamedRelationData>())
                as *mut pg_sys::EphemeralNamedRelationData;
            (*relation).md.name = pg_sys::pstrdup(c_name.as_ptr());
            (*relation).md.reliddesc = pg_sys::InvalidOid;
            (*relation).md.tupdesc = columns;
            (*relation).md.enrtype = pg_sys::EphemeralNameRelationType::ENR_NAMED_TUPLESTORE;
            (*relation).md.enrtuples = match self.is_once {
                true => EXPECTED_ROWS.max(count as f64),
                false => EXPECTED_ROWS,
            };
            (*relation).reldata = store as *mut std::ffi::c_void;
            let code = pg_sys::SPI_register_relation(relation);
            if code < 0 {
                return Err(Error::Internal(format!(
                    "SPI_register_relation returned {code} for {name}"
                )));
            }
            self.kept.insert(
                name.to_owned(),
                Kept {
                    relation,
                    rows: count,
                    types: types(columns),
                },
            );
        }
        Ok(count)
    }
}

impl CachedPlan {
    /// Drops it unless it will be used again.
    ///
    /// SAFETY: it runs no more.
    unsafe fn done(self) {
        if self.is_once {
            // SAFETY: see above; nobody else has it.
            unsafe { pg_sys::SPI_freeplan(self.pointer) };
        }
    }
}

impl Rows {
    /// An error unless all columns have types that adapters have.
    fn check_plain(&self, name: &str) -> Result<(), Error> {
        // SAFETY: the description belongs to the rows.
        let is_plain = unsafe { attributes(self.columns) }.all(|column| {
            READ_TYPES.contains(&column.atttypid)
                && [pg_sys::InvalidOid, pg_sys::DEFAULT_COLLATION_OID].contains(&column.attcollation)
        });
        match is_plain {
            true => Ok(()),
            false => Err(Error::AdapterTypes {
                rows: name.to_owned(),
            }),
        }
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// The rows' columns.
    pub(super) fn columns(&self) -> pg_sys::TupleDesc {
        self.columns
    }

    /// The snapshot that they were read in.
    pub(super) fn snapshot(&self) -> pg_sys::Snapshot {
        self.snapshot
    }

    /// Shows each row in turn, as the values of its columns and whether they are NULL.
    pub(super) fn each(
        &self,
        mut show: impl FnMut(&mut [pg_sys::Datum], &mut [bool]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // SAFETY: the store and its columns live as long as this does. A slot's arrays have a place for each column, and are filled
        // before they are shown.
        unsafe {
            let columns = (*self.columns).natts;
            let slot = pg_sys::MakeSingleTupleTableSlot(self.columns, &pg_sys::TTSOpsMinimalTuple);
            pg_sys::tuplestore_rescan(self.store);
            while pg_sys::tuplestore_gettupleslot(self.store, true, false, slot) {
                pg_sys::slot_getsomeattrs_int(slot, columns);
                show(
                    std::slice::from_raw_parts_mut((*slot).tts_values, columns as usize),
                    std::slice::from_raw_parts_mut((*slot).tts_isnull, columns as usize),
                )?;
            }
            pg_sys::ExecDropSingleTupleTableSlot(slot);
        }
        Ok(())
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: nobody else ends the store.
            unsafe { pg_sys::tuplestore_end(self.store) }
        }
    }
}

/// The columns of the rows of a plan of one statement.
///
/// SAFETY: the plan is valid.
unsafe fn result_columns(plan: pg_sys::SPIPlanPtr) -> Result<pg_sys::TupleDesc, Error> {
    // SAFETY: a plan of one statement has one source, which knows the columns of its rows.
    unsafe {
        let sources = pg_sys::SPI_plan_get_plan_sources(plan);
        let source = (*(*sources).elements).ptr_value as *mut pg_sys::CachedPlanSource;
        match (*source).resultDesc.is_null() {
            true => Err(Error::Internal("a statement returns no rows".into())),
            false => Ok((*source).resultDesc),
        }
    }
}

/// SAFETY: called between SPI_connect and SPI_finish.
unsafe fn prepare(statement: &str) -> Result<pg_sys::SPIPlanPtr, Error> {
    let text = CString::new(statement)?;
    // SAFETY: the text outlives the call.
    let plan = unsafe { pg_sys::SPI_prepare(text.as_ptr(), 0, std::ptr::null_mut()) };
    match plan.is_null() {
        true => Err(Error::Internal("SPI_prepare failed".into())),
        false => Ok(plan),
    }
}

/// SAFETY: called inside a transaction; the store belongs to the current memory context.
unsafe fn new_store() -> *mut pg_sys::Tuplestorestate {
    // SAFETY: see above.
    unsafe { pg_sys::tuplestore_begin_heap(false, false, pg_sys::work_mem) }
}

fn forget_other_plans(generation: &str) {
    PLANS.with_borrow_mut(|plans| {
        if plans.generation != generation {
            plans.plans.drain().for_each(|(_, plan)| plan.free());
            plans.generation = generation.to_owned();
        }
    });
}

impl KeptPlan {
    fn free(self) {
        // SAFETY: the plan was kept by this session, and runs no more: there is one workspace, and it is between two statements.
        unsafe { pg_sys::SPI_freeplan(self.pointer) };
    }
}
