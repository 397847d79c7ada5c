//! The sources as a person looks at them: a line for each canonical column.

use super::entity::ValueKind;
use super::{Binding, Joined, Origin, Source, Sources, adapter};
use crate::error::Error;
use crate::settings::Settings;

/// One line of metabase.sources and metabase.detect_sources().
pub struct SourceRow {
    pub entity: &'static str,
    pub relation: Option<String>,
    pub column_name: &'static str,
    pub expression: Option<String>,
    pub source_type: Option<String>,
    pub origin: &'static str,
    pub note: Option<String>,
}

/// The sources as rows, one for each canonical column.
pub fn describe(sources: &Sources, settings: &Settings) -> Vec<SourceRow> {
    sources
        .0
        .iter()
        .flat_map(|source| {
            source.bindings.iter().map(|binding| SourceRow {
                entity: source.spec.name,
                relation: source
                    .relation_of(binding)
                    .map(|relation| relation.qualified.clone()),
                column_name: binding.column.name,
                expression: match binding.origin {
                    Origin::Derived => Some(adapter::derived(source, binding.column, settings)),
                    _ => binding.shown.clone(),
                },
                source_type: binding.sql_type.as_ref().map(|sql_type| sql_type.name.clone()),
                origin: binding.origin.name(),
                note: note(source, binding),
            })
        })
        .collect()
}

/// What could not be decided, and who decides.
fn with_hint(undecided: &Error) -> String {
    format!("{undecided}: {}", undecided.hint().unwrap_or_default())
}

/// What a person should know of a column; the key's line also tells what is wrong with the entity as a whole.
fn note(source: &Source, binding: &Binding) -> Option<String> {
    let mut notes: Vec<String> = binding.note.iter().cloned().collect();
    if let ValueKind::Currency { day } = binding.column.kind
        && binding.expression.is_some()
    {
        notes.push(format!(
            "amounts are turned into the shop's currency at the rate of the day of {day}"
        ));
    }
    if binding.column.kind == ValueKind::Id {
        notes.extend(
            source
                .filter
                .as_ref()
                .map(|filter| format!("only rows where {filter}")),
        );
        notes.extend(source.joined.as_ref().map(Joined::shown));
        notes.extend(source.undecided.as_ref().map(with_hint));
        notes.extend(source.problems.iter().map(|problem| match problem {
            Error::JoinUndecided { .. } => with_hint(problem),
            _ => problem.to_string(),
        }));
        notes.dedup();
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}
