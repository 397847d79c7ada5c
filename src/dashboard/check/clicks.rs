//! What clicks do: they set filters that there are, to values that these take.
//!
//! Of which type a column is, only its card's result tells: what clicks set filters to out of columns is looked at where that is known.

use std::collections::BTreeMap;

use super::problem::Problems;
use crate::dashboard::catalog::DASHBOARDS;
use crate::dashboard::model::{
    Card, ClickBehavior, ClickMapping, ClickSourceKind, DATE_FILTER, Dashboard, Dashcard, VALUE_FILTER,
};

/// The types of filters by their ids.
type Filters<'a> = BTreeMap<String, &'a str>;

pub fn check(dashboard: &Dashboard, dashcard: &Dashcard, card: &Card, problems: &mut Problems) {
    let own = filters_of(dashboard);
    for click in clicks(dashcard, card) {
        let (settable, place) = match click {
            ClickBehavior::Crossfilter { .. } => (own.clone(), "the dashboard".to_owned()),
            ClickBehavior::Link { target, .. } => {
                let target = target.as_deref().unwrap_or_default();
                let Some(filters) = filters_behind(target) else {
                    problems.card(
                        &card.key,
                        format!("a click opens a dashboard \"{target}\", which does not exist"),
                    );
                    continue;
                };
                (filters, format!("dashboard \"{target}\""))
            }
        };
        for (id, mapping) in click.mapping() {
            if let Some(problem) = fault(id, mapping, &own, &settable, &place) {
                problems.card(&card.key, problem);
            }
        }
    }
}

/// What is wrong with how a click sets a filter.
fn fault(
    id: &String,
    mapping: &ClickMapping,
    own: &Filters,
    settable: &Filters,
    place: &str,
) -> Option<String> {
    if mapping.id != *id || mapping.target.id != *id {
        return Some(format!("a click sets filter \"{id}\" under another id"));
    }
    let Some(kind) = settable.get(id) else {
        return Some(format!(
            "a click sets a filter \"{id}\", which {place} does not have"
        ));
    };
    let source = &mapping.source;
    if source.kind == ClickSourceKind::Column {
        return None;
    }
    match own.get(&source.id) {
        None => Some(format!(
            "a click hands on a filter \"{}\", which the dashboard does not have",
            source.id
        )),
        Some(given) if given != kind => Some(format!(
            "a click sets filter \"{id}\", which is of the type {kind}, to what is of the type {given}"
        )),
        Some(_) => None,
    }
}

fn filters_of(dashboard: &Dashboard) -> Filters<'_> {
    let parameters = dashboard.parameters.iter();
    parameters
        .map(|parameter| (parameter.id.clone(), parameter.kind.as_str()))
        .collect()
}

/// A filter that a click sets to the value of a column.
pub struct SetByColumn {
    pub filter: String,
    kind: String,
    pub column: String,
}

impl SetByColumn {
    /// What is wrong with it where the column's type is of this category.
    pub fn fault(&self, category: char) -> Option<String> {
        let takes = match self.kind.as_str() {
            DATE_FILTER => 'D',
            VALUE_FILTER => 'S',
            // Said of the filter itself.
            _ => return None,
        };
        (category != takes).then(|| {
            format!(
                "a click sets filter \"{}\", which is of the type {}, to column \"{}\", whose type does not fit",
                self.filter, self.kind, self.column
            )
        })
    }
}

/// The filters that clicks on a card set to values of its columns.
pub fn set_by_columns(dashboard: &Dashboard, dashcard: &Dashcard, card: &Card) -> Vec<SetByColumn> {
    let own = filters_of(dashboard);
    let mut set = Vec::new();
    for click in clicks(dashcard, card) {
        let settable = match click {
            ClickBehavior::Crossfilter { .. } => own.clone(),
            ClickBehavior::Link { target, .. } => {
                filters_behind(target.as_deref().unwrap_or_default()).unwrap_or_default()
            }
        };
        for (id, mapping) in click.mapping() {
            if let (ClickSourceKind::Column, Some(kind)) = (mapping.source.kind, settable.get(id)) {
                set.push(SetByColumn {
                    filter: id.clone(),
                    kind: (*kind).to_owned(),
                    column: mapping.source.id.clone(),
                });
            }
        }
    }
    set
}

/// The filters of another dashboard; None where there is none of this name.
fn filters_behind(dashboard: &str) -> Option<Filters<'static>> {
    let spec = DASHBOARDS.iter().find(|spec| spec.key == dashboard)?;
    let filters = spec.filters.iter();
    Some(
        filters
            .map(|filter| (spec.marked(filter.tag), filter.kind.parameter_type()))
            .collect(),
    )
}

/// All clicks of a card, on its place or of its own.
fn clicks<'a>(dashcard: &'a Dashcard, card: &'a Card) -> impl Iterator<Item = &'a ClickBehavior> {
    [&dashcard.visualization_settings, &card.visualization_settings]
        .into_iter()
        .flat_map(|settings| {
            let columns = settings.column_settings.values();
            columns
                .filter_map(|column| column.click_behavior.as_ref())
                .chain(&settings.click_behavior)
        })
}

/// The columns that clicks on a card are on, or have values from.
pub fn columns(dashcard: &Dashcard, card: &Card) -> Vec<String> {
    let clicked = dashcard.visualization_settings.written_columns();
    let sources = clicks(dashcard, card).flat_map(|click| click.mapping().values());
    let named = sources
        .filter(|mapping| mapping.source.kind == ClickSourceKind::Column)
        .map(|mapping| mapping.source.id.clone());
    let mut columns: Vec<String> = clicked.into_iter().chain(named).collect();
    columns.sort();
    columns.dedup();
    columns
}
