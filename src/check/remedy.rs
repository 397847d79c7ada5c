//! What to do about a finding, ready to be run.

use std::collections::BTreeMap;

use super::shop::Shop;
use super::text::literal;
use crate::source::adapter;
use crate::source::entity::Entity;
use crate::source::exchange_rate;
use crate::source::{Joined, Origin, Source};
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
    if !is_mapped && !status.is_empty() && !status.contains(',') && status.trim() == status {
        let mut statuses = shop.settings.completed_statuses.clone();
        statuses.push(status.to_owned());
        let set = format!(
            "SELECT metabase.set_setting('completed_statuses', {});",
            literal(&statuses.join(", "))
        );
        return as_whoever_may(shop, vec![(&shop.owner, set)]);
    }
    let counted = match orders.binding("is_completed") {
        Some(binding) if is_mapped => binding.expression.clone(),
        Some(binding) => Some(adapter::derived(orders, binding.column, &shop.settings)),
        None => None,
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

/// Sets a rate of a currency from the first day on that rows have none for.
pub fn set_rate(shop: &Shop, entity: Entity, currency: &str, day: &str) -> String {
    let is_code = exchange_rate::code(currency).is_ok_and(|code| code == currency);
    let day_is_known = day.starts_with(|first: char| first.is_ascii_digit());
    match (is_code, day_is_known) {
        (true, true) => format!(
            "Say what 1 {currency} was worth in {} from that day on: SELECT metabase.set_exchange_rate({}, {}, …);",
            shop.settings.currency,
            sql::literal(currency),
            sql::literal(day)
        ),
        (true, false) => "Enter the dates.".to_owned(),
        (false, _) => format!(
            "Map currency to an expression that gives codes of three letters: SELECT * FROM metabase.sources WHERE entity = {} AND \
             column_name = 'currency';",
            sql::literal(entity.name())
        ),
    }
}

/// Maps one column of an entity, and leaves the others as they are.
pub fn map_column(shop: &Shop, source: &Source, column: &str, expression: &str) -> String {
    as_whoever_may(shop, vec![map_call(shop, source, column, expression)])
}

/// Maps a column that is shown already to an expression over what it shows, `{}`.
pub fn map_anew(shop: &Shop, entity: Entity, sentence: &str, column: &str, expression: &str) -> String {
    let source = shop.sources().of(entity);
    let shown = source
        .binding(column)
        .and_then(|binding| binding.expression.as_ref());
    let expression = expression.replace("{}", shown.map_or(column, |shown| shown));
    format!("{sentence} {}", map_column(shop, source, column, &expression))
}

/// The same where another entity, which the shop has no table of, is told by the texts in a column of this one's table: it is mapped, too.
pub fn map_names(shop: &Shop, source: &Source, column: &str, named: Entity, name: &str) -> String {
    let Some(relation) = &source.relation else {
        return String::new();
    };
    let columns = BTreeMap::from([("id", name), ("name", name)]);
    let map = call(named, &relation.qualified, &to_json(&columns), None, None);
    as_whoever_may(
        shop,
        vec![(author(shop, named), map), map_call(shop, source, column, name)],
    )
}

/// Calls, each as the role that may make it, and the views created anew by their owner: whoever runs a remedy must not become the author of
/// what somebody else has mapped, which would run with its privileges.
fn as_whoever_may<'a>(shop: &'a Shop, mut calls: Vec<(&'a str, String)>) -> String {
    let set_role = |role| format!("SET ROLE {};", sql::ident(role));
    calls.push((&shop.owner, CREATE.to_owned()));
    if !calls.iter().all(|(role, _)| shop.caller_may_become(role)) {
        let told = calls
            .iter()
            .map(|(role, call)| format!("As role {}: {call}", sql::ident(role)));
        return told.collect::<Vec<_>>().join(" ");
    }
    let mut statements = Vec::new();
    let mut current: &str = &shop.caller;
    for (role, call) in calls {
        if role != current {
            statements.push(set_role(role));
        }
        current = role;
        statements.push(call);
    }
    if current != shop.caller {
        statements.push(set_role(&shop.caller));
    }
    statements.join(" ")
}

/// Who may map an entity: whoever has done so, or else the views' owner.
fn author(shop: &Shop, entity: Entity) -> &str {
    shop.mapping(entity)
        .map_or(&shop.owner, |mapping| &mapping.mapped_by)
}

fn map_call<'a>(shop: &'a Shop, source: &Source, column: &str, expression: &str) -> (&'a str, String) {
    let entity = source.spec.entity;
    let mapping = shop.mapping(entity);
    let mut columns: BTreeMap<String, Option<String>> =
        mapping.map(|mapping| mapping.columns.clone()).unwrap_or_default();
    columns.insert(column.to_owned(), Some(expression.to_owned()));
    let relation = source
        .relation
        .as_ref()
        .map_or_else(String::new, |relation| relation.qualified.clone());
    let map = call(
        entity,
        &relation,
        &to_json(&columns),
        source.filter.as_deref(),
        source.joined.as_ref(),
    );
    (author(shop, entity), map)
}

fn call(
    entity: Entity,
    relation: &str,
    columns: &str,
    filter: Option<&str>,
    joined: Option<&Joined>,
) -> String {
    format!(
        "SELECT metabase.map_source({}, {}, {}{}{});",
        literal(entity.name()),
        literal(relation),
        literal(columns),
        filter.map_or_else(String::new, |filter| format!(", filter => {}", literal(filter))),
        joined.map_or_else(String::new, |joined| format!(
            ", join => {}",
            literal(&joined.given().to_string())
        ))
    )
}

fn to_json(columns: &impl serde::Serialize) -> String {
    // Texts by texts are JSON.
    serde_json::to_string(columns).unwrap_or_default()
}
