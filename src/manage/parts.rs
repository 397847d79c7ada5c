//! Indexes and statistics of a view that are made again from their texts: they call what they called before.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::pg::setting::with_settings;
use crate::pg::subtransaction::subtransaction_kept_if;
use crate::pg::{analysis, query};
use crate::sql;
use crate::view::state::ViewState;

/// An index or statistics object that has expressions, or a predicate.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Part {
    name: String,
    expressions: Vec<String>,
    /// The functions and operators that these call, and the types that they name, by oids; none of PostgreSQL's own.
    calls: Vec<u32>,
}

/// What a view calls, and which types it names, by oids.
pub fn calls_of_view(relation: u32) -> Result<Vec<u32>, Error> {
    query::values(
        include_str!("../../sql/queries/manage/calls_of_view.sql"),
        &[i64::from(relation).into()],
    )
}

/// Those of a materialized view.
pub fn parts_of_view(relation: u32) -> Result<Vec<Part>, Error> {
    query::rows(
        include_str!("../../sql/queries/manage/parts_of_view.sql"),
        &[i64::from(relation).into()],
    )
}

impl Part {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// An error if it would call something else over the view as that is now: where the type of a column has changed, a function of somebody
    /// else's can fit its words better. Neither making an index nor planning one would ask first.
    ///
    /// A view of the same words, which has no rows and is gone at once, tells what they mean without running any of it: not even its literals are
    /// read where that would call something.
    pub fn check(&self, view: &str) -> Result<(), Error> {
        let words: Vec<String> = self
            .expressions
            .iter()
            .enumerate()
            .map(|(number, expression)| format!("({expression}\n) AS part_{number}"))
            .collect();
        let name = format!("part of {}", ViewState::require(view)?.oid);
        let statement = format!(
            "CREATE MATERIALIZED VIEW {} AS SELECT {} FROM {} WITH NO DATA",
            sql::qualified("analytics", &name),
            words.join(", "),
            sql::qualified("analytics", view)
        );
        let calls = subtransaction_kept_if(
            |_| false,
            || {
                // Where a session has things put may be closed to this role.
                with_settings(&[("default_tablespace", "")], || {
                    analysis::make(view, &format!("\"{}\"", self.name), &statement)
                })?;
                let made = ViewState::find(&name)?;
                made.map_or(Ok(Vec::new()), |made| calls_of_view(made.oid))
            },
        )?;
        match calls.iter().all(|call| self.calls.contains(call)) {
            true => Ok(()),
            false => Err(Error::CallsAnother {
                view: view.to_owned(),
                part: format!("\"{}\"", self.name),
            }),
        }
    }
}
