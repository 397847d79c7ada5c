//! Waiting for locks with bounded patience, in short attempts: others stand behind whoever waits for a lock, and may wait for what the
//! waiting session has locked already.

use std::time::{Duration, Instant};

use super::query;
use super::setting::with_settings;
use super::subtransaction::subtransaction;
use crate::error::Error;

/// How long one attempt waits.
const ATTEMPT: Duration = Duration::from_millis(100);
/// How long something is waited for that others can do as well, or later.
const PASSING: Duration = Duration::from_millis(20);
/// How long the attempts go on where the session sets no lock_timeout.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tries `work` until it gets its locks, or patience is at its end: what it answers then is that it did not get them.
pub fn patiently<T>(work: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let timeout = query::value(
        "SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'lock_timeout'",
        &[],
    )?;
    let patience = match timeout {
        0 => PATIENCE,
        milliseconds => Duration::from_millis(milliseconds),
    };
    let begin = Instant::now();
    loop {
        match within(ATTEMPT.min(patience), &work) {
            Err(error) if error.is_lock_timeout() && begin.elapsed() < patience => {
                query::run("SELECT pg_catalog.pg_sleep(0.05)", &[])?;
            }
            done => return done,
        }
    }
}

/// Tries `work` once.
pub fn once<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    within(ATTEMPT, work)
}

/// Tries `work` once, where it is better not done than waited for.
pub fn in_passing<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    within(PASSING, work)
}

/// Tries `work` once, and waits for none of its locks for longer than so.
fn within<T>(at_most: Duration, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let milliseconds = at_most.as_millis().max(1).to_string();
    subtransaction(|| with_settings(&[("lock_timeout", &milliseconds)], work))
}
