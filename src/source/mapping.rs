//! What map_source() was told, kept in a table, and the sources that come of it and of detection together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::detect::{Chosen, Held};
use super::entity::{ENTITIES, Entity, EntityColumn, EntitySpec, ValueKind};
use super::join::{self, MappedJoin, Wanted};
use super::{
    Binding, Joined, Origin, RelationOwner, Source, SourceColumn, SourceRelation, Sources, SqlType, catalog,
    detect,
};
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
    /// The second table that it says to join.
    pub joined: Option<MappedJoin>,
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
    /// The relations that it is of, as far as they are there and belong to whom they belonged to.
    pub fn mapped_relations(&self) -> Result<Vec<SourceRelation>, Error> {
        let mut relations = Vec::new();
        if let Some((schema, name)) = &self.relation {
            relations.extend(
                catalog::relation(schema, name)?
                    .filter(|relation| self.other_owner(&relation.owners).is_none()),
            );
        }
        if let Some(joined) = &self.joined {
            relations.extend(
                catalog::relation(&joined.schema, &joined.name)?
                    .filter(|relation| self.other_owner(&behind(relation)).is_none()),
            );
        }
        Ok(relations)
    }

    /// Whether it leaves it to detection which second table completes the rows: what it has expressions for, it says itself.
    fn leaves_join_open(&self, relation: &SourceRelation) -> bool {
        let is_column = |given: &Option<String>| {
            given
                .as_ref()
                .is_none_or(|given| relation.column(given).is_some())
        };
        self.joined.is_none() && self.filter.is_none() && self.columns.values().all(is_column)
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

/// To whom a second table belongs, and what is behind it: all of it is behind the entity's own.
fn behind(relation: &SourceRelation) -> Vec<RelationOwner> {
    let behind = |owner: &RelationOwner| RelationOwner {
        is_behind: true,
        ..owner.clone()
    };
    relation.owners.iter().map(behind).collect()
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
    joined: Option<Value>,
) -> Result<Source, Error> {
    check_may_map(entity)?;
    let author = current_role_oid();
    let mapping = Mapping {
        entity: entity.name().to_owned(),
        relation: relation.map(catalog::parse_relation_name).transpose()?,
        columns: parse_columns(entity.spec(), columns)?,
        filter,
        joined: parse_join(entity.spec(), joined)?,
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
        if !mapping.columns.is_empty() || mapping.filter.is_some() || mapping.joined.is_some() {
            return Err(Error::AbsentWithColumns {
                entity: entity.name(),
            });
        }
    }
    let existing = catalog::known_relations(None)?;
    let mut source = resolve_entity(
        entity.spec(),
        Some(&mapping),
        &existing,
        None,
        None,
        &mapping.mapped_by,
    )?;
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
                mapping
                    .joined
                    .as_ref()
                    .map(serde_json::to_value)
                    .transpose()?
                    .map(pgrx::JsonB)
                    .into(),
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
        joined: None,
        is_join_sought: false,
        undecided: None,
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
    match mapping.and_then(|mapping| Some((mapping, mapping.joined.as_ref()?))) {
        Some((mapping, mapped)) => match mapped_join(spec, mapping, mapped, &relation, role) {
            Ok(joined) => {
                source.behind.extend(behind(&joined.relation));
                source.joined = Some(joined);
            }
            Err(error @ Error::Internal(_)) => return Err(error),
            Err(problem) => source.problems.push(problem),
        },
        None => {
            source.is_join_sought = mapping.is_none_or(|mapping| mapping.leaves_join_open(&relation));
            if source.is_join_sought {
                let shop_owner =
                    shop_owner.or((spec.entity == Entity::Order).then_some(relation.owner.as_str()));
                match detected_join(spec, mapping, &relation, existing, shop_owner, held, role) {
                    Ok(join::Found::None) => {}
                    Ok(join::Found::Joined(joined)) => source.joined = Some(*joined),
                    Ok(join::Found::Undecided(why)) => source.undecided = Some(why),
                    Err(problem) => source.problems.push(problem),
                }
            }
        }
    }
    for column in spec.columns {
        let mapped = mapping.and_then(|mapping| mapping.columns.get(column.name));
        // The entity's key is its own.
        let joined = source.joined.clone().filter(|_| column.kind != ValueKind::Id);
        let joined = joined.as_ref();
        let binding = match mapped {
            Some(Some(expression)) => {
                bind_expression(spec, column, &relation, joined, expression).map(|(binding, owners)| {
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
            None => detect::detect_column(spec, column, &relation, joined.map(|joined| &joined.relation)),
        };
        match binding {
            Ok(binding) => source.bindings.push(binding),
            Err(error @ Error::Internal(_)) => return Err(error),
            Err(problem) => {
                source
                    .bindings
                    .push(detect::missing(column, Some(problem.to_string())));
                // It may be in the second table.
                if matches!(problem, Error::ColumnMissing { .. }) {
                    source.problems.extend(source.undecided.take());
                }
                source.problems.push(problem);
            }
        }
    }
    if let Some(filter) = &source.filter {
        match check_filter(spec, &relation, source.joined.as_ref(), filter) {
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
    derive_from_status(&mut source, &relation);
    source.unique_key = has_unique_key(&source, &relation);
    if let Some(joined) = &mut source.joined {
        let key = key_column(spec, mapping, &relation);
        let filter_reads_it = match &source.filter {
            Some(filter) => match check_filter(spec, &relation, None, filter) {
                Err(error @ Error::Internal(_)) => return Err(error),
                checked => checked.is_err(),
            },
            None => false,
        };
        joined.told = joined.told(key, source.unique_key, filter_reads_it);
    }
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

/// The column of the entity's own table that is its key, if it is one.
fn key_column<'a>(
    spec: &'static EntitySpec,
    mapping: Option<&Mapping>,
    relation: &'a SourceRelation,
) -> Option<&'a SourceColumn> {
    match mapping.and_then(|mapping| mapping.columns.get("id")) {
        Some(given) => relation.column(given.as_deref()?),
        None => detect::fitting(spec.column("id")?, relation),
    }
}

/// The second table that a mapping names.
fn mapped_join(
    spec: &'static EntitySpec,
    mapping: &Mapping,
    mapped: &MappedJoin,
    relation: &SourceRelation,
    role: &str,
) -> Result<Joined, Error> {
    let found = catalog::relation(&mapped.schema, &mapped.name)?.ok_or_else(|| Error::RelationMissing {
        entity: spec.name,
        relation: format!("{}.{}", mapped.schema, mapped.name),
    })?;
    detect::check_relation(spec, &found, role)?;
    if let Some(other) = mapping.other_owner(&behind(&found)) {
        return Err(Error::MappedOfOther {
            entity: spec.name,
            what: "that",
            owner: other.name.clone(),
            relation: found.qualified,
        });
    }
    join::mapped(
        spec,
        mapped,
        relation,
        key_column(spec, mapping.into(), relation),
        found,
    )
}

/// The second table that is found by its names, for the columns that the entity's own lacks.
fn detected_join(
    spec: &'static EntitySpec,
    mapping: Option<&Mapping>,
    relation: &SourceRelation,
    existing: &[SourceRelation],
    shop_owner: Option<&str>,
    held: Option<&Held>,
    role: &str,
) -> Result<join::Found, Error> {
    let is_mapped =
        |column: &EntityColumn| mapping.is_some_and(|mapping| mapping.columns.contains_key(column.name));
    let lacking: Vec<&'static EntityColumn> = spec
        .columns
        .iter()
        .filter(|column| column.kind != ValueKind::Id && !is_mapped(column))
        .filter(|column| detect::fitting(column, relation).is_none())
        .collect();
    let wanted = Wanted {
        spec,
        relation,
        key: key_column(spec, mapping, relation),
        lacking: &lacking,
    };
    join::detected(
        &wanted,
        existing,
        shop_owner,
        held.and_then(|held| held.second.as_deref()),
        role,
    )
}

/// A mapped column: the name of a column if there is one of that name, else an expression. Also whose what that reads and calls is.
fn bind_expression(
    spec: &'static EntitySpec,
    column: &'static EntityColumn,
    relation: &SourceRelation,
    joined: Option<&Joined>,
    given: &str,
) -> Result<(Binding, Vec<RelationOwner>), Error> {
    let of_second = || joined?.relation.column(given);
    let own = relation.column(given);
    let (expression, sql_type, owners) = match (own, own.map_or_else(of_second, |_| None)) {
        (Some(found), _) => (
            detect::column_reference(&found.name),
            found.sql_type.clone(),
            Vec::new(),
        ),
        (None, Some(found)) => (
            detect::joined_reference(&found.name),
            found.sql_type.clone(),
            Vec::new(),
        ),
        (None, None) => {
            let what = format!("column \"{}\"", column.name);
            let (sql_type, owners) = checked_type(spec, &what, relation, joined, given)?;
            (format!("({given}\n)"), sql_type, owners)
        }
    };
    let is_joined = own.is_none() && of_second().is_some();
    if !detect::fits(column.kind, &sql_type) {
        return Err(detect::wrong_type(spec, column, relation, given, &sql_type));
    }
    let binding = Binding {
        column,
        origin: Origin::Mapped,
        expression: Some(expression),
        shown: Some(given.to_owned()),
        sql_type: Some(sql_type),
        is_joined,
        note: None,
        is_mapped_to_none: false,
    };
    Ok((binding, owners))
}

/// An error unless a filter works. Returns whose what it reads and calls is.
fn check_filter(
    spec: &'static EntitySpec,
    relation: &SourceRelation,
    joined: Option<&Joined>,
    filter: &str,
) -> Result<Vec<RelationOwner>, Error> {
    let (sql_type, owners) = checked_type(spec, "the filter", relation, joined, filter)?;
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

/// The type of a text that is one expression and works on this relation and what is joined to it, and whose what it reads and calls is.
fn checked_type(
    spec: &'static EntitySpec,
    what: &str,
    relation: &SourceRelation,
    joined: Option<&Joined>,
    expression: &str,
) -> Result<(SqlType, Vec<RelationOwner>), Error> {
    if !syntax::is_expression(expression)? {
        return Err(Error::NotAnExpression {
            entity: spec.name,
            what: what.to_owned(),
            expression: expression.to_owned(),
        });
    }
    catalog::expression_type(
        spec.entity,
        what,
        relation,
        &join::from(relation, joined),
        expression,
    )
}

/// What the status says where the shop has no column for it, or none that is mapped. An order has to say whether it is completed, in one
/// way or the other.
fn derive_from_status(source: &mut Source, relation: &SourceRelation) {
    let has_status = source
        .binding("status")
        .is_some_and(|status| status.expression.is_some());
    for binding in &mut source.bindings {
        let is_derived = match binding.column.name {
            "is_completed" => binding.origin != Origin::Mapped,
            "is_gone" | "is_in_stock" => binding.origin == Origin::Missing && !binding.is_mapped_to_none,
            _ => false,
        };
        if is_derived && has_status {
            binding.origin = Origin::Derived;
        } else if is_derived && binding.column.name == "is_completed" {
            source.problems.push(Error::ColumnMissing {
                entity: source.spec.name,
                column: "status",
                relation: relation.qualified.clone(),
                looked_for: "\"status\", and nothing is mapped to \"is_completed\"".into(),
            });
        }
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

fn parse_join(spec: &'static EntitySpec, given: Option<Value>) -> Result<Option<MappedJoin>, Error> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        relation: String,
        column: String,
        source_column: Option<String>,
    }
    let Some(given) = given else { return Ok(None) };
    let parsed: Given = serde_json::from_value(given.clone()).map_err(|_| Error::JoinNotAnObject {
        entity: spec.name,
        given: given.to_string(),
    })?;
    let (schema, name) = catalog::parse_relation_name(&parsed.relation)?;
    Ok(Some(MappedJoin {
        schema,
        name,
        column: parsed.column,
        source_column: parsed.source_column,
    }))
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
