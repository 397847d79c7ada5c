//! What the contract says that each view shows, one function a view.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date as civil_date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::arithmetic::{Number, Values, days_between, percent, ratio, round, whole_number};
use super::cell::{Row, boolean, count, date, integer, label, number, text, timestamp, uuid};
use super::country;
use super::shop::{Brand, Decimal, Order, Product, Shop, StockItem};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    ExecutiveMetrics,
    ProductPerformance,
    BrandAnalytics,
    PlatformPerformance,
    InventoryStatus,
    CustomerGeography,
    SupplierPerformance,
    Sales,
}

impl View {
    pub const ALL: [View; 8] = [
        View::ExecutiveMetrics,
        View::ProductPerformance,
        View::BrandAnalytics,
        View::PlatformPerformance,
        View::InventoryStatus,
        View::CustomerGeography,
        View::SupplierPerformance,
        View::Sales,
    ];

    /// The name of the materialized view in schema `analytics`.
    pub fn name(self) -> &'static str {
        match self {
            View::ExecutiveMetrics => "metabase_executive_metrics",
            View::ProductPerformance => "metabase_product_performance",
            View::BrandAnalytics => "metabase_brand_analytics",
            View::PlatformPerformance => "metabase_platform_performance",
            View::InventoryStatus => "metabase_inventory_status",
            View::CustomerGeography => "metabase_customer_geography",
            View::SupplierPerformance => "metabase_supplier_performance",
            View::Sales => "metabase_sales",
        }
    }

    /// The columns by which a row is unique.
    pub fn key(self) -> &'static [&'static str] {
        match self {
            View::ExecutiveMetrics => &["sale_date", "platform_slug"],
            View::ProductPerformance => &["product_id"],
            View::BrandAnalytics => &["brand_id"],
            View::PlatformPerformance => &["platform_id"],
            View::InventoryStatus => &["inventory_id"],
            View::CustomerGeography => &["country", "city"],
            View::SupplierPerformance => &["supplier_id"],
            View::Sales => &["order_id"],
        }
    }
}

/// The rows that `view` must show for this shop on the local day `today`, sorted. All of its amounts are in the shop's currency.
pub fn expected(shop: &Shop, view: View, zone: &TimeZone, today: Date) -> Vec<Row> {
    let mut rows = match view {
        View::ExecutiveMetrics => executive_metrics(shop, zone),
        View::ProductPerformance => product_performance(shop),
        View::BrandAnalytics => brand_analytics(shop, zone),
        View::PlatformPerformance => platform_performance(shop, zone),
        View::InventoryStatus => inventory_status(shop, zone, today),
        View::CustomerGeography => customer_geography(shop, zone),
        View::SupplierPerformance => supplier_performance(shop),
        View::Sales => sales(shop, zone),
    };
    rows.sort();
    rows
}

/// One row for each local day and platform with a completed order, and one for its orders without `sold_at`.
fn executive_metrics(shop: &Shop, zone: &TimeZone) -> Vec<Row> {
    let groups = group_by(completed_sales(shop), |sale| {
        Some((local_date(sale.order.sold_at, zone), sale.order.platform))
    });
    groups
        .into_iter()
        .map(|((day, platform), sales)| {
            // The documented layout has unique slugs, so a platform is as good as its slug.
            let platform = &shop.platforms[platform];
            let gross_sale = amounts(&sales, |order| order.gross_sale);
            vec![
                date("sale_date", day),
                date("sale_week", day.map(monday)),
                date("sale_month", day.map(Date::first_of_month)),
                date("sale_quarter", day.map(first_of_quarter)),
                date("sale_year", day.map(Date::first_of_year)),
                text("platform_name", &platform.name),
                text("platform_slug", &platform.slug),
                count("total_orders", sales.len()),
                count("active_days", usize::from(day.is_some())),
                number("total_revenue", gross_sale.sum()),
                number(
                    "total_net_proceeds",
                    amounts(&sales, |order| order.net_proceeds).sum(),
                ),
                number("total_profit", amounts(&sales, |order| order.net_profit).sum()),
                number("total_fees", amounts(&sales, |order| order.platform_fee).sum()),
                number(
                    "total_shipping",
                    amounts(&sales, |order| order.shipping_cost).sum(),
                ),
                number("avg_roi", round(amounts(&sales, |order| order.roi).mean(), 4)),
                number("avg_order_value", round(gross_sale.mean(), 4)),
                timestamp("first_sale", first_sale(&sales)),
                timestamp("last_sale", last_sale(&sales)),
            ]
        })
        .collect()
}

/// One row for each product with a completed order.
fn product_performance(shop: &Shop) -> Vec<Row> {
    group_by(completed_sales(shop), |sale| Some(sale.item.product))
        .into_iter()
        .map(|(product, sales)| {
            let product = &shop.products[product];
            let category = product.category.map(|category| &shop.categories[category]);
            let brand = product.brand.map(|brand| &shop.brands[brand]);
            let gross_sale = amounts(&sales, |order| order.gross_sale);
            let purchase_price = mean_of_units(
                sales
                    .iter()
                    .map(|sale| (sale.item.purchase_price, sale.order.quantity)),
            );
            let days_on_sale = days_between(first_sale(&sales), last_sale(&sales));
            vec![
                uuid("product_id", &product.id),
                text("product_name", &product.name),
                text("product_sku", &product.sku),
                uuid("category_id", category.map(|category| &category.id)),
                text("category_name", category.map(|category| &category.name)),
                uuid("brand_id", brand.map(|brand| &brand.id)),
                text("brand_name", brand.map(|brand| &brand.name)),
                text("brand_segment", brand.and_then(|brand| brand.segment.as_ref())),
                text("price_tier", brand.and_then(|brand| brand.price_tier.as_ref())),
                boolean("is_collaboration", brand.map(|brand| brand.is_collaboration)),
                count("units_sold", units(&sales)),
                number("total_revenue", gross_sale.sum()),
                number("avg_sale_price", round(gross_sale.mean(), 4)),
                number("min_sale_price", gross_sale.min()),
                number("max_sale_price", gross_sale.max()),
                number("price_volatility", gross_sale.deviation(4)),
                number("total_profit", amounts(&sales, |order| order.net_profit).sum()),
                number("avg_roi", round(amounts(&sales, |order| order.roi).mean(), 4)),
                number(
                    "total_fees_paid",
                    amounts(&sales, |order| order.platform_fee).sum(),
                ),
                number("avg_purchase_price", round(purchase_price, 4)),
                count(
                    "supplier_count",
                    distinct(sales.iter().filter_map(|sale| sale.item.supplier)),
                ),
                timestamp("first_sale_date", first_sale(&sales)),
                timestamp("last_sale_date", last_sale(&sales)),
                number("sales_duration_days", round(days_on_sale, 2)),
            ]
        })
        .collect()
}

/// One row for each brand with a completed order.
fn brand_analytics(shop: &Shop, zone: &TimeZone) -> Vec<Row> {
    let groups = group_by(completed_sales(shop), |sale| sale.product.brand);
    let branded = groups.values().flatten();
    let revenue_of_all = Values::known(branded.clone().map(|sale| sale.order.gross_sale)).sum();
    let sales_of_all = branded.count();
    groups
        .iter()
        .map(|(&brand, sales)| {
            let brand = &shop.brands[brand];
            let gross_sale = amounts(sales, |order| order.gross_sale);
            let avg_price = round(gross_sale.mean(), 4);
            let market_share = percent(gross_sale.sum(), revenue_of_all.clone());
            let sales_share = percent(Some(whole_number(sales.len())), Some(whole_number(sales_of_all)));
            vec![
                uuid("brand_id", &brand.id),
                text("brand_name", &brand.name),
                text("segment", &brand.segment),
                text("price_tier", &brand.price_tier),
                text("target_demographic", &brand.target_demographic),
                boolean("is_collaboration", brand.is_collaboration),
                text(
                    "parent_brand_name",
                    brand.parent.map(|parent| &shop.brands[parent].name),
                ),
                count("total_sales", sales.len()),
                number("total_revenue", gross_sale.sum()),
                number("avg_price", avg_price.clone()),
                number("price_variance", round(gross_sale.variance(), 4)),
                number("total_profit", amounts(sales, |order| order.net_profit).sum()),
                number("avg_roi", round(amounts(sales, |order| order.roi).mean(), 4)),
                count(
                    "product_variety",
                    distinct(sales.iter().map(|sale| sale.item.product)),
                ),
                count("active_months", active_months(sales, zone)),
                timestamp("first_sale", first_sale(sales)),
                timestamp("last_sale", last_sale(sales)),
                number("market_share_pct", round(market_share, 2)),
                number("sales_share_pct", round(sales_share, 2)),
                label("price_positioning", price_positioning(avg_price)),
                label("volume_tier", volume_tier(sales.len())),
            ]
        })
        .collect()
}

fn price_positioning(avg_price: Option<Number>) -> &'static str {
    match avg_price {
        Some(price) if price > whole_number(200) => "Premium",
        Some(price) if price > whole_number(100) => "Mid-Range",
        _ => "Entry-Level",
    }
}

fn volume_tier(total_sales: usize) -> &'static str {
    match total_sales {
        101.. => "High Volume",
        51..=100 => "Medium Volume",
        _ => "Low Volume",
    }
}

/// One row for each platform with a completed order.
fn platform_performance(shop: &Shop, zone: &TimeZone) -> Vec<Row> {
    group_by(completed_sales(shop), |sale| Some(sale.order.platform))
        .into_iter()
        .map(|(platform, sales)| {
            let platform = &shop.platforms[platform];
            let gross_sale = amounts(&sales, |order| order.gross_sale);
            let fee = amounts(&sales, |order| order.platform_fee);
            let shipping = amounts(&sales, |order| order.shipping_cost);
            let fee_pct = percents_of_gross_sale(&sales, |order| order.platform_fee);
            let profit_margin = percents_of_gross_sale(&sales, |order| order.net_profit);
            let payout_days = Values::known(
                sales
                    .iter()
                    .map(|sale| days_between(sale.order.sold_at, sale.order.payout_date)),
            );
            vec![
                uuid("platform_id", &platform.id),
                text("platform_name", &platform.name),
                text("platform_slug", &platform.slug),
                count("total_orders", sales.len()),
                count("active_months", active_months(&sales, zone)),
                number("total_revenue", gross_sale.sum()),
                number("avg_order_value", round(gross_sale.mean(), 4)),
                number("min_order_value", gross_sale.min()),
                number("max_order_value", gross_sale.max()),
                number("total_fees", fee.sum()),
                number("avg_fee", round(fee.mean(), 4)),
                number("avg_fee_pct", round(fee_pct.mean(), 2)),
                number("total_shipping", shipping.sum()),
                number("avg_shipping", round(shipping.mean(), 4)),
                number(
                    "total_proceeds",
                    amounts(&sales, |order| order.net_proceeds).sum(),
                ),
                number("total_profit", amounts(&sales, |order| order.net_profit).sum()),
                number("avg_roi", round(amounts(&sales, |order| order.roi).mean(), 4)),
                number("avg_profit_margin", round(profit_margin.mean(), 4)),
                count("payouts_received", payouts_received(&sales)),
                number("avg_payout_days", round(payout_days.mean(), 4)),
                count("countries_served", countries_served(&sales)),
                count("cities_served", cities_served(&sales)),
                timestamp("first_sale", first_sale(&sales)),
                timestamp("last_sale", last_sale(&sales)),
            ]
        })
        .collect()
}

/// An amount as a percentage of the gross sale, order by order. An order that gives none is skipped.
fn percents_of_gross_sale(sales: &[Sale], amount: impl Fn(&Order) -> Option<Decimal>) -> Values {
    Values::known(sales.iter().map(|sale| {
        percent(
            amount(sale.order).map(Number::from),
            sale.order.gross_sale.map(Number::from),
        )
    }))
}

fn payouts_received(sales: &[Sale]) -> usize {
    sales
        .iter()
        .filter(|sale| sale.order.payout_received == Some(true))
        .count()
}

fn countries_served(sales: &[Sale]) -> usize {
    distinct(sales.iter().filter_map(|sale| sale.order.country.as_ref()))
}

/// A city counts once for each country that it is in, an unknown country being one of them.
fn cities_served(sales: &[Sale]) -> usize {
    let pairs = sales.iter().filter_map(|sale| {
        let city = sale.order.city.as_ref()?;
        Some((sale.order.country.as_ref(), city))
    });
    distinct(pairs)
}

/// One row for each stock item, sold or not.
fn inventory_status(shop: &Shop, zone: &TimeZone, today: Date) -> Vec<Row> {
    let sales_of = group_by(completed_sales(shop), |sale| Some(sale.order.stock_item));
    shop.stock_items
        .iter()
        .enumerate()
        .map(|(position, item)| {
            let sales = sales_of.get(&position).map_or(&[][..], Vec::as_slice);
            let product = &shop.products[item.product];
            let category = product.category.map(|category| &shop.categories[category]);
            let supplier = item.supplier.map(|supplier| &shop.suppliers[supplier]);
            let brand: Option<&Brand> = product.brand.map(|brand| &shop.brands[brand]);
            let in_stock = units_in_stock(shop, position);
            let last_day = if in_stock == 0 {
                local_date(last_sale(sales), zone)
            } else {
                Some(today)
            };
            let days_in_stock = calendar_days(local_date(item.purchase_date, zone), last_day);
            let current_value = if in_stock == 0 {
                Some(whole_number(0))
            } else {
                cost_of_units(item, in_stock)
            };
            vec![
                uuid("inventory_id", &item.id),
                uuid("product_id", &product.id),
                text("product_name", &product.name),
                text("sku", &product.sku),
                text("brand_name", brand.map(|brand| &brand.name)),
                text("category_name", category.map(|category| &category.name)),
                number("purchase_price", item.purchase_price),
                number("gross_purchase_price", item.gross_purchase_price),
                number("vat_amount", item.vat_amount),
                timestamp("purchase_date", item.purchase_date),
                text("supplier_name", supplier.map(|supplier| &supplier.business_name)),
                text("inventory_status", &item.status),
                text("condition", &item.condition),
                text("size", &item.size),
                text("color", &item.color),
                count("times_sold", sales.len()),
                timestamp("last_sold_at", last_sale(sales)),
                number("total_revenue", amounts(sales, |order| order.gross_sale).sum()),
                number("total_profit", amounts(sales, |order| order.net_profit).sum()),
                integer("days_in_stock", days_in_stock),
                label("stock_category", stock_category(days_in_stock)),
                number("current_inventory_value", current_value),
                timestamp("created_at", item.created_at),
                timestamp("updated_at", item.updated_at),
                count("quantity", item.quantity),
                count("units_sold", units(sales)),
                count("units_in_stock", in_stock),
                boolean("is_in_stock", in_stock > 0),
            ]
        })
        .collect()
}

fn stock_category(days_in_stock: Option<i32>) -> &'static str {
    match days_in_stock {
        None => "Unknown",
        Some(181..) => "Dead Stock",
        Some(91..) => "Slow Moving",
        Some(31..) => "Normal",
        Some(_) => "Fast Moving",
    }
}

/// One row for each country and city with a completed order; a missing city is a city of its own.
fn customer_geography(shop: &Shop, zone: &TimeZone) -> Vec<Row> {
    let groups = group_by(completed_sales(shop), |sale| {
        let country = sale.order.country.as_ref()?;
        Some((country, sale.order.city.as_ref()))
    });
    groups
        .into_iter()
        .map(|((country, city), sales)| {
            let gross_sale = amounts(&sales, |order| order.gross_sale);
            let shipping = amounts(&sales, |order| order.shipping_cost);
            let platform_names = sales.iter().map(|sale| &shop.platforms[sale.order.platform].name);
            vec![
                text("country", country),
                text("city", city),
                label("country_code", country::code(country)),
                count("total_orders", sales.len()),
                count("active_months", active_months(&sales, zone)),
                number("total_revenue", gross_sale.sum()),
                number("avg_order_value", round(gross_sale.mean(), 4)),
                number("total_profit", amounts(&sales, |order| order.net_profit).sum()),
                number("avg_roi", round(amounts(&sales, |order| order.roi).mean(), 4)),
                number("avg_shipping_cost", round(shipping.mean(), 4)),
                count(
                    "platforms_used",
                    distinct(sales.iter().map(|sale| sale.order.platform)),
                ),
                text("platform_names", &text_list(platform_names)),
                count(
                    "unique_products",
                    distinct(sales.iter().map(|sale| sale.item.product)),
                ),
                count(
                    "unique_brands",
                    distinct(sales.iter().filter_map(|sale| sale.product.brand)),
                ),
                timestamp("first_order", first_sale(&sales)),
                timestamp("last_order", last_sale(&sales)),
            ]
        })
        .collect()
}

/// One row for each supplier with a stock item, whose units count once however often it was ordered.
fn supplier_performance(shop: &Shop) -> Vec<Row> {
    let sales_of = group_by(completed_sales(shop), |sale| sale.item.supplier);
    let stock: Vec<(usize, &StockItem)> = shop.stock_items.iter().enumerate().collect();
    group_by(stock, |(_, item)| item.supplier)
        .into_iter()
        .map(|(supplier, stock)| {
            let sales = sales_of.get(&supplier).map_or(&[][..], Vec::as_slice);
            let supplier = &shop.suppliers[supplier];
            let items = || stock.iter().map(|(_, item)| *item);
            let brands = || items().filter_map(|item| shop.products[item.product].brand);
            let bought: usize = items().map(|item| item.quantity).sum();
            let sold_through = stock.iter().map(|(position, item)| {
                let sales = sales.iter().filter(|sale| sale.order.stock_item == *position);
                item.quantity
                    .min(sales.map(|sale| sale.order.quantity).sum::<usize>())
            });
            let sell_through = percent(Some(whole_number(sold_through.sum())), Some(whole_number(bought)));
            let spent = Values::known(items().map(|item| cost_of_units(item, item.quantity)));
            let unsold = || {
                stock
                    .iter()
                    .map(|(position, item)| (*item, units_in_stock(shop, *position)))
                    .filter(|(_, units)| *units > 0)
            };
            let unsold_value = Values::known(unsold().map(|(item, units)| cost_of_units(item, units))).sum();
            let days_to_sell = Values::known(
                sales
                    .iter()
                    .map(|sale| days_between(sale.item.purchase_date, sale.order.sold_at)),
            );
            vec![
                uuid("supplier_id", &supplier.id),
                text("supplier_name", &supplier.business_name),
                text("contact_email", &supplier.contact_email),
                text("phone", &supplier.phone),
                text("country", &supplier.country),
                number("rating", supplier.rating),
                count("total_purchases", bought),
                number("total_spent", spent.sum()),
                number(
                    "avg_purchase_price",
                    round(mean_of_units(items().map(|item| (cost(item), item.quantity))), 4),
                ),
                count("unique_products", distinct(items().map(|item| item.product))),
                count("unique_brands", distinct(brands())),
                text(
                    "brand_list",
                    &text_list(brands().map(|brand| &shop.brands[brand].name)),
                ),
                count("units_sold", units(sales)),
                number("sell_through_rate", round(sell_through, 2)),
                number(
                    "total_revenue_generated",
                    amounts(sales, |order| order.gross_sale).sum(),
                ),
                number(
                    "total_profit_generated",
                    amounts(sales, |order| order.net_profit).sum(),
                ),
                number("avg_roi", round(amounts(sales, |order| order.roi).mean(), 4)),
                number("avg_days_to_sell", round(days_to_sell.mean(), 4)),
                count("unsold_units", unsold().map(|(_, units)| units).sum()),
                number("unsold_value", Some(unsold_value.unwrap_or_default())),
                timestamp(
                    "first_purchase",
                    items().filter_map(|item| item.purchase_date).min(),
                ),
                timestamp(
                    "last_purchase",
                    items().filter_map(|item| item.purchase_date).max(),
                ),
            ]
        })
        .collect()
}

/// One row for each completed order.
fn sales(shop: &Shop, zone: &TimeZone) -> Vec<Row> {
    completed_sales(shop)
        .into_iter()
        .map(|Sale { order, item, product }| {
            let platform = &shop.platforms[order.platform];
            let category = product.category.map(|category| &shop.categories[category]);
            let brand = product.brand.map(|brand| &shop.brands[brand]);
            let supplier = item.supplier.map(|supplier| &shop.suppliers[supplier]);
            let sold_on = local_date(order.sold_at, zone);
            let days_to_sell = calendar_days(local_date(item.purchase_date, zone), sold_on);
            let payout_days = days_between(order.sold_at, order.payout_date);
            vec![
                uuid("order_id", &order.id),
                timestamp("sold_at", order.sold_at),
                date("sale_date", sold_on),
                uuid("platform_id", &platform.id),
                text("platform_name", &platform.name),
                text("platform_slug", &platform.slug),
                uuid("stock_item_id", &item.id),
                uuid("product_id", &product.id),
                text("product_name", &product.name),
                text("product_sku", &product.sku),
                text("category_name", category.map(|category| &category.name)),
                uuid("brand_id", brand.map(|brand| &brand.id)),
                text("brand_name", brand.map(|brand| &brand.name)),
                text("size", &item.size),
                text("condition", &item.condition),
                uuid("supplier_id", supplier.map(|supplier| &supplier.id)),
                text("supplier_name", supplier.map(|supplier| &supplier.business_name)),
                text("country", &order.country),
                label(
                    "country_code",
                    order.country.as_ref().and_then(|country| country::code(country)),
                ),
                text("city", &order.city),
                count("units", order.quantity),
                number("gross_sale", order.gross_sale),
                number("net_proceeds", order.net_proceeds),
                number("net_profit", order.net_profit),
                number("roi", order.roi),
                number("platform_fee", order.platform_fee),
                number("shipping_cost", order.shipping_cost),
                number("purchase_price", item.purchase_price),
                timestamp("purchase_date", item.purchase_date),
                integer("days_to_sell", days_to_sell),
                boolean("payout_received", order.payout_received),
                timestamp("payout_date", order.payout_date),
                number("payout_days", round(payout_days, 4)),
            ]
        })
        .collect()
}

/// A completed order with what it sold.
struct Sale<'a> {
    order: &'a Order,
    item: &'a StockItem,
    product: &'a Product,
}

fn is_completed(order: &Order) -> bool {
    order.status.to_lowercase() == "completed"
}

/// Whether a status says that something has left the stock, as long as nobody sets which do.
fn is_gone(status: &str) -> bool {
    matches!(
        status.to_lowercase().as_str(),
        "sold" | "shipped" | "delivered" | "returned to supplier" | "written_off"
    )
}

fn completed_sales(shop: &Shop) -> Vec<Sale<'_>> {
    shop.orders
        .iter()
        .filter(|order| is_completed(order))
        .map(|order| {
            let item = &shop.stock_items[order.stock_item];
            let product = &shop.products[item.product];
            Sale { order, item, product }
        })
        .collect()
}

/// The members of each group. A member whose key is `None` is in no group.
fn group_by<T, K: Ord>(members: Vec<T>, key: impl Fn(&T) -> Option<K>) -> BTreeMap<K, Vec<T>> {
    let mut groups: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for member in members {
        if let Some(key) = key(&member) {
            groups.entry(key).or_default().push(member);
        }
    }
    groups
}

fn amounts(sales: &[Sale], amount: impl Fn(&Order) -> Option<Decimal>) -> Values {
    Values::known(sales.iter().map(|sale| amount(sale.order)))
}

/// What a unit of a stock item cost, with tax where that is known.
fn cost(item: &StockItem) -> Option<Decimal> {
    item.gross_purchase_price.or(item.purchase_price)
}

fn cost_of_units(item: &StockItem, units: usize) -> Option<Number> {
    cost(item).map(|cost| Number::from(cost) * whole_number(units))
}

/// The mean of what units cost, over those of which it is known.
fn mean_of_units(prices: impl Iterator<Item = (Option<Decimal>, usize)>) -> Option<Number> {
    let known: Vec<(Number, Number)> = prices
        .filter_map(|(price, units)| Some((price?.into(), whole_number(units))))
        .collect();
    ratio(
        Some(known.iter().map(|(price, units)| price * units).sum()),
        Some(known.iter().map(|(_, units)| units).sum()),
    )
}

fn units(sales: &[Sale]) -> usize {
    sales.iter().map(|sale| sale.order.quantity).sum()
}

/// What is left of the stock item at this position. An order that is shipped has taken its units, paid or not.
fn units_in_stock(shop: &Shop, position: usize) -> usize {
    let item = &shop.stock_items[position];
    if is_gone(&item.status) {
        return 0;
    }
    let leaving = shop
        .orders
        .iter()
        .filter(|order| order.stock_item == position && (is_completed(order) || is_gone(&order.status)));
    item.quantity
        .saturating_sub(leaving.map(|order| order.quantity).sum())
}

fn first_sale(sales: &[Sale]) -> Option<Timestamp> {
    sales.iter().filter_map(|sale| sale.order.sold_at).min()
}

fn last_sale(sales: &[Sale]) -> Option<Timestamp> {
    sales.iter().filter_map(|sale| sale.order.sold_at).max()
}

fn active_months(sales: &[Sale], zone: &TimeZone) -> usize {
    let days = sales
        .iter()
        .filter_map(|sale| local_date(sale.order.sold_at, zone));
    distinct(days.map(Date::first_of_month))
}

pub fn local_date(moment: Option<Timestamp>, zone: &TimeZone) -> Option<Date> {
    Some(moment?.to_zoned(zone.clone()).date())
}

fn calendar_days(from: Option<Date>, to: Option<Date>) -> Option<i32> {
    Some((to? - from?).get_days())
}

fn monday(day: Date) -> Date {
    day - i64::from(day.weekday().to_monday_zero_offset()).days()
}

fn first_of_quarter(day: Date) -> Date {
    let months_into_quarter = (day.month() - 1) % 3;
    civil_date(day.year(), day.month() - months_into_quarter, 1)
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> usize {
    values.collect::<BTreeSet<T>>().len()
}

/// Distinct names joined by `', '`. Rust compares strings by bytes, which is the order of the C collation.
fn text_list<'a>(names: impl Iterator<Item = &'a String>) -> Option<String> {
    let names: Vec<&str> = names
        .map(String::as_str)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}
