//! After any history of changes, refreshes and rollbacks, a refresh leaves every view equal to its definition.
//!
//! A history that fails is printed as a script for psql, as short as it could be made.

use std::cell::Cell;

use postgres::Client;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::changes::{
    ROWS, ROWS_FILE, SCHEMA, any_change, any_change_of_currencies, any_truncate, enclosed,
    some_with_savepoints, table_names,
};
use crate::cluster::{Database, value};
use crate::effort;
use crate::integrity::assert_sound;
use crate::shop::{
    Truth, VIEWS, assert_incremental_one_in, column, failed_refreshes, run, violations_after_refresh,
};

/// Histories that a run of the tests looks at, of one kind of shop on the major that has all of them (`effort`). With those of rarer
/// kinds that is 2,000 in all.
const CASES: u32 = 1400;
const CASES_OF_RARE_SHOPS: u32 = 200;

/// Errors that a history may run into, as a client may. All else fails it.
const ERRORS_OF_CLIENTS: [&str; 9] = [
    "0A000", // REFRESH CONCURRENTLY of a view that is not populated
    "23502", // a key that is NULL
    "23505", // a key that is taken
    "23514", // a row that no partition takes
    "25P02", // a statement in a transaction that failed before
    "3B001", // a savepoint in a transaction that failed before it
    "42704", // a prepared transaction that failed before
    "42P10", // ON CONFLICT in a shop without keys
    "55000", // rebuild() where nothing is captured
];

#[test]
fn any_history_ends_with_the_truth() {
    // Half of them at a time: they take longest of all tests.
    std::thread::scope(|scope| {
        for shop in ["keyed_1", "keyed_2"] {
            scope.spawn(|| check(shop, &[], CASES / 2));
        }
    });
}

#[test]
fn any_history_of_a_partitioned_shop_ends_with_the_truth() {
    check(
        "partitioned",
        &["tests/layouts/a_partitioned.sql"],
        CASES_OF_RARE_SHOPS,
    );
}

#[test]
fn any_history_of_a_shop_without_keys_ends_with_the_truth() {
    check("keyless", &["tests/layouts/a_keyless.sql"], CASES_OF_RARE_SHOPS);
}

#[test]
fn any_history_of_a_mapped_shop_ends_with_the_truth() {
    check("mapped", &["tests/layouts/a_mapped.sql"], CASES_OF_RARE_SHOPS);
}

#[test]
fn any_history_of_a_shop_in_several_currencies_ends_with_the_truth() {
    check(
        "currencies",
        &["tests/layouts/a_currencies.sql"],
        CASES_OF_RARE_SHOPS,
    );
}

#[test]
fn any_history_of_a_shop_with_a_second_table_ends_with_the_truth() {
    check("joined", &["tests/layouts/a_joined.sql"], CASES_OF_RARE_SHOPS);
}

#[test]
fn any_history_of_a_shop_whose_rows_have_the_key_of_a_second_table_ends_with_the_truth() {
    check("linked", &["tests/layouts/a_linked.sql"], CASES_OF_RARE_SHOPS);
}

/// A history is a list of statements. `shop` names the kind of shop, and what is prepared in it.
fn any_history(shop: &'static str) -> impl Strategy<Value = Vec<String>> {
    let mut steps = vec![
        (16, any_change(1).prop_map(one).boxed()),
        (3, any_refresh(shop).prop_map(one).boxed()),
        (6, any_transaction(shop)),
        (1, any_truncate().prop_map(one).boxed()),
        (1, any_prepared_transaction(shop)),
        (1, any_odd_step(shop)),
    ];
    if shop == "partitioned" {
        steps.push((2, any_step_with_partitions(shop)));
    }
    if shop == "currencies" {
        let in_transaction = (
            some_with_savepoints(
                prop_oneof![any_change_of_currencies(), any_change_or_refresh(shop)].boxed(),
            ),
            select(&["COMMIT", "COMMIT", "ROLLBACK"][..]),
        )
            .prop_map(|(steps, end)| enclosed("BEGIN", steps, end));
        steps.push((12, any_change_of_currencies().prop_map(one).boxed()));
        steps.push((4, in_transaction.boxed()));
    }
    if let "joined" | "linked" = shop {
        steps.push((16, any_change_of_shipments().prop_map(one).boxed()));
    }
    if shop == "linked" {
        steps.push((6, any_change_of_links().prop_map(one).boxed()));
    }
    let step = Union::new_weighted(steps);
    vec(step, 1..=12).prop_map(|steps| steps.concat())
}

/// A view that the shop has.
fn any_view(shop: &'static str) -> impl Strategy<Value = &'static str> {
    let mut views = VIEWS.to_vec();
    if shop == "keyless" {
        // Where an order may stand twice, there is none of single sales.
        views.retain(|view| *view != "metabase_sales");
    }
    select(views)
}

fn one(statement: String) -> Vec<String> {
    vec![statement]
}

/// A refresh of all views or of some, so that for others changes pile up.
fn any_refresh(shop: &'static str) -> BoxedStrategy<String> {
    let call = |call: &str| format!("SELECT * FROM metabase.{call}");
    prop_oneof![
        4 => Just(call("refresh('all')")),
        2 => select(&["hourly", "daily", "weekly"][..])
            .prop_map(move |strategy| call(&format!("refresh('{strategy}')"))),
        1 => select(&["sync_on_order_event()", "sync_on_inventory_event()"][..]).prop_map(call),
        2 => any_view(shop).prop_map(move |view| call(&format!("refresh_view('{view}')"))),
        1 => any_view(shop).prop_map(move |view| call(&format!("refresh_view('{view}', 'full')"))),
        1 => (select(&["", "CONCURRENTLY "][..]), any_view(shop))
            .prop_map(|(how, view)| format!("REFRESH MATERIALIZED VIEW {how}analytics.{view}")),
    ]
    .boxed()
}

fn any_change_or_refresh(shop: &'static str) -> BoxedStrategy<String> {
    prop_oneof![8 => any_change(1), 2 => any_refresh(shop), 1 => any_truncate()].boxed()
}

/// Several steps in one transaction, with savepoints, which commits or does not.
fn any_transaction(shop: &'static str) -> BoxedStrategy<Vec<String>> {
    (
        select(
            &[
                "BEGIN",
                "BEGIN ISOLATION LEVEL REPEATABLE READ",
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
            ][..],
        ),
        some_with_savepoints(any_change_or_refresh(shop)),
        select(&["COMMIT", "COMMIT", "ROLLBACK"][..]),
    )
        .prop_map(|(begin, steps, end)| enclosed(begin, steps, end))
        .boxed()
}

/// Changes that are not there yet while a refresh looks, though their statements ran before it.
fn any_prepared_transaction(shop: &'static str) -> BoxedStrategy<Vec<String>> {
    (
        vec(any_change(1), 1..=3),
        any_refresh(shop),
        select(&["COMMIT", "ROLLBACK"][..]),
    )
        .prop_map(move |(changes, refresh, end)| {
            let mut steps = enclosed("BEGIN", changes, &format!("PREPARE TRANSACTION '{shop}'"));
            steps.extend([refresh, format!("{end} PREPARED '{shop}'")]);
            steps
        })
        .boxed()
}

/// What people do to tables and views now and then.
fn any_odd_step(shop: &'static str) -> BoxedStrategy<Vec<String>> {
    let view = || any_view(shop);
    let table = || select(table_names());
    prop_oneof![
        view().prop_map(|view| one(format!("REFRESH MATERIALIZED VIEW analytics.{view} WITH NO DATA"))),
        view().prop_map(|view| vec![
            format!("SELECT metabase.drop_view('{view}')"),
            format!("SELECT * FROM metabase.create_view('{view}')"),
        ]),
        Just(one("SELECT metabase.rebuild()".to_owned())),
        any_change(1).prop_map(|change| enclosed(
            "SELECT metabase.disable_capture()",
            one(change),
            "SELECT metabase.enable_capture()"
        )),
        any_change(1).prop_map(|change| enclosed(
            "SET session_replication_role = replica",
            one(change),
            "RESET session_replication_role"
        )),
        // A trigger that is enabled like this is no longer one that always fires.
        (table(), any_change(1), any_refresh(shop)).prop_map(|(table, change, refresh)| vec![
            format!("ALTER TABLE {table} DISABLE TRIGGER USER"),
            change,
            format!("ALTER TABLE {table} ENABLE TRIGGER USER"),
            refresh,
            "SELECT metabase.enable_capture()".to_owned(),
        ]),
        // Writes every row anew, elsewhere.
        table().prop_map(|table| one(format!("VACUUM FULL {table}"))),
        table().prop_map(|table| vec![
            format!("ALTER TABLE {table} ADD COLUMN note text DEFAULT 'none'"),
            format!("ALTER TABLE {table} DROP COLUMN note"),
        ]),
    ]
    .boxed()
}

/// Rows that come and go with their partition, with no statement that inserts or deletes them.
fn any_step_with_partitions(shop: &'static str) -> BoxedStrategy<Vec<String>> {
    let apart = (0..3, any_change_or_refresh(shop)).prop_map(|(number, meanwhile)| {
        let partition = format!("transactions.orders_{number}");
        vec![
            format!("ALTER TABLE transactions.orders DETACH PARTITION {partition}"),
            meanwhile,
            format!("UPDATE {partition} SET gross_sale = 12 WHERE status = 'completed'"),
            format!(
                "ALTER TABLE transactions.orders ATTACH PARTITION {partition} \
                 FOR VALUES WITH (MODULUS 3, REMAINDER {number})"
            ),
        ]
    });
    let direct = (
        0..3,
        select(
            &[
                "TRUNCATE {}",
                "DELETE FROM {}",
                "UPDATE {} SET gross_sale = 12 WHERE status = 'completed'",
            ][..],
        ),
    )
        .prop_map(|(number, statement)| {
            one(statement.replace("{}", &format!("transactions.orders_{number}")))
        });
    prop_oneof![apart, direct].boxed()
}

/// The second table, of which a few rows come, go and change; also their keys, and what they are of.
fn any_change_of_shipments() -> BoxedStrategy<String> {
    let number = || 1..=4;
    let order = || (1..=4).prop_map(|order| format!("'70000000-0000-0000-0000-{order:012}'"));
    let order = move || prop_oneof![8 => order(), 1 => Just("NULL".to_owned())];
    let cost = || select(&["1", "0", "2.5", "NULL", "'NaN'"][..]);
    let country = || select(&["'Germany'", "'France'", "''", "NULL"][..]);
    prop_oneof![
        6 => (number(), order(), cost(), country()).prop_map(|(number, order, cost, country)| {
            format!("INSERT INTO transactions.shipments VALUES ({number}, {order}, {cost}, {country}) ON CONFLICT DO NOTHING")
        }),
        4 => (number(), cost()).prop_map(|(number, cost)| {
            format!("UPDATE transactions.shipments SET cost = {cost} WHERE number = {number}")
        }),
        3 => (number(), order()).prop_map(|(number, order)| {
            format!("UPDATE transactions.shipments SET order_id = {order} WHERE number = {number}")
        }),
        3 => (number(), number()).prop_map(|(from, to)| {
            format!("UPDATE transactions.shipments SET number = {to} WHERE number = {from}")
        }),
        3 => number().prop_map(|number| format!("DELETE FROM transactions.shipments WHERE number = {number}")),
        1 => country().prop_map(|country| format!("UPDATE transactions.shipments SET country = {country}")),
        1 => Just("TRUNCATE transactions.shipments".to_owned()),
    ]
    .boxed()
}

/// Other rows of the second table for the rows that have its key.
fn any_change_of_links() -> BoxedStrategy<String> {
    let table = select(&["transactions.orders", "products.products"][..]);
    (table, 1..=4, select(&["1", "2", "3", "NULL"][..]))
        .prop_map(|(table, row, shipment)| {
            format!("UPDATE {table} SET shipment = {shipment} WHERE id::text LIKE '%{row}'")
        })
        .boxed()
}

/// Replays random histories, one after the other in one database. Each starts from the hand-worked shop, but for what the
/// ones before it have left behind in queues, facts and rollups.
fn check(shop: &'static str, tables: &'static [&'static str], cases: u32) {
    let tables = [&SCHEMA, tables].concat();
    let mut runner = TestRunner::new(Config {
        cases: effort::cases(cases),
        max_shrink_iters: 4096,
        failure_persistence: None,
        ..Config::default()
    });
    let current = Cell::new(None);
    let result = runner.run(&any_history(shop), |history| {
        let mut replayer = current.take().unwrap_or_else(|| Replayer::new(&tables));
        match replayer.replay(&history) {
            Ok(()) => {
                current.set(Some(replayer));
                Ok(())
            }
            // What it has left behind is wrong: the next one gets a new database.
            Err(failure) => {
                replayer.drop_prepared(shop);
                Err(TestCaseError::fail(failure))
            }
        }
    });
    match result {
        Ok(()) => {
            let mut replayer = current.take().expect("a history was replayed");
            let so_many = match shop {
                // While an order stands twice, as it may without keys, there can be no facts.
                "keyless" => 4,
                // Each other rate has facts built anew.
                "currencies" => 4,
                _ => 2,
            };
            assert_incremental_one_in(&mut replayer.client, so_many);
            assert_sound(&mut replayer.client);
        }
        Err(TestError::Fail(reason, history)) => panic!("{reason}\n{}", script(&tables, &history)),
        Err(abort) => panic!("{abort}"),
    }
}

const SET_ZONE: &str = "SELECT metabase.set_setting('time_zone', 'Europe/Berlin')";
/// Where an order may stand twice, there is no view that has a row for each.
const WITHOUT_SALES: &str = "SELECT metabase.set_setting('sales_view', 'off')";
const CREATE_VIEWS: &str = "SELECT * FROM metabase.create_all_views()";
const REFRESH: &str = "SELECT * FROM metabase.refresh('all')";

/// What is set in a shop with these tables, and its views.
fn set_up(tables: &[&str]) -> Vec<&'static str> {
    let may_stand_twice = tables.contains(&"tests/layouts/a_keyless.sql");
    match may_stand_twice {
        true => vec![SET_ZONE, WITHOUT_SALES, CREATE_VIEWS],
        false => vec![SET_ZONE, CREATE_VIEWS],
    }
}

/// A database that has seen some histories.
struct Replayer {
    client: Client,
    truth: Truth,
    histories: u32,
    has_second_table: bool,
    /// Dropped last.
    _database: Database,
}

impl Replayer {
    fn new(tables: &[&str]) -> Replayer {
        let database = Database::with_extension();
        for file in tables {
            database.run_file(file);
        }
        let mut client = database.connect();
        for statement in set_up(tables) {
            run(&mut client, statement);
        }
        Replayer {
            truth: Truth::of(&mut client),
            has_second_table: value(
                &mut client,
                "SELECT to_regclass('transactions.shipments') IS NOT NULL",
            ),
            client,
            histories: 0,
            _database: database,
        }
    }

    /// Replays a history and says what is wrong then.
    fn replay(&mut self, history: &[String]) -> Result<(), String> {
        let client = &mut self.client;
        if self.has_second_table {
            run(client, "DELETE FROM transactions.shipments");
        }
        run(client, &reset());
        for statement in [REFRESH].into_iter().chain(history.iter().map(String::as_str)) {
            attempt(client, statement).map_err(|error| format!("{statement}: {error}"))?;
        }
        let violations = violations_after_refresh(client, &self.truth);
        if !violations.is_empty() {
            return Err(format!(
                "{}\nafter this history, and {} before it in the same database:",
                violations.join("\n"),
                self.histories
            ));
        }
        self.histories += 1;
        Ok(())
    }

    /// A prepared transaction would keep its database from being dropped.
    fn drop_prepared(&mut self, name: &str) {
        run(&mut self.client, "ROLLBACK");
        let prepared = format!("SELECT gid FROM pg_prepared_xacts WHERE gid = '{name}'");
        for gid in column(&mut self.client, &prepared) {
            run(&mut self.client, &format!("ROLLBACK PREPARED '{gid}'"));
        }
    }
}

/// Statements that bring back the hand-worked shop, row by row, without rates: TRUNCATE would be the end of what the histories before have
/// left behind.
fn reset() -> String {
    let deletes: String = table_names()
        .iter()
        .map(|table| format!("DELETE FROM {table};\n"))
        .collect();
    format!("BEGIN;\n{deletes}DELETE FROM metabase_internal.exchange_rate;\n{ROWS}\nCOMMIT")
}

/// Runs a statement, which may fail as statements of clients do. A refresh has to complete.
fn attempt(client: &mut Client, statement: &str) -> Result<(), String> {
    match client.simple_query(statement) {
        Ok(messages) => match failed_refreshes(&messages).as_slice() {
            [] => Ok(()),
            failed => Err(failed.join("\n")),
        },
        Err(error) => match error.as_db_error() {
            Some(error) if ERRORS_OF_CLIENTS.contains(&error.code().code()) => Ok(()),
            _ => Err(format!("{error:?}")),
        },
    }
}

/// A history for psql, to be run from the project's root in an empty database.
fn script(tables: &[&str], history: &[String]) -> String {
    let files: String = [tables, &[ROWS_FILE]]
        .concat()
        .iter()
        .map(|file| format!("\\i {file}\n"))
        .collect();
    let statements: String = set_up(tables)
        .into_iter()
        .chain([REFRESH])
        .chain(history.iter().map(String::as_str))
        .chain([REFRESH])
        .map(|statement| format!("{statement};\n"))
        .collect();
    format!("CREATE EXTENSION metabase_views;\n{files}{statements}")
}
