//! Subtransactions: the only way to go on after an SQL error without corrupting data.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::panic::{CaughtError, ErrorReport, ErrorReportWithLevel};
use pgrx::{PgLogLevel, PgTryBuilder, pg_sys};

use super::reserve::with_reserve;
use crate::error::{Error, shortened};
use crate::sqlstate;

/// Runs `work` so that its failure undoes all that it did and nothing else, and comes back as an error.
///
/// A cancelled query is not a failure of `work`: it goes on to cancel the caller.
pub fn subtransaction<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    subtransaction_kept_if(|_| true, work)
}

/// Runs `work` in the same way, and undoes what it did also where `keeps` says so of what it has returned: what it has locked is free
/// again then.
pub fn subtransaction_kept_if<T>(
    keeps: impl FnOnce(&T) -> bool,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    // SAFETY: plain reads of this backend's globals; both outlive the subtransaction, which is nested in them.
    let (context, owner) = unsafe { (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner) };
    // SAFETY: we are inside a transaction, called from SQL. The memory context is switched back to the caller's, because
    // what `work` returns has to outlive the subtransaction.
    unsafe {
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(context);
    }
    let result = with_reserve(|| {
        PgTryBuilder::new(AssertUnwindSafe(work))
            .catch_others(|caught| Err(caught_error(caught)))
            .execute()
    });
    let is_kept = result.as_ref().is_ok_and(keeps);
    // SAFETY: the subtransaction begun above is the innermost one: whatever `work` began has ended, by its own hand or by
    // the unwinding. Context and resource owner are restored as PL/pgSQL does after either way out.
    unsafe {
        match is_kept {
            true => pg_sys::ReleaseCurrentSubTransaction(),
            false => pg_sys::RollbackAndReleaseCurrentSubTransaction(),
        }
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
    }
    match result {
        Err(error) if error.sqlstate() == sqlstate::QUERY_CANCELED => {
            ErrorReport::from(error).report(PgLogLevel::ERROR);
            unreachable!("reporting an error does not return")
        }
        result => result,
    }
}

pub(super) fn caught_error(caught: CaughtError) -> Error {
    match caught {
        CaughtError::PostgresError(report) | CaughtError::ErrorReport(report) => postgres_error(&report),
        CaughtError::RustPanic { ereport, .. } => Error::Internal(format!(
            "{} ({}:{})",
            shortened(ereport.message(), LONGEST_PART),
            ereport.file(),
            ereport.line_number()
        )),
    }
}

/// How many characters of an error's message, detail and hint are kept.
const LONGEST_PART: usize = 1000;

fn postgres_error(report: &ErrorReportWithLevel) -> Error {
    Error::Postgres {
        sqlstate: sqlstate::decode(report.sql_error_code() as i32),
        message: shortened(report.message(), LONGEST_PART),
        detail: report.detail().map(|detail| shortened(detail, LONGEST_PART)),
        hint: report.hint().map(|hint| shortened(hint, LONGEST_PART)),
    }
}
