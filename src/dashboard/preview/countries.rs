//! Maps, as a list of countries whose shade is their value: a map needs borders, which nobody needs in a preview.

use std::ops::Range;

use maud::{Markup, html};

use super::answer::{Answer, AnswerRow};
use super::format::{ShownColumn, legible};
use crate::country;
use crate::dashboard::model::Card;

/// The lightest and the darkest shade: dark text is legible on both.
const LIGHT: [f64; 3] = [238.0, 244.0, 251.0];
const DARK: [f64; 3] = [126.0, 178.0, 232.0];

/// The countries in the order of the answer; None where a setting is missing.
pub fn list(card: &Card, answer: &Answer) -> Option<Markup> {
    let settings = &card.visualization_settings;
    let over = settings.map_dimension.as_deref()?;
    let metric = ShownColumn::of(card, settings.map_metric.as_deref()?);
    let more: Vec<ShownColumn> = settings
        .written_columns()
        .iter()
        .filter(|name| *name != over && **name != metric.name)
        .map(|name| ShownColumn::of(card, name))
        .collect();
    let value = |row: &AnswerRow| row.number(&metric.name).unwrap_or(0.0);
    let values = || answer.rows.iter().map(value);
    let range = values().fold(f64::INFINITY, f64::min)..values().fold(f64::NEG_INFINITY, f64::max);
    Some(html! {
        ul.countries tabindex="0" aria-label=(format!("{} by country, shaded by value", metric.title)) {
            @for row in &answer.rows {
                li style=(format!("background:{}", shade(value(row), &range))) {
                    span.name { (legible(name(row.text(over).unwrap_or_default()))) }
                    span.value { (row.shown(&metric)) }
                    @if more.is_empty() { span.more { (metric.title) } }
                    @for column in &more {
                        span.more { (column.title) ": " (row.shown(column)) }
                    }
                }
            }
        }
    })
}

/// The name of a country by its code, or the code itself.
fn name(code: &str) -> &str {
    country::name(code).unwrap_or(code)
}

/// As CSS has it: the larger a value is, the darker.
fn shade(value: f64, range: &Range<f64>) -> String {
    let share = match range.end > range.start {
        // The root tells small values apart where one is far larger than all others.
        true => ((value - range.start) / (range.end - range.start)).sqrt(),
        false => 0.5,
    };
    let [red, green, blue] =
        [0, 1, 2].map(|part| (LIGHT[part] + (DARK[part] - LIGHT[part]) * share).round() as u8);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_is_the_darkest() {
        assert_eq!(shade(1.0, &(1.0..9.0)), "#eef4fb");
        assert_eq!(shade(3.0, &(1.0..9.0)), "#b6d3f2");
        assert_eq!(shade(9.0, &(1.0..9.0)), "#7eb2e8");
        assert_eq!(shade(1.0, &(1.0..1.0)), "#b6d3f2");
    }

    #[test]
    fn a_country_is_called_by_its_name() {
        assert_eq!(name("GB"), "United Kingdom");
        assert_eq!(name("KR"), "South Korea");
        assert_eq!(name("XK"), "Kosovo");
        assert_eq!(name("??"), "??");
    }
}
