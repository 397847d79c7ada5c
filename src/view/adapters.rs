//! Keeping the adapters in `metabase_internal` what the sources say.

use crate::error::Error;
use crate::pg::query;
use crate::pg::subtransaction::subtransaction;
use crate::settings::Settings;
use crate::source::entity::{ENTITIES, Spec};
use crate::source::mapping::current_role;
use crate::source::{Source, Sources, adapter};
use crate::sql;

#[derive(serde::Deserialize)]
struct Existing {
    name: String,
    owner: String,
}

fn existing() -> Result<Vec<Existing>, Error> {
    query::rows(include_str!("../../sql/queries/adapters.sql"), &[])
}

/// Makes or changes the adapters, so that they show these sources and belong to the current role.
pub fn ensure(sources: &Sources, settings: &Settings) -> Result<(), Error> {
    let existing = existing()?;
    let role = current_role()?;
    for source in &sources.0 {
        let owner = existing
            .iter()
            .find(|adapter| adapter.name == source.spec.adapter)
            .map(|adapter| adapter.owner.as_str());
        match owner {
            // Whoever owns an adapter decides what the views read, with the privileges of the views' owner.
            Some(owner) if owner != role => {
                drop_one(source.spec).map_err(|error| match error {
                    Error::Postgres { .. } => Error::ForeignAdapter {
                        adapter: source.spec.adapter,
                        owner: owner.to_owned(),
                        role: role.clone(),
                    },
                    other => other,
                })?;
                create(sources, source, settings)?;
            }
            Some(_) => replace(sources, source, settings)?,
            None => create(sources, source, settings)?,
        }
    }
    Ok(())
}

/// Drops the adapters that nothing needs any more.
pub fn drop_unneeded() -> Result<(), Error> {
    let existing = existing()?;
    for spec in ENTITIES
        .iter()
        .filter(|spec| existing.iter().any(|adapter| adapter.name == spec.adapter))
    {
        match drop_one(spec) {
            // Somebody's view reads it, or it is somebody else's: it stays.
            Ok(()) | Err(Error::Postgres { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

fn create(sources: &Sources, source: &Source, settings: &Settings) -> Result<(), Error> {
    query::run(&adapter::create_statement(sources, source, settings), &[])?;
    query::run(&adapter::comment_statements(source), &[])
}

/// Changes an adapter in place, or makes it anew where its columns have other types now.
fn replace(sources: &Sources, source: &Source, settings: &Settings) -> Result<(), Error> {
    match subtransaction(|| create(sources, source, settings)) {
        Err(Error::Postgres { .. }) => {}
        done => return done,
    }
    drop_one(source.spec).map_err(|error| match error {
        Error::Postgres { sqlstate, detail, .. } if sqlstate == "2BP01" => Error::AdapterInUse {
            adapter: source.spec.adapter,
            detail,
        },
        other => other,
    })?;
    create(sources, source, settings)
}

fn drop_one(spec: &Spec) -> Result<(), Error> {
    let name = sql::qualified("metabase_internal", spec.adapter);
    subtransaction(|| query::run(&format!("DROP VIEW {name} RESTRICT"), &[]))
}
