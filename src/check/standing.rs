//! What is looked for in each shop, as data. A new finding is an entry here and a file in `sql/checks/`.

use super::finding::{Finding, Remedy, Severity, views_of, views_with};
use crate::source::entity::Entity::{
    self, Brand, Category, Order, Platform, Product, Size, StockItem, Supplier,
};
use crate::source::entity::ValueKind;

/// The text of a check.
macro_rules! check {
    ($name:literal) => {
        include_str!(concat!("../../sql/checks/", $name, ".sql"))
    };
}

/// All of them, whatever the shop has.
pub fn findings() -> Vec<Finding> {
    let mut findings = orders();
    findings.extend(items());
    findings.extend(unusable_amounts());
    findings.extend(long_texts());
    findings.extend(currencies());
    findings.extend(places());
    findings.extend(dangling_references());
    findings.extend(missing_references());
    findings
}

fn orders() -> Vec<Finding> {
    vec![
        Finding::new(
            "no_status_counts",
            Severity::Error,
            Order,
            check!("no_status_counts"),
            "No order counts as a sale, so all views are empty or say that nothing was sold. Orders by status: {statuses}.",
            "Name the statuses of sales, or map is_completed: SELECT metabase.set_setting('completed_statuses', '…, …'); SELECT * \
             FROM metabase.create_all_views(drop_existing => true);",
        ),
        Finding {
            needs: vec![(Order, "status")],
            remedy: Remedy::CountStatus,
            ..Finding::new(
                "status_not_counted",
                Severity::Warning,
                Order,
                check!("status_not_counted"),
                "Orders with the status {value} do not count, although it sounds like that of a sale. Orders by status: \
                 {statuses}.",
                "",
            )
        },
        Finding {
            needs: vec![(Order, "sold_at")],
            // A shop has a few.
            least: 1,
            ..order_without(
                "order_without_date",
                Severity::Warning,
                "sold_at",
                "Completed orders have no date (sold_at), so they are in no day, month or year, and no filter of dates finds them.",
                "Enter the dates. If another column has them: SELECT * FROM metabase.sources WHERE entity = 'order'; and map \
                 sold_at.",
            )
        },
        Finding {
            needs: vec![(Order, "gross_sale")],
            ..Finding::new(
                "order_without_amount",
                Severity::Error,
                Order,
                check!("order_without_amount"),
                "Completed orders have no amount (gross_sale), so revenue lacks them while they count as orders.",
                "Enter the amounts. If another column has them: SELECT * FROM metabase.sources WHERE entity = 'order'; and map \
                 gross_sale.",
            )
        },
        Finding {
            views: views_of(StockItem),
            ..order_without(
                "order_without_stock_item",
                Severity::Warning,
                "stock_item_id",
                "Completed orders name no stock item, so no product, brand or supplier has their revenue, and an item that was \
                 sold counts as in stock, unless its status says that it is gone.",
                "Enter the items. If another column has them: SELECT * FROM metabase.sources WHERE entity = 'order'; and map \
                 stock_item_id.",
            )
        },
        Finding {
            views: views_of(Platform),
            ..order_without(
                "order_without_platform",
                Severity::Warning,
                "platform_id",
                "Completed orders name no platform, so that figures by platform lack them.",
                "Enter the platforms, also one for what is sold on none.",
            )
        },
        Finding {
            needs: vec![
                (Order, "sold_at"),
                (Order, "stock_item_id"),
                (StockItem, "purchase_date"),
            ],
            views: views_with(&["purchase_date"]),
            ..Finding::new(
                "sold_before_bought",
                Severity::Warning,
                Order,
                check!("sold_before_bought"),
                "Completed orders were sold on a day before their stock item was bought, so that days in stock and days to sell \
                 are negative.",
                "Correct sold_at of the orders or purchase_date of their items.",
            )
        },
        Finding {
            needs: vec![(Order, "gross_sale")],
            ..Finding::new(
                "amount_not_positive",
                Severity::Warning,
                Order,
                check!("order_amount_not_positive"),
                "Completed orders have an amount (gross_sale) of zero or less, and are no refund of another order of their item.",
                "Correct the amounts. Orders that are no sales: map the entity with a filter that leaves them out.",
            )
        },
        Finding::new(
            "nulls_increase",
            Severity::Warning,
            Order,
            check!("nulls_increase"),
            "Recent completed orders lack {value} more often than before: {detail}.",
            "Find out what has stopped to write the column, and where it writes now: SELECT * FROM metabase.sources WHERE entity \
             = 'order';",
        ),
    ]
}

/// A finding on completed orders in which a column is NULL.
fn order_without(
    name: &'static str,
    severity: Severity,
    column: &'static str,
    message: &str,
    remedy: &str,
) -> Finding {
    Finding {
        needs: vec![(Order, column)],
        values: vec![(":column", column.to_owned())],
        ..Finding::new(name, severity, Order, check!("order_without"), message, remedy)
    }
}

fn items() -> Vec<Finding> {
    vec![
        Finding {
            needs: vec![(StockItem, "status"), (Order, "stock_item_id")],
            views: views_with(&["purchase_date"]),
            ..Finding::new(
                "item_status_disagrees",
                Severity::Warning,
                StockItem,
                check!("item_status_disagrees"),
                "Stock items with the status {value} have {detail}. Whether an item is in stock, the views tell by its orders, and by whether its \
                 status is one of the gone_statuses.",
                "Enter the orders that are missing, or correct the status of the items, or their quantity where a part is left. What the status \
                 says is believed where is_in_stock is mapped to it.",
            )
        },
        Finding {
            needs: vec![(StockItem, "purchase_price")],
            views: views_with(&["purchase_price"]),
            // A shop has a few.
            least: 1,
            ..Finding::new(
                "stock_without_price",
                Severity::Notice,
                StockItem,
                check!("stock_without_price"),
                "Stock items that are in stock have no purchase price, so the value of the stock lacks them.",
                "Enter the prices. If another column has them: SELECT * FROM metabase.sources WHERE entity = 'stock_item'; and map \
                 purchase_price.",
            )
        },
        Finding {
            needs: vec![(StockItem, "purchase_price")],
            views: views_with(&["purchase_price"]),
            ..Finding::new(
                "amount_not_positive",
                Severity::Warning,
                StockItem,
                check!("item_amount_negative"),
                "Stock items have a negative purchase price.",
                "Correct the prices.",
            )
        },
    ]
}

/// Amounts that spoil the sums that they are in.
fn unusable_amounts() -> Vec<Finding> {
    [
        (Order, "flawed.is_completed", "Completed orders", views_of(Order)),
        (StockItem, "true", "Stock items", views_with(&["purchase_price"])),
    ]
    .into_iter()
    .map(|(entity, condition, what, views)| {
        let spec = entity.spec();
        let amounts: Vec<String> = spec
            .columns
            .iter()
            .filter(|column| matches!(column.kind, ValueKind::Amount | ValueKind::Number))
            .map(|column| format!("('{0}', flawed.{0})", column.name))
            .collect();
        Finding {
            views,
            values: vec![
                (":adapter", spec.adapter.to_owned()),
                (":amounts", amounts.join(",\n        ")),
                (":condition", condition.to_owned()),
            ],
            ..Finding::new(
                "amount_unusable",
                Severity::Error,
                entity,
                check!("amount_unusable"),
                format!(
                    "{what} have a {{value}} that is no number, infinite, or larger than any, which spoils each sum that it is in, or fails the \
                     refresh of the view."
                ),
                "Correct the amounts, or map the column to an expression that is NULL for them.",
            )
        }
    })
    .collect()
}

/// Texts that stand in indexes of views.
fn long_texts() -> Vec<Finding> {
    [
        (
            Order,
            "city",
            "country, city",
            "is_completed",
            vec!["metabase_customer_geography"],
        ),
        (
            Platform,
            "slug",
            "slug",
            "true",
            vec!["metabase_executive_metrics", "metabase_sales"],
        ),
        (
            Brand,
            "name",
            "name",
            "true",
            vec!["metabase_inventory_status", "metabase_sales"],
        ),
    ]
    .into_iter()
    .map(|(entity, column, columns, condition, views)| Finding {
        needs: vec![(entity, column)],
        views,
        values: vec![
            (":adapter", entity.spec().adapter.to_owned()),
            (":columns", columns.to_owned()),
            (":condition", condition.to_owned()),
        ],
        remedy: Remedy::Map(
            "Correct the texts, or have the views show how they begin:",
            column,
            "left({}, 200)",
        ),
        ..Finding::new(
            "text_too_long",
            Severity::Error,
            entity,
            check!("text_too_long"),
            format!(
                "A text in {columns} of {} is so long that an index may not hold it, which fails the refresh of the view.",
                entity.spec().adapter
            ),
            "",
        )
    })
    .collect()
}

fn currencies() -> Vec<Finding> {
    let without_rate = |entity: Entity, day: &str, condition: &str, what: &str| Finding {
        needs: vec![(entity, "currency")],
        values: vec![
            (":adapter", entity.spec().adapter.to_owned()),
            (":day", day.to_owned()),
            (":condition", condition.to_owned()),
        ],
        remedy: Remedy::SetRate,
        ..Finding::new(
            "currency_without_rate",
            Severity::Error,
            entity,
            check!("currency_without_rate"),
            format!(
                "{what} in {{value}} have no exchange rate for their day, so that their amounts are not known and in no sum. The first \
                 of these days: {{detail}}."
            ),
            "",
        )
    };
    vec![
        without_rate(Order, "sold_at", "is_completed", "Completed orders"),
        Finding {
            views: views_with(&["purchase_price"]),
            ..without_rate(StockItem, "purchase_date", "true", "Stock items")
        },
        Finding {
            needs: vec![(Order, "currency")],
            ..Finding::new(
                "several_currencies",
                Severity::Notice,
                Order,
                check!("several_currencies"),
                "Completed orders are in several currencies: {detail}. The views have their amounts in {currency}, at the rate of the \
                 day of the sale.",
                "See that the rates are right: SELECT * FROM metabase.exchange_rates; and the setting currency, which says into which they \
                 are turned.",
            )
        },
    ]
}

fn places() -> Vec<Finding> {
    vec![
        Finding {
            needs: vec![(Order, "country")],
            views: views_with(&["country_code("]),
            ..Finding::new(
                "no_such_country",
                Severity::Notice,
                Order,
                check!("no_such_country"),
                "Completed orders name countries that are not known, so no map shows them: {detail}.",
                "Correct the names, or map country to an expression that gives ISO codes or English names.",
            )
        },
        Finding {
            needs: vec![(Order, "country"), (Order, "city")],
            views: views_with(&["country_code("]),
            remedy: Remedy::Map(
                "Correct the spelling, or have all of them spelled alike:",
                "city",
                "initcap(btrim({}))",
            ),
            ..Finding::new(
                "city_spelled_differently",
                Severity::Notice,
                Order,
                check!("city_spelled_differently"),
                "Cities of one country are spelled in several ways that differ in case or blanks only, and are a row each: {detail}.",
                "",
            )
        },
    ]
}

/// References into nothing.
fn dangling_references() -> Vec<Finding> {
    [
        (Order, "stock_item_id", StockItem, Severity::Error),
        (Order, "platform_id", Platform, Severity::Warning),
        (StockItem, "product_id", Product, Severity::Error),
        (StockItem, "supplier_id", Supplier, Severity::Warning),
        (StockItem, "size_id", Size, Severity::Warning),
        (Product, "brand_id", Brand, Severity::Warning),
        (Product, "category_id", Category, Severity::Warning),
        (Brand, "parent_brand_id", Brand, Severity::Warning),
    ]
    .into_iter()
    .map(|(entity, column, target, severity)| {
        let adapters = (entity.spec().adapter, target.spec().adapter);
        let mut views = views_of(target);
        views.retain(|view| views_with(&[column]).contains(view));
        let condition = match entity {
            Order => "referring.is_completed",
            _ => "true",
        };
        Finding {
            needs: vec![(entity, column), (target, "id")],
            views,
            values: vec![
                (":adapter", adapters.0.to_owned()),
                (":column", column.to_owned()),
                (":target", adapters.1.to_owned()),
                (":condition", condition.to_owned()),
            ],
            ..Finding::new(
                "dangling_reference",
                severity,
                entity,
                check!("dangling_reference"),
                format!(
                    "{column} of {} refers to {} that are not there.",
                    adapters.0.replace('_', " "),
                    adapters.1.replace('_', " ")
                ),
                "Enter what is missing, or correct the references. A filter of the mapping may leave out what is referred to: \
                 SELECT * FROM metabase.sources;",
            )
        }
    })
    .collect()
}

/// References that most rows have. A shop in which hardly any has one does without.
fn missing_references() -> Vec<Finding> {
    [
        // Private sellers are no suppliers.
        ("item_without_supplier", StockItem, "supplier_id", Supplier, 10),
        ("product_without_brand", Product, "brand_id", Brand, 5),
        ("product_without_category", Product, "category_id", Category, 5),
    ]
    .into_iter()
    .map(|(name, entity, column, target, least)| Finding {
        needs: vec![(entity, column), (target, "id")],
        views: views_with(&[column]),
        least,
        below: 50,
        values: vec![
            (":adapter", entity.spec().adapter.to_owned()),
            (":column", column.to_owned()),
        ],
        ..Finding::new(
            name,
            Severity::Notice,
            entity,
            check!("reference_missing"),
            format!(
                "{} have no {}, although most others have one.",
                capitalized(&entity.spec().adapter.replace('_', " ")),
                target.name()
            ),
            format!("Enter the {}.", target.spec().adapter),
        )
    })
    .collect()
}

/// A text that begins a sentence.
fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
