//! Reads a view from a live database and holds it against what was expected.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use postgres::Client;

use super::cell::{Cell, Row};
use super::views::View;

/// The rows that the materialized view holds now, all its columns in the catalog's order, sorted.
pub fn actual(client: &mut Client, view: View) -> Vec<Row> {
    // In a transaction that is never committed, so that the caller's session keeps its own settings.
    let mut transaction = client.transaction().expect("begin");
    transaction
        .batch_execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'")
        .expect("settings for printing");

    let columns: Vec<(String, String)> = transaction
        .query(
            "SELECT a.attname::text,
                    format_type(a.atttypid, NULL)
               FROM pg_attribute AS a
               JOIN pg_class     AS c ON c.oid = a.attrelid
              WHERE c.relnamespace = 'analytics'::regnamespace
                AND c.relname = $1::text
                AND a.attnum > 0
                AND NOT a.attisdropped
              ORDER BY a.attnum",
            &[&view.name()],
        )
        .expect("read the catalog")
        .iter()
        .map(|column| (column.get(0), column.get(1)))
        .collect();
    assert!(!columns.is_empty(), "there is no analytics.{}", view.name());

    let select_list: Vec<String> = columns
        .iter()
        .map(|(column, _)| format!("\"{column}\"::text"))
        .collect();
    let query = format!("SELECT {} FROM analytics.{}", select_list.join(", "), view.name());
    let mut rows: Vec<Row> = transaction
        .query(&query, &[])
        .unwrap_or_else(|error| panic!("{query}: {error}"))
        .iter()
        .map(|row| {
            columns
                .iter()
                .enumerate()
                .map(|(position, (column, sql_type))| Cell::printed(column, sql_type, row.get(position)))
                .collect()
        })
        .collect();
    rows.sort();
    rows
}

/// Panics with a list of what differs unless the rows are the same. Both lists are sorted.
pub fn assert_same(view: View, expected: Vec<Row>, actual: Vec<Row>) {
    if expected == actual {
        return;
    }
    let mut report = format!("analytics.{} is not what the contract says\n", view.name());
    let expected = by_key(view, &expected);
    let actual = by_key(view, &actual);
    let keys: BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
    for key in keys {
        let expected = expected.get(key).map_or(&[][..], Vec::as_slice);
        let actual = actual.get(key).map_or(&[][..], Vec::as_slice);
        match (expected, actual) {
            _ if expected == actual => {}
            ([expected], [actual]) => report_differing_row(&mut report, key, expected, actual),
            _ => {
                report_rows(&mut report, "missing", key, expected);
                report_rows(&mut report, "unexpected", key, actual);
            }
        }
    }
    panic!("{report}");
}

/// The rows under their key as text. A broken view can have several rows with one key.
fn by_key(view: View, rows: &[Row]) -> BTreeMap<String, Vec<&Row>> {
    let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let parts: Vec<String> = row
            .iter()
            .filter(|cell| view.key().contains(&cell.column.as_str()))
            .map(|cell| format!("{} = {}", cell.column, value_text(cell)))
            .collect();
        groups.entry(parts.join(", ")).or_default().push(row);
    }
    groups
}

fn report_differing_row(report: &mut String, key: &str, expected: &Row, actual: &Row) {
    let _ = writeln!(report, "  differs: {key}");
    let heading = |row: &Row| -> Vec<String> {
        row.iter()
            .map(|cell| format!("{} {}", cell.column, cell.sql_type))
            .collect()
    };
    if heading(expected) != heading(actual) {
        let _ = writeln!(report, "    expected columns {}", heading(expected).join(", "));
        let _ = writeln!(report, "    actual columns   {}", heading(actual).join(", "));
        return;
    }
    for (expected, actual) in expected.iter().zip(actual) {
        if expected != actual {
            let (column, expected, actual) = (&expected.column, value_text(expected), value_text(actual));
            let _ = writeln!(report, "    {column}: expected {expected}, actual {actual}");
        }
    }
}

fn report_rows(report: &mut String, what: &str, key: &str, rows: &[&Row]) {
    for row in rows {
        let _ = writeln!(report, "  {what}: {key}");
        for cell in *row {
            let _ = writeln!(report, "    {}: {}", cell.column, value_text(cell));
        }
    }
}

/// Quoted, so that NULL, an empty text and a line break can be told apart.
fn value_text(cell: &Cell) -> String {
    cell.value
        .as_ref()
        .map_or_else(|| "NULL".to_owned(), |value| format!("{value:?}"))
}
