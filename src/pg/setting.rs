//! Running SQL under other settings than the session's.

use std::ffi::{CStr, CString, c_char};

use pgrx::pg_sys;

use super::reserve::with_reserve;
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

/// Has no setting begin with the extension's name but those that it has made known: nobody can set what does not exist. Called when the
/// library is loaded.
pub fn reserve_prefix() {
    // SAFETY: the name outlives the call, which copies it.
    unsafe { pg_sys::MarkGUCPrefixReserved(c"metabase_views".as_ptr()) }
}

/// Runs `work` with TimeZone set to `zone`, a name that PostgreSQL knows, and times, intervals, numbers and bytes written as ever.
pub fn with_time_zone<T>(zone: &str, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let settings = [
        ("TimeZone", zone),
        ("DateStyle", "ISO, YMD"),
        ("IntervalStyle", "postgres"),
        ("extra_float_digits", "1"),
        ("bytea_output", "hex"),
    ];
    with_settings(&settings, work)
}

/// Where names are looked up: in the catalog, which is the server's own. Anybody can make tables and types in pg_temp, so that it comes
/// last, which it would not if it were not named; PostgreSQL never looks for functions and operators there.
pub const OWN_PATH: &CStr = c"pg_catalog, pg_temp";

/// Runs `work` under our own search_path, whoever calls and whatever the session has set: what names mean is never up to a database's
/// or a role's settings. The functions of the API have that path already.
pub fn with_own_path<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // SAFETY: a plain read of this process's setting, which is a C string for as long as nobody changes it.
    let is_own = unsafe {
        let path = pg_sys::namespace_search_path;
        !path.is_null() && CStr::from_ptr(path) == OWN_PATH
    };
    with_reserve(|| match is_own {
        true => work(),
        false => with_own_settings(work),
    })
}

/// Runs `work` under our own search_path, and undoes whatever settings it changes.
///
/// What a user's function sets would otherwise decide which functions and operators the statements after it find, and these
/// may run as somebody else.
pub fn with_own_settings<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    undone(|| {
        set_one(c"search_path", OWN_PATH);
        work()
    })
}

/// Runs `work` in a level of settings of its own: all that it sets is undone.
pub(super) fn undone<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // SAFETY: a new level of settings. It ends below, or with the (sub)transaction that is aborted if an error unwinds.
    let level = unsafe { pg_sys::NewGUCNestLevel() };
    let result = work();
    // SAFETY: it is the innermost level: whatever `work` began has ended.
    unsafe { pg_sys::AtEOXact_GUC(false, level) }
    result
}

unsafe extern "C" {
    static default_tablespace: *const c_char;
    static temp_tablespaces: *const c_char;
    static default_table_access_method: *const c_char;
    static jit_enabled: bool;
}

/// Has queries not compiled from now on: ours are about the catalog, whose small tables look dear to the planner, and compiling takes a
/// hundred times as long as they do. Called inside a level of settings, which undoes it.
pub fn choose_no_compiling() {
    // SAFETY: a plain read of this process's setting.
    if unsafe { jit_enabled } {
        set_one(c"jit", c"off");
    }
}

/// Runs `work` with no query compiled.
pub fn without_compiling<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // SAFETY: a plain read of this process's setting.
    match unsafe { jit_enabled } {
        true => with_settings(&[("jit", "off")], work),
        false => work(),
    }
}

/// Has what is made from now on go to the tablespace of the database, as ordinary tables, whatever the session has chosen for what it
/// makes itself. Called inside a level of settings, which undoes it.
///
/// Most sessions have chosen nothing, and only what differs is changed: this is done for each step of a refresh.
pub fn choose_own_storage() {
    // SAFETY: plain reads of this process's settings.
    let chosen = unsafe { [default_tablespace, temp_tablespaces, default_table_access_method] };
    let own = [
        (c"default_tablespace", c""),
        (c"temp_tablespaces", c""),
        (c"default_table_access_method", c"heap"),
    ];
    for (chosen, (name, own)) in chosen.into_iter().zip(own) {
        let is_own = match chosen.is_null() {
            true => own.is_empty(),
            // SAFETY: a C string for as long as nobody changes the setting, and nobody has since it was read.
            false => unsafe { CStr::from_ptr(chosen) == own },
        };
        if !is_own {
            set_one(name, own);
        }
    }
}

/// Runs `work` with some settings changed that any user may change.
pub fn with_settings<T>(
    settings: &[(&str, &str)],
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    // SAFETY: a new level of settings, which `nested` ends.
    let nested = Nested(unsafe { pg_sys::NewGUCNestLevel() });
    set(settings)?;
    let result = work();
    drop(nested);
    result
}

/// Changes settings for as long as the innermost level lasts.
fn set(settings: &[(&str, &str)]) -> Result<(), Error> {
    let c_string = |text: &str| CString::new(text).map_err(|error| Error::Internal(error.to_string()));
    for (name, value) in settings {
        set_one(&c_string(name)?, &c_string(value)?);
    }
    Ok(())
}

/// Runs `work` with nothing told to the server's log or to the client but what ends the session: nobody wants to read each time what it tells
/// there.
pub fn without_log<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    undone(|| {
        set_one_as(pg_sys::GucContext::PGC_SUSET, c"log_min_messages", c"fatal");
        set_one(c"client_min_messages", c"error");
        work()
    })
}

/// Changes a setting that any user may change, for as long as the innermost level lasts.
pub(super) fn set_one(name: &CStr, value: &CStr) {
    set_one_as(pg_sys::GucContext::PGC_USERSET, name, value);
}

/// The same as whoever may change more.
pub(super) fn set_one_as(context: pg_sys::GucContext::Type, name: &CStr, value: &CStr) {
    // SAFETY: both strings outlive the call, which copies them.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            context,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
    }
}
