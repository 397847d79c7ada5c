//! The filters of a dashboard as they are set at first, and the conditions that stand for them in a card's SQL.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde_json::Value;

use super::format::day;
use crate::dashboard::model::Parameter;
use crate::sql;

/// What a filter is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Everything,
    Days(Days),
    Values(Vec<String>),
}

/// Days in a row, each of them whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Days {
    words: String,
    first: Date,
    last: Date,
}

impl Choice {
    /// What a filter is set to at first.
    pub fn at_first(parameter: &Parameter, today: Date) -> Choice {
        match &parameter.default {
            Some(Value::String(period)) => Days::read(period, today).map_or(Choice::Everything, Choice::Days),
            Some(Value::Array(values)) => Choice::Values(
                values
                    .iter()
                    .filter_map(|value| value.as_str().map(str::to_owned))
                    .collect(),
            ),
            _ => Choice::Everything,
        }
    }

    /// The condition on a column, given by its full name; None where the filter is no restriction.
    pub fn condition(&self, field: &str) -> Option<String> {
        let column: Vec<String> = field.split('.').map(sql::ident).collect();
        let column = column.join(".");
        match self {
            Choice::Everything => None,
            // Right for dates and for times: a day begins where the session's zone, which is set to the shop's, has it begin.
            Choice::Days(Days { first, last, .. }) => Some(format!(
                "{column} >= date '{first}' AND {column} < date '{}'",
                last.saturating_add(1.day())
            )),
            Choice::Values(values) if values.is_empty() => None,
            Choice::Values(values) => {
                let values: Vec<String> = values.iter().map(|value| sql::literal(value)).collect();
                Some(format!("{column} IN ({})", values.join(", ")))
            }
        }
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        match self {
            Choice::Everything => "All".to_owned(),
            Choice::Days(Days { words, first, last }) => {
                format!("{words} ({} – {})", day(*first), day(*last))
            }
            Choice::Values(values) => values.join(", "),
        }
    }
}

impl Days {
    /// The days that Metabase calls `past30days`: up to yesterday, or up to today with a `~` at the end.
    fn read(period: &str, today: Date) -> Option<Days> {
        let (period, last) = match period.strip_suffix('~') {
            Some(period) => (period, today),
            None => (period, today.saturating_sub(1.day())),
        };
        let count: i64 = period.strip_prefix("past")?.strip_suffix("days")?.parse().ok()?;
        Some(Days {
            words: format!("Past {count} days"),
            first: today.saturating_sub(Span::new().try_days(count).ok()?),
            last,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::dashboard::catalog::DASHBOARDS;
    use crate::dashboard::spec::FilterKind;

    fn days(period: &str) -> Choice {
        Days::read(period, date(2026, 11, 25)).map_or(Choice::Everything, Choice::Days)
    }

    #[test]
    fn a_period_of_the_past_ends_yesterday_or_today() {
        assert_eq!(
            days("past30days").shown(),
            "Past 30 days (26 Oct 2026 – 24 Nov 2026)"
        );
        assert_eq!(
            days("past90days~").shown(),
            "Past 90 days (27 Aug 2026 – 25 Nov 2026)"
        );
    }

    #[test]
    fn a_period_is_whole_days() {
        assert_eq!(
            days("past1days").condition("analytics.sales.sold_at").as_deref(),
            Some(
                r#""analytics"."sales"."sold_at" >= date '2026-11-24' AND "analytics"."sales"."sold_at" < date '2026-11-25'"#
            )
        );
    }

    #[test]
    fn values_are_quoted() {
        let brands = Choice::Values(vec!["O'Neill".to_owned(), "x') OR (true".to_owned()]);
        assert_eq!(
            brands.condition("analytics.brand.name").as_deref(),
            Some(r#""analytics"."brand"."name" IN ('O''Neill', 'x'') OR (true')"#)
        );
    }

    #[test]
    fn what_is_not_set_is_no_restriction() {
        for choice in [Choice::Everything, Choice::Values(Vec::new())] {
            assert_eq!(choice.condition("analytics.brand.name"), None);
        }
    }

    #[test]
    fn the_periods_of_the_four_dashboards_are_understood() {
        let filters = DASHBOARDS.iter().flat_map(|dashboard| dashboard.filters);
        for filter in filters.filter(|filter| filter.kind == FilterKind::Date) {
            if let Some(period) = filter.default {
                assert_ne!(days(period), Choice::Everything, "{period}");
            }
        }
    }
}
