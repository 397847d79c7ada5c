//! Running SQL under other settings than the session's.

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
    with_settings(&[("TimeZone", zone)], work)
}

/// Runs `work` with some settings changed that any user may change.
pub fn with_settings<T>(
    settings: &[(&str, &str)],
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let c_string = |text: &str| CString::new(text).map_err(|error| Error::Internal(error.to_string()));
    // SAFETY: a new level of settings, which `nested` ends.
    let nested = Nested(unsafe { pg_sys::NewGUCNestLevel() });
    for (name, value) in settings {
        let (name, value) = (c_string(name)?, c_string(value)?);
        // SAFETY: both strings outlive the call, which copies them.
        unsafe {
            pg_sys::set_config_option(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
        }
    }
    let result = work();
    drop(nested);
    result
}
