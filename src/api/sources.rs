//! Where the shop keeps its orders, stock items and the rest.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::{optional, required};
use crate::error::Error;
use crate::pg::argument::{Json, Text};
use crate::settings;
use crate::source::Sources;
use crate::source::describe::{SourceRow, describe};
use crate::source::entity::{ENTITIES, Entity};
use crate::source::mapping;

pub(super) type Row = (
    name!(entity, String),
    name!(relation, Option<String>),
    name!(column_name, String),
    name!(expression, Option<String>),
    name!(source_type, Option<String>),
    name!(origin, String),
    name!(note, Option<String>),
);

pub(super) fn rows(sources: &Sources) -> Result<impl Iterator<Item = Row> + use<>, Error> {
    let rows = describe(sources, &settings::current()?);
    Ok(rows.into_iter().map(|row: SourceRow| {
        (
            row.entity.to_owned(),
            row.relation,
            row.column_name.to_owned(),
            row.expression,
            row.source_type,
            row.origin.to_owned(),
            row.note,
        )
    }))
}

fn entity(name: Option<Text>) -> Result<Entity, Error> {
    let name = required("entity", name)?;
    Entity::from_name(&name).ok_or_else(|| Error::UnknownEntity {
        name,
        known: ENTITIES.iter().map(|spec| spec.name).collect(),
    })
}

/// What is found in this database without any mapping: for each entity and canonical column, the table and column.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn detect_sources() -> Result<
    TableIterator<
        'static,
        (
            name!(entity, String),
            name!(relation, Option<String>),
            name!(column_name, String),
            name!(expression, Option<String>),
            name!(source_type, Option<String>),
            name!(origin, String),
            name!(note, Option<String>),
        ),
    >,
    ErrorReport,
> {
    Ok(TableIterator::new(rows(&mapping::detect_all()?)?))
}

/// Says where an entity is: its table (NULL if there is none), a column or expression for each canonical column, a filter.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn map_source(
    entity: Option<Text>,
    relation: Option<Text>,
    columns: default!(Option<Json>, "'{}'"),
    filter: default!(Option<Text>, "NULL"),
) -> Result<String, ErrorReport> {
    let entity = self::entity(entity)?;
    let source = mapping::store(
        entity,
        optional("relation", relation)?.as_deref(),
        optional("columns", columns)?,
        optional("filter", filter)?,
    )?;
    let name = entity.name();
    Ok(match &source.relation {
        Some(relation) => format!(
            "entity {name} is read from {}; create the views to have them use it",
            relation.qualified.clone()
        ),
        None => format!("entity {name} is absent; create the views to have them use that"),
    })
}

/// Forgets what map_source() was told of an entity, so that it is detected again.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn unmap_source(entity: Option<Text>) -> Result<String, ErrorReport> {
    let entity = self::entity(entity)?;
    Ok(match mapping::forget(entity)? {
        true => format!("entity {} is detected again", entity.name()),
        false => format!("entity {} was not mapped", entity.name()),
    })
}
