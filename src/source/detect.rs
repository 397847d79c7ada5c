//! Finding an entity's table and columns by the names that they have in the known layouts. Pure: what the catalog
//! says comes in, what to read comes out.

use super::entity::{Entity, EntityColumn, EntitySpec, ValueKind};
use super::{Binding, Origin, RelationOwner, Source, SourceColumn, SourceRelation, SqlType};
use crate::error::Error;
use crate::sql;

/// What the views read an entity, or its second table, from until now.
pub struct Held {
    /// The relations that the adapter reads.
    pub oids: Vec<u32>,
    /// The name that it was made from, as SQL writes it.
    pub name: Option<String>,
    /// What that name means now.
    pub named: Option<u32>,
    /// The same of the second table, where the adapter reads one.
    pub second: Option<Box<Held>>,
}

impl Held {
    /// Whether the views read it, and no name has been given to something else since.
    pub(super) fn still_is(&self, relation: &SourceRelation) -> bool {
        self.oids.contains(&relation.oid) && self.named.is_none_or(|oid| self.oids.contains(&oid))
    }

    pub(super) fn was_called(&self, relation: &SourceRelation) -> bool {
        self.name.as_ref() == Some(&relation.qualified)
    }
}

/// The table of an entity, and what else might be meant.
#[derive(Debug)]
pub struct Chosen {
    pub relation: SourceRelation,
    pub others: Vec<String>,
}

/// The table of an entity among those that exist. None, without an error, where an optional entity has none.
///
/// A table wins over a view of another name: shops keep views with the old names when they rename their tables. What views read already
/// wins over whatever comes under another name.
///
/// Reading a relation can call what its owner has tied to it, and a name is no proof of who that is: it has to be somebody
/// trusted or, for a table, the owner of the shop's orders. Anything else is for a person to map, the orders first, and in nobody's way
/// where there is something trusted.
pub fn choose_relation(
    spec: &'static EntitySpec,
    existing: &[SourceRelation],
    shop_owner: Option<&str>,
    held: Option<&Held>,
) -> Result<Option<Chosen>, Error> {
    let candidates: Vec<&SourceRelation> = of_names(spec.tables, existing).collect();
    let held_one = candidates
        .iter()
        .copied()
        .find(|relation| held.is_some_and(|held| held.still_is(relation)));
    let chosen = match held_one {
        Some(relation) => Some(relation),
        None => only_candidate(spec, &candidates, shop_owner, held)?,
    };
    let Some(relation) = chosen else {
        return Ok(None);
    };
    if let Some(stranger) = stranger(relation, shop_owner) {
        return Err(Error::UntrustedSource {
            entity: spec.name,
            relation: relation.qualified.clone(),
            is_behind: stranger.is_behind,
            owner: stranger.name.clone(),
        });
    }
    let others = candidates
        .iter()
        .filter(|other| other.oid != relation.oid && (is_table(other) || !is_table(relation)))
        .map(|other| other.qualified.clone());
    Ok(Some(Chosen {
        relation: relation.clone(),
        others: others.collect(),
    }))
}

/// The relations that exist of these schemas and names, in the order of the names.
pub(super) fn of_names<'a>(
    names: &'static [(&'static str, &'static str)],
    existing: &'a [SourceRelation],
) -> impl Iterator<Item = &'a SourceRelation> {
    names.iter().filter_map(|(schema, name)| {
        existing
            .iter()
            .find(|relation| relation.schema == *schema && relation.name == *name)
    })
}

/// Somebody who keeps a relation from being read for its name alone.
pub(super) fn stranger<'a>(
    relation: &'a SourceRelation,
    shop_owner: Option<&str>,
) -> Option<&'a RelationOwner> {
    // Of tables, whatever is the shop's is trusted, also as a partition or child; what is there of others is not.
    let is_the_shops =
        |owner: &RelationOwner| relation.kind != 'v' && shop_owner == Some(owner.name.as_str());
    relation.strangers().find(|owner| !is_the_shops(owner))
}

fn is_table(relation: &SourceRelation) -> bool {
    matches!(relation.kind, 'r' | 'p')
}

fn only_candidate<'a>(
    spec: &'static EntitySpec,
    candidates: &[&'a SourceRelation],
    shop_owner: Option<&str>,
    held: Option<&Held>,
) -> Result<Option<&'a SourceRelation>, Error> {
    let preferred = |of: &[&'a SourceRelation], is_better: &dyn Fn(&SourceRelation) -> bool| {
        let better: Vec<&SourceRelation> = of.iter().copied().filter(|it| is_better(it)).collect();
        match better.is_empty() {
            true => of.to_vec(),
            false => better,
        }
    };
    let trusted = preferred(candidates, &|it| stranger(it, shop_owner).is_none());
    let tables = preferred(&trusted, &is_table);
    let found = preferred(&tables, &|it| held.is_some_and(|held| held.was_called(it)));
    match found.as_slice() {
        [relation] => Ok(Some(relation)),
        [] if spec.required => Err(Error::SourceMissing {
            entity: spec.name,
            looked_for: spec
                .tables
                .iter()
                .map(|(schema, name)| format!("{schema}.{name}"))
                .collect(),
        }),
        [] => Ok(None),
        several => Err(Error::SourceAmbiguous {
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

/// The columns of a relation that have a canonical column's names, in their order.
fn named<'a>(
    column: &'static EntityColumn,
    relation: &'a SourceRelation,
) -> impl Iterator<Item = &'a SourceColumn> {
    column.names.iter().filter_map(|name| relation.column(name))
}

/// The first column with one of a canonical column's names and a fitting type.
pub fn fitting<'a>(column: &'static EntityColumn, relation: &'a SourceRelation) -> Option<&'a SourceColumn> {
    named(column, relation).find(|found| fits(column.kind, &found.sql_type))
}

/// What a canonical column shows when nobody has mapped it: what fits in the entity's own table, or else in the second.
pub fn detect_column(
    spec: &'static EntitySpec,
    column: &'static EntityColumn,
    relation: &SourceRelation,
    joined: Option<&SourceRelation>,
) -> Result<Binding, Error> {
    let own = fitting(column, relation).map(|found| (found, column_reference(&found.name), false));
    let of_second = || {
        let found = fitting(column, joined?)?;
        Some((found, joined_reference(&found.name), true))
    };
    if let Some((found, reference, is_joined)) = own.or_else(of_second) {
        let other = joined.filter(|_| !is_joined && matches!(column.kind, ValueKind::Currency { .. }));
        let other = other.and_then(|joined| Some((joined, fitting(column, joined)?)));
        return Ok(Binding {
            column,
            origin: Origin::Detected,
            expression: Some(reference),
            shown: Some(found.name.clone()),
            sql_type: Some(found.sql_type.clone()),
            is_joined,
            note: other.map(|(joined, other)| {
                format!(
                    "amounts of {} are taken to be in this currency, too: its own column {} is not read",
                    joined.qualified,
                    sql::ident(&other.name)
                )
            }),
            is_mapped_to_none: false,
        });
    }
    let named: Vec<&SourceColumn> = named(column, relation).collect();
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
        is_joined: false,
        note,
        is_mapped_to_none: false,
    }
}

/// A source column, as adapters write it: the table's alias keeps it apart from anything else of that name.
pub fn column_reference(name: &str) -> String {
    format!("source.{}", sql::ident(name))
}

/// A column of the second table, as adapters write it.
pub fn joined_reference(name: &str) -> String {
    format!("joined.{}", sql::ident(name))
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
        // A number is no code.
        ValueKind::Currency { .. } => matches!(sql_type.category, 'S' | 'E'),
        ValueKind::Number | ValueKind::Amount | ValueKind::Units => {
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
        ValueKind::Currency { .. } => "a code in text",
        ValueKind::Number | ValueKind::Amount | ValueKind::Units => "a number",
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
pub(super) fn own_equality(sql_type: &SqlType) -> Option<String> {
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
                    tells_apart: *name == "id",
                    refers_to: Vec::new(),
                })
                .collect(),
        }
    }

    #[test]
    fn the_table_of_each_known_layout_is_found() {
        let order = Entity::Order.spec();
        for (schema, name) in [("transactions", "orders"), ("sales", "order")] {
            let found = choose_relation(order, &[relation(schema, name, 'r', &[])], None, None);
            assert_eq!(found.expect("found").expect("some").relation.schema, schema);
        }
    }

    #[test]
    fn a_table_wins_over_a_view_that_keeps_the_old_name() {
        let existing = [
            relation("transactions", "orders", 'v', &[]),
            relation("sales", "order", 'p', &[]),
        ];
        let found = choose_relation(Entity::Order.spec(), &existing, None, None)
            .expect("found")
            .expect("some");
        assert_eq!(found.relation.schema, "sales");
        assert!(found.others.is_empty());
    }

    #[test]
    fn two_tables_for_one_entity_are_for_a_person_to_choose_from() {
        let existing = [
            relation("transactions", "orders", 'r', &[]),
            relation("sales", "order", 'r', &[]),
        ];
        assert!(matches!(
            choose_relation(Entity::Order.spec(), &existing, None, None),
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
        let found =
            |kind, shop_owner| choose_relation(Entity::Size.spec(), &[sizes(kind)], Some(shop_owner), None);
        assert!(matches!(found('r', "shop"), Err(Error::UntrustedSource { .. })));
        assert!(matches!(found('r', "stranger"), Ok(Some(_))));
        assert!(matches!(
            found('v', "stranger"),
            Err(Error::UntrustedSource { .. })
        ));
    }

    #[test]
    fn a_part_of_a_strangers_makes_a_table_of_the_shops_one_to_map() {
        let owned = |name: &str, is_behind| RelationOwner {
            name: name.into(),
            is_behind,
            ..owned_by_a_stranger().remove(0)
        };
        let sizes = |owners| SourceRelation {
            owner: "shop".into(),
            owners,
            ..relation("core", "sizes", 'p', &[])
        };
        let found = |owners| {
            choose_relation(Entity::Size.spec(), &[sizes(owners)], Some("shop"), None)
                .map(|found| found.is_some())
        };
        assert!(matches!(
            found(vec![owned("shop", false), owned("shop", true)]),
            Ok(true)
        ));
        assert!(matches!(
            found(vec![owned("shop", false), owned("stranger", true)]),
            Err(Error::UntrustedSource { is_behind: true, owner, .. }) if owner == "stranger"
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
            choose_relation(Entity::Order.spec(), &[orders], None, None),
            Err(Error::UntrustedSource { .. })
        ));
    }

    /// A table of somebody's whom nobody trusts.
    fn strangers(schema: &str, name: &str) -> SourceRelation {
        SourceRelation {
            owner: "stranger".into(),
            owners: owned_by_a_stranger(),
            ..table(schema, name, 666)
        }
    }

    fn table(schema: &str, name: &str, oid: u32) -> SourceRelation {
        SourceRelation {
            oid,
            ..relation(schema, name, 'r', &[])
        }
    }

    /// What is chosen for the orders, and what else there is.
    fn chosen(existing: &[SourceRelation], held: Option<&Held>) -> Result<(String, Vec<String>), Error> {
        let chosen = choose_relation(Entity::Order.spec(), existing, None, held)?.expect("some");
        Ok((chosen.relation.qualified, chosen.others))
    }

    #[test]
    fn what_a_stranger_owns_is_not_in_the_way_of_what_is_trusted() {
        let (orders, order) = ("transactions.orders", "sales.order");
        let beside = [table("transactions", "orders", 1), strangers("sales", "order")];
        assert_eq!(
            chosen(&beside, None).expect("one"),
            (orders.into(), vec![order.into()])
        );
        // Not even if the trusted one is a view.
        let beside = [
            strangers("transactions", "orders"),
            relation("sales", "order", 'v', &[]),
        ];
        assert_eq!(chosen(&beside, None).expect("one").0, order);
        let two = [strangers("transactions", "orders"), strangers("sales", "order")];
        assert!(matches!(chosen(&two, None), Err(Error::SourceAmbiguous { .. })));
    }

    #[test]
    fn what_the_views_read_wins_over_what_comes_under_another_name() {
        let held = |oid, named| Held {
            oids: vec![oid],
            name: Some("transactions.orders".into()),
            named,
            second: None,
        };
        let (orders, order) = ("transactions.orders".to_owned(), "sales.order".to_owned());
        let both = [table("transactions", "orders", 1), table("sales", "order", 2)];
        let read_on = (orders.clone(), vec![order.clone()]);
        assert_eq!(chosen(&both, Some(&held(1, Some(1)))).expect("read on"), read_on);
        // Another table under the name that they were made from.
        assert_eq!(chosen(&both, Some(&held(7, Some(1)))).expect("followed"), read_on);
        // The name is gone, and another one of the known ones is that of the same table.
        let moved = [table("sales", "order", 2)];
        assert_eq!(chosen(&moved, Some(&held(2, None))).expect("read on").0, order);
        // Their table has got the other name, and another table has got theirs: the name says what is meant.
        assert_eq!(
            chosen(&both, Some(&held(2, Some(1)))).expect("followed").0,
            orders
        );
        // Who is not trusted any more is not left for another, whom somebody could have waited for.
        let given_away = [strangers("transactions", "orders"), table("sales", "order", 2)];
        assert!(matches!(
            chosen(&given_away, Some(&held(666, Some(666)))),
            Err(Error::UntrustedSource { .. })
        ));
        // A stranger's under the name that they were made from.
        assert_eq!(
            chosen(&given_away, Some(&held(7, Some(666))))
                .expect("followed")
                .0,
            order
        );
    }

    #[test]
    fn only_required_entities_are_missed() {
        assert!(matches!(
            choose_relation(Entity::Order.spec(), &[], None, None),
            Err(Error::SourceMissing { .. })
        ));
        assert!(matches!(
            choose_relation(Entity::Brand.spec(), &[], None, None),
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
        let binding = detect_column(supplier, name, &profile, None).expect("found");
        assert_eq!(binding.expression.as_deref(), Some(r#"source."name""#));
    }

    #[test]
    fn an_optional_column_of_another_type_is_missing_with_a_note() {
        let supplier = Entity::Supplier.spec();
        let rating = supplier.column("rating").expect("a column");
        let profile = relation("supplier", "profile", 'r', &[("rating", "text", 'S')]);
        let binding = detect_column(supplier, rating, &profile, None).expect("missing");
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
            detect_column(order, gross_sale, &without, None),
            Err(Error::ColumnMissing { .. })
        ));
        assert!(matches!(
            detect_column(order, gross_sale, &text, None),
            Err(Error::WrongType { .. })
        ));
    }
}
