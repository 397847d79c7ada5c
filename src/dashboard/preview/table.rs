//! Cards that are tables.

use maud::{Markup, html};

use super::answer::{Answer, AnswerRow};
use super::chart::{css, of_css};
use super::format::ShownColumn;
use crate::dashboard::model::{Card, CellRule};

/// The first rows of an answer, which scroll inside of their card.
pub fn table(card: &Card, answer: &Answer) -> Markup {
    let columns: Vec<ShownColumn> = card
        .visualization_settings
        .table_columns
        .iter()
        .flatten()
        .filter(|column| column.enabled)
        .map(|column| ShownColumn::of(card, &column.name))
        .collect();
    let class = |column: &ShownColumn| column.is_number().then_some("figure");
    let rules = &card.visualization_settings.table_column_formatting;
    let color = |row: &AnswerRow, column: &ShownColumn| {
        let mut rules = rules.iter().filter(|rule| rule.columns.contains(&column.name));
        let text = row.text(&column.name)?;
        let color = rules.find(|rule| marks(rule, text)).map(|rule| &rule.color)?;
        Some(format!("background:{}", css(of_css(color)?)))
    };
    html! {
        div.rows tabindex="0" role="region" aria-label=(card.name) {
            table {
                thead {
                    tr {
                        @for column in &columns {
                            th scope="col" class=[class(column)] { (column.title) }
                        }
                    }
                }
                tbody {
                    @for row in &answer.rows {
                        tr {
                            @for column in &columns {
                                td class=[class(column)] style=[color(row, column)] { (row.shown(column)) }
                            }
                        }
                    }
                }
            }
        }
        @if answer.is_cut {
            p.cut { "The first " (answer.rows.len()) " rows; there are more." }
        }
    }
}

/// Whether a rule is about the value of a cell: one of those that our tables have.
fn marks(rule: &CellRule, text: &str) -> bool {
    match rule.operator.as_str() {
        "=" => rule.value == text,
        "!=" => rule.value != text,
        "<" => text
            .parse()
            .is_ok_and(|number: f64| rule.value.as_f64().is_some_and(|limit| number < limit)),
        _ => false,
    }
}
