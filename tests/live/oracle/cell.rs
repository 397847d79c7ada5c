//! One value of a view in canonical text, so that equal values are equal strings whoever computed them.

use jiff::Timestamp;
use jiff::civil::Date;

use super::arithmetic::{Number, decimal_text, without_trailing_zeros};

/// A value under its column; `None` is NULL. The column's name and type take part in every comparison.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub column: String,
    pub sql_type: String,
    pub value: Option<String>,
}

/// The cells of a row in the order of the view's columns.
pub type Row = Vec<Cell>;

const BIGINT: &str = "bigint";
const BOOLEAN: &str = "boolean";
const DATE: &str = "date";
const INTEGER: &str = "integer";
const NUMERIC: &str = "numeric";
const TEXT: &str = "text";
const TIMESTAMPTZ: &str = "timestamp with time zone";
const UUID: &str = "uuid";

impl Cell {
    fn new(column: &str, sql_type: &str, value: Option<String>) -> Cell {
        Cell {
            column: column.to_owned(),
            sql_type: sql_type.to_owned(),
            value,
        }
    }

    /// A value as PostgreSQL prints it with `TimeZone` UTC and `DateStyle` ISO.
    pub fn printed(column: &str, sql_type: &str, printed: Option<String>) -> Cell {
        let value = printed.map(|printed| match sql_type {
            NUMERIC => without_trailing_zeros(&printed),
            TIMESTAMPTZ => timestamp_text(printed.parse().expect("an ISO timestamp")),
            _ => printed,
        });
        Cell::new(column, sql_type, value)
    }
}

pub fn uuid<'a>(column: &str, value: impl Into<Option<&'a String>>) -> Cell {
    Cell::new(column, UUID, value.into().cloned())
}

pub fn text<'a>(column: &str, value: impl Into<Option<&'a String>>) -> Cell {
    Cell::new(column, TEXT, value.into().cloned())
}

/// A text that the view itself makes up.
pub fn label(column: &str, value: impl Into<Option<&'static str>>) -> Cell {
    Cell::new(column, TEXT, value.into().map(str::to_owned))
}

pub fn count(column: &str, value: usize) -> Cell {
    Cell::new(column, BIGINT, Some(value.to_string()))
}

pub fn integer(column: &str, value: Option<i32>) -> Cell {
    Cell::new(column, INTEGER, value.map(|value| value.to_string()))
}

pub fn number(column: &str, value: Option<impl Into<Number>>) -> Cell {
    Cell::new(column, NUMERIC, value.map(|value| decimal_text(&value.into())))
}

pub fn boolean(column: &str, value: impl Into<Option<bool>>) -> Cell {
    Cell::new(column, BOOLEAN, value.into().map(|value| value.to_string()))
}

pub fn date(column: &str, value: Option<Date>) -> Cell {
    Cell::new(column, DATE, value.map(|value| value.to_string()))
}

pub fn timestamp(column: &str, value: impl Into<Option<Timestamp>>) -> Cell {
    Cell::new(column, TIMESTAMPTZ, value.into().map(timestamp_text))
}

fn timestamp_text(value: Timestamp) -> String {
    value.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
