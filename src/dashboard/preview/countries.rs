//! Maps: the world with its countries shaded by their values, and beside it the same as a list, which also has those that are too small to be seen.

use std::collections::BTreeMap;
use std::ops::Range;

use maud::{Markup, html};

use super::answer::{Answer, AnswerRow};
use super::format::{ShownColumn, legible};
use super::world;
use crate::country;
use crate::dashboard::model::Card;

/// The lightest and the darkest shade: dark text is legible on both.
const LIGHT: [f64; 3] = [214.0, 230.0, 247.0];
const DARK: [f64; 3] = [94.0, 157.0, 222.0];
/// What is below zero has no place on that scale: a country that costs is not one that brings in little.
const BELOW_ZERO: &str = "#f3b7b7";

/// The map, and the countries in the order of the answer; None where a setting is missing.
pub fn map(card: &Card, answer: &Answer) -> Option<Markup> {
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
    let values = || answer.rows.iter().map(value).filter(|value| *value >= 0.0);
    let has_negative = answer.rows.iter().map(value).any(|value| value < 0.0);
    let range = values().fold(f64::INFINITY, f64::min)..values().fold(f64::NEG_INFINITY, f64::max);
    let countries: Vec<Country> = answer
        .rows
        .iter()
        .map(|row| {
            let code = row.text(over).unwrap_or_default();
            Country {
                code,
                name: legible(name(code)),
                value: row.shown(&metric),
                shade: shade(value(row), &range),
                more: more
                    .iter()
                    .map(|column| format!("{}: {}", column.title, row.shown(column)))
                    .collect(),
            }
        })
        .collect();
    let title = format!("{} by country, shaded by value", metric.title);
    Some(html! {
        div.world {
            figure {
                (drawing(&title, &countries))
                div.scale {
                    @if has_negative {
                        span.shade style=(format!("background:{BELOW_ZERO}")) {}
                        span { "below zero" }
                    }
                    @if range.end >= range.start {
                        span { (metric.write_number(range.start)) }
                        span.shades style=(shades()) {}
                        span { (metric.write_number(range.end)) }
                    }
                }
            }
            ul.countries tabindex="0" aria-label=(title) {
                @for country in &countries {
                    li style=(format!("background:{}", country.shade)) {
                        span.name { (country.name) }
                        span.value { (country.value) }
                        @if country.more.is_empty() { span.more { (metric.title) } }
                        @for more in &country.more { span.more { (more) } }
                    }
                }
            }
        }
    })
}

/// A country of an answer.
struct Country<'a> {
    code: &'a str,
    name: String,
    value: String,
    /// As CSS has it.
    shade: String,
    /// Its other figures, in words.
    more: Vec<String>,
}

/// The countries that are large enough, each with its name and figures as a tooltip, on all other land.
fn drawing(title: &str, countries: &[Country]) -> Markup {
    let by_code: BTreeMap<&str, &Country> = countries.iter().map(|country| (country.code, country)).collect();
    let mut known = Vec::new();
    let mut land = String::new();
    for (code, path) in world::shapes() {
        // Land without a code is no country of anybody's.
        match by_code.get(code).filter(|_| !code.is_empty()) {
            Some(country) => known.push((country, path)),
            None => land += path,
        }
    }
    let view = world::VIEW.map(|number| number.to_string()).join(" ");
    html! {
        div.drawing {
            svg viewBox=(view) role="img" aria-label=(title) {
                path.land d=(land) {}
                @for (country, path) in known {
                    path d=(path) fill=(country.shade) {
                        title { (country.name) ": " (country.value) @for more in &country.more { ", " (more) } }
                    }
                }
            }
        }
    }
}

/// The name of a country by its code, or the code itself.
fn name(code: &str) -> &str {
    country::name(code).unwrap_or(code)
}

/// As CSS has it: the larger a value is, the darker.
fn shade(value: f64, range: &Range<f64>) -> String {
    if value < 0.0 {
        return BELOW_ZERO.to_owned();
    }
    let share = match range.end > range.start {
        // The root tells small values apart where one is far larger than all others.
        true => ((value - range.start) / (range.end - range.start)).sqrt(),
        false => 0.5,
    };
    let [red, green, blue] =
        [0, 1, 2].map(|part| (LIGHT[part] + (DARK[part] - LIGHT[part]) * share).round() as u8);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// All shades from the smallest value to the largest.
fn shades() -> String {
    let ends = 0.0..1.0;
    format!(
        "background:linear-gradient(90deg,{},{})",
        shade(0.0, &ends),
        shade(1.0, &ends)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_is_the_darkest() {
        assert_eq!(shade(1.0, &(1.0..9.0)), "#d6e6f7");
        assert_eq!(shade(3.0, &(1.0..9.0)), "#9ac2eb");
        assert_eq!(shade(9.0, &(1.0..9.0)), "#5e9dde");
        assert_eq!(shade(1.0, &(1.0..1.0)), "#9ac2eb");
        assert_eq!(shade(-0.5, &(1.0..9.0)), BELOW_ZERO);
    }

    #[test]
    fn a_country_is_called_by_its_name() {
        assert_eq!(name("GB"), "United Kingdom");
        assert_eq!(name("KR"), "South Korea");
        assert_eq!(name("XK"), "Kosovo");
        assert_eq!(name("??"), "??");
    }

    #[test]
    fn a_country_that_is_too_small_is_no_shape_and_has_no_other_ones_shade() {
        let country = |code, name: &str| Country {
            code,
            name: name.to_owned(),
            value: "5".to_owned(),
            shade: "#123456".to_owned(),
            more: vec!["Orders: 2".to_owned()],
        };
        let drawn = drawing(
            "Map",
            &[
                country("DE", "Ger<many>"),
                country("MC", "Monaco"),
                country("", ""),
            ],
        )
        .into_string();
        assert_eq!(drawn.matches("#123456").count(), 1, "{drawn}");
        assert!(
            drawn.contains("<title>Ger&lt;many&gt;: 5, Orders: 2</title>"),
            "{drawn}"
        );
    }
}
