//! A place where tests run something between any two steps of a refresh, as if somebody's own function did. Only in builds with
//! assertions, and only for superusers.

use std::cell::Cell;
use std::ffi::CString;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

use super::identity::as_role;
use super::query;
use crate::error::Error;

/// The number of the step before which it runs, counted from when this is set; 0 for none.
static AT: GucSetting<i32> = GucSetting::<i32>::new(0);
/// The role that it runs as.
static ROLE: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c""));
/// What runs.
static STATEMENT: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c""));

thread_local! {
    /// What AT was when the steps were last counted, and how many there have been since.
    static COUNTED: Cell<(i32, i32)> = const { Cell::new((0, 0)) };
}

/// Makes the settings known to the server. Called when the library is loaded.
pub fn define() {
    GucRegistry::define_int_guc(
        c"metabase_views.inject_at",
        c"For tests: the step of a refresh before which a statement is injected.",
        c"0 for none.",
        &AT,
        0,
        i32::MAX,
        GucContext::Suset,
        GucFlags::NO_SHOW_ALL,
    );
    GucRegistry::define_string_guc(
        c"metabase_views.inject_as",
        c"For tests: the role that the injected statement runs as.",
        c"",
        &ROLE,
        GucContext::Suset,
        GucFlags::NO_SHOW_ALL,
    );
    GucRegistry::define_string_guc(
        c"metabase_views.inject",
        c"For tests: the statement that is injected.",
        c"",
        &STATEMENT,
        GucContext::Suset,
        GucFlags::NO_SHOW_ALL,
    );
}

/// A step of a refresh is about to begin.
pub fn point() -> Result<(), Error> {
    let at = AT.get();
    let (counted_for, before) = COUNTED.get();
    let step = if counted_for == at { before + 1 } else { 1 };
    COUNTED.set((at, step));
    if at == 0 || step != at {
        return Ok(());
    }
    let text = |setting: &GucSetting<Option<CString>>| {
        setting
            .get()
            .map(|text| text.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let role = query::value(
        "SELECT oid::bigint FROM pg_catalog.pg_roles WHERE rolname = $1",
        &[text(&ROLE).into()],
    )?;
    as_role(role, || query::run(&text(&STATEMENT), &[]))
}
