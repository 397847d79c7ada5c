//! Looking beneath an adapter, at the table itself.
//!
//! An adapter holds its table and the functions that it calls; a statement names them, and finds what bears the name when it is run, as
//! the views' owner. So a table is only looked at where nobody could have put something else in its place.

use pgrx::pg_sys;

use crate::error::Error;
use crate::pg::subtransaction::subtransaction;
use crate::pg::{analysis, query};
use crate::source::Source;
use crate::sql;

/// A table beneath an adapter.
pub struct Table {
    oid: u32,
    /// Its schema and name, as SQL writes them.
    name: String,
    adapter: &'static str,
}

impl Table {
    pub fn of(source: &Source) -> Option<Table> {
        source.relation.as_ref().map(|relation| Table {
            oid: relation.oid,
            name: relation.qualified.clone(),
            adapter: source.spec.adapter,
        })
    }

    /// Whether a statement reads this table and no other, and calls what the server itself has, and will do so when it is run.
    pub fn is_all_that_is_read(&self, statement: &str) -> Result<bool, Error> {
        // The lock of a reader, on what the adapter reads, until the transaction ends: the table keeps its name.
        query::exists(
            &format!(
                "SELECT FROM {} WHERE false",
                sql::qualified("metabase_internal", self.adapter)
            ),
            &[],
        )?;
        let is_held: bool = query::value(
            include_str!("../../sql/queries/check/is_held.sql"),
            &[i64::from(self.oid).into(), self.name.clone().into()],
        )?;
        if !is_held {
            return Ok(false);
        }
        let found = match subtransaction(|| analysis::found(statement)) {
            Ok(found) => found,
            // What cannot be looked at without running it is not run here.
            Err(Error::Postgres { .. }) => return Ok(false),
            Err(other) => return Err(other),
        };
        let is_own = |oid: &u32| *oid < pg_sys::FirstNormalObjectId;
        Ok(found.relations.iter().all(|relation| *relation == self.oid)
            && found.functions.iter().all(is_own)
            && found.types.iter().all(is_own))
    }
}
