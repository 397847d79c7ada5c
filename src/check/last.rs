//! How many findings the last check had, for whoever asks how all of it is doing: a check takes seconds, and that answer must not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pgrx::JsonB;

use super::finding::{Found, Severity};
use crate::error::Error;
use crate::parameters;
use crate::pg::identity::as_extension_owner;
use crate::pg::patience::in_passing;
use crate::pg::query;
use crate::sqlstate;

/// The last check that could be noted.
#[derive(serde::Deserialize)]
pub struct LastCheck {
    pub checked_at: Timestamp,
    /// How many findings there were of each severity, by its name.
    pub findings: BTreeMap<String, i64>,
}

impl LastCheck {
    /// Whether it has found what makes numbers wrong.
    pub fn has_errors(&self) -> bool {
        self.findings.get(Severity::Error.name()) > Some(&0)
    }
}

/// What keeps a transaction from noting a check: it may not write, or another one has just noted a check, which counts then.
const NOT_NOW: [&str; 3] = [
    sqlstate::READ_ONLY_SQL_TRANSACTION,
    sqlstate::LOCK_NOT_AVAILABLE,
    sqlstate::SERIALIZATION_FAILURE,
];

/// Notes what a check has found.
pub fn note(found: &[Found]) -> Result<(), Error> {
    let findings: BTreeMap<&str, usize> = Severity::ALL
        .into_iter()
        .map(|severity| {
            let of_it = found.iter().filter(|found| found.severity == severity);
            (severity.name(), of_it.count())
        })
        .collect();
    let findings = serde_json::to_value(findings)?;
    let noted = in_passing(|| {
        as_extension_owner(|| {
            query::run(
                include_str!("../../sql/queries/check/store_check.sql"),
                &[JsonB(findings).into(), parameters::now().to_string().into()],
            )
        })
    });
    match noted {
        Err(error) if NOT_NOW.contains(&error.sqlstate()) => Ok(()),
        noted => noted,
    }
}

/// The last check that was noted.
pub fn read() -> Result<Option<LastCheck>, Error> {
    as_extension_owner(|| {
        query::optional_row(
            "SELECT checked_at, findings FROM metabase_internal.data_check WHERE checked_at IS NOT NULL",
            &[],
        )
    })
}

/// When the worker has begun a check that has not ended, as far as anybody knows.
pub fn begun_at() -> Result<Option<Timestamp>, Error> {
    let begun_at: Option<Option<Timestamp>> = as_extension_owner(|| {
        query::optional_value("SELECT begun_at FROM metabase_internal.data_check", &[])
    })?;
    Ok(begun_at.flatten())
}

/// Notes that the worker begins a check now, or, with None, that it has ended.
pub fn note_begin(now: Option<Timestamp>) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/check/store_begin.sql"),
            &[now.map(|now| now.to_string()).into()],
        )
    })
}
