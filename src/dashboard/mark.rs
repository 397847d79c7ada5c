//! What is marked in tables: values that somebody should look at, whichever table has them.

use super::color::RED;
use super::model::CellRule;
use super::spec::CardColumn;

/// A column, by its name, with which of its values are marked.
const MARKED: [(&str, Mark); 3] = [
    ("Profit", Mark::Negative),
    ("State", Mark::Not("up to date")),
    ("Stock category", Mark::Is("Dead Stock")),
];

enum Mark {
    /// Numbers below zero.
    Negative,
    Is(&'static str),
    /// All texts but this.
    Not(&'static str),
}

/// Metabase's rules for the columns of a table.
pub fn rules(columns: &[CardColumn]) -> Vec<CellRule> {
    let marked = columns.iter().filter_map(|column| {
        let (name, mark) = MARKED.iter().find(|(name, _)| *name == column.name)?;
        Some(mark.rule(name))
    });
    marked.collect()
}

impl Mark {
    fn rule(&self, column: &str) -> CellRule {
        let (operator, value) = match self {
            Mark::Negative => ("<", 0.into()),
            Mark::Is(text) => ("=", (*text).into()),
            Mark::Not(text) => ("!=", (*text).into()),
        };
        CellRule::new(column, operator, value, RED)
    }
}
