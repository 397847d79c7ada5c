//! Sessions that run at the same time, and waiting until one of them waits.

use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use postgres::{Client, SimpleQueryMessage};

use crate::cluster::{Database, value};
use crate::rows::{cells_of, filled};

/// A refresh of all views that waits before one of its steps, if it has so many. Whoever holds it does not wait for it any more once it goes on.
pub struct PausedRefresh<'a> {
    database: &'a Database,
    holder: Client,
    refresh: Background,
}

impl PausedRefresh<'_> {
    /// Starts it as a role, which is to wait itself.
    pub fn before_step<'a>(database: &'a Database, role: &str, step: i32) -> PausedRefresh<'a> {
        let mut holder = database.connect();
        holder
            .batch_execute(&format!(
                "ALTER DATABASE {name} SET metabase_views.inject_at = {step};
                 ALTER DATABASE {name} SET metabase_views.inject_as = '{role}';
                 ALTER DATABASE {name} SET metabase_views.inject = 'SELECT pg_advisory_xact_lock(1)';
                 SELECT pg_advisory_lock(1)",
                name = database.name()
            ))
            .expect("a superuser may set it");
        let refresh = Background::start(
            database.connect_as(role),
            "SELECT view_name FROM metabase.refresh('all')",
        );
        refresh.wait_until_blocked_or_done(&mut holder);
        PausedRefresh {
            database,
            holder,
            refresh,
        }
    }

    /// Whether it has so many steps, and waits.
    pub fn is_waiting(&self) -> bool {
        !self.refresh.thread.is_finished()
    }

    /// Lets it go on. Returns what becomes of it.
    pub fn go_on(mut self) -> Result<Vec<Vec<String>>, postgres::Error> {
        self.holder.batch_execute(&format!(
            "SELECT pg_advisory_unlock(1); ALTER DATABASE {} RESET ALL",
            self.database.name()
        ))?;
        self.refresh.result()
    }
}

/// A statement that runs in a session of its own.
pub struct Background {
    pub pid: i32,
    thread: JoinHandle<(Client, Result<Vec<SimpleQueryMessage>, postgres::Error>)>,
}

impl Background {
    /// Starts one statement, or several as one transaction.
    pub fn start(mut client: Client, statements: &str) -> Background {
        let pid = value(&mut client, "SELECT pg_backend_pid()");
        let statements = statements.to_owned();
        Background {
            pid,
            thread: spawn(move || {
                let answer = client.simple_query(&statements);
                (client, answer)
            }),
        }
    }

    /// Waits until the session waits for a lock that somebody else holds.
    pub fn wait_until_blocked(&self, observer: &mut Client) {
        wait_until(
            observer,
            &format!("SELECT cardinality(pg_blocking_pids({})) > 0", self.pid),
        );
    }

    /// Waits until it does that, or has done all that it was to do.
    pub fn wait_until_blocked_or_done(&self, observer: &mut Client) {
        let is_blocked = format!("SELECT cardinality(pg_blocking_pids({})) > 0", self.pid);
        let begin = Instant::now();
        while !self.thread.is_finished() && !value::<bool>(observer, &is_blocked) {
            assert!(
                begin.elapsed() < Duration::from_secs(60),
                "it neither waits nor ends"
            );
            sleep(Duration::from_millis(2));
        }
    }

    /// The rows of all its statements, as text, or its error.
    pub fn result(self) -> Result<Vec<Vec<String>>, postgres::Error> {
        let (_, messages) = self.thread.join().expect("a session's thread does not panic");
        Ok(cells_of(&messages?)
            .into_iter()
            .map(|row| filled(row, "NULL"))
            .collect())
    }

    /// The session, once it has done all that it was to do.
    pub fn session(self) -> Client {
        let (session, messages) = self.thread.join().expect("a session's thread does not panic");
        messages.expect("its statements succeed");
        session
    }
}

/// Asks until the answer is true. What never becomes true fails the test after a minute.
pub fn wait_until(observer: &mut Client, question: &str) {
    wait_for(observer, question, Duration::from_secs(60));
}

/// Asks until the answer is true, for so long at most.
pub fn wait_for(observer: &mut Client, question: &str, at_most: Duration) {
    let start = Instant::now();
    while !value::<bool>(observer, question) {
        assert!(start.elapsed() < at_most, "never became true: {question}");
        sleep(Duration::from_millis(2));
    }
}
