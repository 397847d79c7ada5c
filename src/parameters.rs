//! Parameters of the server's configuration.

use std::ffi::CString;
use std::time::Duration;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

static DATABASES: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c""));
static MAX_WORKERS: GucSetting<i32> = GucSetting::<i32>::new(4);
static EVENT_DELAY: GucSetting<i32> = GucSetting::<i32>::new(1_000);
static LOCK_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(10_000);
static STATEMENT_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(3_600_000);
static CLOCK_OFFSET: GucSetting<i32> = GucSetting::<i32>::new(0);

/// Makes them known to the server. Called when the library is loaded.
pub fn define() {
    GucRegistry::define_string_guc(
        c"metabase_views.databases",
        c"Databases that are kept fresh by background workers, comma-separated.",
        c"Empty for all databases that have the extension.",
        &DATABASES,
        GucContext::Sighup,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"metabase_views.max_workers",
        c"How many background workers there are at most at a time.",
        c"Where more databases have the extension, they take turns. Each takes one of max_worker_processes, and the launcher another one.",
        &MAX_WORKERS,
        1,
        512,
        GucContext::Sighup,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"metabase_views.event_delay",
        c"How long after a change the views are refreshed that it concerns.",
        c"What is changed meanwhile is refreshed with it.",
        &EVENT_DELAY,
        0,
        3_600_000,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"metabase_views.lock_timeout",
        c"How long a background worker waits for a lock.",
        c"0 for no limit.",
        &LOCK_TIMEOUT,
        0,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"metabase_views.statement_timeout",
        c"How long a background worker's refresh of one view may take.",
        c"0 for no limit.",
        &STATEMENT_TIMEOUT,
        0,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"metabase_views.clock_offset",
        c"Seconds that the schedule's clock is ahead of the server's.",
        c"For trying out what happens at another time.",
        &CLOCK_OFFSET,
        i32::MIN + 1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_S,
    );
}

/// Whether workers may serve a database.
pub fn serves(database: &str) -> bool {
    let Some(list) = DATABASES.get() else { return true };
    let list = list.to_string_lossy();
    let mut names = list.split(',').map(unquoted).filter(|name| !name.is_empty());
    let mut any = false;
    let found = names.by_ref().any(|name| {
        any = true;
        name == database
    });
    found || !any
}

/// A name as it is written in a list: in double quotes or not.
fn unquoted(name: &str) -> String {
    let name = name.trim();
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_owned(),
    }
}

pub fn max_workers() -> usize {
    MAX_WORKERS.get().max(1) as usize
}

pub fn event_delay() -> Duration {
    Duration::from_millis(EVENT_DELAY.get().max(0) as u64)
}

/// In milliseconds; 0 for no limit.
pub fn lock_timeout() -> i32 {
    LOCK_TIMEOUT.get()
}

/// In milliseconds; 0 for no limit.
pub fn statement_timeout() -> i32 {
    STATEMENT_TIMEOUT.get()
}

/// How many seconds the schedule's clock is ahead of the server's.
pub fn clock_offset() -> i32 {
    CLOCK_OFFSET.get()
}

/// Now, as the schedule sees it.
pub fn now() -> jiff::Timestamp {
    let now = jiff::Timestamp::now();
    let offset = jiff::SignedDuration::from_secs(i64::from(clock_offset()));
    now.checked_add(offset).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_list_may_be_quoted() {
        assert_eq!(unquoted(" shop "), "shop");
        assert_eq!(unquoted("\"my \"\"shop\"\"\""), "my \"shop\"");
    }
}
