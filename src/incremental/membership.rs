//! The tables of facts, rollups and dirty groups are members of the extension, as if its script had made them: pg_dump neither locks them,
//! which whoever dumps the database may not, nor carries them. They can be built again.

use std::ffi::CString;

use super::program::TABLES;
use crate::error::Error;
use crate::pg::identity::as_extension_owner;
use crate::pg::{query, relation};
use crate::sql;

/// A table of the state, or the sequence that numbers its rows.
#[derive(serde::Deserialize)]
struct Relation {
    name: String,
    kind: String,
    is_member: bool,
}

impl Relation {
    fn qualified(&self) -> String {
        sql::qualified("metabase_internal", &self.name)
    }
}

fn relations() -> Result<Vec<Relation>, Error> {
    let tables: Vec<String> = TABLES.iter().map(|table| (*table).to_owned()).collect();
    query::rows(
        include_str!("../../sql/queries/incremental/state_relations.sql"),
        &[tables.into()],
    )
}

/// Makes all that are there members.
pub fn begin() -> Result<(), Error> {
    as_extension_owner(|| {
        for relation in relations()?.iter().filter(|relation| !relation.is_member) {
            let name = relation.qualified();
            query::run(
                &format!("ALTER EXTENSION metabase_views ADD {} {name}", relation.kind),
                &[],
            )?;
        }
        Ok(())
    })
}

/// Makes them ordinary tables again, which can be dropped.
pub fn end() -> Result<(), Error> {
    as_extension_owner(|| {
        for relation in relations()?.iter().filter(|relation| relation.is_member) {
            let name = relation.qualified();
            query::run(
                &format!("ALTER EXTENSION metabase_views DROP {} {name}", relation.kind),
                &[],
            )?;
        }
        Ok(())
    })
}

/// How often autovacuum is told to let go. It may have gone on to the next table meanwhile.
const MOST_CANCELLATIONS: u32 = 10;

/// Locks the tables against everybody, if nobody uses any of them. A dump reads for hours; nobody waits for it here, so that nobody, the
/// dump's own other sessions first, waits behind.
pub fn lock_tables() -> Result<(), Error> {
    let names = TABLES
        .iter()
        .map(|table| CString::new(*table))
        .collect::<Result<Vec<CString>, _>>()?;
    let lock = || relation::lock_unused(c"metabase_internal", &names);
    let mut locked = lock();
    for _ in 0..MOST_CANCELLATIONS {
        // Autovacuum would go for whoever waits, and comes back to it later.
        if locked.is_ok() || !cancel_autovacuum()? {
            break;
        }
        locked = lock();
    }
    let Err(oid) = locked else {
        return Ok(());
    };
    #[derive(serde::Deserialize)]
    struct Use {
        table: String,
        by: String,
    }
    let Use { table, by } = as_extension_owner(|| {
        query::row(
            include_str!("../../sql/queries/incremental/users_of_table.sql"),
            &[i64::from(oid).into()],
        )
    })?;
    Err(Error::FactsInUse { table, by })
}

/// Has autovacuum let go of the tables. Returns whether it was there.
fn cancel_autovacuum() -> Result<bool, Error> {
    let cancelled: i64 = as_extension_owner(|| {
        query::run("SELECT pg_catalog.pg_stat_clear_snapshot()", &[])?;
        query::value(
            include_str!("../../sql/queries/incremental/cancel_autovacuum.sql"),
            &[TABLES.map(str::to_owned).to_vec().into()],
        )
    })?;
    Ok(cancelled > 0)
}

/// An error while somebody dumps the database. A dump asks for the text of each index that its snapshot shows, without a lock on those of
/// members, and fails if one has gone since.
pub fn give_way_to_dumps() -> Result<(), Error> {
    let dump: Option<i32> = as_extension_owner(|| {
        query::run("SELECT pg_catalog.pg_stat_clear_snapshot()", &[])?;
        query::optional_value(
            include_str!("../../sql/queries/incremental/dump_that_runs.sql"),
            &[],
        )
    })?;
    match dump {
        Some(pid) => Err(Error::DumpRuns { pid }),
        None => Ok(()),
    }
}
