//! What a click on a value does: it filters its dashboard by the value, or opens another dashboard.
//!
//! A dashboard says once which column leads where. Each card that shows the column has the click: a chart as a whole, a table in the column's
//! cells. Where bars have words that are no value, such as "Other brands", the card's SQL has one more column, "Brand filter": what a click sets
//! the filter to, NULL for such a bar. By NULL, Metabase sets no filter, and takes back one that is set.

use std::collections::BTreeMap;

use super::model::{
    ClickBehavior, ClickMapping, ClickSource, ClickSourceKind, ClickTarget, ColumnSettings, DashboardWord,
    ParameterWord, VisualizationSettings, column_key,
};
use super::spec::{Asked, Carried, Click, DashboardSpec, Drawing, Leads, Question};

impl DashboardSpec {
    /// What clicks on a question's card do, as settings of its place on the dashboard.
    pub fn click_settings(&self, question: &Question, asked: &Asked) -> VisualizationSettings {
        let mut settings = VisualizationSettings::default();
        let mut clicks = self
            .clicks
            .iter()
            .filter_map(|click| Some((click.column, self.behavior(click, question, asked)?)));
        match question.drawing {
            Drawing::Table => {
                settings.column_settings = clicks
                    .map(|(column, behavior)| {
                        let clicked = ColumnSettings {
                            click_behavior: Some(behavior),
                            ..ColumnSettings::default()
                        };
                        (column_key(column), clicked)
                    })
                    .collect();
            }
            _ => settings.click_behavior = clicks.next().map(|(_, behavior)| behavior),
        }
        settings
    }

    /// What a click does on a question's card; None where that lacks the column, or what the click carries along.
    fn behavior(&self, click: &Click, question: &Question, asked: &Asked) -> Option<ClickBehavior> {
        let value_of = |column: &str| question.value_of(column, asked);
        value_of(click.column)?;
        match click.leads {
            Leads::Filter(tag) => {
                let mapping = set(self.marked(tag), value_of(click.column)?);
                Some(ClickBehavior::Crossfilter {
                    mapping: BTreeMap::from([mapping]),
                })
            }
            Leads::Dashboard(other, carried) => {
                let mapping = carried.iter().map(|carried| match carried {
                    Carried::Value(column, tag) => Some(set(other.marked(tag), value_of(column)?)),
                    Carried::Setting(tag) => Some(set(other.marked(tag), self.setting_of(tag)?)),
                });
                Some(ClickBehavior::Link {
                    kind: DashboardWord::Dashboard,
                    target: Some(other.key.to_owned()),
                    mapping: mapping.collect::<Option<_>>()?,
                })
            }
        }
    }

    /// What the filter of a tag is set to.
    fn setting_of(&self, tag: &str) -> Option<ClickSource> {
        let filter = self.filters.iter().find(|filter| filter.tag == tag)?;
        Some(ClickSource {
            kind: ClickSourceKind::Parameter,
            id: self.marked(tag),
            name: filter.name.to_owned(),
        })
    }

    /// The same for whoever reads the dashboard's notes: a sentence.
    pub fn click_words(&self) -> String {
        let on = |is_meant: &dyn Fn(&Leads) -> bool| {
            let clicks = self.clicks.iter().filter(|click| is_meant(&click.leads));
            let columns: Vec<String> = clicks.map(|click| click.column.to_lowercase()).collect();
            columns.join(" or ")
        };
        let mut clauses = Vec::new();
        let filtering = on(&|leads| matches!(leads, Leads::Filter(_)));
        if !filtering.is_empty() {
            clauses.push(format!(
                "a click on a {filtering} filters the dashboard by it, and a second click takes that back"
            ));
        }
        let mut opened: Vec<&str> = Vec::new();
        for click in self.clicks {
            if let Leads::Dashboard(other, [Carried::Value(carried, _), ..]) = click.leads
                && !opened.contains(&other.key)
            {
                opened.push(other.key);
                let opening = on(&|leads| matches!(leads, Leads::Dashboard(it, _) if it.key == other.key));
                clauses.push(format!(
                    "a click on a {opening} opens *{}* for that {}",
                    other.name,
                    carried.to_lowercase()
                ));
            }
        }
        format!("In Metabase, {}.", clauses.join("; "))
    }
}

impl Question {
    /// Where a click has the value of a column from; None where there is no such column.
    fn value_of(&self, column: &str, asked: &Asked) -> Option<ClickSource> {
        self.columns.iter().find(|shown| shown.name == column)?;
        let unseen = filter_column(column);
        let name = if asked.answers(&unseen) {
            unseen
        } else {
            column.to_owned()
        };
        Some(ClickSource {
            kind: ClickSourceKind::Column,
            id: name.clone(),
            name,
        })
    }

    /// The columns of its result that are there for clicks alone.
    pub fn unseen_columns(&self, asked: &Asked) -> impl Iterator<Item = String> {
        let columns = self.columns.iter().map(|column| filter_column(column.name));
        columns.filter(|name| asked.answers(name))
    }
}

impl Asked {
    /// Whether its SQL gives a column this name.
    fn answers(&self, column: &str) -> bool {
        self.sql.contains(&format!(" AS \"{column}\""))
    }
}

/// The column that has what a click on a value of this one sets the filter to, where that is not the value itself.
fn filter_column(column: &str) -> String {
    format!("{column} filter")
}

/// A filter, by its id, that a click sets to what it has from a source.
fn set(filter: String, source: ClickSource) -> (String, ClickMapping) {
    let mapping = ClickMapping {
        id: filter.clone(),
        source,
        target: ClickTarget {
            kind: ParameterWord::Parameter,
            id: filter.clone(),
        },
    };
    (filter, mapping)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::catalog::DASHBOARDS;

    #[test]
    fn words_that_are_no_value_set_no_filter() {
        let questions = DASHBOARDS.iter().flat_map(|spec| {
            let questions = spec.rows.iter().flat_map(|row| row.questions);
            questions.map(move |(_, question)| (spec, question))
        });
        for (spec, question) in questions {
            for asked in question.of_views.iter().chain(&question.of_sales) {
                for click in spec.clicks {
                    if question.value_of(click.column, asked).is_none() {
                        continue;
                    }
                    let has_words = ["'No ", "'Other "].iter().any(|words| {
                        let words = format!("{words}{}", click.column.to_lowercase());
                        asked.sql.contains(&words)
                    });
                    let mut unseen = question.unseen_columns(asked);
                    let key = question.key;
                    assert_eq!(
                        unseen.any(|column| column == filter_column(click.column)),
                        has_words,
                        "{key}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_notes_say_what_a_click_does() {
        let words: Vec<String> = DASHBOARDS.iter().map(|spec| spec.click_words()).collect();
        assert_eq!(
            words,
            [
                "In Metabase, a click on a platform opens *Platform performance* for that platform; \
                 a click on a product or brand opens *Product analytics* for that brand.",
                "In Metabase, a click on a brand filters the dashboard by it, and a second click takes that back.",
                "In Metabase, a click on a platform filters the dashboard by it, and a second click takes that back.",
                "In Metabase, a click on a stock category or supplier filters the dashboard by it, and a second click takes that back; \
                 a click on a product or brand opens *Product analytics* for that brand.",
            ]
        );
    }
}
