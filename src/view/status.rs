//! How the views are doing.

use super::custom::{ViewEntry, all_views};
use super::state::ViewState;
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, as_relation_owner};
use crate::pg::subtransaction::subtransaction;
use crate::pg::{lock, query};
use crate::sql;

use pgrx::datum::TimestampWithTimeZone;

/// One view's status.
pub struct Status {
    pub view_name: String,
    pub exists: bool,
    /// When this extension last filled it.
    pub last_refresh: Option<TimestampWithTimeZone>,
    /// Its rows; the planner's estimate where somebody has locked it or its owner may not read it.
    pub row_count: Option<i64>,
    /// Bytes on disk, with indexes; None where somebody has locked it.
    pub size_bytes: Option<i64>,
    pub indexes: Vec<String>,
    pub strategy: &'static str,
    pub mode: Option<String>,
    pub mode_reason: Option<String>,
    /// Of the last run, if that failed.
    pub last_error: Option<String>,
}

#[derive(serde::Deserialize)]
struct LastRuns {
    last_refresh: Option<TimestampWithTimeZone>,
    mode: Option<String>,
    mode_reason: Option<String>,
    last_error: Option<String>,
}

/// The status of all views.
pub fn all() -> Result<Vec<Status>, Error> {
    all_views()?.iter().map(of).collect()
}

/// The status of one view.
pub fn of(view: &ViewEntry) -> Result<Status, Error> {
    let state = ViewState::find(view.name())?.filter(ViewState::is_materialized_view);
    let runs: LastRuns = as_extension_owner(|| {
        query::row(
            include_str!("../../sql/queries/last_runs.sql"),
            &[view.name().to_owned().into()],
        )
    })?;
    let (row_count, size_bytes) = match &state {
        Some(state) => measure(view.name(), state)?,
        None => (None, None),
    };
    let exists = state.is_some();
    Ok(Status {
        view_name: view.name().to_owned(),
        exists,
        last_refresh: runs.last_refresh.filter(|_| exists),
        row_count,
        size_bytes,
        indexes: state.map(|state| state.indexes).unwrap_or_default(),
        strategy: view.strategy().name(),
        mode: runs.mode.filter(|_| exists),
        mode_reason: runs.mode_reason.filter(|_| exists),
        last_error: runs.last_error,
    })
}

/// Rows and bytes. Status is asked for when something is wrong, so it waits for nobody's lock.
fn measure(view: &str, state: &ViewState) -> Result<(Option<i64>, Option<i64>), Error> {
    #[derive(serde::Deserialize)]
    struct Measure {
        row_count: i64,
        size_bytes: i64,
    }
    if !state.populated {
        return Ok((None, None));
    }
    let locked = lock::try_read_lock(state.oid);
    let same = || -> Result<bool, Error> {
        let now = ViewState::find(view)?;
        Ok(now.is_some_and(|now| now.oid == state.oid && now.is_materialized_view() && now.populated))
    };
    let estimate = Ok((Some(state.estimated_rows).filter(|rows| *rows >= 0), None));
    if !locked || !same()? {
        return estimate;
    }
    // As its owner, so that who may ask for the status need not be able to read the view.
    let measured: Result<Measure, Error> = subtransaction(|| {
        as_relation_owner(state.owner_oid, || {
            query::row(
                &format!(
                    "SELECT count(*) AS row_count, pg_catalog.pg_total_relation_size($1::oid) AS size_bytes FROM {}",
                    sql::qualified("analytics", view)
                ),
                &[i64::from(state.oid).into()],
            )
        })
    });
    match measured {
        Ok(measure) => Ok((Some(measure.row_count), Some(measure.size_bytes))),
        Err(Error::Postgres { .. }) => estimate,
        Err(other) => Err(other),
    }
}
