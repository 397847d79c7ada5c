//! Where the shop keeps its orders, stock items and the rest.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::rows::row_type;
use super::{optional, required};
use crate::error::Error;
use crate::pg::argument::{Sql, SqlJson, Text};
use crate::pg::identity::is_superuser;
use crate::settings;
use crate::source::describe::describe;
use crate::source::entity::{ENTITIES, Entity};
use crate::source::mapping;

row_type! {
    pub(super) source_rows(line) {
        entity: String = line.entity.to_owned(),
        relation: Option<String> = line.relation,
        column_name: String = line.column_name.to_owned(),
        expression: Option<String> = line.expression,
        source_type: Option<String> = line.source_type,
        origin: String = line.origin.to_owned(),
        note: Option<String> = line.note,
    }
}

source_rows! {
    fn detect_sources() {
        Ok(describe(&mapping::detect_all()?, &settings::current()?))
    }
}

fn entity(name: Option<Text>) -> Result<Entity, Error> {
    let name = required("entity", name)?;
    Entity::from_name(&name).ok_or_else(|| Error::UnknownEntity {
        name,
        known: ENTITIES.iter().map(|spec| spec.name).collect(),
    })
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn map_source(
    entity: Option<Text>,
    relation: Option<Text>,
    columns: default!(Option<SqlJson>, "'{}'"),
    filter: default!(Option<Sql>, "NULL"),
    join: default!(Option<SqlJson>, "NULL"),
) -> Result<String, ErrorReport> {
    let entity = self::entity(entity)?;
    let source = mapping::store(
        entity,
        optional("relation", relation)?.as_deref(),
        optional("columns", columns)?,
        optional("filter", filter)?,
        optional("join", join)?,
    )?;
    let name = entity.name();
    let relations: Vec<&str> = source
        .relations()
        .map(|relation| relation.qualified.as_str())
        .collect();
    // What anybody else maps, that role may read already.
    let grant = match is_superuser() {
        true => "grant_operator() grants it; ",
        false => "",
    };
    Ok(match relations.is_empty() {
        false => format!(
            "entity {name} is read from {}; {grant}create the views to have them use it",
            relations.join(" and ")
        ),
        true => format!("entity {name} is absent; create the views to have them use that"),
    })
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn unmap_source(entity: Option<Text>) -> Result<String, ErrorReport> {
    let entity = self::entity(entity)?;
    Ok(match mapping::forget(entity)? {
        true => format!("entity {} is detected again", entity.name()),
        false => format!("entity {} was not mapped", entity.name()),
    })
}
