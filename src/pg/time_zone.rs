//! Running SQL under another TimeZone than the session's.

use std::ffi::CString;

use pgrx::pg_sys;

use crate::error::Error;

/// Ends the change of settings, unless an error unwinds: then the (sub)transaction that it aborts does that.
struct Nested(i32);

impl Drop for Nested {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: the level is the innermost one: whatever `work` began has ended.
            unsafe { pg_sys::AtEOXact_GUC(true, self.0) }
        }
    }
}

/// Runs `work` with TimeZone set to `zone`, a name that PostgreSQL knows.
pub fn with_time_zone<T>(zone: &str, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let zone = CString::new(zone).map_err(|error| Error::Internal(error.to_string()))?;
    // SAFETY: a new level of settings, which `nested` ends; both strings outlive the call.
    let nested = unsafe {
        let nested = Nested(pg_sys::NewGUCNestLevel());
        pg_sys::set_config_option(
            c"TimeZone".as_ptr(),
            zone.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
        nested
    };
    let result = work();
    drop(nested);
    result
}
