//! Finding an entity's table and columns by the names that they have in the known layouts. Pure: what the catalog
//! says comes in, what to read comes out.

use super::entity::{Entity, EntityColumn, EntitySpec, ValueKind};
use super::{Binding, Origin, Source, SourceColumn, SourceRelation, SqlType};
use crate::error::Error;
use crate::sql;

/// The table of an entity among those that exist. None, without an error, where an optional entity has none.
///
/// A table wins over a view of another name: shops keep views with the old names when they rename their tables.
///
/// Reading a relation can call what its owner has tied to it, and a name is no proof of who that is: it has to be somebody
/// trusted or, for a table, the owner of the shop's orders. Anything else is for a person to map, the orders first.
pub fn choose_relation(
    spec: &'static EntitySpec,
    existing: &[SourceRelation],
    shop_owner: Option<&str>,
) -> Result<Option<SourceRelation>, Error> {
    let Some(relation) = only_candidate(spec, existing)? else {
        return Ok(None);
    };
    let is_the_shops = relation.kind != 'v' && shop_owner == Some(relation.owner.as_str());
    if let Some(stranger) = relation.strangers().next().filter(|_| !is_the_shops) {
        return Err(Error::UntrustedSource {
            entity: spec.name,
            relation: relation.qualified.clone(),
            is_behind: stranger.is_behind,
            owner: stranger.name.clone(),
        });
    }
    Ok(Some(relation))
}

fn only_candidate(
    spec: &'static EntitySpec,
    existing: &[SourceRelation],
) -> Result<Option<SourceRelation>, Error> {
    let candidates: Vec<&SourceRelation> = spec
        .tables
        .iter()
        .filter_map(|(schema, name)| {
            existing
                .iter()
                .find(|relation| relation.schema == *schema && relation.name == *name)
        })
        .collect();
    let tables: Vec<&SourceRelation> = candidates
        .iter()
        .copied()
        .filter(|relation| matches!(relation.kind, 'r' | 'p'))
        .collect();
    match (tables.as_slice(), candidates.as_slice()) {
        ([table], _) => Ok(Some((*table).clone())),
        ([], [relation]) => Ok(Some((*relation).clone())),
        ([], []) if spec.required => Err(Error::SourceMissing {
            entity: spec.name,
            looked_for: spec
                .tables
                .iter()
                .map(|(schema, name)| format!("{schema}.{name}"))
                .collect(),
        }),
        ([], []) => Ok(None),
        ([], several) | (several, _) => Err(Error::SourceAmbiguous {
            entity: spec.name,
            found: several
                .iter()
                .map(|relation| relation.qualified.clone())
                .collect(),
        }),
    }
}

/// Whether the current role can read an entity from this relation at all.
pub fn check_relation(spec: &'static EntitySpec, relation: &SourceRelation, role: &str) -> Result<(), Error> {
    let kind = match relation.kind {
        'r' | 'p' | 'v' | 'm' | 'f' => None,
        'i' | 'I' => Some("an index"),
        'S' => Some("a sequence"),
        'c' => Some("a composite type"),
        _ => Some("no table"),
    };
    if let Some(kind) = kind {
        return Err(Error::RelationKind {
            entity: spec.name,
            relation: relation.qualified.clone(),
            kind,
        });
    }
    if !relation.readable {
        return Err(Error::SourcePrivilege {
            entity: spec.name,
            relation: relation.qualified.clone(),
            schema: sql::ident(&relation.schema),
            role: role.to_owned(),
        });
    }
    Ok(())
}

/// What a canonical column shows when nobody has mapped it: the first column with one of its names and a fitting type.
pub fn detect_column(
    spec: &'static EntitySpec,
    column: &'static EntityColumn,
    relation: &SourceRelation,
) -> Result<Binding, Error> {
    let named: Vec<&SourceColumn> = column
        .names
        .iter()
        .filter_map(|name| relation.column(name))
        .collect();
    if let Some(found) = named.iter().find(|found| fits(column.kind, &found.sql_type)) {
        return Ok(Binding {
            column,
            origin: Origin::Detected,
            expression: Some(column_reference(&found.name)),
            shown: Some(found.name.clone()),
            sql_type: Some(found.sql_type.clone()),
            note: None,
            is_mapped_to_none: false,
        });
    }
    match named.first() {
        Some(found) if column.required => Err(wrong_type(
            spec,
            column,
            relation,
            &sql::ident(&found.name),
            &found.sql_type,
        )),
        Some(found) => Ok(missing(
            column,
            Some(format!(
                "{} is {}, not {}",
                sql::ident(&found.name),
                found.sql_type.name,
                wanted(column.kind)
            )),
        )),
        None if column.required => Err(Error::ColumnMissing {
            entity: spec.name,
            column: column.name,
            relation: relation.qualified.clone(),
            looked_for: column
                .names
                .iter()
                .map(|name| sql::ident(name))
                .collect::<Vec<_>>()
                .join(" or "),
        }),
        None => Ok(missing(column, None)),
    }
}

/// A canonical column that the shop does not have.
pub fn missing(column: &'static EntityColumn, note: Option<String>) -> Binding {
    Binding {
        column,
        origin: Origin::Missing,
        expression: None,
        shown: None,
        sql_type: None,
        note,
        is_mapped_to_none: false,
    }
}

/// A source column, as adapters write it: the table's alias keeps it apart from anything else of that name.
pub fn column_reference(name: &str) -> String {
    format!("source.{}", sql::ident(name))
}

/// Whether values of this type can be shown as a column of this kind.
pub fn fits(kind: ValueKind, sql_type: &SqlType) -> bool {
    let base = sql_type.base.as_str();
    match kind {
        ValueKind::Id | ValueKind::Reference(_) => {
            base == "uuid" || matches!(base, "smallint" | "integer" | "bigint") || sql_type.category == 'S'
        }
        // Dates, arrays and JSON have more than one spelling as text; they are for the shop to spell.
        ValueKind::Text => matches!(sql_type.category, 'S' | 'N' | 'E' | 'B') || base == "uuid",
        ValueKind::Number => {
            sql_type.category == 'N' && !base.starts_with("reg") && base != "oid" && base != "money"
        }
        ValueKind::Flag => base == "boolean",
        ValueKind::Time => {
            matches!(
                base,
                "timestamp with time zone" | "timestamp without time zone" | "date"
            )
        }
    }
}

/// What a kind of column wants, in words.
pub fn wanted(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Id | ValueKind::Reference(_) => "a uuid, an integer or text",
        ValueKind::Text => "text",
        ValueKind::Number => "a number",
        ValueKind::Flag => "boolean",
        ValueKind::Time => "a timestamp or a date",
    }
}

pub fn wrong_type(
    spec: &'static EntitySpec,
    column: &'static EntityColumn,
    relation: &SourceRelation,
    expression: &str,
    found: &SqlType,
) -> Error {
    Error::WrongType {
        entity: spec.name,
        column: column.name,
        relation: relation.qualified.clone(),
        expression: expression.to_owned(),
        found: found.name.clone(),
        wanted: wanted(column.kind),
    }
}

/// What keys of this type take for equal besides what is the same, in words. Views compare keys as they are shown, by their bytes.
fn own_equality(sql_type: &SqlType) -> Option<String> {
    let is_built_in = matches!(
        sql_type.base.as_str(),
        "text" | "character varying" | "character" | "name"
    );
    match sql_type.category {
        'S' if !sql_type.is_deterministic => {
            Some(format!("{} in a nondeterministic collation", sql_type.name))
        }
        'S' if !is_built_in => Some(sql_type.name.clone()),
        _ => None,
    }
}

/// The keys and references of a source that the shop may take for equal to others that they would not be joined with. The key of an
/// order is none of them: nothing refers to it.
pub fn check_keys(source: &Source) -> Vec<Error> {
    source
        .bindings
        .iter()
        .filter_map(|binding| {
            let is_joined = match binding.column.kind {
                ValueKind::Id => source.spec.entity != Entity::Order,
                ValueKind::Reference(_) => true,
                _ => false,
            };
            let found = binding.sql_type.as_ref().filter(|_| is_joined)?;
            Some(Error::KeyEquality {
                entity: source.spec.name,
                column: binding.column.name,
                found: own_equality(found)?,
                relation: source.relation.as_ref()?.qualified.clone(),
                expression: binding.expression.clone()?,
            })
        })
        .collect()
}

/// Whether values of the two types can be compared with `=` as they are.
pub fn comparable(left: &SqlType, right: &SqlType) -> bool {
    let class = |sql_type: &SqlType| match (sql_type.base.as_str(), sql_type.category) {
        ("smallint" | "integer" | "bigint", _) => "integer".to_owned(),
        (_, 'S') => "text".to_owned(),
        (base, _) => base.to_owned(),
    };
    class(left) == class(right)
}

/// The references of a source whose type is not that of the key that they refer to.
pub fn check_references(source: &Source, key_type: impl Fn(Entity) -> Option<SqlType>) -> Vec<Error> {
    source
        .bindings
        .iter()
        .filter_map(|binding| {
            let ValueKind::Reference(target) = binding.column.kind else {
                return None;
            };
            let (found, wanted) = (binding.sql_type.as_ref()?, key_type(target)?);
            (!comparable(found, &wanted)).then(|| Error::ReferenceType {
                entity: source.spec.name,
                column: binding.column.name,
                found: found.name.clone(),
                target: target.name(),
                wanted: wanted.name,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::RelationOwner;
    use super::*;

    fn sql_type(base: &str, category: char) -> SqlType {
        SqlType {
            name: base.into(),
            base: base.into(),
            category,
            is_deterministic: true,
        }
    }

    fn relation(schema: &str, name: &str, kind: char, columns: &[(&str, &str, char)]) -> SourceRelation {
        SourceRelation {
            schema: schema.into(),
            name: name.into(),
            qualified: format!("{schema}.{name}"),
            kind,
            oid: 1,
            owner: "shop".into(),
            owner_oid: 2,
            owners: Vec::new(),
            readable: true,
            columns: columns
                .iter()
                .map(|(name, base, category)| SourceColumn {
                    name: (*name).into(),
                    number: 1,
                    sql_type: sql_type(base, *category),
                    unique: *name == "id",
                })
                .collect(),
        }
    }

    #[test]
    fn the_table_of_each_known_layout_is_found() {
        let order = Entity::Order.spec();
        for (schema, name) in [("transactions", "orders"), ("sales", "order")] {
            let found = choose_relation(order, &[relation(schema, name, 'r', &[])], None);
            assert_eq!(found.expect("found").expect("some").schema, schema);
        }
    }

    #[test]
    fn a_table_wins_over_a_view_that_keeps_the_old_name() {
        let existing = [
            relation("transactions", "orders", 'v', &[]),
            relation("sales", "order", 'p', &[]),
        ];
        let found = choose_relation(Entity::Order.spec(), &existing, None);
        assert_eq!(found.expect("found").expect("some").schema, "sales");
    }

    #[test]
    fn two_tables_for_one_entity_are_for_a_person_to_choose_from() {
        let existing = [
            relation("transactions", "orders", 'r', &[]),
            relation("sales", "order", 'r', &[]),
        ];
        assert!(matches!(
            choose_relation(Entity::Order.spec(), &existing, None),
            Err(Error::SourceAmbiguous { .. })
        ));
    }

    fn owned_by_a_stranger() -> Vec<RelationOwner> {
        vec![RelationOwner {
            name: "stranger".into(),
            oid: 20000,
            is_behind: false,
            is_stranger: true,
        }]
    }

    #[test]
    fn what_a_stranger_owns_is_for_a_person_to_map() {
        let sizes = |kind| SourceRelation {
            owner: "stranger".into(),
            owners: owned_by_a_stranger(),
            ..relation("core", "sizes", kind, &[])
        };
        let found = |kind, shop_owner| choose_relation(Entity::Size.spec(), &[sizes(kind)], Some(shop_owner));
        assert!(matches!(found('r', "shop"), Err(Error::UntrustedSource { .. })));
        assert!(matches!(found('r', "stranger"), Ok(Some(_))));
        assert!(matches!(
            found('v', "stranger"),
            Err(Error::UntrustedSource { .. })
        ));
    }

    #[test]
    fn orders_are_not_trusted_for_their_name_either() {
        let orders = SourceRelation {
            owner: "stranger".into(),
            owners: owned_by_a_stranger(),
            ..relation("sales", "order", 'r', &[])
        };
        assert!(matches!(
            choose_relation(Entity::Order.spec(), &[orders], None),
            Err(Error::UntrustedSource { .. })
        ));
    }

    #[test]
    fn only_required_entities_are_missed() {
        assert!(matches!(
            choose_relation(Entity::Order.spec(), &[], None),
            Err(Error::SourceMissing { .. })
        ));
        assert!(matches!(
            choose_relation(Entity::Brand.spec(), &[], None),
            Ok(None)
        ));
    }

    #[test]
    fn the_first_known_name_wins() {
        let supplier = Entity::Supplier.spec();
        let name = supplier.column("name").expect("a column");
        let profile = relation(
            "supplier",
            "profile",
            'r',
            &[("display_name", "text", 'S'), ("name", "text", 'S')],
        );
        let binding = detect_column(supplier, name, &profile).expect("found");
        assert_eq!(binding.expression.as_deref(), Some(r#"source."name""#));
    }

    #[test]
    fn an_optional_column_of_another_type_is_missing_with_a_note() {
        let supplier = Entity::Supplier.spec();
        let rating = supplier.column("rating").expect("a column");
        let profile = relation("supplier", "profile", 'r', &[("rating", "text", 'S')]);
        let binding = detect_column(supplier, rating, &profile).expect("missing");
        assert_eq!(binding.origin, Origin::Missing);
        assert_eq!(binding.note.as_deref(), Some(r#""rating" is text, not a number"#));
    }

    #[test]
    fn a_required_column_is_an_error_when_missing_or_of_another_type() {
        let order = Entity::Order.spec();
        let gross_sale = order.column("gross_sale").expect("a column");
        let without = relation("shop", "orders", 'r', &[]);
        let text = relation("shop", "orders", 'r', &[("gross_sale", "text", 'S')]);
        assert!(matches!(
            detect_column(order, gross_sale, &without),
            Err(Error::ColumnMissing { .. })
        ));
        assert!(matches!(
            detect_column(order, gross_sale, &text),
            Err(Error::WrongType { .. })
        ));
    }
}
