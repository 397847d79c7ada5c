//! Verify: a view against its definition.

use crate::error::Error;
use crate::pg::identity::as_role;
use crate::pg::query;
use crate::pg::setting::with_time_zone;
use crate::pg::subtransaction::subtransaction;
use crate::pg::workspace::Workspace;
use crate::settings;
use crate::sql;
use crate::view::state::{ViewState, check_schema};

/// A row that a view lacks, or has too much.
#[derive(serde::Deserialize)]
pub struct Difference {
    pub difference: String,
    #[serde(rename = "content")]
    pub row: serde_json::Value,
}

/// What differs between a view and its definition, as both are in one snapshot.
pub fn verify(view: &str) -> Result<Vec<Difference>, Error> {
    let state = ViewState::require(view)?;
    if !state.owned {
        return Err(Error::NotOwner {
            view: view.to_owned(),
            owner: state.owner,
        });
    }
    check_schema(state.owner_oid)?;
    let columns: Vec<Column> = query::rows(
        include_str!("../../sql/queries/incremental/compared_columns.sql"),
        &[i64::from(state.oid).into()],
    )?;
    let names: Vec<String> = columns.iter().map(|column| sql::ident(&column.name)).collect();
    let shown: Vec<String> = columns.iter().map(Column::shown).collect();
    let comparison = sql::fill(
        include_str!("../../sql/queries/incremental/verify.sql"),
        &[
            (":view", &sql::qualified("analytics", view)),
            (":columns", &names.join(", ")),
            (":shown", &shown.join(",\n        ")),
        ],
    );
    let zone = settings::of_views()?.time_zone;
    // What the definition calls is its owner's, and runs with no more privileges than a refresh has.
    subtransaction(|| {
        with_time_zone(&zone, || {
            as_role(state.owner_oid, || {
                Workspace::open(|workspace| {
                    workspace.once(|workspace| {
                        workspace.keep_stored("definition", state.oid)?;
                        workspace.rows(&comparison)
                    })
                })
            })
        })
    })
}

/// A column of the view.
#[derive(serde::Deserialize)]
struct Column {
    name: String,
    /// Whether its type is one of PostgreSQL's own.
    is_plain: bool,
}

impl Column {
    /// What is shown of it. Of types of users' own, whose casts to JSON would run, that is the text that the server writes a value as.
    fn shown(&self) -> String {
        let name = sql::ident(&self.name);
        match self.is_plain {
            true => format!("differing.{name}"),
            false => format!(
                "CASE WHEN pg_catalog.num_nulls(differing.{name}) = 0 THEN pg_catalog.format('%s', differing.{name}) END AS {name}"
            ),
        }
    }
}
