//! Running SQL. Rows come back through serde, so that callers read them as structs with named fields, and single values as such.
//!
//! Whatever is run here is run under a search_path of our own (see [`with_own_path`]).
//!
//! An SQL error does not come back as `Err`: it unwinds to the statement that called us, or to the nearest
//! [`subtransaction`](super::subtransaction).

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::datum::DatumWithOid;
use pgrx::spi::{OwnedPreparedStatement, SpiClient};
use pgrx::{PgOid, Spi, pg_sys};
use serde::de::DeserializeOwned;

use super::setting::{with_own_path, without_compiling};
use super::transaction::note_effects;
use crate::error::Error;

/// Reads with what this transaction has done so far in sight, and what others have committed where the isolation level shows
/// that.
///
/// A read would otherwise see only what the statement that called us could see at its beginning, unless something was
/// written before it in the same subtransaction.
pub fn with_current_snapshot<T>(read: impl FnOnce() -> T) -> T {
    // SAFETY: we are inside a transaction, in a volatile function. The snapshot is taken off the stack again below, or by the
    // abort of the (sub)transaction if an error unwinds.
    unsafe {
        pg_sys::CommandCounterIncrement();
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
    }
    let result = read();
    // SAFETY: it is the one that was pushed above: whatever `read` pushed it has taken off.
    unsafe { pg_sys::PopActiveSnapshot() };
    result
}

/// Runs `read` over SPI, under our own search_path, in a snapshot of now.
fn reading<T>(read: impl FnOnce(&SpiClient) -> Result<T, Error>) -> Result<T, Error> {
    without_compiling(|| with_own_path(|| with_current_snapshot(|| Spi::connect(read))))
}

/// How many bytes the rows of a query have at most, as JSON: they are all kept, and take several times as much.
pub(super) const LONGEST_ANSWER: usize = 256 << 20;

/// What a query that has one column of JSON says, as `T` reads it.
fn read<T: DeserializeOwned>(query: &str, args: &[DatumWithOid]) -> Result<Vec<T>, Error> {
    reading(|client| {
        let mut bytes = 0;
        client
            .select(&*prepared(client, query, args)?, None, args)?
            .map(|row| {
                // As text, because a timestamp is read from a slice of it.
                let json = row.get::<&str>(1)?.unwrap_or("null");
                bytes += json.len();
                if bytes > LONGEST_ANSWER {
                    return Err(Error::LongAnswer { most: LONGEST_ANSWER });
                }
                Ok(serde_json::from_str(json)?)
            })
            .collect()
    })
}

/// The rows of a query, in its order.
pub fn rows<T: DeserializeOwned>(query: &str, args: &[DatumWithOid]) -> Result<Vec<T>, Error> {
    read(
        &format!("SELECT pg_catalog.to_jsonb(row)::pg_catalog.text FROM (\n{query}\n) AS row"),
        args,
    )
}

/// The one row of a query that has exactly one.
pub fn row<T: DeserializeOwned>(query: &str, args: &[DatumWithOid]) -> Result<T, Error> {
    optional_row(query, args)?.ok_or_else(|| Error::Internal("a query that must have a row has none".into()))
}

/// The first row of a query, if it has any.
pub fn optional_row<T: DeserializeOwned>(query: &str, args: &[DatumWithOid]) -> Result<Option<T>, Error> {
    Ok(rows(query, args)?.into_iter().next())
}

/// The values of a query that has one column, in its order.
pub fn values<T: DeserializeOwned>(query: &str, args: &[DatumWithOid]) -> Result<Vec<T>, Error> {
    read(
        &format!("SELECT pg_catalog.to_jsonb(row.value)::pg_catalog.text FROM (\n{query}\n) AS row (value)"),
        args,
    )
}

/// The one value of a query that has one column and exactly one row.
pub fn value<T: DeserializeOwned>(query: &str, args: &[DatumWithOid]) -> Result<T, Error> {
    optional_value(query, args)?
        .ok_or_else(|| Error::Internal("a query that must have a value has none".into()))
}

/// The value in the first row of a query that has one column, if it has any row.
pub fn optional_value<T: DeserializeOwned>(query: &str, args: &[DatumWithOid]) -> Result<Option<T>, Error> {
    Ok(values(query, args)?.into_iter().next())
}

/// Whether a query has a row.
pub fn exists(query: &str, args: &[DatumWithOid]) -> Result<bool, Error> {
    value(&format!("SELECT EXISTS (\n{query}\n)"), args)
}

/// Runs one statement, or several without arguments.
pub fn run(statements: &str, args: &[DatumWithOid]) -> Result<(), Error> {
    note_effects();
    with_own_path(|| {
        if args.is_empty() {
            return Ok(Spi::run(statements)?);
        }
        Spi::connect_mut(|client| {
            let statement = prepared(client, statements, args)?;
            client.update(&*statement, None, args)?;
            Ok(())
        })
    })
}

/// Runs a statement that writes or locks rows, and reads what it returns: one value, JSON as text.
pub fn returned<T: DeserializeOwned>(statement: &str, args: &[DatumWithOid]) -> Result<T, Error> {
    note_effects();
    with_own_path(|| {
        Spi::connect_mut(|client| {
            let statement = prepared(client, statement, args)?;
            let row = client.update(&*statement, None, args)?.first();
            Ok(serde_json::from_str(row.get_one::<&str>()?.unwrap_or("null"))?)
        })
    })
}

/// How many plans a session keeps; only statements with values in their text could ever be more.
const MOST_PLANS: usize = 200;

thread_local! {
    static PLANS: RefCell<HashMap<String, Rc<OwnedPreparedStatement>>> = RefCell::new(HashMap::new());
}

/// The plan of a statement, which is made once a session.
fn prepared(
    client: &SpiClient,
    statement: &str,
    args: &[DatumWithOid],
) -> Result<Rc<OwnedPreparedStatement>, Error> {
    if let Some(plan) = PLANS.with_borrow(|plans| plans.get(statement).cloned()) {
        return Ok(plan);
    }
    let types: Vec<PgOid> = args.iter().map(|arg| PgOid::from(arg.oid())).collect();
    let plan = Rc::new(client.prepare(statement, &types)?.keep());
    PLANS.with_borrow_mut(|plans| {
        if plans.len() >= MOST_PLANS {
            plans.clear();
        }
        plans.insert(statement.to_owned(), plan.clone());
    });
    Ok(plan)
}
