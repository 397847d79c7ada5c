//! Verify: a view against its definition.

use crate::error::Error;
use crate::pg::identity::as_role;
use crate::pg::query;
use crate::pg::setting::with_time_zone;
use crate::source::installed;
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
    #[derive(serde::Deserialize)]
    struct ViewDefinition {
        owner: u32,
        name: String,
        definition: String,
    }
    let view: ViewDefinition = query::row(
        include_str!("../../sql/queries/incremental/view_definition.sql"),
        &[i64::from(state.oid).into()],
    )?;
    check_schema(view.owner)?;
    let comparison = sql::fill(
        include_str!("../../sql/queries/incremental/verify.sql"),
        &[
            (":definition", view.definition.trim_end_matches(';')),
            (":view", &view.name),
        ],
    );
    let zone = installed::zone()?;
    // What the definition calls is its owner's, and runs with no more privileges than a refresh has.
    with_time_zone(&zone, || as_role(view.owner, || query::rows(&comparison, &[])))
}
