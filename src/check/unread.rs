//! Columns that nothing reads, and whose names say that they have what a canonical column lacks.

use super::beneath::Table;
use super::finding::{Finding, Severity, views_of, views_with};
use super::remedy;
use super::shop::Shop;
use super::text::quoted;
use crate::error::Error;
use crate::pg::query;
use crate::source::entity::{Entity, ValueKind};
use crate::source::{Binding, Source, SourceColumn, SqlType, adapter, detect};
use crate::sql;

pub const NAME: &str = "unread_column";

/// From which share of an entity's rows on it is worth a finding, in percent: a sale without a date is no reason to take another date
/// for it.
const LEAST: u32 = 10;

/// Other names of canonical columns, those that say most first.
static OTHER_NAMES: &[(Entity, &str, &[&str])] = &[
    (
        Entity::Order,
        "sold_at",
        &[
            "sold_on",
            "sold_date",
            "date_sold",
            "sale_date",
            "order_date",
            "ordered_at",
            "completed_at",
            "stockx_created_at",
            "created_at",
        ],
    ),
    (
        Entity::Order,
        "gross_sale",
        &[
            "sale_price",
            "sold_price",
            "selling_price",
            "gross_amount",
            "total_amount",
            "total_price",
            "order_total",
            "amount",
            "price",
            "total",
            "revenue",
        ],
    ),
    (
        Entity::Order,
        "net_proceeds",
        &["payout_amount", "payout", "net_amount", "proceeds"],
    ),
    (Entity::Order, "net_profit", &["profit"]),
    (
        Entity::Order,
        "platform_fee",
        &["seller_fee", "commission", "fees", "fee"],
    ),
    (
        Entity::Order,
        "shipping_cost",
        &["shipping_fee", "shipping_price", "shipping"],
    ),
    (
        Entity::Order,
        "country",
        &[
            "destination_country",
            "shipping_country",
            "buyer_country",
            "country",
            "country_code",
        ],
    ),
    (
        Entity::Order,
        "city",
        &["destination_city", "shipping_city", "buyer_city", "city"],
    ),
    (
        Entity::Order,
        "currency",
        &["sale_currency", "order_currency", "currency_iso"],
    ),
    (
        Entity::Order,
        "platform_id",
        &["platform", "marketplace", "channel"],
    ),
    (
        Entity::Order,
        "stock_item_id",
        &["item_id", "inventory_id", "stock_item"],
    ),
    (
        Entity::StockItem,
        "supplier_id",
        &["vendor_id", "supplier", "vendor"],
    ),
    (
        Entity::StockItem,
        "purchase_price",
        &[
            "buy_price",
            "cost_price",
            "purchase_cost",
            "net_purchase_price",
            "cost",
            "price",
        ],
    ),
    (
        Entity::StockItem,
        "purchase_date",
        &["purchased_at", "bought_at", "date_purchased", "buy_date"],
    ),
    (
        Entity::StockItem,
        "currency",
        &["purchase_currency", "cost_currency", "currency_iso"],
    ),
    (Entity::Product, "brand_id", &["brand"]),
    (Entity::Product, "category_id", &["category"]),
    (Entity::Product, "sku", &["style_id", "style_code", "style"]),
    (Entity::Product, "name", &["product_name", "title"]),
];

/// For each canonical column that could lack something, the columns that could have it.
pub fn findings(shop: &Shop) -> Result<Vec<Vec<Finding>>, Error> {
    let mut found = Vec::new();
    for source in shop.sources_read() {
        let Some(relation) = &source.relation else {
            continue;
        };
        let read: Vec<i16> = query::values(
            include_str!("../../sql/queries/check/columns_read.sql"),
            &[
                source.spec.adapter.to_owned().into(),
                i64::from(relation.oid).into(),
            ],
        )?;
        let unread: Vec<&SourceColumn> = relation
            .columns
            .iter()
            .filter(|column| !read.contains(&column.number))
            .collect();
        let others = OTHER_NAMES
            .iter()
            .filter(|(entity, _, _)| *entity == source.spec.entity);
        for (_, name, others) in others {
            let Some(binding) = source.binding(name).filter(|binding| !binding.is_mapped_to_none) else {
                continue;
            };
            let named = others.iter().filter_map(|other| {
                unread
                    .iter()
                    .find(|column| column.name.eq_ignore_ascii_case(other))
            });
            found.push(
                named
                    .filter_map(|column| finding(shop, source, binding, column))
                    .collect(),
            );
        }
    }
    Ok(found)
}

/// What is looked for in one column; None where it could not be shown in the place of the canonical one.
fn finding(shop: &Shop, source: &Source, binding: &Binding, column: &SourceColumn) -> Option<Finding> {
    let entity = source.spec.entity;
    let name = binding.column.name;
    let relation = source.relation.as_ref()?;
    let condition = format!("{} IS NOT NULL", detect::column_reference(&column.name));
    let message = format!(
        "{name} of {} is not known where column {} of {} has a value, which nothing reads.",
        source.spec.adapter.replace('_', " "),
        quoted(&column.name, 63),
        relation.qualified
    );
    let remedy = mapped(shop, source, binding, column)?;
    Some(Finding {
        views: match binding.column.kind {
            // No view shows it, and each has amounts.
            ValueKind::Currency { .. } => views_of(entity),
            _ => views_with(&[name]),
        },
        least: LEAST,
        table: Table::of(source),
        values: vec![
            (
                ":rows",
                adapter::rows(shop.sources(), source, &shop.settings, Some(&condition)),
            ),
            (":column", sql::ident(name)),
            (
                ":condition",
                match entity {
                    Entity::Order => "is_completed".to_owned(),
                    _ => "true".to_owned(),
                },
            ),
        ],
        ..Finding::new(
            NAME,
            Severity::Warning,
            entity,
            include_str!("../../sql/checks/unread_column.sql"),
            message,
            remedy,
        )
    })
}

/// The call that has a column shown where the canonical one is NULL.
fn mapped(shop: &Shop, source: &Source, binding: &Binding, column: &SourceColumn) -> Option<String> {
    if !detect::fits(binding.column.kind, &column.sql_type) {
        return None;
    }
    if let ValueKind::Reference(target) = binding.column.kind {
        let target = shop.sources().of(target);
        match target.type_of("id") {
            Some(key) if !detect::comparable(&column.sql_type, key) => return None,
            Some(_) => {}
            // Nobody keeps a table of them: what stands there is their name.
            None if binding.expression.is_none() && column.sql_type.category == 'S' => {
                return Some(remedy::map_names(
                    shop,
                    source,
                    binding.column.name,
                    target.spec.entity,
                    &column.name,
                ));
            }
            None => {}
        }
    }
    let expression = match (&binding.expression, &binding.sql_type) {
        (Some(expression), Some(sql_type)) => format!(
            "coalesce({}, {})",
            alike(shop, binding.column.kind, expression, sql_type, &column.sql_type)?,
            alike(
                shop,
                binding.column.kind,
                &detect::column_reference(&column.name),
                &column.sql_type,
                sql_type
            )?
        ),
        _ => column.name.clone(),
    };
    Some(remedy::map_column(shop, source, binding.column.name, &expression))
}

/// An expression in a type that it has in common with another one; None where there is none.
fn alike(shop: &Shop, kind: ValueKind, expression: &str, own: &SqlType, other: &SqlType) -> Option<String> {
    if own.base == other.base {
        return Some(expression.to_owned());
    }
    match kind {
        ValueKind::Id | ValueKind::Reference(_) if !detect::comparable(own, other) => None,
        ValueKind::Text | ValueKind::Currency { .. } => Some(format!("{expression}::text")),
        // As an adapter reads a clock on the wall.
        ValueKind::Time if own.base != "timestamp with time zone" => Some(format!(
            "({expression}::timestamp AT TIME ZONE {})",
            sql::literal(&shop.settings.time_zone)
        )),
        _ => Some(expression.to_owned()),
    }
}
