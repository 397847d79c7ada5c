//! The filters of a dashboard as they are set at first, and the conditions that stand for them in a card's SQL.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::format::day;
use crate::dashboard::model::Parameter;
use crate::sql;

/// Days in a row, each of them whole: what a filter of dates is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Days {
    words: String,
    first: Date,
    last: Date,
}

impl Days {
    /// What a filter is set to at first; None where it is no restriction.
    pub fn at_first(parameter: &Parameter, today: Date) -> Option<Days> {
        Days::read(parameter.default.as_ref()?.as_str()?, today)
    }

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

    /// The condition on a column of dates or of times: a day begins where the session's zone, which is set to the shop's, has it
    /// begin.
    pub fn condition(&self, [schema, view, column]: [&str; 3]) -> String {
        let column = format!("{}.{}", sql::qualified(schema, view), sql::ident(column));
        let end = self.last.saturating_add(1.day());
        format!("{column} >= date '{}' AND {column} < date '{end}'", self.first)
    }

    /// As people read it.
    pub fn shown(&self) -> String {
        format!("{} ({} – {})", self.words, day(self.first), day(self.last))
    }
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
        assert_eq!(shown("next month"), None);
    }

    #[test]
    fn a_period_is_whole_days() {
        assert_eq!(
            days("past1days")
                .map(|days| days.condition(["analytics", "sales", "sold_at"]))
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
