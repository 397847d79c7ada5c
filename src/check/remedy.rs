//! What to do about a finding, ready to be run.

use std::collections::BTreeMap;

use super::shop::Shop;
use crate::source::adapter;
use crate::source::detect;
use crate::source::entity::Entity;
use crate::source::{Origin, Source};
use crate::sql;

/// Settings and mappings take effect when views are created.
const CREATE: &str = "SELECT * FROM metabase.create_all_views(drop_existing => true);";

/// How long a status is that is put into a call.
const LONGEST_STATUS: usize = 200;

/// Has orders with a status count.
pub fn count_status(shop: &Shop, status: &str) -> String {
    if status.chars().count() > LONGEST_STATUS {
        return "Have what writes the orders give them a shorter status, or map is_completed.".to_owned();
    }
    let orders = shop.sources().of(Entity::Order);
    let is_mapped = orders
        .binding("is_completed")
        .is_some_and(|binding| binding.origin == Origin::Mapped);
    // The setting is a list of words between commas.
    if !is_mapped && !status.contains(',') && status.trim() == status {
        let mut statuses = shop.settings.completed_statuses.clone();
        statuses.push(status.to_owned());
        return format!(
            "SELECT metabase.set_setting('completed_statuses', {}); {CREATE}",
            sql::literal(&statuses.join(", "))
        );
    }
    let counted = match orders.binding("is_completed") {
        Some(binding) if is_mapped => binding.expression.clone(),
        _ => Some(adapter::completed_by_status(orders, &shop.settings)),
    };
    let shown = orders
        .binding("status")
        .and_then(|binding| binding.expression.clone());
    match (counted, shown) {
        (Some(counted), Some(shown)) => map_column(
            shop,
            orders,
            "is_completed",
            &format!(
                "coalesce({counted}, false) OR coalesce({shown}::text = {}, false)",
                sql::literal(status)
            ),
        ),
        _ => "Map is_completed.".to_owned(),
    }
}

/// Maps one column of an entity, and leaves the others as they are.
pub fn map_column(shop: &Shop, source: &Source, column: &str, expression: &str) -> String {
    format!("{} {CREATE}", map_call(shop, source, column, expression))
}

/// The same where another entity, which the shop has no table of, is told by the texts in a column of this one's table: it is mapped, too.
pub fn map_names(shop: &Shop, source: &Source, column: &str, named: Entity, name: &str) -> String {
    let Some(relation) = &source.relation else {
        return String::new();
    };
    let columns = BTreeMap::from([("id", name), ("name", name)]);
    format!(
        "{} {} {CREATE}",
        call(named, &relation.qualified, &to_json(&columns), None),
        map_call(shop, source, column, name)
    )
}

fn map_call(shop: &Shop, source: &Source, column: &str, expression: &str) -> String {
    let mapping = shop.mapping(source.spec.entity);
    let mut columns: BTreeMap<String, Option<String>> =
        mapping.map(|mapping| mapping.columns.clone()).unwrap_or_default();
    columns.insert(column.to_owned(), Some(expression.to_owned()));
    let relation = source
        .relation
        .as_ref()
        .map_or_else(String::new, |relation| relation.qualified.clone());
    call(
        source.spec.entity,
        &relation,
        &to_json(&columns),
        source.filter.as_deref(),
    )
}

fn call(entity: Entity, relation: &str, columns: &str, filter: Option<&str>) -> String {
    format!(
        "SELECT metabase.map_source({}, {}, {}{});",
        sql::literal(entity.name()),
        sql::literal(relation),
        sql::literal(columns),
        filter.map_or_else(String::new, |filter| format!(
            ", filter => {}",
            sql::literal(filter)
        ))
    )
}

fn to_json(columns: &impl serde::Serialize) -> String {
    // Texts by texts are JSON.
    serde_json::to_string(columns).unwrap_or_default()
}

/// A column of a source's table, as a mapping names it.
pub fn reference(column: &str) -> String {
    detect::column_reference(column)
}
