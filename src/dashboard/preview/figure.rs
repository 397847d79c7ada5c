//! Cards that are charts: the drawing, its legend, and its figures as a table for those who cannot see it.

use std::collections::BTreeSet;

use maud::{Markup, PreEscaped, html};
use plotters::style::RGBColor;

use super::answer::{Answer, AnswerRow};
use super::chart::{GOAL_COLOR, Graph, OTHER_COLOR, Series, Shape, color, css, donut, of_css};
use super::format::{ShownColumn, percent};
use super::page::{CardPlace, Layout, Size};
use crate::dashboard::model::{Card, PieRow};
use crate::error::Error;

/// Pixels that a legend above a chart takes.
const LEGEND_HEIGHT: i32 = 26;

/// Lines, bars or rows; None where there is no number to draw.
pub fn graph(card: &Card, answer: &Answer, place: CardPlace) -> Result<Option<Markup>, Error> {
    let settings = &card.visualization_settings;
    let mut dimensions = settings.graph_dimensions.iter().flatten();
    let Some(over) = dimensions.next().map(|name| ShownColumn::of(card, name)) else {
        return Ok(None);
    };
    let by = dimensions.next().map(|name| ShownColumn::of(card, name));
    let mut names: Vec<&str> = answer.rows.iter().map(|row| name(row, &over)).collect();
    let metrics = settings.graph_metrics.iter().flatten();
    let metrics = metrics.map(|name| ShownColumn::of(card, name));
    let lines: Vec<Line> = match &by {
        None => metrics.map(|column| Line::of_all(answer, column)).collect(),
        Some(by) => {
            names = distinct(names);
            let lines = |metric| Line::per_value(answer, &names, &over, by, &metric);
            metrics.flat_map(lines).collect()
        }
    };
    let series: Vec<Series> = lines
        .iter()
        .enumerate()
        .map(|(place, line)| Series {
            column: line.column.clone(),
            color: settings
                .series_settings
                .get(&line.column.name)
                .and_then(|series| of_css(&series.color))
                .unwrap_or_else(|| color(place)),
            numbers: line
                .rows
                .iter()
                .map(|row| row.and_then(|row| row.number(&line.column.name)))
                .collect(),
        })
        .collect();
    if series
        .iter()
        .all(|series| series.numbers.iter().all(Option::is_none))
    {
        return Ok(None);
    }
    let titles: Vec<&str> = series.iter().map(|series| series.column.title.as_str()).collect();
    let title = format!("{} by {}", titles.join(" and "), over.title);
    let goal = settings.goal();
    let has_legend = titles.len() > 1 || goal.is_some();
    let inside = |page: Layout| {
        let size = place.inside(page);
        let legend = if has_legend { LEGEND_HEIGHT } else { 0 };
        Size {
            height: size.height - legend,
            ..size
        }
    };
    let shape = match card.display.as_str() {
        "line" => Shape::Line,
        "row" => Shape::Rows,
        _ => Shape::Bars,
    };
    let graph = Graph {
        names: names.iter().map(|name| over.write_label(name)).collect(),
        series: &series,
        has_labels: settings.show_values == Some(true),
        goal: goal.map(|(number, _)| number),
    };
    let drawings = drawings(&title, |page| graph.draw(shape, inside(page)))?;
    Ok(Some(html! {
        figure {
            @if has_legend {
                ul.legend {
                    @for series in &series { li { (swatch(series.color)) (series.column.title) } }
                    @if let Some((number, label)) = goal {
                        li { (swatch(GOAL_COLOR)) (label) ": " (series[0].column.write_number(number)) }
                    }
                }
            }
            (drawings)
            div.unseen {
                table {
                    caption { (title) }
                    thead {
                        tr {
                            th scope="col" { (over.title) }
                            @for title in &titles { th scope="col" { (title) } }
                        }
                    }
                    tbody {
                        @for (place, name) in names.iter().enumerate() {
                            tr {
                                th scope="row" { (over.write(name)) }
                                @for line in &lines {
                                    td { (line.rows[place].map_or_else(String::new, |row| row.shown(&line.column))) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }))
}

/// What is drawn over the names: of each a row, where there is one.
struct Line<'a> {
    column: ShownColumn,
    rows: Vec<Option<&'a AnswerRow>>,
}

impl<'a> Line<'a> {
    /// A column of an answer whose rows are the names.
    fn of_all(answer: &'a Answer, column: ShownColumn) -> Line<'a> {
        let rows = answer.rows.iter().map(Some).collect();
        Line { column, rows }
    }

    /// A line for each value of a column, which is its title.
    fn per_value(
        answer: &'a Answer,
        names: &[&str],
        over: &ShownColumn,
        by: &ShownColumn,
        metric: &ShownColumn,
    ) -> Vec<Line<'a>> {
        let values = distinct(answer.rows.iter().map(|row| name(row, by)).collect());
        let line = |value: &str| {
            let of_value = answer.rows.iter().filter(|row| name(row, by) == value);
            let at = |place: &&str| of_value.clone().find(|row| name(row, over) == *place);
            Line {
                column: metric.titled(by.write(value)),
                rows: names.iter().map(at).collect(),
            }
        };
        values.into_iter().map(line).collect()
    }
}

/// Texts without those that stand there before.
fn distinct(texts: Vec<&str>) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    texts.into_iter().filter(|text| seen.insert(*text)).collect()
}

/// A slice of a pie.
struct Slice {
    name: String,
    number: f64,
    color: RGBColor,
}

/// A donut with its slices beside it; None where there is no share of anything.
pub fn pie(card: &Card, answer: &Answer) -> Result<Option<Markup>, Error> {
    let settings = &card.visualization_settings;
    let (Some(over), Some(metric)) = (&settings.pie_dimension, &settings.pie_metric) else {
        return Ok(None);
    };
    let (over, metric) = (ShownColumn::of(card, over), ShownColumn::of(card, metric));
    let slices = slices(
        answer,
        &over,
        &metric,
        settings.pie_slice_threshold.unwrap_or(0.0),
        settings.pie_rows.as_deref().unwrap_or_default(),
    );
    let total: f64 = slices.iter().map(|slice| slice.number).sum();
    let undrawn = undrawn(answer, &over, &metric);
    if slices.is_empty() {
        return Ok((!undrawn.is_empty()).then(|| without(&undrawn)));
    }
    let title = format!("{} by {}", metric.title, over.title);
    let shares: Vec<(f64, RGBColor)> = slices.iter().map(|slice| (slice.number, slice.color)).collect();
    let sum = metric.write_number(total);
    let word = if undrawn.is_empty() {
        "Total"
    } else {
        "Total drawn"
    };
    let drawing = donut(&shares, (&sum, word))?;
    Ok(Some(html! {
        figure.pie {
            div.drawing role="img" aria-label=(title) { (PreEscaped(drawing)) }
            div.slices tabindex="0" role="region" aria-label=(title) {
                table {
                    tbody {
                        @for slice in &slices {
                            tr {
                                th scope="row" { (swatch(slice.color)) (slice.name) }
                                td { (percent(100.0 * slice.number / total)) }
                                td { (metric.write_number(slice.number)) }
                            }
                        }
                    }
                }
            }
        }
        @if !undrawn.is_empty() { (without(&undrawn)) }
    }))
}

/// What is no share of anything: less than zero, or no number at all. Each with its name.
fn undrawn(answer: &Answer, over: &ShownColumn, metric: &ShownColumn) -> Vec<String> {
    let rows = answer.rows.iter().filter_map(|row| {
        let text = row.text(&metric.name)?;
        let is_drawn = row.number(&metric.name).is_some_and(|number| number >= 0.0);
        (!is_drawn).then(|| format!("{} {}", over.write(name(row, over)), metric.write(text)))
    });
    rows.collect()
}

/// The sentence that names some of what a pie leaves out.
fn without(undrawn: &[String]) -> Markup {
    const MOST: usize = 3;
    let (named, others) = undrawn.split_at(MOST.min(undrawn.len()));
    html! {
        p.cut {
            "Not drawn, as no share can be below zero: " (named.join(", "))
            @if !others.is_empty() { " and " (others.len()) " more" }
            "."
        }
    }
}

/// The slices of a pie, those that have a place in their order: those of less than so many percent are one, if there are several.
fn slices(
    answer: &Answer,
    over: &ShownColumn,
    metric: &ShownColumn,
    threshold: f64,
    placed: &[PieRow],
) -> Vec<Slice> {
    let place = |name: &str| placed.iter().position(|row| row.name == name);
    let numbers = answer.rows.iter().filter_map(|row| {
        let number = row.number(&metric.name)?;
        (number > 0.0).then(|| (over.write(name(row, over)), number))
    });
    let mut numbers: Vec<(String, f64)> = numbers.collect();
    numbers.sort_by_key(|(name, _)| place(name).unwrap_or(placed.len()));
    let total: f64 = numbers.iter().map(|(_, number)| number).sum();
    let (mut large, small): (Vec<_>, Vec<_>) = numbers
        .into_iter()
        .partition(|(_, number)| 100.0 * number >= threshold * total);
    let other: f64 = small.iter().map(|(_, number)| number).sum();
    let is_several = small.len() > 1;
    if !is_several {
        large.extend(small);
    }
    let slices = large.into_iter().enumerate().map(|(nth, (name, number))| Slice {
        color: place(&name)
            .and_then(|place| of_css(&placed[place].color))
            .unwrap_or_else(|| color(nth)),
        name,
        number,
    });
    let other = is_several.then(|| Slice {
        name: "Other".to_owned(),
        number: other,
        color: OTHER_COLOR,
    });
    slices.chain(other).collect()
}

/// The name that a row's numbers are drawn over.
fn name<'a>(row: &'a AnswerRow, over: &ShownColumn) -> &'a str {
    row.text(&over.name).unwrap_or("(empty)")
}

/// The same chart for each width that a page is laid out for, so that its texts are as large on all.
fn drawings(title: &str, draw: impl Fn(Layout) -> Result<String, Error>) -> Result<Markup, Error> {
    let (wide, narrow, small) = (draw(Layout::Wide)?, draw(Layout::Narrow)?, draw(Layout::Small)?);
    Ok(html! {
        div.drawing.wide role="img" aria-label=(title) { (PreEscaped(wide)) }
        div.drawing.narrow role="img" aria-label=(title) { (PreEscaped(narrow)) }
        div.drawing.small role="img" aria-label=(title) { (PreEscaped(small)) }
    })
}

fn swatch(color: RGBColor) -> Markup {
    html! { span.swatch style=(format!("background:{}", css(color))) {} }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::dashboard::model::Dashcard;

    /// The page's pie of units by category, of which these are so many.
    fn drawn(settings: Value, units: &[(&str, &str)]) -> String {
        let mut card = json!({
            "key": "pie", "name": "Pie", "description": "A pie", "display": "pie",
            "dataset_query": {"type": "native", "native": {"query": "", "template-tags": {}}},
            "visualization_settings": {
                "pie.dimension": "Category", "pie.metric": "Units",
                "column_settings": {"[\"name\",\"Units\"]": {"number_style": "decimal", "decimals": 0}}
            }
        });
        for (name, setting) in settings.as_object().into_iter().flatten() {
            card["visualization_settings"][name] = setting.clone();
        }
        let rows = units
            .iter()
            .map(|(category, units)| json!({"cells": {"Category": category, "Units": units}}));
        let answer = Answer {
            rows: rows
                .map(|row| serde_json::from_value(row).expect("it is a row"))
                .collect(),
            is_cut: false,
        };
        let card = serde_json::from_value(card).expect("it is a card");
        let pie = pie(&card, &answer).expect("it can be drawn");
        pie.map(Markup::into_string).unwrap_or_default()
    }

    /// The slices of a pie, each with its color.
    fn slices_of(pie: &str) -> Vec<String> {
        let slices = pie.split("background:").skip(1);
        slices
            .map(|slice| {
                let (color, rest) = slice.split_once('"').expect("it ends");
                let name = rest
                    .split_once("</span>")
                    .and_then(|(_, rest)| rest.split_once('<'));
                format!("{} {color}", name.map_or("", |(name, _)| name))
            })
            .collect()
    }

    #[test]
    fn slices_have_the_places_and_colors_that_they_are_given() {
        let rows = json!([
            PieRow::new("New", "#88BF4D"),
            PieRow::new("Old", "#EF8C8C"),
            PieRow::new("Gone", "#000000")
        ]);
        let pie = drawn(
            json!({"pie.rows": rows}),
            &[("Else", "9"), ("Old", "5"), ("New", "1")],
        );
        assert_eq!(slices_of(&pie), ["New #88bf4d", "Old #ef8c8c", "Else #a989c5"]);
        // Others are as the answer has them.
        let pie = drawn(json!({}), &[("Else", "9"), ("Old", "5")]);
        assert_eq!(slices_of(&pie), ["Else #509ee3", "Old #88bf4d"]);
    }

    /// The page's bars of units by size, on a card that is so many columns wide, where a page is small.
    fn bars(sizes: &[String], columns: u32) -> String {
        let card = json!({
            "key": "bars", "name": "Bars", "description": "Bars", "display": "bar",
            "dataset_query": {"type": "native", "native": {"query": "", "template-tags": {}}},
            "visualization_settings": {
                "graph.dimensions": ["Size"], "graph.metrics": ["Units"], "graph.show_values": true,
                "column_settings": {"[\"name\",\"Units\"]": {"number_style": "decimal", "decimals": 0}}
            }
        });
        let place = json!({
            "row": 0, "col": 0, "size_x": columns, "size_y": 8, "card": card,
            "parameter_mappings": [], "visualization_settings": {}
        });
        let place: Dashcard = serde_json::from_value(place).expect("it is a place");
        let rows = sizes
            .iter()
            .map(|size| json!({"cells": {"Size": size, "Units": "5"}}));
        let answer = Answer {
            rows: rows
                .map(|row| serde_json::from_value(row).expect("it is a row"))
                .collect(),
            is_cut: false,
        };
        let card = place.card.as_ref().expect("it has a card");
        let graph = graph(card, &answer, CardPlace::of(&place)).expect("it can be drawn");
        let page = graph.map(Markup::into_string).unwrap_or_default();
        page.split_once("drawing small")
            .expect("it is there")
            .1
            .to_owned()
    }

    #[test]
    fn names_below_bars_are_whole_or_left_out_but_not_cut() {
        let sizes = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        let flat = bars(&sizes(&["38", "39", "40"]), 12);
        assert!(!flat.contains("rotate"), "{flat}");
        let ages = [
            "0-30", "31-60", "61-90", "91-180", "181-365", "over 365", "unknown",
        ];
        let turned = bars(&sizes(&ages), 12);
        assert_eq!(turned.matches("rotate(270").count(), ages.len(), "{turned}");
        assert!(!turned.contains('…'), "{turned}");
        let many: Vec<String> = (1..=60).map(|size| format!("EU {size}.5")).collect();
        let thinned = bars(&many, 24);
        assert_eq!(thinned.matches("rotate(270").count(), 30, "{thinned}");
        assert!(!thinned.contains('…'), "{thinned}");
    }

    #[test]
    fn what_a_pie_leaves_out_is_named() {
        let pie = drawn(json!({}), &[("Boots", "3"), ("Slides", "-2"), ("Socks", "NaN")]);
        assert!(
            pie.contains("Not drawn, as no share can be below zero: Slides -2, Socks NaN."),
            "{pie}"
        );
        assert!(pie.contains("Total drawn"), "{pie}");
        assert_eq!(drawn(json!({}), &[("Boots", "0")]), "");
    }
}
