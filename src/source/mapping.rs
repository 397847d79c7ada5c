//! What map_source() was told, kept in a table, and the sources that come of it and of detection together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::detect::{Chosen, Held};
use super::entity::{ENTITIES, Entity, EntityColumn, EntitySpec};
use super::{Binding, Origin, RelationOwner, Source, SourceRelation, Sources, SqlType, catalog, detect};
use crate::error::Error;
use crate::known_role;
use crate::pg::identity::{
    as_extension_owner, check_may_act_as, current_role, current_role_oid, is_trusted, may_act_as, views_owner,
};
use crate::pg::{query, syntax};
use crate::sqlstate;

/// What map_source() was told of one entity.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Mapping {
    pub entity: String,
    /// Schema and name; None where the shop has no such entity.
    pub relation: Option<(String, String)>,
    /// A column's name or an expression for each canonical column, None for "there is none".
    pub columns: BTreeMap<String, Option<String>>,
    pub filter: Option<String>,
    /// The name of the role that it is of, for people.
    pub mapped_by: String,
    /// The oid of that role; None where it is gone.
    pub author: Option<u32>,
    /// The oid of the role that the relation belonged to when it was mapped.
    owner: Option<u32>,
    /// The oids of the roles to whom belonged then what the relation and the expressions read and call.
    owners_behind: Vec<u32>,
    /// Whether it is being mapped, so that it speaks for whatever there is.
    #[serde(skip)]
    is_new: bool,
}

impl Mapping {
    /// The relation that it is of, where that is there and belongs to whom it belonged to.
    pub fn mapped_relation(&self) -> Result<Option<SourceRelation>, Error> {
        let Some((schema, name)) = &self.relation else {
            return Ok(None);
        };
        let relation = catalog::relation(schema, name)?;
        Ok(relation.filter(|relation| self.other_owner(&relation.owners).is_none()))
    }

    /// A role that is not trusted for a name, and that the mapping did not speak for: its author looked at what was other roles', and
    /// whoever may create in a schema can put something else in its place.
    fn other_owner<'a>(&self, owners: &'a [RelationOwner]) -> Option<&'a RelationOwner> {
        let was_mapped = |owner: &RelationOwner| {
            self.owner == Some(owner.oid) || owner.is_behind && self.owners_behind.contains(&owner.oid)
        };
        owners
            .iter()
            .find(|owner| !self.is_new && owner.is_stranger && !was_mapped(owner))
    }
}

/// The stored mappings.
pub fn stored() -> Result<Vec<Mapping>, Error> {
    as_extension_owner(|| query::rows(include_str!("../../sql/queries/source/mappings.sql"), &[]))
}

/// Stores a mapping that works, or says why it does not.
pub fn store(
    entity: Entity,
    relation: Option<&str>,
    columns: Option<Value>,
    filter: Option<String>,
) -> Result<Source, Error> {
    check_may_map(entity)?;
    let author = current_role_oid();
    let mapping = Mapping {
        entity: entity.name().to_owned(),
        relation: relation.map(catalog::parse_relation_name).transpose()?,
        columns: parse_columns(entity.spec(), columns)?,
        filter,
        mapped_by: current_role()?,
        author: Some(author),
        owner: None,
        owners_behind: Vec::new(),
        is_new: true,
    };
    if mapping.relation.is_none() {
        if entity.spec().required {
            return Err(Error::RequiredEntity {
                entity: entity.name(),
            });
        }
        if !mapping.columns.is_empty() || mapping.filter.is_some() {
            return Err(Error::AbsentWithColumns {
                entity: entity.name(),
            });
        }
    }
    let mut source = resolve_entity(entity.spec(), Some(&mapping), &[], None, None, &mapping.mapped_by)?;
    if !source.problems.is_empty() {
        return Err(source.problems.swap_remove(0));
    }
    let (schema, name) = mapping.relation.clone().unzip();
    let author = known_role::remember(author)?;
    let owners = source.relation.iter().flat_map(|relation| &relation.owners);
    let (mut owner, mut behind) = (None, Vec::new());
    for role in owners.chain(&source.behind) {
        let known = known_role::remember(role.oid)?;
        match role.is_behind {
            true => behind.push(known),
            false => owner = Some(known),
        }
    }
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/source/store_mapping.sql"),
            &[
                mapping.entity.clone().into(),
                schema.into(),
                name.into(),
                pgrx::JsonB(serde_json::to_value(&mapping.columns)?).into(),
                mapping.filter.clone().into(),
                author.into(),
                owner.into(),
                behind.into(),
            ],
        )
    })?;
    Ok(source)
}

/// An error unless the current role may say where an entity is. Where there are views, that is for who may act as their owner. Before,
/// it is for anybody, and nobody takes back what somebody else has said.
fn check_may_map(entity: Entity) -> Result<(), Error> {
    if let Some(owner) = views_owner()? {
        return check_may_act_as(owner);
    }
    let others = stored()?
        .into_iter()
        .find(|mapping| mapping.entity == entity.name());
    match others {
        Some(Mapping {
            author: Some(author),
            mapped_by,
            ..
        }) if !may_act_as(author)? => Err(Error::MappingOfOther {
            entity: entity.name(),
            author: mapped_by,
            role: current_role()?,
        }),
        _ => Ok(()),
    }
}

/// Forgets a mapping, so that the entity is detected again. Says whether there was one.
pub fn forget(entity: Entity) -> Result<bool, Error> {
    check_may_map(entity)?;
    let was_mapped = stored()?.iter().any(|mapping| mapping.entity == entity.name());
    as_extension_owner(|| {
        query::run(
            "DELETE FROM metabase_internal.source_mapping WHERE entity = $1",
            &[entity.name().to_owned().into()],
        )
    })?;
    Ok(was_mapped)
}

/// The sources by the stored mappings, and by detection where there is none.
pub fn resolve() -> Result<Sources, Error> {
    resolve_with(&stored()?, None, &[])
}

/// The sources for views that read something already: `held` has an entry for each entity, in their order.
pub fn resolve_beside(held: &[Held]) -> Result<Sources, Error> {
    resolve_with(&stored()?, None, held)
}

/// The sources as a role would read them, by the mappings that the current role trusts.
pub fn resolve_for(reader: &str) -> Result<Sources, Error> {
    resolve_with(&stored()?, Some(reader), &[])
}

/// The sources by detection alone.
pub fn detect_all() -> Result<Sources, Error> {
    resolve_with(&[], None, &[])
}

fn resolve_with(mappings: &[Mapping], reader: Option<&str>, held: &[Held]) -> Result<Sources, Error> {
    let role = current_role()?;
    let existing = catalog::known_relations(reader)?;
    // The orders come first: whose they are tells whose the shop is, once somebody has said that these are the orders, or their
    // owner is trusted anyway.
    let mut sources: Vec<Source> = Vec::new();
    for spec in &ENTITIES {
        let mapping = mappings.iter().find(|mapping| mapping.entity == spec.name);
        let orders = sources.first().and_then(|orders| orders.relation.as_ref());
        let shop_owner = orders.map(|relation| relation.owner.as_str());
        let held = held.get(spec.entity as usize);
        sources.push(resolve_entity(spec, mapping, &existing, shop_owner, held, &role)?);
    }
    let key_types: Vec<Option<SqlType>> = sources
        .iter()
        .map(|source| source.type_of("id").cloned())
        .collect();
    for source in &mut sources {
        let errors = detect::check_references(source, |target| key_types[target as usize].clone());
        source.problems.extend(errors);
    }
    Ok(Sources(sources))
}

/// One entity's source. What is wrong with it stands in its `problems`, so that all of a shop can be shown at once.
fn resolve_entity(
    spec: &'static EntitySpec,
    mapping: Option<&Mapping>,
    existing: &[SourceRelation],
    shop_owner: Option<&str>,
    held: Option<&Held>,
    role: &str,
) -> Result<Source, Error> {
    let mut source = Source {
        spec,
        relation: None,
        others: Vec::new(),
        bindings: Vec::new(),
        filter: mapping.and_then(|mapping| mapping.filter.clone()),
        is_mapped_to_none: mapping.is_some_and(|mapping| mapping.relation.is_none()),
        unique_key: false,
        behind: Vec::new(),
        problems: Vec::new(),
    };
    if let Some(mapping) = mapping
        && !mapping.author.map_or(Ok(false), is_trusted)?
    {
        // Not even its type is looked up. Looking runs nothing, but nothing here has to rely on that.
        source.bindings = spec
            .columns
            .iter()
            .map(|column| unread(column, mapping))
            .collect();
        let relation = mapping
            .relation
            .as_ref()
            .map(|(schema, name)| format!("{schema}.{name}"));
        source.bindings[0].note = Some(format!(
            "mapped to {}, filter {}",
            relation.as_deref().unwrap_or("no table"),
            mapping.filter.as_deref().unwrap_or("none"),
        ));
        let author = mapping.mapped_by.clone();
        source.problems.push(match mapping.author {
            Some(_) => Error::ForeignMapping {
                entity: spec.name,
                author,
                role: role.to_owned(),
            },
            None => Error::OrphanedMapping {
                entity: spec.name,
                author,
            },
        });
        return Ok(source);
    }
    let found = find_relation(spec, mapping, existing, shop_owner, held).and_then(|found| {
        found.as_ref().map_or(Ok(()), |found| {
            detect::check_relation(spec, &found.relation, role)
        })?;
        Ok(found)
    });
    match found {
        Ok(None) => {}
        Ok(Some(found)) => {
            source.relation = Some(found.relation);
            source.others = found.others;
        }
        Err(error @ Error::Internal(_)) => return Err(error),
        Err(problem) => source.problems.push(problem),
    }
    let Some(relation) = source.relation.clone() else {
        source.bindings = spec
            .columns
            .iter()
            .map(|column| detect::missing(column, None))
            .collect();
        return Ok(source);
    };
    for column in spec.columns {
        let mapped = mapping.and_then(|mapping| mapping.columns.get(column.name));
        let binding = match mapped {
            Some(Some(expression)) => {
                bind_expression(spec, column, &relation, expression).map(|(binding, owners)| {
                    source.behind.extend(owners);
                    binding
                })
            }
            Some(None) if column.required => Err(Error::ColumnMissing {
                entity: spec.name,
                column: column.name,
                relation: relation.qualified.clone(),
                looked_for: "mapping for it but null".into(),
            }),
            Some(None) => Ok(Binding {
                is_mapped_to_none: true,
                ..detect::missing(column, Some("mapped to null".into()))
            }),
            None => detect::detect_column(spec, column, &relation),
        };
        match binding {
            Ok(binding) => source.bindings.push(binding),
            Err(error @ Error::Internal(_)) => return Err(error),
            Err(problem) => {
                source
                    .bindings
                    .push(detect::missing(column, Some(problem.to_string())));
                source.problems.push(problem);
            }
        }
    }
    if let Some(filter) = &source.filter {
        match check_filter(spec, &relation, filter) {
            Ok(owners) => source.behind.extend(owners),
            Err(problem) => source.problems.push(problem),
        }
    }
    if let Some(other) = mapping.and_then(|mapping| mapping.other_owner(&source.behind)) {
        let problem = Error::MappedOfOther {
            entity: spec.name,
            relation: relation.qualified.clone(),
            what: "what its mapping calls or reads",
            owner: other.name.clone(),
        };
        source.problems.push(problem);
    }
    let errors = detect::check_keys(&source);
    source.problems.extend(errors);
    derive_completed(&mut source, &relation);
    source.unique_key = has_unique_key(&source, &relation);
    Ok(source)
}

/// A column of a mapping that is not used: what it says is shown and nothing else.
fn unread(column: &'static EntityColumn, mapping: &Mapping) -> Binding {
    let note = mapping
        .columns
        .get(column.name)
        .cloned()
        .flatten()
        .map(|expression| format!("mapped to {expression}"));
    detect::missing(column, note)
}

fn find_relation(
    spec: &'static EntitySpec,
    mapping: Option<&Mapping>,
    existing: &[SourceRelation],
    shop_owner: Option<&str>,
    held: Option<&Held>,
) -> Result<Option<Chosen>, Error> {
    match mapping {
        None => detect::choose_relation(spec, existing, shop_owner, held),
        Some(Mapping { relation: None, .. }) => Ok(None),
        Some(
            mapping @ Mapping {
                relation: Some((schema, name)),
                ..
            },
        ) => {
            let relation = catalog::relation(schema, name)?.ok_or_else(|| Error::RelationMissing {
                entity: spec.name,
                relation: format!("{schema}.{name}"),
            })?;
            match mapping.other_owner(&relation.owners) {
                None => Ok(Some(Chosen {
                    relation,
                    others: Vec::new(),
                })),
                Some(other) => Err(Error::MappedOfOther {
                    entity: spec.name,
                    what: match other.is_behind {
                        true => "what it reads",
                        false => "that",
                    },
                    owner: other.name.clone(),
                    relation: relation.qualified,
                }),
            }
        }
    }
}

/// A mapped column: the name of a column if there is one of that name, else an expression. Also whose what that reads and calls is.
fn bind_expression(
    spec: &'static EntitySpec,
    column: &'static EntityColumn,
    relation: &SourceRelation,
    given: &str,
) -> Result<(Binding, Vec<RelationOwner>), Error> {
    let (expression, sql_type, owners) = match relation.column(given) {
        Some(found) => (
            detect::column_reference(&found.name),
            found.sql_type.clone(),
            Vec::new(),
        ),
        None => {
            let what = format!("column \"{}\"", column.name);
            let (sql_type, owners) = checked_type(spec, &what, relation, given)?;
            (format!("({given}\n)"), sql_type, owners)
        }
    };
    if !detect::fits(column.kind, &sql_type) {
        return Err(detect::wrong_type(spec, column, relation, given, &sql_type));
    }
    let binding = Binding {
        column,
        origin: Origin::Mapped,
        expression: Some(expression),
        shown: Some(given.to_owned()),
        sql_type: Some(sql_type),
        note: None,
        is_mapped_to_none: false,
    };
    Ok((binding, owners))
}

/// An error unless a filter works. Returns whose what it reads and calls is.
fn check_filter(
    spec: &'static EntitySpec,
    relation: &SourceRelation,
    filter: &str,
) -> Result<Vec<RelationOwner>, Error> {
    let (sql_type, owners) = checked_type(spec, "the filter", relation, filter)?;
    if sql_type.base != "boolean" {
        return Err(Error::Expression {
            entity: spec.name,
            what: "the filter".into(),
            relation: relation.qualified.clone(),
            sqlstate: sqlstate::DATATYPE_MISMATCH.into(),
            cause: format!("it is {}, not boolean", sql_type.name),
            hint: None,
        });
    }
    Ok(owners)
}

/// The type of a text that is one expression and works on this relation, and whose what it reads and calls is.
fn checked_type(
    spec: &'static EntitySpec,
    what: &str,
    relation: &SourceRelation,
    expression: &str,
) -> Result<(SqlType, Vec<RelationOwner>), Error> {
    if !syntax::is_expression(expression)? {
        return Err(Error::NotAnExpression {
            entity: spec.name,
            what: what.to_owned(),
            expression: expression.to_owned(),
        });
    }
    catalog::expression_type(spec.entity, what, relation, expression)
}

/// An order without a mapping for `is_completed` needs a status that says so.
fn derive_completed(source: &mut Source, relation: &SourceRelation) {
    let has_status = source
        .binding("status")
        .is_some_and(|status| status.expression.is_some());
    let Some(completed) = source
        .bindings
        .iter_mut()
        .find(|binding| binding.column.name == "is_completed")
    else {
        return;
    };
    if completed.origin == Origin::Mapped {
        return;
    }
    if has_status {
        completed.origin = Origin::Derived;
    } else {
        source.problems.push(Error::ColumnMissing {
            entity: source.spec.name,
            column: "status",
            relation: relation.qualified.clone(),
            looked_for: "\"status\", and nothing is mapped to \"is_completed\"".into(),
        });
    }
}

fn has_unique_key(source: &Source, relation: &SourceRelation) -> bool {
    let key = source
        .binding("id")
        .and_then(|binding| binding.expression.as_deref());
    relation
        .columns
        .iter()
        .any(|column| column.unique && Some(detect::column_reference(&column.name).as_str()) == key)
}

fn parse_columns(
    spec: &'static EntitySpec,
    columns: Option<Value>,
) -> Result<BTreeMap<String, Option<String>>, Error> {
    let not_an_object = |given: &Value| Error::ColumnsNotAnObject {
        entity: spec.name,
        given: given.to_string(),
    };
    let object = match columns {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(object)) => object,
        Some(other) => return Err(not_an_object(&other)),
    };
    object
        .into_iter()
        .map(|(column, value)| {
            if spec.column(&column).is_none() {
                return Err(Error::UnknownColumn {
                    entity: spec.name,
                    column,
                    known: spec.columns.iter().map(|column| column.name).collect(),
                });
            }
            match value {
                Value::String(expression) => Ok((column, Some(expression))),
                Value::Null => Ok((column, None)),
                other => Err(not_an_object(&other)),
            }
        })
        .collect()
}

/// Leaves out what nobody trusts where an entity had no table before: `had_table` names those that had. It is for a person to look at, and
/// in nobody's way.
pub fn leave_out_newcomers(sources: &mut Sources, had_table: &[String]) {
    for source in &mut sources.0 {
        if !source.spec.required && !had_table.iter().any(|entity| entity == source.spec.name) {
            source
                .problems
                .retain(|problem| !matches!(problem, Error::UntrustedSource { .. }));
        }
    }
}

/// The first reason why views cannot be made from these sources by the current role.
pub fn check_usable(sources: &mut Sources) -> Result<(), Error> {
    for source in &mut sources.0 {
        if !source.problems.is_empty() {
            return Err(source.problems.swap_remove(0));
        }
    }
    Ok(())
}
