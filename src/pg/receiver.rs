//! Where the rows of a query go: into a store, under the columns that they have.
//!
//! What a plan said of its columns when it was prepared may not be so any more: the server makes a plan anew when what it reads
//! has changed. Only the run itself knows, and tells it to whoever receives its rows.

use std::ffi::c_int;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, pg_guard, pg_sys};

use crate::error::Error;

/// Receives the rows of one run.
#[repr(C)]
pub struct Receiver {
    // The server's part, which it calls through.
    base: pg_sys::DestReceiver,
    store: *mut pg_sys::Tuplestorestate,
    /// The memory that the columns are described in.
    context: pg_sys::MemoryContext,
    /// NULL until the run has begun.
    columns: pg_sys::TupleDesc,
    /// The description of the last row, which has been found to be that of the columns.
    seen: pg_sys::TupleDesc,
    count: u64,
}

impl Receiver {
    /// A receiver that puts rows into `store`.
    ///
    /// SAFETY: the store lives as long as the receiver, which belongs to the current memory context.
    pub unsafe fn new(store: *mut pg_sys::Tuplestorestate) -> Receiver {
        // SAFETY: zeroes are a valid receiver, whose functions are set right away.
        let mut base = unsafe { std::mem::zeroed::<pg_sys::DestReceiver>() };
        base.rStartup = Some(begin);
        base.receiveSlot = Some(receive);
        base.rShutdown = Some(end);
        base.rDestroy = Some(end);
        base.mydest = pg_sys::CommandDest::DestTuplestore;
        Receiver {
            base,
            store,
            // SAFETY: a plain read of this backend's global.
            context: unsafe { pg_sys::CurrentMemoryContext },
            columns: std::ptr::null_mut(),
            seen: std::ptr::null_mut(),
            count: 0,
        }
    }

    /// The receiver as the server calls it. It must not move until the run has ended.
    pub fn as_destination(&mut self) -> *mut pg_sys::DestReceiver {
        std::ptr::from_mut(self).cast()
    }

    /// The columns of the rows that came, and how many rows there are.
    pub fn received(&self) -> Result<(pg_sys::TupleDesc, u64), Error> {
        match self.columns.is_null() {
            true => Err(Error::Internal("a statement returns no rows".into())),
            false => Ok((self.columns, self.count)),
        }
    }
}

/// # Safety
/// Called by PostgreSQL with the receiver of a run, which begins.
#[pg_guard]
unsafe extern "C-unwind" fn begin(
    receiver: *mut pg_sys::DestReceiver,
    _operation: c_int,
    columns: pg_sys::TupleDesc,
) {
    // SAFETY: the server passes back what `as_destination` gave it. The description is copied into memory that outlives the run.
    unsafe {
        let receiver = receiver as *mut Receiver;
        let caller = pg_sys::MemoryContextSwitchTo((*receiver).context);
        (*receiver).columns = pg_sys::CreateTupleDescCopy(columns);
        pg_sys::MemoryContextSwitchTo(caller);
        (*receiver).seen = std::ptr::null_mut();
    }
}

/// # Safety
/// Called by PostgreSQL with a row, and the receiver of a run.
#[pg_guard]
unsafe extern "C-unwind" fn receive(
    slot: *mut pg_sys::TupleTableSlot,
    receiver: *mut pg_sys::DestReceiver,
) -> bool {
    // SAFETY: as above; a row's slot has a description. The store copies the row.
    unsafe {
        let receiver = receiver as *mut Receiver;
        let columns = (*slot).tts_tupleDescriptor;
        if columns != (*receiver).seen {
            if types(columns) != types((*receiver).columns) {
                let error = Error::Internal("a row has other columns than its query".into());
                ErrorReport::from(error).report(PgLogLevel::ERROR);
            }
            (*receiver).seen = columns;
        }
        pg_sys::tuplestore_puttupleslot((*receiver).store, slot);
        (*receiver).count += 1;
    }
    true
}

/// # Safety
/// Called by PostgreSQL when a run has ended, and when nobody needs the receiver any more.
#[pg_guard]
unsafe extern "C-unwind" fn end(_receiver: *mut pg_sys::DestReceiver) {}

/// The columns of a description, in their order.
///
/// SAFETY: the description is valid, and outlives what is returned.
pub unsafe fn attributes<'a>(
    columns: pg_sys::TupleDesc,
) -> impl Iterator<Item = &'a pg_sys::FormData_pg_attribute> {
    // SAFETY: see above; only columns that exist are looked at.
    unsafe { (0..(*columns).natts as usize).map(move |position| &*attribute(columns, position)) }
}

/// The types of columns, in their order.
///
/// SAFETY: the description is valid.
pub unsafe fn types(columns: pg_sys::TupleDesc) -> Vec<pg_sys::Oid> {
    // SAFETY: see above.
    unsafe { attributes(columns) }
        .map(|column| column.atttypid)
        .collect()
}

/// A column of a description.
///
/// SAFETY: the description is valid, and the position is below the number of columns.
unsafe fn attribute(columns: pg_sys::TupleDesc, position: usize) -> *const pg_sys::FormData_pg_attribute {
    // SAFETY: see above.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        {
            (*columns).attrs.as_ptr().add(position)
        }
        #[cfg(feature = "pg18")]
        {
            pg_sys::TupleDescAttr(columns, position as i32)
        }
    }
}
