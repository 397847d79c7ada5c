//! One run at a time: each of two that start together would make everything, and everything would be there twice.

use postgres::Client;

use crate::error::{Error, Result};
use crate::postgres::{query_error, session};
use crate::text;

/// Nobody ends the transaction that holds the lock for doing nothing. Which of these there are depends on PostgreSQL's version.
const NO_TIMEOUTS: &str = "
    SELECT pg_catalog.set_config(name, '0', true)
    FROM pg_catalog.pg_settings
    WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')";

/// The lock of a transaction, and not of a session: a pool of connections between here and PostgreSQL keeps sessions for others.
const LOCK: &str = "
    SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('metabase-push', 0))";

/// Whoever holds it.
const HOLDER: &str = "
    SELECT held.pid, activity.usename::text
    FROM pg_catalog.pg_locks AS held
    JOIN pg_catalog.pg_database AS here ON here.oid = held.database AND here.datname = pg_catalog.current_database()
    LEFT JOIN pg_catalog.pg_stat_activity AS activity ON activity.pid = held.pid
    WHERE held.locktype = 'advisory'
      AND held.granted
      AND held.objsubid = 1
      AND held.classid::bigint << 32 | held.objid::bigint = pg_catalog.hashtextextended('metabase-push', 0)
    LIMIT 1";

/// The right to be the only run of a database, as long as this exists.
pub struct RunLock {
    /// Its end ends the transaction, and with it the lock, however the run ends.
    session: Client,
}

impl RunLock {
    /// Takes the lock in the shop's database, in a session of its own. An error where another run has it.
    pub fn take(connection: &str) -> Result<RunLock> {
        let mut session = session(connection)?;
        session
            .batch_execute("START TRANSACTION READ ONLY")
            .and_then(|()| session.query(NO_TIMEOUTS, &[]))
            .map_err(query_error)?;
        let row = session.query_one(LOCK, &[]).map_err(query_error)?;
        match row.try_get(0).map_err(query_error)? {
            true => Ok(RunLock { session }),
            false => Err(Error::AnotherRun {
                process: holder(&mut session)?,
            }),
        }
    }

    /// Makes sure that it is still there: somebody may have ended its session while Metabase was waited for.
    pub fn check(&mut self) -> Result<()> {
        self.session.simple_query("SELECT").map(drop).map_err(query_error)
    }
}

/// Returns who holds the lock, in words. It may have ended meanwhile.
fn holder(session: &mut Client) -> Result<Option<String>> {
    let Some(row) = session.query_opt(HOLDER, &[]).map_err(query_error)? else {
        return Ok(None);
    };
    let process: i32 = row.try_get(0).map_err(query_error)?;
    let role: Option<String> = row.try_get(1).map_err(query_error)?;
    let role = role.map(|role| format!(" of role {}", text::one_line(&text::beginning(&role))));
    Ok(Some(format!("{process}{}", role.unwrap_or_default())))
}
