//! A page to look at, for people with no Metabase at hand: a dashboard drawn from live data, in one file that needs no network.
//!
//! Only [`answer`] and the few lines here that ask for the time and the views' state know of a database.

mod answer;
mod chart;
mod countries;
mod figure;
mod filter;
mod format;
mod number;
mod page;
mod table;
mod world;

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use maud::{Markup, html};

use self::answer::Answer;
use self::filter::Choice;
pub use self::filter::Choices;
pub use self::filter::{at_first, known_day, set, set_days};
use self::format::{day, minute};
use self::page::{CardPlace, Page};
use super::model::{Card, Dashboard, Dashcard};
use crate::error::Error;
use crate::pg::query;
use crate::pg::setting::with_time_zone;
use crate::pg::subtransaction::subtransaction;
use crate::refresh::log::last_runs;
use crate::view::state::ViewState;

/// Rows of a table on the page.
const TABLE_ROWS: usize = 50;
/// Names or slices of a chart, countries of a map: more than any of them has.
const CHART_ROWS: usize = 300;

/// The page of a dashboard, with days as a zone has them. `choose` says what its filters are set to, from a day that is today.
pub fn html<'a>(
    dashboard: &'a Dashboard,
    time_zone: &str,
    choose: impl FnOnce(Date) -> Result<Choices<'a>, Error>,
) -> Result<String, Error> {
    with_time_zone(time_zone, || {
        // As the clock on the shop's wall shows it.
        let now: DateTime = query::value("SELECT now()", &[])?;
        let today = now.date();
        let choices = choose(today)?;
        let mut refreshed = Vec::new();
        for view in dashboard.source_views() {
            refreshed.push((view, last_refresh(view)?));
        }
        let page = Page {
            dashboard,
            choices: &choices,
            refreshed,
            made: minute(now),
            time_zone,
        };
        // Whatever is wrong with a card harms no other.
        Ok(page.render(|dashcard, card| subtransaction(|| draw(dashcard, card, &choices, today))))
    })
}

/// When a view was last refreshed, in words.
fn last_refresh(view: &str) -> Result<String, Error> {
    #[derive(serde::Deserialize)]
    struct LastRun {
        last_refresh: Option<DateTime>,
    }
    match ViewState::find(view)? {
        None => return Ok("never: it does not exist".to_owned()),
        Some(state) if !state.is_materialized_view() => {
            return Ok("never: it is no materialized view".to_owned());
        }
        Some(_) => {}
    }
    let LastRun { last_refresh } = last_runs(view)?;
    Ok(last_refresh.map_or_else(|| "unknown".to_owned(), minute))
}

/// What a card shows under its title.
fn draw(dashcard: &Dashcard, card: &Card, choices: &Choices, today: Date) -> Result<Markup, Error> {
    let reaching: BTreeMap<&str, &Choice> = dashcard
        .parameter_mappings
        .iter()
        .filter_map(|mapping| Some((mapping.tag(), choices.get(mapping.parameter_id.as_str())?)))
        .collect();
    let most_rows = match card.display.as_str() {
        "table" => TABLE_ROWS,
        _ => CHART_ROWS,
    };
    let answer = answer::ask(card, &reaching, most_rows)?;
    let shown = match answer.rows.is_empty() {
        true => None,
        false => show(card, &answer, CardPlace::of(dashcard), today)?,
    };
    shown.map_or_else(|| nothing(card, &reaching), Ok)
}

/// What a card shows that has nothing to show: under which filters that is so, and of which day the last is that there is.
fn nothing(card: &Card, reaching: &BTreeMap<&str, &Choice>) -> Result<Markup, Error> {
    let filters: Vec<String> = reaching.values().map(|choice| choice.shown()).collect();
    let has_days = |tag: &str| matches!(reaching.get(tag), Some(Choice::Days(_)));
    let last = match reaching.keys().find(|tag| has_days(tag)) {
        Some(tag) => answer::last_day(card, tag)?,
        None => None,
    };
    Ok(html! {
        p.calm {
            "No results"
            @if !filters.is_empty() { ": " (filters.join("; ")) }
            @if let Some(last) = last { ". The last day with any is " (day(last)) "." }
        }
    })
}

fn show(card: &Card, answer: &Answer, place: CardPlace, today: Date) -> Result<Option<Markup>, Error> {
    match card.display.as_str() {
        "scalar" => Ok(number::scalar(card, answer)),
        "smartscalar" => Ok(number::trend(card, answer, today)),
        "bar" | "line" | "row" => figure::graph(card, answer, place),
        "pie" => figure::pie(card, answer),
        "map" => Ok(countries::map(card, answer)),
        _ => Ok(Some(table::table(card, answer))),
    }
}
