//! Adapters: plain views in `metabase_internal`, one an entity, that show a shop's tables with canonical columns.
//!
//! PostgreSQL inlines them, so they cost nothing when they are read.

use super::entity::{Entity, EntityColumn, ValueKind};
use super::{Binding, Origin, Source, Sources, SqlType, conversion, detect, join};
use crate::settings::Settings;
use crate::sql;

/// An entity's adapter, as it stands behind CREATE or CREATE OR REPLACE.
pub fn view(sources: &Sources, source: &Source, settings: &Settings) -> String {
    view_in("metabase_internal", sources, source, settings)
}

/// The same in another schema.
pub fn view_in(schema: &str, sources: &Sources, source: &Source, settings: &Settings) -> String {
    let name = sql::qualified(schema, source.spec.adapter);
    let link = link(source);
    let rows = keyed_rows(sources, source, settings, link.clone());
    let shown = match source.day_of_rates() {
        Some(day) => conversion::converted(&rows, source.spec, link.map(|_| LINK), day, settings),
        None => rows,
    };
    format!("VIEW {name} AS\n{shown}")
}

/// The rows that it shows, their amounts as the shop has them: of all that share a key, one.
fn keyed_rows(sources: &Sources, source: &Source, settings: &Settings, link: Option<String>) -> String {
    let rows = body(sources, source, settings, None, link);
    if source.relation.is_none() || source.unique_key || source.spec.entity == Entity::Order {
        return rows;
    }
    // Nothing says that the key is unique, and a key that stands twice would count each of its orders twice: the first row
    // in the order of all columns stands for it.
    let names: Vec<String> = source
        .bindings
        .iter()
        .map(|binding| sql::ident(binding.column.name))
        .collect();
    format!(
        "SELECT DISTINCT ON (\"id\") *\nFROM (\n{rows}\n) AS entity\nWHERE \"id\" IS NOT NULL\nORDER BY {}",
        names.join(", ")
    )
}

/// The rows that an entity's adapter chooses from, one a row of the table: also those without a key, and all that share one. Their amounts are
/// as the shop has them. `condition` says over the table's columns, as `source`, which of them.
pub fn rows(sources: &Sources, source: &Source, settings: &Settings, condition: Option<&str>) -> String {
    body(sources, source, settings, condition, None)
}

/// The column that an adapter shows besides, where the entity's own table has the key of a second one: that key, by which the rows are
/// found that a changed row of the second table completes.
pub const LINK: &str = "joined_key";

fn link(source: &Source) -> Option<String> {
    let joined = source.joined.as_ref().filter(|joined| joined.is_link())?;
    let column = &joined.source_column;
    let key = key(&detect::column_reference(&column.name), &column.sql_type);
    Some(format!("    {key} AS {}", sql::ident(LINK)))
}

/// The rows, with one column more than the canonical ones if there is one.
fn body(
    sources: &Sources,
    source: &Source,
    settings: &Settings,
    condition: Option<&str>,
    besides: Option<String>,
) -> String {
    let columns: Vec<String> = source
        .bindings
        .iter()
        .map(|binding| {
            format!(
                "    {} AS {}",
                shown(sources, source, binding, settings),
                sql::ident(binding.column.name)
            )
        })
        .chain(besides)
        .collect();
    let columns = columns.join(",\n");
    let Some(relation) = &source.relation else {
        return format!("SELECT\n{columns}\nWHERE false");
    };
    let conditions: Vec<String> = source
        .filter
        .as_deref()
        .into_iter()
        .chain(condition)
        .map(|condition| format!("(\n{condition}\n)"))
        .collect();
    let condition = match conditions.is_empty() {
        true => String::new(),
        false => format!("\nWHERE {}", conditions.join(" AND ")),
    };
    format!(
        "SELECT\n{columns}\nFROM {}{condition}",
        join::from(relation, source.joined.as_ref())
    )
}

/// What the comment on an adapter says to whoever looks for what is in the way of an ALTER: PostgreSQL's error names the adapter.
const MIGRATION: &str = "To alter the table that it reads: SELECT metabase.before_migration(); before and SELECT * FROM \
                         metabase.after_migration(); after that.";

/// The COMMENT statements of an entity's adapter.
pub fn comment_statements(source: &Source) -> String {
    let name = sql::qualified("metabase_internal", source.spec.adapter);
    let mut statements = format!(
        "COMMENT ON VIEW {name} IS {};\n",
        sql::literal(&format!("{} {MIGRATION}", source.spec.comment))
    );
    for EntityColumn {
        name: column,
        comment,
        ..
    } in source.spec.columns
    {
        statements += &format!(
            "COMMENT ON COLUMN {name}.{} IS {};\n",
            sql::ident(column),
            sql::literal(comment)
        );
    }
    if let Some(joined) = source.joined.as_ref().filter(|joined| joined.is_link()) {
        statements += &format!(
            "COMMENT ON COLUMN {name}.{} IS {};\n",
            sql::ident(LINK),
            sql::literal(&format!(
                "Key of the row of {} that completes it.",
                joined.relation.qualified
            ))
        );
    }
    statements
}

/// One canonical column as SQL, in its canonical type.
fn shown(sources: &Sources, source: &Source, binding: &Binding, settings: &Settings) -> String {
    if binding.origin == Origin::Derived {
        return derived(source, binding.column, settings);
    }
    match (&binding.expression, &binding.sql_type) {
        (Some(expression), Some(sql_type)) => {
            let shown = cast(binding.column.kind, expression, sql_type, settings);
            match binding.column.name {
                // What a row does not say, its status may.
                "is_in_stock" => format!("coalesce({shown}, {})", derived(source, binding.column, settings)),
                _ => shown,
            }
        }
        _ if binding.column.kind == ValueKind::Units => "1".into(),
        _ => format!(
            "NULL::{}",
            type_when_missing(sources, source, binding.column.kind)
        ),
    }
}

/// An expression in the canonical type of its kind.
fn cast(kind: ValueKind, expression: &str, sql_type: &SqlType, settings: &Settings) -> String {
    match (kind, sql_type.base.as_str()) {
        (ValueKind::Id | ValueKind::Reference(_), _) => key(expression, sql_type),
        (ValueKind::Text, _) => collated(&spelled(expression, sql_type), "\"default\""),
        (ValueKind::Units, _) => units(expression),
        (ValueKind::Currency { .. }, _) => collated(
            &conversion::code(&spelled(expression, sql_type), settings),
            "\"default\"",
        ),
        (ValueKind::Number | ValueKind::Amount, _) => format!("{expression}::numeric"),
        (ValueKind::Flag, _) => format!("{expression}::boolean"),
        (ValueKind::Time, "timestamp with time zone") => in_range(expression, "timestamptz", "timestamptz"),
        // A clock on the shop's wall: it is read in the shop's zone, whatever zone the session has.
        (ValueKind::Time, base) => {
            let own_type = if base == "date" { "date" } else { "timestamp" };
            let zone = sql::literal(&settings.time_zone);
            in_range(expression, own_type, &format!("timestamp AT TIME ZONE {zone}"))
        }
    }
}

/// A number of units: whole, from 0 to the most that an integer holds. One unit, where the shop does not say how many or says what is
/// no number of things, NaN or infinity; half a unit is none.
fn units(expression: &str) -> String {
    format!(
        "greatest(0, least({}, floor(coalesce(nullif(nullif({expression}::numeric, 'NaN'), 'Infinity'), 1))))::integer",
        i32::MAX
    )
}

/// A key in the type that it has in an adapter.
fn key(expression: &str, sql_type: &SqlType) -> String {
    match key_type(sql_type) {
        "text" => collated(&spelled(expression, sql_type), "\"default\""),
        other => format!("{expression}::{other}"),
    }
}

/// An expression as text.
fn spelled(expression: &str, sql_type: &SqlType) -> String {
    match sql_type.category {
        // By its own output function, which knows no domain over it: what a cast does, the owner of the type can say.
        'E' if sql_type.name != sql_type.base => {
            format!(
                "pg_catalog.textin(pg_catalog.enum_out({expression}::{}))",
                sql_type.base
            )
        }
        'E' => format!("pg_catalog.textin(pg_catalog.enum_out({expression}))"),
        _ => format!("{expression}::text"),
    }
}

/// A text in a collation. The shop's may differ from column to column, and texts of two collations can neither be compared nor be
/// shown in one column.
fn collated(text: &str, collation: &str) -> String {
    format!("{text} COLLATE {collation}")
}

/// A point in time that calendars can work with. "infinity" is none, and no zone has the first year of timestamps or the
/// last. Whether it is one is asked in its own type: dates go on for millions of years.
fn in_range(expression: &str, own_type: &str, shown_as: &str) -> String {
    format!(
        "CASE WHEN {expression}::{own_type} >= '4712-01-01 00:00:00+00 BC' AND {expression}::{own_type} < '294276-01-01 \
         00:00:00+00' THEN {expression}::{shown_as} END"
    )
}

/// The type that a key of this type has in an adapter: itself, without a modifier or domain.
fn key_type(sql_type: &SqlType) -> &str {
    match sql_type.category {
        'S' => "text",
        _ => &sql_type.base,
    }
}

/// The type of a column that the shop does not have. A key has the type of the other side, if there is one.
fn type_when_missing(sources: &Sources, source: &Source, kind: ValueKind) -> String {
    let target = match kind {
        ValueKind::Text | ValueKind::Currency { .. } => return "text".into(),
        ValueKind::Number | ValueKind::Amount => return "numeric".into(),
        ValueKind::Units => return "integer".into(),
        ValueKind::Flag => return "boolean".into(),
        ValueKind::Time => return "timestamptz".into(),
        ValueKind::Id => source.spec.entity,
        ValueKind::Reference(target) => target,
    };
    let by_key = sources.of(target).type_of("id");
    let by_reference = || {
        sources
            .0
            .iter()
            .flat_map(|source| &source.bindings)
            .filter(|binding| binding.column.kind == ValueKind::Reference(target))
            .find_map(|binding| binding.sql_type.as_ref())
    };
    by_key
        .or_else(by_reference)
        .or_else(|| sources.of(Entity::Order).type_of("id"))
        .map_or("text", key_type)
        .to_owned()
}

/// What the status says in the place of a column that the shop does not have.
pub fn derived(source: &Source, column: &EntityColumn, settings: &Settings) -> String {
    match column.name {
        "is_completed" => status_is_one_of(source, &settings.completed_statuses, settings),
        "is_gone" => status_is_one_of(source, &settings.gone_statuses, settings),
        // What is not gone by its status may still have been sold.
        _ => format!(
            "CASE WHEN {} THEN false END",
            status_is_one_of(source, &settings.gone_statuses, settings)
        ),
    }
}

/// Whether the status of an order or a stock item is one of these.
fn status_is_one_of(source: &Source, statuses: &[String], settings: &Settings) -> String {
    if statuses.is_empty() {
        return "false".into();
    }
    let status = source.binding("status");
    let status =
        status.and_then(|binding| Some((binding.expression.as_deref()?, binding.sql_type.as_ref()?)));
    let status = status.map_or_else(
        || "NULL::text".to_owned(),
        |(expression, sql_type)| spelled(expression, sql_type),
    );
    let set: Vec<String> = statuses.iter().map(|status| sql::literal(status)).collect();
    let set_without_case: Vec<String> = set
        .iter()
        .map(|status| without_case(status, settings.letters))
        .collect();
    // A status that is written as it was set, as most are, costs no look at its letters.
    format!(
        "{} IN ({}) OR {} IN ({})",
        collated(&status, "pg_catalog.\"C\""),
        set.join(", "),
        without_case(&status, settings.letters),
        set_without_case.join(", ")
    )
}

/// A text as it is compared where upper and lower case are the same. The server does that to both sides, in a collation of its own:
/// the database's may know no letters but A to Z, or those of one language.
///
/// Into lower case and back, since not all letters have both: STRASSE is Straße. A Turkish I is an I, with or without its dot.
fn without_case(text: &str, letters: &str) -> String {
    format!("upper(lower(replace({}, 'İ', 'I')))", collated(text, letters))
}

#[cfg(test)]
mod tests {
    use super::super::entity::ENTITIES;
    use super::super::{SourceColumn, SourceRelation};
    use super::*;

    fn sql_type(base: &str, category: char) -> SqlType {
        SqlType {
            name: base.into(),
            base: base.into(),
            category,
            is_deterministic: true,
        }
    }

    /// A shop that has nothing but the entities that are set afterwards.
    fn empty_shop() -> Sources {
        Sources(
            ENTITIES
                .iter()
                .map(|spec| Source {
                    spec,
                    relation: None,
                    others: Vec::new(),
                    joined: None,
                    is_join_sought: true,
                    undecided: None,
                    bindings: spec
                        .columns
                        .iter()
                        .map(|column| detect::missing(column, None))
                        .collect(),
                    filter: None,
                    is_mapped_to_none: false,
                    unique_key: false,
                    behind: Vec::new(),
                    problems: Vec::new(),
                })
                .collect(),
        )
    }

    fn set(sources: &mut Sources, entity: Entity, columns: &[(&str, &str, char)], unique_key: bool) {
        let columns: Vec<SourceColumn> = columns
            .iter()
            .map(|(name, base, category)| SourceColumn {
                name: (*name).into(),
                number: 1,
                sql_type: sql_type(base, *category),
                unique: *name == "id",
                tells_apart: *name == "id",
                refers_to: Vec::new(),
            })
            .collect();
        let source = &mut sources.0[entity as usize];
        for binding in &mut source.bindings {
            if let Some(found) = columns.iter().find(|column| column.name == binding.column.name) {
                binding.origin = Origin::Detected;
                binding.expression = Some(detect::column_reference(&found.name));
                binding.sql_type = Some(found.sql_type.clone());
            }
        }
        source.relation = Some(SourceRelation {
            schema: "shop".into(),
            name: r#"we"ird; drop"#.into(),
            qualified: r#"shop."we""ird; drop""#.into(),
            kind: 'r',
            oid: 1,
            owner: "shop".into(),
            owner_oid: 2,
            owners: Vec::new(),
            readable: true,
            columns,
        });
        source.unique_key = unique_key;
    }

    #[test]
    fn names_are_quoted_and_types_are_canonical() {
        let mut shop = empty_shop();
        set(
            &mut shop,
            Entity::Category,
            &[("id", "uuid", 'U'), ("name", "character varying", 'S')],
            true,
        );
        assert_eq!(
            view(&shop, shop.of(Entity::Category), &Settings::in_berlin()),
            "VIEW \"metabase_internal\".\"categories\" AS\n\
             SELECT\n    source.\"id\"::uuid AS \"id\",\n    source.\"name\"::text COLLATE \"default\" AS \"name\"\n\
             FROM shop.\"we\"\"ird; drop\" AS source"
        );
    }

    #[test]
    fn an_absent_entity_is_an_empty_view_whose_key_has_the_type_of_what_refers_to_it() {
        let mut shop = empty_shop();
        set(
            &mut shop,
            Entity::Product,
            &[("id", "uuid", 'U'), ("brand_id", "bigint", 'N')],
            true,
        );
        let view = view(&shop, shop.of(Entity::Brand), &Settings::in_berlin());
        assert!(view.contains("NULL::bigint AS \"id\""), "{view}");
        assert!(view.ends_with("WHERE false"), "{view}");
    }

    #[test]
    fn a_label_whose_key_may_stand_twice_is_shown_once() {
        let mut shop = empty_shop();
        set(
            &mut shop,
            Entity::Brand,
            &[("id", "text", 'S'), ("name", "text", 'S')],
            false,
        );
        let view = view(&shop, shop.of(Entity::Brand), &Settings::in_berlin());
        assert!(view.contains("DISTINCT ON (\"id\")"), "{view}");
    }

    #[test]
    fn times_without_a_zone_are_read_in_the_shops_zone() {
        let settings = Settings::in_berlin();
        let at = |base| cast(ValueKind::Time, "source.x", &sql_type(base, 'D'), &settings);
        assert!(at("date").ends_with("THEN source.x::timestamp AT TIME ZONE 'Europe/Berlin' END"));
        assert!(at("timestamp with time zone").ends_with("THEN source.x::timestamptz END"));
    }
}
