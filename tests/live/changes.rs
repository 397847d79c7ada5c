//! Random changes of a shop of layout A, as SQL that a person can paste into psql.
//!
//! Simple values stand first in every list, for what fails shrinks towards them. Lists are short, so that rows meet in one
//! group, lose it to each other and leave it empty.

use crate::cluster::{create_all_views, run_file};
use crate::shop::{Truth, run};
use std::fmt::Debug;

use postgres::Client;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::{Union, ValueTree};
use proptest::test_runner::TestRunner;

/// A table of the shop, whose keys are as in `tests/hand_worked/shop.sql`.
struct Table {
    name: &'static str,
    /// How often it is drawn, against the others.
    weight: u32,
    /// The first digit of its keys.
    kind: u32,
    /// The number of the last row that changes are about. A few rows are not there at first.
    last: u32,
    columns: &'static [(&'static str, ColumnValues)],
}

/// The values that a column takes, as SQL.
#[derive(Clone, Copy)]
enum ColumnValues {
    Of(&'static [&'static str]),
    KeyOf(&'static Table),
}

use ColumnValues::{KeyOf, Of};

const NAMES: ColumnValues = Of(&["'Nike'", "'adidas'", "'nike'", "'Ä, \"B\"'", "''", "NULL"]);
const STATUSES: ColumnValues = Of(&[
    "'completed'",
    "'completed'",
    "'COMPLETED'",
    "'pending'",
    "'shipped'",
    "'cancelled'",
    "NULL",
]);
/// Of stock items: there, and gone in one way or the other.
const ITEM_STATUSES: ColumnValues = Of(&[
    "'in_stock'",
    "'sold'",
    "'returned_to_supplier'",
    "'returned'",
    "NULL",
]);
/// Of any type: what is no number of units, too.
const QUANTITIES: ColumnValues = Of(&[
    "1",
    "1",
    "2",
    "20",
    "0",
    "NULL",
    "-1",
    "2.7",
    "'NaN'",
    "'Infinity'",
    "'-Infinity'",
    "99999999999999.99",
]);
/// Free, refunded, thirds, next to a threshold, and what spoils a sum for good if it is not taken back whole.
const MONEY: ColumnValues = Of(&[
    "100",
    "200",
    "100.01",
    "0",
    "-50",
    "33.33",
    "66.67",
    "NULL",
    "NULL",
    "0.000000000001",
    "99999999999999.99",
    "'NaN'",
    "'Infinity'",
    "'-Infinity'",
]);
/// Both sides of the edges of days, months, quarters and years in Berlin, and the hours in which its clocks change.
const TIMES: ColumnValues = Of(&[
    "'2024-03-15 12:00:00+00'",
    "'2024-03-15 12:00:00+00'",
    "'2024-03-30 22:59:59.999999+00'",
    "'2024-03-30 23:00:00+00'",
    "'2024-03-31 00:59:59.999999+00'",
    "'2024-03-31 01:00:00+00'",
    "'2024-03-31 21:59:59.999999+00'",
    "'2024-03-31 22:00:00+00'",
    "'2024-10-27 00:30:00+00'",
    "'2024-10-27 01:30:00+00'",
    "'2024-10-31 22:59:59.999999+00'",
    "'2024-10-31 23:00:00+00'",
    "'2024-12-31 22:59:59.999999+00'",
    "'2024-12-31 23:00:00+00'",
    "NULL",
    "NULL",
    "now()",
    "now() - interval '31 days'",
    "now() - interval '91 days'",
    "'infinity'",
    "'-infinity'",
    "'0044-03-15 12:00:00+00 BC'",
]);
const COUNTRIES: ColumnValues = Of(&["'Germany'", "'DE'", "'France'", "'Nowhere'", "''", "NULL"]);
const CITIES: ColumnValues = Of(&["'Paris'", "'Berlin'", "'paris'", "''", "NULL"]);
const FLAGS: ColumnValues = Of(&["true", "false", "NULL"]);

static PLATFORMS: Table = Table {
    name: "core.platforms",
    weight: 1,
    kind: 1,
    last: 5,
    columns: &[
        ("name", NAMES),
        ("slug", Of(&["'stockx'", "'ebay'", "'goat'", "NULL"])),
    ],
};
static SUPPLIERS: Table = Table {
    name: "core.suppliers",
    weight: 1,
    kind: 2,
    last: 7,
    columns: &[
        ("business_name", NAMES),
        ("contact_email", NAMES),
        ("phone", NAMES),
        ("country", COUNTRIES),
        ("rating", Of(&["4.5", "4.50", "NULL"])),
    ],
};
static BRANDS: Table = Table {
    name: "core.brands",
    weight: 2,
    kind: 3,
    last: 8,
    columns: &[
        ("name", NAMES),
        ("segment", NAMES),
        ("price_tier", NAMES),
        ("target_demographic", NAMES),
        ("is_collaboration", FLAGS),
        ("parent_brand_id", KeyOf(&BRANDS)),
    ],
};
static CATEGORIES: Table = Table {
    name: "products.categories",
    weight: 1,
    kind: 4,
    last: 3,
    columns: &[("name", NAMES)],
};
static PRODUCTS: Table = Table {
    name: "products.products",
    weight: 2,
    kind: 5,
    last: 11,
    columns: &[
        ("name", NAMES),
        ("sku", NAMES),
        ("brand_id", KeyOf(&BRANDS)),
        ("category_id", KeyOf(&CATEGORIES)),
    ],
};
static STOCK_ITEMS: Table = Table {
    name: "products.inventory",
    weight: 3,
    kind: 6,
    last: 18,
    columns: &[
        ("product_id", KeyOf(&PRODUCTS)),
        ("supplier_id", KeyOf(&SUPPLIERS)),
        ("purchase_price", MONEY),
        ("gross_purchase_price", MONEY),
        ("vat_amount", MONEY),
        ("purchase_date", TIMES),
        ("status", ITEM_STATUSES),
        ("quantity", QUANTITIES),
        ("is_in_stock", FLAGS),
        ("condition", NAMES),
        ("size", NAMES),
        ("color", NAMES),
        ("created_at", TIMES),
        ("updated_at", TIMES),
    ],
};
static ORDERS: Table = Table {
    name: "transactions.orders",
    weight: 5,
    kind: 7,
    last: 25,
    columns: &[
        ("inventory_item_id", KeyOf(&STOCK_ITEMS)),
        ("platform_id", KeyOf(&PLATFORMS)),
        ("status", STATUSES),
        ("quantity", QUANTITIES),
        ("sold_at", TIMES),
        ("gross_sale", MONEY),
        ("net_proceeds", MONEY),
        ("net_profit", MONEY),
        ("roi", MONEY),
        ("platform_fee", MONEY),
        ("shipping_cost", MONEY),
        ("payout_received", FLAGS),
        ("payout_date", TIMES),
        ("buyer_destination_country", COUNTRIES),
        ("buyer_destination_city", CITIES),
    ],
};

static TABLES: [&Table; 7] = [
    &ORDERS,
    &STOCK_ITEMS,
    &PRODUCTS,
    &BRANDS,
    &SUPPLIERS,
    &PLATFORMS,
    &CATEGORIES,
];

/// The names of the shop's tables.
pub fn table_names() -> Vec<&'static str> {
    TABLES.iter().map(|table| table.name).collect()
}

/// Columns whose lowest and highest values the views show.
const EXTREMES: [(&str, &str, ColumnValues); 3] = [
    ("transactions.orders", "sold_at", TIMES),
    ("transactions.orders", "gross_sale", MONEY),
    ("products.inventory", "purchase_date", TIMES),
];

/// The files that make the tables, with which SQL can do whatever it wants.
pub const SCHEMA: [&str; 2] = ["demo/schema.sql", "tests/layouts/a_loosened.sql"];

/// The file with the rows that changes start from.
pub const ROWS_FILE: &str = "tests/hand_worked/shop.sql";
pub const ROWS: &str = include_str!("../hand_worked/shop.sql");

/// Any statement that changes rows. `scale` is how many times more keys it draws from than the hand-worked shop has.
pub fn any_change(scale: u32) -> BoxedStrategy<String> {
    let changes = TABLES.map(|table| (table.weight, any_change_of(table, scale)));
    prop_oneof![
        20 => Union::new_weighted(changes.to_vec()),
        2 => any_loss_of_an_extreme(),
        1 => any_best_seller(scale),
    ]
    .boxed()
}

/// Any change of what orders refer to, which leaves the orders themselves alone.
pub fn any_change_around_orders(scale: u32) -> BoxedStrategy<String> {
    let tables = TABLES.iter().filter(|table| table.name != ORDERS.name);
    Union::new_weighted(
        tables
            .map(|table| (table.weight, any_change_of(table, scale)))
            .collect(),
    )
    .boxed()
}

/// What a shop writes as the currency of a row; of some there are rates, once these are set.
const CURRENCIES: ColumnValues = Of(&["'USD'", "'EUR'", "' usd'", "'JPY'", "''", "'€'", "NULL"]);
/// The days of [`TIMES`] in Berlin, and those around them.
const DAYS: ColumnValues = Of(&[
    "'2024-03-15'",
    "'2024-03-31'",
    "'2024-04-01'",
    "'2024-10-27'",
    "'2024-11-01'",
    "'2025-01-01'",
    "'1970-01-01'",
    "current_date",
]);
const RATES: ColumnValues = Of(&["0.9", "1", "0.33335", "150.25", "0.0000001", "NULL", "NULL"]);

/// Another currency of rows, or another rate: in a shop that has currencies.
pub fn any_change_of_currencies() -> BoxedStrategy<String> {
    let in_another = |table: &'static Table| {
        (any_value(CURRENCIES, 1), any_condition(table, 1)).prop_map(move |(currency, condition)| {
            format!(
                "UPDATE {} SET currency = {currency} WHERE {condition}",
                table.name
            )
        })
    };
    let at_another_rate = (
        select(&["USD", "JPY"][..]),
        any_value(DAYS, 1),
        any_value(RATES, 1),
    )
        .prop_map(|(currency, day, rate)| {
            format!("SELECT metabase.set_exchange_rate('{currency}', {day}, {rate})")
        });
    prop_oneof![3 => in_another(&ORDERS), 2 => in_another(&STOCK_ITEMS), 2 => at_another_rate].boxed()
}

/// Any statement that empties a table at once.
pub fn any_truncate() -> BoxedStrategy<String> {
    select(table_names())
        .prop_map(|table| format!("TRUNCATE {table}"))
        .boxed()
}

/// Some of these steps, in order, a few of them behind a savepoint that is released or rolled back to.
pub fn some_with_savepoints(step: BoxedStrategy<String>) -> BoxedStrategy<Vec<String>> {
    let savepoint = (
        vec(step.clone(), 1..=3),
        select(&["RELEASE s", "ROLLBACK TO s"][..]),
    )
        .prop_map(|(steps, end)| enclosed("SAVEPOINT s", steps, end));
    vec(
        prop_oneof![2 => step.prop_map(|step| vec![step]), 1 => savepoint],
        1..=4,
    )
    .prop_map(|steps| steps.concat())
    .boxed()
}

/// These statements between two others.
pub fn enclosed(first: &str, statements: Vec<String>, last: &str) -> Vec<String> {
    let mut all = vec![first.to_owned()];
    all.extend(statements);
    all.push(last.to_owned());
    all
}

/// Returns a function that draws values from a strategy without end, for tests that go on for as long as there is time.
pub fn draws<T: Debug>(strategy: impl Strategy<Value = T>) -> impl FnMut() -> T {
    let mut random = TestRunner::default();
    move || {
        strategy
            .new_tree(&mut random)
            .expect("strategies here reject nothing")
            .current()
    }
}

fn any_change_of(table: &'static Table, scale: u32) -> BoxedStrategy<String> {
    let name = table.name;
    let key = || any_key(table, scale);
    let condition = || any_condition(table, scale);
    let insert = (key(), any_row(table, scale)).prop_map(|(key, values)| table.insert(&key, &values));
    prop_oneof![
        10 => (any_assignment(table, scale), condition())
            .prop_map(move |(assignment, condition)| format!("UPDATE {name} SET {assignment} WHERE {condition}")),
        3 => condition().prop_map(move |condition| format!("DELETE FROM {name} WHERE {condition}")),
        4 => insert.clone(),
        2 => insert.prop_map(|insert| format!("{insert} {}", table.or_update())),
        2 => (key(), key()).prop_map(move |(from, to)| format!("UPDATE {name} SET id = {to} WHERE id = {from}")),
        1 => condition().prop_map(move |condition| format!("UPDATE {name} SET id = id WHERE {condition}")),
    ]
    .boxed()
}

impl Table {
    fn key(&self, row: u32) -> String {
        format!("'{}0000000-0000-0000-0000-{row:012}'", self.kind)
    }

    fn column_names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|(column, _)| *column).collect()
    }

    fn insert(&self, key: &str, values: &[String]) -> String {
        format!(
            "INSERT INTO {} (id, {}) VALUES ({key}, {})",
            self.name,
            self.column_names().join(", "),
            values.join(", ")
        )
    }

    fn or_update(&self) -> String {
        let columns = self.column_names();
        format!(
            "ON CONFLICT (id) DO UPDATE SET ({}) = ROW (EXCLUDED.{})",
            columns.join(", "),
            columns.join(", EXCLUDED.")
        )
    }
}

fn any_value(values: ColumnValues, scale: u32) -> BoxedStrategy<String> {
    match values {
        Of(literals) => select(literals).prop_map(str::to_owned).boxed(),
        KeyOf(table) => any_key(table, scale),
    }
}

/// Mostly the first few, so that rows meet; now and then one that is not there, or none.
fn any_key(table: &'static Table, scale: u32) -> BoxedStrategy<String> {
    prop_oneof![
        20 => (1..=3 * scale).prop_map(|row| table.key(row)),
        20 => (1..=table.last * scale).prop_map(|row| table.key(row)),
        1 => Just(table.key(999_999)),
        1 => Just("NULL".to_owned()),
    ]
    .boxed()
}

fn any_row(table: &'static Table, scale: u32) -> Vec<BoxedStrategy<String>> {
    table
        .columns
        .iter()
        .map(|&(_, values)| any_value(values, scale))
        .collect()
}

fn any_assignment(table: &'static Table, scale: u32) -> BoxedStrategy<String> {
    any_column_with(table, "=", scale)
}

/// One row, all rows that have one value, or all rows.
fn any_condition(table: &'static Table, scale: u32) -> BoxedStrategy<String> {
    prop_oneof![
        12 * scale => any_key(table, scale).prop_map(|key| format!("id = {key}")),
        2 => any_column_with(table, "IS NOT DISTINCT FROM", scale),
        1 => Just("true".to_owned()),
    ]
    .boxed()
}

fn any_column_with(table: &'static Table, operator: &'static str, scale: u32) -> BoxedStrategy<String> {
    Union::new(table.columns.iter().map(|&(column, values)| {
        any_value(values, scale).prop_map(move |value| format!("{column} {operator} {value}"))
    }))
    .boxed()
}

/// Takes away the rows that hold the lowest or the highest value of a column, or gives them another.
fn any_loss_of_an_extreme() -> BoxedStrategy<String> {
    let losses = EXTREMES.map(|(table, column, values)| {
        (any_value(values, 1), select(&["max", "min"][..]), any::<bool>()).prop_map(
            move |(value, extreme, delete)| {
                let condition = format!("{column} = (SELECT {extreme}({column}) FROM {table})");
                if delete {
                    format!("DELETE FROM {table} WHERE {condition}")
                } else {
                    format!("UPDATE {table} SET {column} = {value} WHERE {condition}")
                }
            },
        )
    });
    Union::new(losses).boxed()
}

/// More orders of one stock item than the volume tiers of brands ask for.
fn any_best_seller(scale: u32) -> BoxedStrategy<String> {
    (any_key(&STOCK_ITEMS, scale), any_key(&PLATFORMS, scale), any_value(TIMES, scale))
        .prop_map(|(item, platform, sold_at)| {
            format!(
                "INSERT INTO transactions.orders (id, inventory_item_id, platform_id, status, sold_at, gross_sale) \
                 SELECT md5({item} || n)::uuid, {item}, {platform}, 'completed', {sold_at}, n \
                 FROM generate_series(1, 51) AS n ON CONFLICT DO NOTHING"
            )
        })
        .boxed()
}

/// Makes that shop, with its rows and its views, whose days are Berlin's.
pub fn make_loosened_shop(client: &mut Client) -> Truth {
    run(client, "CREATE EXTENSION IF NOT EXISTS metabase_views");
    for file in SCHEMA.iter().chain([&ROWS_FILE]) {
        run_file(client, file);
    }
    run(
        client,
        "SELECT metabase.set_setting('time_zone', 'Europe/Berlin')",
    );
    create_all_views(client);
    Truth::of(client)
}
