//! The server is killed while it is written to and refreshed. After each recovery one refresh has to show the truth, and
//! nothing that was committed may be missing.

use std::thread::{scope, sleep};
use std::time::Duration;

use postgres::Client;

use crate::changes::{any_change_around_orders, draws, make_loosened_shop};
use crate::cluster::Cluster;
use crate::integrity::assert_sound;
use crate::shop::{Truth, assert_mostly_incremental, column, run, violations_after_refresh};

const CRASHES: u32 = 50;
const WRITERS: usize = 3;

/// How many of its latest orders a writer keeps.
const KEPT: u32 = 10;

#[test]
fn nothing_is_lost_and_nothing_counted_twice_when_the_server_is_killed() {
    let mut cluster = Cluster::make(
        "crash-cluster",
        &[
            "fsync=off",
            "max_prepared_transactions=10",
            "autovacuum_naptime=1s",
        ],
    );
    let mut client = cluster.create_database("shop");
    make_loosened_shop(&mut client);

    let mut writers: Vec<RememberingWriter> = (0..WRITERS).map(RememberingWriter::new).collect();
    let mut milliseconds = draws(20..300_u64);
    for _ in 0..CRASHES {
        scope(|scope| {
            for writer in &mut writers {
                let client = cluster.connect("shop");
                scope.spawn(|| writer.write(client));
            }
            let client = cluster.connect("shop");
            scope.spawn(|| refresh(client));
            sleep(Duration::from_millis(milliseconds()));
            cluster.kill();
        });
        cluster.start();
        client = cluster.connect("shop");
        let truth = Truth::of(&mut client);
        // First with what was prepared still open, then with all of it committed.
        assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0]);
        for name in column(&mut client, "SELECT gid FROM pg_prepared_xacts") {
            run(&mut client, &format!("COMMIT PREPARED '{name}'"));
        }
        assert_eq!(violations_after_refresh(&mut client, &truth), [""; 0]);
        for writer in &mut writers {
            writer.find_all(&mut client);
        }
    }
    assert_mostly_incremental(&mut client);
    assert_sound(&mut client);
}

/// Refreshes until the server is gone.
fn refresh(mut client: Client) {
    for number in 0_u32.. {
        let statement = match number % 4 {
            3 => "CHECKPOINT",
            _ => "SELECT * FROM metabase.refresh('all')",
        };
        if let Err(error) = client.batch_execute(statement) {
            return assert_is_gone(&error);
        }
    }
}

/// A session that remembers what was committed. Its transactions have numbers: number n adds an order n, gives the order
/// before it another price and takes away the oldest one, all at once.
struct RememberingWriter {
    number: usize,
    /// The last transaction that the server has acknowledged.
    last: u32,
}

impl RememberingWriter {
    fn new(number: usize) -> RememberingWriter {
        RememberingWriter { number, last: 0 }
    }

    /// Writes until the server is gone.
    fn write(&mut self, mut client: Client) {
        let mut change = draws(any_change_around_orders(1));
        loop {
            let next = self.last + 1;
            for statement in self.transaction(next) {
                if let Err(error) = client.batch_execute(&statement) {
                    return assert_is_gone(&error);
                }
            }
            self.last = next;
            // A change that fails by itself, because a key is taken, say, changes nothing.
            match client.batch_execute(&change()) {
                Err(error) if error.as_db_error().is_none() => return,
                _ => {}
            }
        }
    }

    /// Each third transaction is prepared first.
    fn transaction(&self, number: u32) -> Vec<String> {
        let key = |number: u32| format!("'7{:07}-0000-0000-0000-{number:012}'", self.number + 1);
        let changes = format!(
            "BEGIN;
             INSERT INTO transactions.orders (
                 id, inventory_item_id, platform_id, external_id, status, sold_at, gross_sale
             )
             VALUES (
                 {}, '60000000-0000-0000-0000-{:012}', '10000000-0000-0000-0000-000000000001', 'writer {}', 'completed',
                 now(), {number}
             );
             UPDATE transactions.orders SET gross_sale = -gross_sale WHERE id = {};
             DELETE FROM transactions.orders WHERE id = {}",
            key(number),
            number % 18 + 1,
            self.number,
            key(number - 1),
            key(number.saturating_sub(KEPT)),
        );
        let name = format!("writer {}", self.number);
        if number.is_multiple_of(3) {
            vec![
                format!("{changes}; PREPARE TRANSACTION '{name}'"),
                format!("COMMIT PREPARED '{name}'"),
            ]
        } else {
            vec![format!("{changes}; COMMIT")]
        }
    }

    /// Finds its orders as the last acknowledged transaction has left them, or the next one: of that one, only the server
    /// knows whether it was committed.
    fn find_all(&mut self, client: &mut Client) {
        let found = column(
            client,
            &format!(
                "SELECT gross_sale FROM transactions.orders WHERE external_id = 'writer {}' ORDER BY abs(gross_sale)",
                self.number
            ),
        );
        let after = |last: u32| -> Vec<String> {
            ((last + 1).saturating_sub(KEPT).max(1)..=last)
                .map(|number| {
                    let sign = if number == last { "" } else { "-" };
                    format!("{sign}{number}")
                })
                .collect()
        };
        if found == after(self.last + 1) {
            self.last += 1;
        }
        assert!(self.last > 0);
        assert_eq!(found, after(self.last));
    }
}

/// Asserts that a statement has failed because its server was killed.
#[track_caller]
fn assert_is_gone(error: &postgres::Error) {
    let is_gone = match error.code() {
        Some(code) => code.code().starts_with("57P"),
        None => true,
    };
    assert!(is_gone, "{error:?}");
}
