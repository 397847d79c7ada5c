//! Cards of one number.

use jiff::civil::Date;
use maud::{Markup, html};

use super::answer::Answer;
use super::format::{ShownColumn, percent};
use crate::dashboard::model::Card;

/// One number; None where it is NULL.
pub fn scalar(card: &Card, answer: &Answer) -> Option<Markup> {
    let column = ShownColumn::of(card, card.visualization_settings.scalar_field.as_deref()?);
    let value = answer.rows.first()?.text(&column.name)?;
    Some(figure(&column, value))
}

/// The last of a series of numbers, and how it differs from the one before.
///
/// A month that still runs is told as such, and its change is no alarm.
pub fn trend(card: &Card, answer: &Answer, today: Date) -> Option<Markup> {
    let column = ShownColumn::of(card, card.visualization_settings.scalar_field.as_deref()?);
    let over = card
        .visualization_settings
        .written_columns()
        .into_iter()
        .find(|name| *name != column.name)?;
    let over = ShownColumn::of(card, &over);
    let (last, earlier) = answer.rows.split_last()?;
    let value = last.text(&column.name)?;
    let month = last.text(&over.name)?;
    let is_running = month.starts_with(&today.strftime("%Y-%m").to_string());
    let before = earlier
        .last()
        .and_then(|row| Some((row, row.text(&column.name)?, row.number(&column.name)?)));
    Some(html! {
        (figure(&column, value))
        p.change {
            span { (over.write(month)) @if is_running { " so far" } }
            @if let Some((row, text, number)) = before {
                (change(number, last.number(&column.name)?, is_running))
                span { "vs. " (column.write(text)) " in " (over.write(row.text(&over.name)?)) }
            } @else {
                span { "no earlier value to compare with" }
            }
        }
    })
}

fn figure(column: &ShownColumn, value: &str) -> Markup {
    html! {
        p.value {
            span { (column.write_bare(value)) }
            @if !column.suffix().is_empty() { span.unit { (column.suffix().trim_start()) } }
        }
    }
}

/// `▲ 12.3 %`; nothing where there is no percentage of a zero.
fn change(before: f64, now: f64, is_running: bool) -> Markup {
    let change = (before != 0.0).then(|| 100.0 * (now - before) / before.abs());
    html! {
        @match change {
            Some(change) if change >= 0.05 => span class=[(!is_running).then_some("up")] { "▲ " (percent(change)) },
            Some(change) if change <= -0.05 => span class=[(!is_running).then_some("down")] { "▼ " (percent(-change)) },
            Some(_) => span { "no change" },
            None => {},
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_in_percent_of_what_was_before() {
        for (before, now, told) in [
            (200.0, 225.0, r#"<span class="up">▲ 12.5 %</span>"#),
            (200.0, 150.0, r#"<span class="down">▼ 25.0 %</span>"#),
            (-100.0, 50.0, r#"<span class="up">▲ 150.0 %</span>"#),
            (200.0, 200.01, "<span>no change</span>"),
            (0.0, 5.0, ""),
        ] {
            assert_eq!(change(before, now, false).into_string(), told);
        }
        assert_eq!(change(200.0, 150.0, true).into_string(), "<span>▼ 25.0 %</span>");
    }
}
