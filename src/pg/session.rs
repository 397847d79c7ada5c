//! What a session brings along that functions of others could take for their own: settings and temporary objects.

#[cfg(not(feature = "pg15"))]
use std::ffi::c_int;
use std::ffi::{CStr, CString};

use pgrx::pg_sys;
use pgrx::pg_sys::config_type::{PGC_BOOL, PGC_ENUM, PGC_INT, PGC_REAL, PGC_STRING};

use super::query;
use super::setting::{OWN_PATH, set_one, set_one_as, undone};
use crate::error::Error;

/// Settings that are no business of what functions compute, or that this extension sets itself where it matters: whose the statement is, how
/// long it may wait, what the client is told and in which encoding.
const KEPT: [&CStr; 14] = [
    c"role",
    c"session_authorization",
    c"transaction_isolation",
    c"transaction_read_only",
    c"transaction_deferrable",
    c"seed",
    c"client_encoding",
    c"client_min_messages",
    c"lc_messages",
    c"timezone_abbreviations",
    c"lock_timeout",
    c"statement_timeout",
    c"idle_in_transaction_session_timeout",
    c"idle_session_timeout",
];

/// Whether the session has temporary objects, which names without a schema can mean anywhere.
pub fn has_temporary_objects() -> Result<bool, Error> {
    query::exists(include_str!("../../sql/queries/temporary_objects.sql"), &[])
}

/// Runs `work` under the settings of the server and of the database: those that the session, its user or its client has chosen, of whatever
/// name, are as if nobody had.
pub fn without_own_settings<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    undone(|| {
        for (name, value) in own_settings() {
            set_one_as(pg_sys::GucContext::PGC_SUSET, &name, &value);
        }
        set_one(c"search_path", OWN_PATH);
        work()
    })
}

/// The settings that the session, its user or its client has chosen, with the values that they have where nobody has.
fn own_settings() -> Vec<(CString, CString)> {
    let mut chosen = Vec::new();
    // SAFETY: the server's own table of settings; each entry is there for as long as the process, and what it begins with says of which kind
    // it is. Nothing is set while it is read.
    unsafe {
        #[cfg(feature = "pg15")]
        let (settings, count) = (pg_sys::get_guc_variables(), pg_sys::GetNumConfigOptions());
        #[cfg(not(feature = "pg15"))]
        let (settings, count) = {
            let mut count: c_int = 0;
            (pg_sys::get_guc_variables(&mut count), count)
        };
        for number in 0..count as usize {
            let setting = *settings.add(number);
            let name = CStr::from_ptr((*setting).name);
            if is_chosen(&*setting) && !KEPT.contains(&name) {
                chosen.push((name.to_owned(), boot_value(setting)));
            }
        }
    }
    chosen
}

fn is_chosen(setting: &pg_sys::config_generic) -> bool {
    use pg_sys::GucContext::{PGC_SUSET, PGC_USERSET};
    use pg_sys::GucSource::{PGC_S_CLIENT, PGC_S_DATABASE_USER, PGC_S_SESSION, PGC_S_USER};
    [PGC_USERSET, PGC_SUSET].contains(&setting.context)
        && [PGC_S_USER, PGC_S_DATABASE_USER, PGC_S_CLIENT, PGC_S_SESSION].contains(&setting.source)
}

/// The value that a setting has where nobody has chosen one, as a text.
///
/// SAFETY: the setting is one of the server's table.
unsafe fn boot_value(setting: *mut pg_sys::config_generic) -> CString {
    // SAFETY: the kind says what the entry is.
    unsafe {
        let text = match (*setting).vartype {
            PGC_BOOL => (*(setting as *mut pg_sys::config_bool)).boot_val.to_string(),
            PGC_INT => (*(setting as *mut pg_sys::config_int)).boot_val.to_string(),
            PGC_REAL => (*(setting as *mut pg_sys::config_real)).boot_val.to_string(),
            PGC_STRING => {
                let value = (*(setting as *mut pg_sys::config_string)).boot_val;
                return match value.is_null() {
                    true => CString::default(),
                    false => CStr::from_ptr(value).to_owned(),
                };
            }
            PGC_ENUM => {
                let setting = setting as *mut pg_sys::config_enum;
                let word = pg_sys::config_enum_lookup_by_value(setting, (*setting).boot_val);
                return CStr::from_ptr(word).to_owned();
            }
            _ => String::new(),
        };
        CString::new(text).unwrap_or_default()
    }
}
