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

/// A table beneath an adapter, with what is joined to it.
pub struct Table {
    /// The oid of each, with its schema and name, as SQL writes them.
    relations: Vec<(u32, String)>,
    adapter: &'static str,
}

impl Table {
    pub fn of(source: &Source) -> Option<Table> {
        let relations: Vec<(u32, String)> = source
            .relations()
            .map(|relation| (relation.oid, relation.qualified.clone()))
            .collect();
        (!relations.is_empty()).then_some(Table {
            relations,
            adapter: source.spec.adapter,
        })
    }

    /// Whether a statement reads this table and what is joined to it and no other, calls only what the server itself has, and will
    /// do so when it is run.
    pub fn is_all_that_is_read(&self, statement: &str) -> Result<bool, Error> {
        // The lock of a reader, on what the adapter reads, until the transaction ends: the table keeps its name.
        query::exists(
            &format!(
                "SELECT FROM {} WHERE false",
                sql::qualified("metabase_internal", self.adapter)
            ),
            &[],
        )?;
        for (oid, name) in &self.relations {
            let is_held: bool = query::value(
                include_str!("../../sql/queries/check/is_held.sql"),
                &[i64::from(*oid).into(), name.clone().into()],
            )?;
            if !is_held {
                return Ok(false);
            }
        }
        let found = match subtransaction(|| analysis::found(statement)) {
            Ok(found) => found,
            // What cannot be looked at without running it is not run here.
            Err(Error::Postgres { .. }) => return Ok(false),
            Err(other) => return Err(other),
        };
        let is_own = |oid: &u32| *oid < pg_sys::FirstNormalObjectId;
        let is_of_table = |relation: &u32| self.relations.iter().any(|(oid, _)| oid == relation);
        Ok(found.relations.iter().all(is_of_table)
            && found.functions.iter().all(is_own)
            && found.types.iter().all(is_own))
    }
}
