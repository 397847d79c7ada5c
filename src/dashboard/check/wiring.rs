//! What can be told from a dashboard alone: names, places on the grid, filters and the cards that they reach.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::clicks;
use super::problem::Problems;
use crate::dashboard::fit;
use crate::dashboard::model::{
    Card, DATE_FILTER, DISPLAYS, Dashboard, Dashcard, GRID_WIDTH, Parameter, SQL_STAGE, VALUE_FILTER,
};
use crate::dashboard::template::Template;
use crate::view::catalog::VIEWS;

pub fn check(dashboard: &Dashboard, problems: &mut Problems) {
    check_names(dashboard, problems);
    check_grid(dashboard, problems);
    check_colors(dashboard, problems);
    check_freshness(dashboard, problems);
    for parameter in &dashboard.parameters {
        check_parameter(dashboard, parameter, problems);
    }
    for (dashcard, card) in dashboard.cards() {
        check_room(dashcard, card, problems);
        check_mappings(dashboard, dashcard, card, problems);
        clicks::check(dashboard, dashcard, card, problems);
        check_tags(card, problems);
    }
}

fn check_names(dashboard: &Dashboard, problems: &mut Problems) {
    if dashboard.name.trim().is_empty() {
        problems.dashboard("it has no name");
    }
    for (what, names) in [
        (
            "cards have the key",
            dashboard.cards().map(|(_, card)| &card.key).collect::<Vec<_>>(),
        ),
        (
            "filters have the id",
            dashboard
                .parameters
                .iter()
                .map(|parameter| &parameter.id)
                .collect(),
        ),
        (
            "filters have the slug",
            dashboard
                .parameters
                .iter()
                .map(|parameter| &parameter.slug)
                .collect(),
        ),
    ] {
        let mut seen = HashSet::new();
        for name in names {
            if !seen.insert(name) {
                problems.dashboard(format!("several {what} \"{name}\""));
            }
        }
    }
    for (_, card) in dashboard.cards() {
        if card.name.trim().is_empty() {
            problems.card(&card.key, "it has no title");
        }
        if card.description.trim().is_empty() {
            problems.card(&card.key, "it has no description");
        }
        if card.dataset_query.kind != "native" {
            problems.card(
                &card.key,
                format!(
                    "its query is of the type \"{}\" and not \"native\"",
                    card.dataset_query.kind
                ),
            );
        }
        if !DISPLAYS.contains(&card.display.as_str()) {
            problems.card(
                &card.key,
                format!(
                    "Metabase has no display \"{}\" and would draw nothing",
                    card.display
                ),
            );
        }
    }
}

fn check_grid(dashboard: &Dashboard, problems: &mut Problems) {
    for (place, dashcard) in dashboard.ordered_cards.iter().enumerate() {
        let name = name_of(dashcard);
        if dashcard.card.is_none() && dashcard.visualization_settings.virtual_card.is_none() {
            problems.dashboard(format!(
                "row {} has something that is neither a card nor a text",
                dashcard.row
            ));
        }
        if dashcard.size_x == 0 || dashcard.size_y == 0 {
            problems.dashboard(format!("{name} has no size"));
        }
        let text = dashcard
            .visualization_settings
            .text
            .as_deref()
            .unwrap_or_default();
        let needed = fit::text_height(text, dashcard.size_x);
        if is_text(dashcard) && needed > dashcard.size_y {
            problems.dashboard(format!(
                "{name} needs {needed} rows of the grid, and has {}",
                dashcard.size_y
            ));
        }
        if dashcard.col.saturating_add(dashcard.size_x) > GRID_WIDTH {
            problems.dashboard(format!(
                "{name} reaches beyond the {GRID_WIDTH} columns of the grid"
            ));
        }
        for other in &dashboard.ordered_cards[place + 1..] {
            if overlap(dashcard, other) {
                problems.dashboard(format!("{name} and {} lie on each other", name_of(other)));
            }
        }
    }
}

/// What stands above a drawing and beside it has room in a window of 1024 pixels.
fn check_room(dashcard: &Dashcard, card: &Card, problems: &mut Problems) {
    let (width, height) = (dashcard.size_x, dashcard.size_y);
    let room = fit::title_characters(width);
    // A single number has its title below it, in as many lines as that needs.
    if card.display != "scalar" && card.name.chars().count() > room {
        problems.card(
            &card.key,
            format!("there is room for {room} characters of its title in a window of 1024 pixels"),
        );
    }
    if card.display == "smartscalar" && width < fit::TREND_WIDTH {
        problems.card(
            &card.key,
            format!(
                "what it is compared with takes {} columns of the grid, and it has {width}",
                fit::TREND_WIDTH
            ),
        );
    }
    let settings = &card.visualization_settings;
    let has_percentages = !matches!(settings.pie_percent_visibility.as_deref(), Some("off" | "inside"));
    if card.display == "pie"
        && settings.pie_show_legend != Some(false)
        && fit::legend_name(width, height, has_percentages) < fit::LEGEND_NAME
    {
        problems.card(
            &card.key,
            "the names in its legend would be cut in a window of 1024 pixels: make it wider, or set pie.percent_visibility to inside",
        );
    }
}

/// A measure has one color on all cards.
fn check_colors(dashboard: &Dashboard, problems: &mut Problems) {
    let mut colors = BTreeMap::new();
    for (_, card) in dashboard.cards() {
        for (name, series) in &card.visualization_settings.series_settings {
            let first = *colors.entry(name).or_insert(&series.color);
            if *first != series.color {
                problems.card(
                    &card.key,
                    format!("\"{name}\" is {} here, and {first} on another card", series.color),
                );
            }
        }
    }
}

/// A card that says up to when figures are of asks that of the views that the others read.
fn check_freshness(dashboard: &Dashboard, problems: &mut Problems) {
    let read = dashboard.source_views();
    for (_, card) in dashboard.cards() {
        let Some(asked) = card.freshness_of() else {
            continue;
        };
        for view in VIEWS.iter().map(|view| view.name) {
            match (read.contains(&view), asked.contains(&view)) {
                (true, false) => problems.card(
                    &card.key,
                    format!("it does not ask metabase.data_as_of() about {view}, which another card reads"),
                ),
                (false, true) => problems.card(
                    &card.key,
                    format!("it asks metabase.data_as_of() about {view}, which no card reads"),
                ),
                _ => {}
            }
        }
    }
}

/// What a rectangle is called in a sentence.
fn name_of(dashcard: &Dashcard) -> String {
    match (&dashcard.card, &dashcard.visualization_settings.virtual_card) {
        (Some(card), _) => format!("card \"{}\"", card.key),
        (None, Some(it)) => format!("the {} in row {}", it.display, dashcard.row),
        (None, None) => format!(
            "what lies in row {} and is neither a card nor a text",
            dashcard.row
        ),
    }
}

/// Whether it is a text of several lines, not a heading.
fn is_text(dashcard: &Dashcard) -> bool {
    let virtual_card = dashcard.visualization_settings.virtual_card.as_ref();
    virtual_card.is_some_and(|it| it.display == "text")
}

fn overlap(one: &Dashcard, other: &Dashcard) -> bool {
    let meet = |start: u32, size: u32, other_start: u32, other_size: u32| {
        start < other_start.saturating_add(other_size) && other_start < start.saturating_add(size)
    };
    meet(one.col, one.size_x, other.col, other.size_x) && meet(one.row, one.size_y, other.row, other.size_y)
}

fn check_parameter(dashboard: &Dashboard, parameter: &Parameter, problems: &mut Problems) {
    let Parameter { name, kind, .. } = parameter;
    match (kind.as_str(), &parameter.default) {
        (DATE_FILTER | VALUE_FILTER, None) => {}
        (DATE_FILTER, Some(default)) if default.is_string() => {}
        (VALUE_FILTER, Some(Value::Array(default))) if default.iter().all(Value::is_string) => {}
        (DATE_FILTER, Some(default)) => {
            problems.dashboard(format!(
                "filter \"{name}\" starts with {default}, which is no text such as \"past30days\""
            ));
        }
        (VALUE_FILTER, Some(default)) => {
            problems.dashboard(format!(
                "filter \"{name}\" starts with {default}, which is no list of texts"
            ));
        }
        _ => problems.dashboard(format!(
            "filter \"{name}\" is of the type \"{kind}\"; here it must be {DATE_FILTER} or {VALUE_FILTER}"
        )),
    }
    let views = views_of(dashboard, parameter);
    if views.is_empty() {
        problems.dashboard(format!("filter \"{name}\" reaches no card"));
    }
    for (dashcard, card) in dashboard.cards().filter(|(_, card)| !card.asks_freshness()) {
        let is_mapped = maps(dashcard, parameter);
        let says_all_time = card.name.to_lowercase().contains("all time");
        let is_date = kind == DATE_FILTER;
        let honours = views.iter().any(|view| card.reads(view));
        if is_mapped && is_date && says_all_time {
            problems.card(
                &card.key,
                format!("its title says \"all time\", and filter \"{name}\" reaches it"),
            );
        }
        if !is_mapped && honours && !(is_date && says_all_time) {
            problems.card(
                &card.key,
                format!("filter \"{name}\" could reach it, since it reads the filter's view, and does not"),
            );
        } else if !is_mapped && !says_all_time {
            problems.card(
                &card.key,
                format!("filter \"{name}\" does not reach it, and its title does not say \"all time\""),
            );
        }
    }
}

/// Whether a filter reaches a card.
fn maps(dashcard: &Dashcard, parameter: &Parameter) -> bool {
    dashcard
        .parameter_mappings
        .iter()
        .any(|mapping| mapping.parameter_id == parameter.id)
}

/// The views whose columns a filter restricts, over all cards that it reaches.
fn views_of<'a>(dashboard: &'a Dashboard, parameter: &Parameter) -> BTreeSet<&'a str> {
    dashboard
        .cards()
        .flat_map(|(dashcard, card)| {
            let tags = &card.dataset_query.native.template_tags;
            let mappings = dashcard.parameter_mappings.iter();
            mappings
                .filter(|mapping| mapping.parameter_id == parameter.id)
                .filter_map(|mapping| tags.get(mapping.tag())?.dimension.1.parts())
                .map(|[_, view, _]| view)
        })
        .collect()
}

fn check_mappings(dashboard: &Dashboard, dashcard: &Dashcard, card: &Card, problems: &mut Problems) {
    let tags = &card.dataset_query.native.template_tags;
    for mapping in &dashcard.parameter_mappings {
        let parameter = dashboard
            .parameters
            .iter()
            .find(|it| it.id == mapping.parameter_id);
        match (parameter, tags.get(mapping.tag())) {
            (None, _) => problems.card(
                &card.key,
                format!(
                    "it is wired to a filter \"{}\", which the dashboard does not have",
                    mapping.parameter_id
                ),
            ),
            (Some(parameter), None) => problems.card(
                &card.key,
                format!(
                    "filter \"{}\" is wired to a tag {{{{{}}}}}, which it does not have",
                    parameter.name,
                    mapping.tag()
                ),
            ),
            (Some(parameter), Some(tag)) if tag.widget_type != parameter.kind => problems.card(
                &card.key,
                format!(
                    "filter \"{}\" is of the type {}, and tag {{{{{}}}}} of the type {}",
                    parameter.name, parameter.kind, tag.name, tag.widget_type
                ),
            ),
            (Some(parameter), Some(_)) if mapping.target.2 != Some(SQL_STAGE) => problems.card(
                &card.key,
                format!(
                    "filter \"{}\" is wired without {{\"stage-number\": 0}}, and Metabase's editor would call its field unknown",
                    parameter.name
                ),
            ),
            (Some(_), Some(_)) => {}
        }
    }
    for tag in tags.keys() {
        if !dashcard
            .parameter_mappings
            .iter()
            .any(|mapping| mapping.tag() == tag)
        {
            problems.card(&card.key, format!("no filter is wired to its tag {{{{{tag}}}}}"));
        }
    }
}

/// The tags in the SQL are those that are declared.
fn check_tags(card: &Card, problems: &mut Problems) {
    let template = match Template::parse(card.sql()) {
        Ok(template) => template,
        Err(problem) => return problems.card(&card.key, format!("in its SQL, {problem}")),
    };
    let declared = &card.dataset_query.native.template_tags;
    let tags = template.tags();
    for tag in &tags {
        if !declared.contains_key(*tag) {
            problems.card(
                &card.key,
                format!("its SQL has a tag {{{{{tag}}}}} that is not declared"),
            );
        }
    }
    for (name, tag) in declared {
        if tag.kind != "dimension" {
            problems.card(
                &card.key,
                format!(
                    "its tag {{{{{name}}}}} is of the type \"{}\": only a field filter, of the type \"dimension\", takes ranges and lists",
                    tag.kind
                ),
            );
        }
        if tag.name != *name {
            problems.card(
                &card.key,
                format!("its tag {{{{{name}}}}} has another name, \"{}\"", tag.name),
            );
        }
    }
    let tags: HashSet<&str> = tags.into_iter().collect();
    for tag in declared.keys() {
        if !tags.contains(tag.as_str()) {
            problems.card(
                &card.key,
                format!("its tag {{{{{tag}}}}} is declared and not in its SQL"),
            );
        }
    }
}
