//! What the filters of a dashboard are set to, and the conditions that stand for them in a card's SQL.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde_json::Value;

use super::format::day;
use crate::dashboard::model::{DATE_FILTER, Dashboard, Parameter};
use crate::error::Error;
use crate::sql;

/// What the filters are set to, by their ids; one that is not here is no restriction.
pub type Choices<'a> = BTreeMap<&'a str, Choice>;

/// What a filter is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Days(Days),
    /// Any of these.
    Values(Vec<String>),
}

/// Days in a row, each of them whole. None for an end that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Days {
    /// What they are called, besides by their dates.
    words: Option<String>,
    first: Option<Date>,
    last: Option<Date>,
}

/// What the filters of a dashboard are set to at first.
pub fn at_first(dashboard: &Dashboard, today: Date) -> Result<Choices<'_>, Error> {
    let choices = dashboard
        .parameters
        .iter()
        .filter_map(|parameter| {
            let days = Days::read(parameter.default.as_ref()?.as_str()?, today)?;
            Some((parameter.id.as_str(), Choice::Days(days)))
        })
        .collect();
    Ok(choices)
}

/// The same with what somebody has set: a JSON object of filters, by their names on the page or in addresses.
pub fn set<'a>(dashboard: &'a Dashboard, given: &Value, today: Date) -> Result<Choices<'a>, Error> {
    let Value::Object(given) = given else {
        return Err(Error::FiltersNotAnObject {
            given: given.to_string(),
        });
    };
    let mut choices = at_first(dashboard, today)?;
    let mut seen = Vec::new();
    for (name, value) in given {
        let parameter = dashboard
            .parameters
            .iter()
            .find(|parameter| parameter.slug == *name || parameter.name == *name)
            .ok_or_else(|| Error::UnknownFilter {
                dashboard: dashboard.key.clone(),
                name: name.clone(),
                known: dashboard
                    .parameters
                    .iter()
                    .map(|parameter| parameter.slug.clone())
                    .collect(),
            })?;
        let refused = |reason| Error::InvalidFilter {
            filter: parameter.slug.clone(),
            value: value.to_string(),
            reason,
            is_date: parameter.kind == DATE_FILTER,
        };
        if seen.contains(&parameter.slug) {
            return Err(refused("it is given twice"));
        }
        seen.push(parameter.slug.clone());
        let choice = match read(parameter, value, today) {
            Ok(choice) => choice,
            Err(reason) => return Err(refused(reason)),
        };
        match choice {
            Some(choice) => choices.insert(&parameter.id, choice),
            None => choices.remove(parameter.id.as_str()),
        };
    }
    Ok(choices)
}

/// The same with days from one to another for the dashboard's filter of dates; None for an end that is open.
pub fn set_days<'a>(
    dashboard: &'a Dashboard,
    first: Option<Date>,
    last: Option<Date>,
    today: Date,
) -> Result<Choices<'a>, Error> {
    let parameter = dashboard
        .parameters
        .iter()
        .find(|parameter| parameter.kind == DATE_FILTER)
        .ok_or_else(|| Error::NoDateFilter {
            dashboard: dashboard.key.clone(),
        })?;
    let written = |date: Option<Date>| date.map_or_else(String::new, |date| date.to_string());
    let mut choices = at_first(dashboard, today)?;
    match Days::between(first, last) {
        Ok(Some(days)) => {
            choices.insert(&parameter.id, Choice::Days(days));
        }
        Ok(None) => {
            choices.remove(parameter.id.as_str());
        }
        Err(reason) => {
            return Err(Error::InvalidFilter {
                filter: parameter.slug.clone(),
                value: format!("\"{}~{}\"", written(first), written(last)),
                reason,
                is_date: true,
            });
        }
    }
    Ok(choices)
}

/// What a filter is to be set to; None where it is to be no restriction. What cannot be is a sentence that says so.
fn read(parameter: &Parameter, value: &Value, today: Date) -> Result<Option<Choice>, &'static str> {
    let is_date = parameter.kind == DATE_FILTER;
    match value {
        Value::Null => Ok(None),
        Value::String(text) if is_date => match Days::read(text, today) {
            Some(days) => Ok(Some(Choice::Days(days))),
            None => Err("it is no day, month, year or period"),
        },
        Value::String(text) => Ok(Some(Choice::Values(vec![text.clone()]))),
        Value::Array(values) if !is_date => {
            let values: Option<Vec<String>> = values
                .iter()
                .map(|value| value.as_str().map(str::to_owned))
                .collect();
            match values {
                None => Err("it holds something else than texts"),
                // As in Metabase.
                Some(values) if values.is_empty() => Ok(None),
                Some(values) => Ok(Some(Choice::Values(values))),
            }
        }
        _ if is_date => Err("it is no text"),
        _ => Err("it is neither a text nor an array of texts"),
    }
}

impl Choice {
    /// The condition on a column, whose name has three parts.
    pub fn condition(&self, [schema, view, column]: [&str; 3]) -> String {
        let column = format!("{}.{}", sql::qualified(schema, view), sql::ident(column));
        match self {
            Choice::Days(days) => days.condition(&column),
            Choice::Values(values) => format!("{column} = ANY ({})", sql::text_array(values)),
        }
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        match self {
            Choice::Days(days) => days.shown(),
            Choice::Values(values) => values.join(", "),
        }
    }
}

impl Days {
    /// The days that Metabase calls `past30days`, `2026-01-31`, `2026-01`, `2026` or `2026-01-01~2026-03-31`, where either end may be
    /// left out.
    fn read(period: &str, today: Date) -> Option<Days> {
        if period.starts_with("past") {
            return Days::past(period, today);
        }
        if let Some((first, last)) = period.split_once('~') {
            let end = |text: &str| match text {
                "" => Some(None),
                text => written_day(text).map(Some),
            };
            return Days::between(end(first)?, end(last)?).ok()?;
        }
        let (first, last) = match period.len() {
            4 => (
                written_day(&format!("{period}-01-01"))?,
                written_day(&format!("{period}-12-31"))?,
            ),
            7 => {
                let first = written_day(&format!("{period}-01"))?;
                (first, first.last_of_month())
            }
            _ => (written_day(period)?, written_day(period)?),
        };
        Days::between(Some(first), Some(last)).ok()?
    }

    /// Up to yesterday, or up to today with a `~` at the end.
    fn past(period: &str, today: Date) -> Option<Days> {
        let (period, last) = match period.strip_suffix('~') {
            Some(period) => (period, today),
            None => (period, today.saturating_sub(1.day())),
        };
        let count: i64 = period.strip_prefix("past")?.strip_suffix("days")?.parse().ok()?;
        let first = today.checked_sub(Span::new().try_days(count).ok()?).ok()?;
        (count > 0 && first.year() > 0).then(|| Days {
            words: Some(format!("Past {count} days")),
            first: Some(first),
            last: Some(last),
        })
    }

    /// From one day to another; None where both ends are open.
    fn between(first: Option<Date>, last: Option<Date>) -> Result<Option<Days>, &'static str> {
        match (first, last) {
            (None, None) => Ok(None),
            (Some(first), Some(last)) if first > last => Err("it ends before it begins"),
            _ => Ok(Some(Days {
                words: None,
                first,
                last,
            })),
        }
    }

    /// A day begins where the session's zone, which is set to the shop's, has it begin.
    fn condition(&self, column: &str) -> String {
        let from = self.first.map(|first| format!("{column} >= date '{first}'"));
        // The last day of all has no next one, and nothing comes after it.
        let to = self.last.and_then(|last| last.tomorrow().ok());
        let to = to.map(|end| format!("{column} < date '{end}'"));
        let both: Vec<String> = from.into_iter().chain(to).collect();
        match both.is_empty() {
            true => "true".to_owned(),
            false => both.join(" AND "),
        }
    }

    fn shown(&self) -> String {
        let dates = match (self.first, self.last) {
            (Some(first), Some(last)) if first == last => day(first),
            (Some(first), Some(last)) => format!("{} – {}", day(first), day(last)),
            (Some(first), None) => format!("since {}", day(first)),
            (None, Some(last)) => format!("until {}", day(last)),
            (None, None) => "All".to_owned(),
        };
        match &self.words {
            Some(words) => format!("{words} ({dates})"),
            None => dates,
        }
    }
}

/// A day of the years that have four digits.
pub fn known_day(year: i32, month: u8, day: u8) -> Option<Date> {
    let date = Date::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
    )
    .ok()?;
    (date.year() > 0).then_some(date)
}

/// The same as it is written in a filter.
fn written_day(text: &str) -> Option<Date> {
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date: Date = text.parse().ok().filter(|_| is_plain)?;
    (date.year() > 0).then_some(date)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::dashboard::catalog::DASHBOARDS;
    use crate::dashboard::spec::FilterKind;

    fn days(period: &str) -> Option<Days> {
        Days::read(period, date(2026, 11, 25))
    }

    fn shown(period: &str) -> Option<String> {
        days(period).as_ref().map(Days::shown)
    }

    #[test]
    fn a_period_of_the_past_ends_yesterday_or_today() {
        assert_eq!(
            shown("past30days").as_deref(),
            Some("Past 30 days (26 Oct 2026 – 24 Nov 2026)")
        );
        assert_eq!(
            shown("past90days~").as_deref(),
            Some("Past 90 days (27 Aug 2026 – 25 Nov 2026)")
        );
        for wrong in [
            "next month",
            "past0days",
            "past-3days",
            "pastdays",
            "past99999999days",
            "past9223372036854775807days",
        ] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_months_years_and_ranges_are_understood() {
        for (period, words) in [
            ("2026-02-01", "1 Feb 2026"),
            ("2024-02", "1 Feb 2024 – 29 Feb 2024"),
            ("2025", "1 Jan 2025 – 31 Dec 2025"),
            ("2026-01-01~2026-03-31", "1 Jan 2026 – 31 Mar 2026"),
            ("2026-01-01~", "since 1 Jan 2026"),
            ("~9999-12-31", "until 31 Dec 9999"),
        ] {
            assert_eq!(shown(period).as_deref(), Some(words));
        }
        for wrong in [
            "",
            "~",
            "2026-02-30",
            "2026-13",
            "0000",
            "26-01-01",
            "2026-03-31~2026-01-01",
            "2026-01-01~2026-03",
            "2026-1-1",
            "2026-01-01 ",
            "2026-01-01T00:00",
            "-9999-01-01",
            "٢٠٢٦",
        ] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
        let all_days = days("~9999-12-31").map(|days| days.condition("day"));
        assert_eq!(all_days.as_deref(), Some("true"));
    }

    #[test]
    fn a_period_is_whole_days() {
        assert_eq!(
            days("past1days")
                .map(|days| Choice::Days(days).condition(["analytics", "sales", "sold_at"]))
                .as_deref(),
            Some(
                r#""analytics"."sales"."sold_at" >= date '2026-11-24' AND "analytics"."sales"."sold_at" < date '2026-11-25'"#
            )
        );
    }

    #[test]
    fn the_periods_of_the_four_dashboards_are_understood() {
        let filters = DASHBOARDS.iter().flat_map(|dashboard| dashboard.filters);
        for filter in filters {
            if let FilterKind::Date { default } = filter.kind {
                assert_ne!(days(default), None, "{default}");
            }
        }
    }
}
