//! The card that each dashboard has besides its own: how fresh the others' figures are.

use super::spec::Drawing::Table;
use super::spec::{Asked, Question, text};

pub static DATA_AS_OF: Question = Question {
    key: "data_as_of",
    drawing: Table,
    columns: &[text("As of", 150), text("State", 140)],
    of_views: Some(Asked {
        sql: include_str!("../../sql/cards/data_as_of.sql"),
        name: "Data as of",
        description: "Up to when all figures hold what was committed; late where one of their views should have been refreshed since.",
    }),
    of_sales: None,
};

/// Columns of the grid that it takes, and rows: a table's headings and one row.
pub const WIDTH: u32 = 8;
pub const HEIGHT: u32 = 4;
