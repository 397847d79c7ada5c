//! Cards that are tables.

use maud::{Markup, html};

use super::answer::Answer;
use super::format::ShownColumn;
use crate::dashboard::model::Card;

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
                                td class=[class(column)] { (row.shown(column)) }
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
