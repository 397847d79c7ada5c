//! Cards that are tables.

use maud::{Markup, html};

use super::answer::{Answer, AnswerRow};
use super::chart::{css, of_css};
use super::format::ShownColumn;
use crate::dashboard::fit;
use crate::dashboard::model::{Card, CellRule, GRID_WIDTH};

/// Pixels of a table as wide as a page of 1024 pixels with the bar that it scrolls by, and what Metabase has for it in such a window.
const ROOM: f64 = 922.0;
const ROOM_IN_METABASE: f64 = 976.0;

/// The first rows of an answer, which scroll inside of their card. Columns are as wide as in Metabase in proportion, so that as many of them are seen
/// whole where a page is narrow, and none is cut; where there is more room, they are wider.
pub fn table(card: &Card, answer: &Answer) -> Markup {
    let columns: Vec<ShownColumn> = card
        .visualization_settings
        .table_columns
        .iter()
        .flatten()
        .filter(|column| column.enabled)
        .map(|column| ShownColumn::of(card, &column.name))
        .collect();
    let widths = card.visualization_settings.table_column_widths.iter().flatten();
    let widths: Vec<u32> = widths.copied().collect();
    let seen = fit::table_columns(GRID_WIDTH, &widths);
    let taken = match seen < widths.len() {
        true => f64::from(widths.iter().take(seen).sum::<u32>()),
        false => ROOM_IN_METABASE,
    };
    let width = |place: usize| {
        let width = (f64::from(*widths.get(place)?) / taken * ROOM) as u32;
        Some(match columns[place].is_number() {
            true => format!("min-width:{width}px"),
            false => format!("min-width:{width}px;max-width:{width}px"),
        })
    };
    let class = |column: &ShownColumn| column.is_number().then_some("figure");
    let rules = &card.visualization_settings.table_column_formatting;
    let color = |row: &AnswerRow, column: &ShownColumn| {
        let mut rules = rules.iter().filter(|rule| rule.columns.contains(&column.name));
        let text = row.text(&column.name)?;
        let color = rules.find(|rule| marks(rule, text)).map(|rule| &rule.color)?;
        Some(format!("background:{};", css(of_css(color)?)))
    };
    let style = |row: &AnswerRow, place: usize| {
        let color = color(row, &columns[place]).unwrap_or_default();
        let width = width(place).filter(|_| !columns[place].is_number());
        let style = color + &width.unwrap_or_default();
        (!style.is_empty()).then_some(style)
    };
    html! {
        div.rows tabindex="0" role="region" aria-label=(card.name) {
            table {
                thead {
                    tr {
                        @for (place, column) in columns.iter().enumerate() {
                            th scope="col" class=[class(column)] style=[width(place)] { (column.title) }
                        }
                    }
                }
                tbody {
                    @for row in &answer.rows {
                        tr {
                            @for (place, column) in columns.iter().enumerate() {
                                td class=[class(column)] style=[style(row, place)] { (row.shown(column)) }
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
