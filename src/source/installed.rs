//! Keeping the adapters in `metabase_internal` what the sources say.

use std::ffi::CString;

use super::entity::{ENTITIES, EntitySpec, adapters};
use super::{Source, Sources, adapter};
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, current_role, current_role_oid, restricted};
use crate::pg::setting::with_time_zone;
use crate::pg::subtransaction::subtransaction;
use crate::pg::{query, relation};
use crate::settings::{self, Settings};
use crate::sql;
use crate::sqlstate;

#[derive(serde::Deserialize)]
struct Existing {
    name: String,
    owner: String,
}

fn existing() -> Result<Vec<Existing>, Error> {
    query::rows(include_str!("../../sql/queries/source/adapters.sql"), &[])
}

/// Makes or changes the adapters, so that they show these sources and belong to the current role.
///
/// `staying` is a view that reads them already and is not made anew: for its sake those that there are must not change. One that was
/// dropped, with what read it, is made of what there is now.
pub fn ensure(sources: &Sources, settings: &Settings, staying: Option<&str>) -> Result<(), Error> {
    let making = making(sources, settings);
    let existing = existing()?;
    let is_there = |source: &&Source| existing.iter().any(|adapter| adapter.name == source.spec.adapter);
    if let Some(view) = staying
        && let Some(stored) = stored_making()?
        && stored.making != making
        && !(stored.making.starts_with(&zone_line(settings))
            && sources
                .0
                .iter()
                .filter(is_there)
                .all(|source| stored.making.contains(&adapter_line(sources, source, settings))))
    {
        return Err(Error::SourcesChanged {
            view: view.to_owned(),
        });
    }
    let role = current_role()?;
    for source in &sources.0 {
        let owner = existing
            .iter()
            .find(|adapter| adapter.name == source.spec.adapter)
            .map(|adapter| adapter.owner.as_str());
        match owner {
            // Whoever owns an adapter decides what the views read, with the privileges of the views' owner.
            Some(owner) if owner != role => {
                drop_one(source.spec).map_err(|error| match error.sqlstate() {
                    sqlstate::DEPENDENT_OBJECTS_STILL_EXIST | sqlstate::INSUFFICIENT_PRIVILEGE => {
                        Error::ForeignAdapter {
                            adapter: source.spec.adapter,
                            owner: owner.to_owned(),
                            role: role.clone(),
                        }
                    }
                    _ => error,
                })?;
                create("CREATE", sources, source, settings)?;
            }
            Some(_) if staying.is_some() => {}
            Some(_) => replace(sources, source, settings)?,
            // Without OR REPLACE, which would take over what somebody else has just put there, and leave it theirs.
            None => create("CREATE", sources, source, settings)?,
        }
    }
    check_owners(&role)?;
    check_sources(sources)?;
    store_making(making)
}

/// Makes sure that the adapters read the very relations that were looked at, in the hands that they were in then.
///
/// An adapter names them, and finds what bears the name now: to a transaction whose snapshot is older, a table may be there, and
/// somebody's whom it trusts, that was replaced since. From here on the adapters hold them.
fn check_sources(sources: &Sources) -> Result<(), Error> {
    let read = read_by_adapters()?;
    for source in &sources.0 {
        let Some(found) = &source.relation else { continue };
        let is_read = read
            .iter()
            .any(|read| read.adapter == source.spec.adapter && read.relations.contains(&found.oid));
        let owner = relation::owner(
            &CString::new(found.schema.as_str())?,
            &CString::new(found.name.as_str())?,
        );
        if !is_read || owner != Some(found.owner_oid) {
            return Err(Error::SourceReplaced {
                entity: source.spec.name,
                relation: found.qualified.clone(),
            });
        }
    }
    Ok(())
}

/// The relations that an adapter reads, itself among them.
#[derive(serde::Deserialize)]
struct Read {
    adapter: String,
    relations: Vec<u32>,
}

fn read_by_adapters() -> Result<Vec<Read>, Error> {
    query::rows(
        include_str!("../../sql/queries/source/adapter_relations.sql"),
        &[],
    )
}

/// The entities whose adapters read a table of the shop's.
pub fn entities_with_relation() -> Result<Vec<String>, Error> {
    let read = read_by_adapters()?;
    let reads_table = |spec: &&EntitySpec| {
        read.iter()
            .any(|read| read.adapter == spec.adapter && read.relations.len() > 1)
    };
    Ok(ENTITIES
        .iter()
        .filter(reads_table)
        .map(|spec| spec.name.to_owned())
        .collect())
}

/// Makes sure that the adapters are in the hands of the current role.
///
/// Looked up as they stand now: to a transaction whose snapshot is older, an adapter may seem its own that was dropped and
/// made by somebody else since.
fn check_owners(role: &str) -> Result<(), Error> {
    for spec in &ENTITIES {
        let owner = relation::owner(c"metabase_internal", &CString::new(spec.adapter)?);
        if owner != Some(current_role_oid()) {
            let owner: Option<String> = query::value(
                "SELECT pg_catalog.pg_get_userbyid($1::oid)",
                &[owner.map(i64::from).into()],
            )?;
            return Err(Error::ForeignAdapter {
                adapter: spec.adapter,
                owner: owner.unwrap_or_default(),
                role: role.to_owned(),
            });
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

/// All that decides what the views show: the adapters, and the zone that is written into the definitions.
fn making(sources: &Sources, settings: &Settings) -> String {
    let mut making = zone_line(settings);
    for source in &sources.0 {
        making += &adapter_line(sources, source, settings);
    }
    making
}

fn zone_line(settings: &Settings) -> String {
    format!("time zone {}\n", settings.time_zone)
}

fn adapter_line(sources: &Sources, source: &Source, settings: &Settings) -> String {
    format!("{}\n", adapter::view(sources, source, settings))
}

/// Whether the adapters were made from these sources and settings.
pub fn are_current(sources: &Sources, settings: &Settings) -> Result<bool, Error> {
    let definitions = definitions()?;
    Ok(stored_making()?.is_some_and(|stored| {
        stored.making == making(sources, settings) && stored.definitions == definitions
    }))
}

/// The zone that the adapters and views were made for; the one that is set where there are none.
pub fn zone() -> Result<String, Error> {
    let made = stored_making()?.and_then(|stored| {
        let first = stored.making.lines().next()?;
        first.strip_prefix("time zone ").map(str::to_owned)
    });
    match made {
        Some(zone) => Ok(zone),
        None => Ok(settings::current()?.time_zone),
    }
}

/// What views were made from.
#[derive(serde::Deserialize)]
struct Making {
    making: String,
    definitions: Option<String>,
}

fn stored_making() -> Result<Option<Making>, Error> {
    as_extension_owner(|| {
        query::optional_row("SELECT making, definitions FROM metabase_internal.made_from", &[])
    })
}

/// The adapters as PostgreSQL tells them: a table or column that was renamed since has another name there.
fn definitions() -> Result<Option<String>, Error> {
    // Times in them are written in the session's zone.
    with_time_zone("UTC", || {
        as_extension_owner(|| {
            query::value(
                include_str!("../../sql/queries/source/adapter_definitions.sql"),
                &[adapters().into()],
            )
        })
    })
}

fn store_making(making: String) -> Result<(), Error> {
    let definitions = definitions()?;
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/source/store_making.sql"),
            &[making.into(), definitions.into()],
        )
    })
}

fn create(verb: &str, sources: &Sources, source: &Source, settings: &Settings) -> Result<(), Error> {
    let create = format!("{verb} {}", adapter::view(sources, source, settings));
    // Literals in it are read now. They were looked at before, but what a CHECK calls may have changed since: it cannot go back to
    // the role of a session that has SET ROLE.
    as_creator(|| restricted(|| query::run(&create, &[])))?;
    query::run(&adapter::comment_statements(source), &[])
}

/// Runs `work` with the privilege to make relations in `metabase_internal`, which nobody has by itself: a function there that is
/// called like one of ours, or a table like one of the facts, would be in everybody's way.
fn as_creator<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    if query::value(
        "SELECT pg_catalog.has_schema_privilege('metabase_internal', 'CREATE')",
        &[],
    )? {
        return work();
    }
    let role = sql::ident(&current_role()?);
    as_extension_owner(|| {
        query::run(
            &format!("GRANT CREATE ON SCHEMA metabase_internal TO {role}"),
            &[],
        )
    })?;
    let made = work()?;
    as_extension_owner(|| {
        query::run(
            &format!("REVOKE CREATE ON SCHEMA metabase_internal FROM {role}"),
            &[],
        )
    })?;
    Ok(made)
}

/// Changes an adapter in place, or makes it anew where its columns have other types now.
fn replace(sources: &Sources, source: &Source, settings: &Settings) -> Result<(), Error> {
    match subtransaction(|| create("CREATE OR REPLACE", sources, source, settings)) {
        Err(error) if error.sqlstate() == sqlstate::INVALID_TABLE_DEFINITION => {}
        done => return done,
    }
    drop_one(source.spec).map_err(|error| match error {
        Error::Postgres { sqlstate, detail, .. } if sqlstate == sqlstate::DEPENDENT_OBJECTS_STILL_EXIST => {
            Error::AdapterInUse {
                adapter: source.spec.adapter,
                detail,
            }
        }
        other => other,
    })?;
    create("CREATE", sources, source, settings)
}

fn drop_one(spec: &EntitySpec) -> Result<(), Error> {
    let name = sql::qualified("metabase_internal", spec.adapter);
    subtransaction(|| query::run(&format!("DROP VIEW {name} RESTRICT"), &[]))
}
