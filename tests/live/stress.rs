//! Writers and refreshers that run against each other for a while. Whenever they stop, one refresh has to show the truth.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use postgres::Client;
use proptest::prelude::*;
use proptest::sample::select;

use crate::changes::{any_change, any_truncate, draws, make_loosened_shop, some_with_savepoints};
use crate::cluster::{Database, value};
use crate::integrity::assert_sound;
use crate::shop::{VIEWS, assert_mostly_incremental, failed_refreshes, run, violations_after_refresh};

/// How long they run in all; METABASE_VIEWS_STRESS_SECONDS asks for another time.
const SECONDS: u64 = 60;
/// How long they run until they stop for a look.
const SECONDS_PER_ROUND: u64 = 10;

/// Keys for writers to choose from, as a multiple of the hand-worked shop's, so that they seldom wait for each other.
const SCALE: u32 = 20;

/// Errors that writers may run into. All else fails the test.
const ERRORS_OF_WRITERS: [&str; 8] = [
    "23502", // a key that is NULL
    "23505", // a key that is taken
    "25P02", // a statement in a transaction that failed before
    "3B001", // a savepoint in a transaction that failed before it
    "40001", // a row that somebody else has changed
    "40P01", // two who wait for each other
    "42704", // a prepared transaction that failed before
    "55P03", // a row that somebody else keeps for long
];

#[test]
fn writers_and_refreshers_at_once_end_with_the_truth() {
    let database = Database::empty();
    let mut client = database.connect();
    let truth = make_loosened_shop(&mut client);

    let mut writers: Vec<StressWriter> = [
        "READ COMMITTED",
        "READ COMMITTED",
        "REPEATABLE READ",
        "SERIALIZABLE",
    ]
    .iter()
    .enumerate()
    .map(|(number, isolation)| StressWriter::new(&database, number, isolation))
    .collect();
    let mut patient = StressWriter::new(&database, writers.len(), "READ COMMITTED");
    let mut changes = draws(any_changes());
    let (mut refresher, mut visitor) = (database.connect(), database.connect());
    let seconds = std::env::var("METABASE_VIEWS_STRESS_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(SECONDS);
    let half_round = Duration::from_secs(SECONDS_PER_ROUND) / 2;
    for _ in 0..seconds.div_ceil(SECONDS_PER_ROUND) {
        let stop = &AtomicBool::new(false);
        scope(|scope| {
            for writer in &mut writers {
                scope.spawn(|| writer.write_until(stop));
            }
            scope.spawn(|| refresh_until(stop, &mut refresher));
            scope.spawn(|| visit_until(stop, &mut visitor));
            // What the patient one did in the last round is committed in the middle of this one, and what it does now stays
            // open over the next stop.
            sleep(half_round);
            patient.attempt("COMMIT");
            patient.begin(&changes());
            sleep(half_round);
            stop.store(true, Ordering::Relaxed);
        });
        assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0]);
    }
    patient.attempt("COMMIT");
    for writer in &mut writers {
        writer.end_prepared("COMMIT");
    }
    assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0]);
    let was_busy = "SELECT count(*) > 100 FROM metabase.refresh_history WHERE rows_changed > 0";
    assert!(value::<bool>(&mut client, was_busy));
    assert_mostly_incremental(&mut client);
    assert_sound(&mut client);
}

/// A session that writes in random transactions.
struct StressWriter {
    client: Client,
    isolation: &'static str,
    transactions: u32,
    /// The name of what it prepares.
    prepared: String,
}

impl StressWriter {
    fn new(database: &Database, number: usize, isolation: &'static str) -> StressWriter {
        let mut client = database.connect();
        run(&mut client, "SET lock_timeout = '50ms'");
        StressWriter {
            client,
            isolation,
            transactions: 0,
            prepared: format!("{}_{number}", database.name()),
        }
    }

    /// Commits most transactions and rolls back others. Each eighth is prepared, and is still open while the next one runs, and
    /// whatever refreshes meanwhile.
    fn write_until(&mut self, stop: &AtomicBool) {
        let mut changes = draws(any_changes());
        let mut end = draws(select(&["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"][..]));
        let mut truncate = draws(any_truncate());
        while !stop.load(Ordering::Relaxed) {
            self.transactions += 1;
            self.begin(&changes());
            match self.transactions % 8 {
                0 => self.attempt(&format!("PREPARE TRANSACTION '{}'", self.prepared)),
                1 => {
                    self.attempt(end());
                    self.end_prepared(end());
                }
                // Nobody can look at the table until its transaction ends.
                2 if self.transactions > 1000 => {
                    self.attempt("ROLLBACK");
                    self.attempt(&truncate());
                    self.transactions = 2;
                }
                _ => self.attempt(end()),
            }
        }
    }

    fn begin(&mut self, changes: &[String]) {
        self.attempt(&format!("BEGIN ISOLATION LEVEL {}", self.isolation));
        for change in changes {
            self.attempt(change);
        }
    }

    fn end_prepared(&mut self, end: &str) {
        self.attempt(&format!("{end} PREPARED '{}'", self.prepared));
    }

    /// Runs a statement, which may fail as statements of writers do.
    fn attempt(&mut self, statement: &str) {
        if let Err(error) = self.client.batch_execute(statement) {
            let code = error.code().map_or("", |code| code.code());
            assert!(ERRORS_OF_WRITERS.contains(&code), "{statement}: {error:?}");
        }
    }
}

fn any_changes() -> BoxedStrategy<Vec<String>> {
    some_with_savepoints(any_change(SCALE))
}

/// Whoever refreshes as the manual says has to succeed each time.
fn refresh_until(stop: &AtomicBool, client: &mut Client) {
    while !stop.load(Ordering::Relaxed) {
        let failed = failed_refreshes(
            &client
                .simple_query("SELECT * FROM metabase.refresh('all')")
                .expect("refresh answers"),
        );
        assert!(failed.is_empty(), "{failed:#?}");
    }
}

/// Refreshes in other ways, by hand and in transactions of all kinds.
fn visit_until(stop: &AtomicBool, client: &mut Client) {
    let mut visit = draws(any_visit());
    while !stop.load(Ordering::Relaxed) {
        let visit = visit();
        let messages = client
            .simple_query(&visit)
            .unwrap_or_else(|error| panic!("{visit}: {error:?}"));
        // Only who looks at an old snapshot may have been overtaken; REFRESH then finds that a key is taken.
        let was_overtaken = |error: &String| {
            visit.contains("REPEATABLE READ")
                && ["SQLSTATE 40001", "SQLSTATE 23505"]
                    .iter()
                    .any(|code| error.contains(code))
        };
        let mut failed = failed_refreshes(&messages);
        failed.retain(|error| !was_overtaken(error));
        assert!(failed.is_empty(), "{visit}: {failed:#?}");
    }
}

fn any_visit() -> BoxedStrategy<String> {
    let refresh = "SELECT * FROM metabase.refresh('all')";
    let transaction = |begin: &str, end: &str| format!("{begin}; {refresh}; {end}");
    let view = || select(&VIEWS[..]);
    prop_oneof![
        4 => Just(transaction("BEGIN", "ROLLBACK")),
        4 => Just(transaction("BEGIN ISOLATION LEVEL REPEATABLE READ", "COMMIT")),
        4 => Just("SELECT * FROM metabase.refresh('hourly')".to_owned()),
        4 => view().prop_map(|view| format!("SELECT * FROM metabase.refresh_view('{view}')")),
        4 => view().prop_map(|view| format!("SELECT * FROM metabase.refresh_view('{view}', 'full')")),
        4 => view().prop_map(|view| format!("REFRESH MATERIALIZED VIEW CONCURRENTLY analytics.{view}")),
        4 => view().prop_map(|view| format!("REFRESH MATERIALIZED VIEW analytics.{view}")),
        4 => view().prop_map(|view| format!("VACUUM analytics.{view}")),
        4 => Just("SELECT * FROM metabase.view_status()".to_owned()),
        // The tables that triggers look for are replaced.
        1 => Just("SELECT metabase.rebuild()".to_owned()),
    ]
    .boxed()
}
