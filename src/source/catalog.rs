//! What the database's catalog says of tables and expressions.

use super::entity::{Entity, known_names};
use super::{RelationOwner, SourceRelation, SqlType};
use crate::error::Error;
use crate::pg::subtransaction::subtransaction;
use crate::pg::{analysis, query};
use crate::sqlstate;

/// The relations that exist among those named, in the order of the names, as they are for a role: the current one for None.
fn relations(names: &[(String, String)], reader: Option<&str>) -> Result<Vec<SourceRelation>, Error> {
    let (schemas, tables): (Vec<String>, Vec<String>) = names.iter().cloned().unzip();
    query::rows(
        include_str!("../../sql/queries/source/relations.sql"),
        &[schemas.into(), tables.into(), reader.map(str::to_owned).into()],
    )
}

/// One relation, if it exists.
pub fn relation(schema: &str, name: &str) -> Result<Option<SourceRelation>, Error> {
    Ok(relations(&[(schema.to_owned(), name.to_owned())], None)?
        .into_iter()
        .next())
}

/// All relations that have a name of one of the known layouts, as they are for a role.
pub fn known_relations(reader: Option<&str>) -> Result<Vec<SourceRelation>, Error> {
    let names: Vec<(String, String)> = known_names()
        .map(|(schema, name)| (schema.to_owned(), name.to_owned()))
        .collect();
    relations(&names, reader)
}

/// The type of an expression over a relation's columns, and those of what is joined in `from`, found without running or planning anything; and whose what it reads and calls is.
///
/// `what` names the expression in the error that comes back where it does not work.
pub fn expression_type(
    entity: Entity,
    what: &str,
    relation: &SourceRelation,
    from: &str,
    expression: &str,
) -> Result<(SqlType, Vec<RelationOwner>), Error> {
    // In a WHERE clause PostgreSQL refuses sets, aggregates and window functions, which would make more rows or fewer.
    let probe = format!("SELECT (\n{expression}\n) FROM {from} WHERE (\n{expression}\n) IS NULL");
    let found = subtransaction(|| analysis::found(&probe)).map_err(|error| match error {
        Error::Postgres {
            sqlstate,
            message,
            hint,
            ..
        } => {
            let is_refused_call = sqlstate == sqlstate::FEATURE_NOT_SUPPORTED;
            Error::Expression {
                entity: entity.name(),
                what: what.to_owned(),
                relation: relation.qualified.clone(),
                sqlstate,
                cause: message,
                // What PostgreSQL advises is for statements; this is our own.
                hint: hint.filter(|_| is_refused_call),
            }
        }
        other => other,
    })?;
    let sql_type = query::row(
        include_str!("../../sql/queries/source/expression_type.sql"),
        &[
            i64::from(found.column_type).into(),
            i64::from(found.collation).into(),
        ],
    )?;
    let oids = |oids: Vec<u32>| oids.into_iter().map(i64::from).collect::<Vec<i64>>().into();
    let owners = query::rows(
        include_str!("../../sql/queries/source/expression_owners.sql"),
        &[oids(found.functions), oids(found.types), oids(found.relations)],
    )?;
    Ok((sql_type, owners))
}

/// The parts of a name such as `shop."Orders"`: always a schema and a table.
pub fn parse_relation_name(given: &str) -> Result<(String, String), Error> {
    let parts = subtransaction(|| {
        query::value::<Vec<String>>("SELECT pg_catalog.parse_ident($1)", &[given.to_owned().into()])
    });
    match parts {
        Ok(parts) => match <[String; 2]>::try_from(parts) {
            Ok([schema, name]) => Ok((schema, name)),
            Err(_) => Err(Error::RelationName {
                given: given.to_owned(),
            }),
        },
        Err(Error::Postgres { .. }) => Err(Error::RelationName {
            given: given.to_owned(),
        }),
        Err(other) => Err(other),
    }
}
