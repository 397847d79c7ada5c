//! Random shops: small, so that days, prices, places and names collide, and rich in what goes wrong.
//!
//! Simple values stand first in every list, for a failing shop shrinks towards them.

use std::fmt::Debug;

use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::country::COUNTRIES;
use super::shop::{
    Brand, Category, Decimal, Order, Platform, Product, Rate, Shop, StockItem, Supplier, hundredths,
};

/// Values that a text column must bring through unharmed. The C collation sorts them as no other does.
const TEXTS: &[&str] = &[
    "Nike",
    "adidas",
    "Zoom",
    "nike",
    "Äpfel & Öl",
    "Air \"Max\", 90",
    "L'été",
    "back\\slash",
    "\\N",
    "tab\there",
    "line\nbreak",
    "NULL",
    "",
];

/// Few, so that two platforms often have the same name.
const PLATFORM_NAMES: &[&str] = &["StockX", "alias", "eBay, \"DE\"", "Öresund\\\n"];

/// The layout demands that slugs differ. There are at most as many platforms as slugs here.
const SLUGS: &[&str] = &["stockx", "eBay", "goat's \\ \"größe\""];

const STATUSES: &[&str] = &["completed", "COMPLETED", "Completed"];
const OTHER_STATUSES: &[&str] = &[
    "pending",
    "cancelled",
    "PENDING",
    "completed ",
    "not completed",
    "",
    "shipped",
    "Delivered",
];

const ITEM_STATUSES: &[&str] = &[
    "in_stock",
    "sold",
    "Sold",
    "unsold",
    "returned to supplier",
    "WRITTEN_OFF",
    "returned",
    "line\nbreak",
    "",
];

const CITIES: &[&str] = &["Paris", "Berlin", "paris", "München", "Springfield, \"IL\"", ""];

/// What a shop writes as the currency of a row. There are rates of the second and third only.
const CURRENCIES: &[&str] = &["EUR", "USD", "JPY", "eur", " usd ", "", "GBP", "€"];

/// Rates at which amounts have to be rounded, and how: up, down, at the half.
const RATES: &[i64] = &[9_213, 5_000, 61, 10_000, 1_502_500, 1];

/// The same shop with currencies: some of its rows are in another one than the euro, and some of these have a rate.
pub fn any_shop_in_several_currencies(zone: &TimeZone, today: Date) -> impl Strategy<Value = Shop> + use<> {
    let day = prop_oneof![
        select(edge_days(zone, today)),
        (0..800_i64).prop_map(move |age| today - age.days()),
    ];
    let rate =
        (any_of(&CURRENCIES[1..3]), day, select(RATES)).prop_map(|(currency, valid_from, rate)| Rate {
            currency,
            valid_from,
            rate: Decimal(rate),
        });
    let currencies = vec(option::weighted(0.8, any_of(CURRENCIES)), 1..=20);
    (any_shop(zone, today), currencies, vec(rate, 0..=8)).prop_map(|(mut shop, currencies, rates)| {
        let mut next = currencies.iter().cycle().cloned();
        for order in &mut shop.orders {
            order.currency = next.next().flatten();
        }
        for item in &mut shop.stock_items {
            item.currency = next.next().flatten();
        }
        shop.rates = rates;
        shop
    })
}

/// A shop on the local day `today` of `zone`, without currencies.
///
/// The lists are drawn, and so shrunk, in the order of who refers to whom: with fewer orders, more of the
/// rest is of no use.
pub fn any_shop(zone: &TimeZone, today: Date) -> impl Strategy<Value = Shop> + use<> {
    let moment = any_moment(zone, today);
    (
        any_best_seller_size(),
        few_or_many((any_reference(), any_reference(), any_order(moment.clone()))),
        vec(
            (any_reference(), any_nullable_reference(), any_stock_item(moment)),
            0..=30,
        ),
        vec(
            (any_nullable_reference(), any_nullable_reference(), any_product()),
            1..=5,
        ),
        vec(any_text(), 0..=3),
        vec((any_nullable_reference(), any_brand()), 0..=5),
        vec(any_supplier(), 0..=4),
        vec(any_of(PLATFORM_NAMES), 1..=SLUGS.len()),
    )
        .prop_map(
            |(
                best_seller_size,
                mut orders,
                stock_items,
                products,
                categories,
                brands,
                suppliers,
                platforms,
            )| {
                // Without a stock item there is nothing to order.
                if stock_items.is_empty() {
                    orders.clear();
                }
                let mut shop = Shop {
                    orders: numbered(7, &orders, |id, (item, platform, order)| Order {
                        id,
                        stock_item: item % stock_items.len(),
                        platform: platform % platforms.len(),
                        ..order.clone()
                    }),
                    stock_items: numbered(6, &stock_items, |id, (product, supplier, item)| StockItem {
                        id,
                        product: product % products.len(),
                        supplier: resolve(*supplier, suppliers.len()),
                        ..item.clone()
                    }),
                    products: numbered(5, &products, |id, (brand, category, product)| Product {
                        id,
                        brand: resolve(*brand, brands.len()),
                        category: resolve(*category, categories.len()),
                        ..product.clone()
                    }),
                    categories: numbered(4, &categories, |id, name| Category {
                        id,
                        name: name.clone(),
                    }),
                    // Any brand can be any brand's parent, its own too.
                    brands: numbered(3, &brands, |id, (parent, brand)| Brand {
                        id,
                        parent: resolve(*parent, brands.len()),
                        ..brand.clone()
                    }),
                    suppliers: numbered(2, &suppliers, |id, supplier| Supplier {
                        id,
                        ..supplier.clone()
                    }),
                    platforms: numbered(1, platforms.iter().zip(SLUGS), |id, (name, slug)| Platform {
                        id,
                        name: name.clone(),
                        slug: (*slug).to_owned(),
                    }),
                    rates: Vec::new(),
                };
                raise_best_seller(&mut shop, best_seller_size);
                shop
            },
        )
}

/// Many orders meet in one group of a view; of a few, some have a group to themselves.
fn few_or_many<T: Debug>(order: impl Strategy<Value = T> + 'static) -> impl Strategy<Value = Vec<T>> {
    let order = order.boxed();
    prop_oneof![vec(order.clone(), 0..=6), vec(order, 0..=40)]
}

/// A reference to the row at this position, counted round and round through a list that is shorter.
///
/// While a list shrinks from its end, references to what is left stay what they were.
fn any_reference() -> impl Strategy<Value = usize> {
    0..30_usize
}

fn any_nullable_reference() -> impl Strategy<Value = Option<usize>> {
    option::weighted(0.85, any_reference())
}

fn resolve(reference: Option<usize>, rows: usize) -> Option<usize> {
    reference?.checked_rem(rows)
}

/// Ids that tell the table (1 platforms … 7 orders) and the position of their row.
fn id(table: u32, position: usize) -> String {
    format!("{table:08x}-0000-4000-8000-{position:012x}")
}

fn numbered<T, R>(table: u32, rows: impl IntoIterator<Item = T>, finish: impl Fn(String, T) -> R) -> Vec<R> {
    rows.into_iter()
        .enumerate()
        .map(|(position, row)| finish(id(table, position), row))
        .collect()
}

/// How many completed orders one brand has at least: mostly none, or a number at the edge of a volume tier.
fn any_best_seller_size() -> impl Strategy<Value = usize> {
    prop_oneof![
        26 => Just(0),
        1 => Just(50),
        1 => Just(51),
        1 => Just(100),
        1 => Just(101),
    ]
}

/// Repeats the first completed order of a brand until that brand has `size` of them.
fn raise_best_seller(shop: &mut Shop, size: usize) {
    let brand_of = |order: &Order| shop.products[shop.stock_items[order.stock_item].product].brand;
    let is_branded_sale =
        |order: &&Order| STATUSES.contains(&order.status.as_str()) && brand_of(order).is_some();
    let Some(first) = shop.orders.iter().find(is_branded_sale).cloned() else {
        return;
    };
    let same_brand = |order: &&Order| brand_of(order) == brand_of(&first);
    let present = shop
        .orders
        .iter()
        .filter(is_branded_sale)
        .filter(same_brand)
        .count();
    for _ in present..size {
        let id = id(7, shop.orders.len());
        shop.orders.push(Order { id, ..first.clone() });
    }
}

prop_compose! {
    fn any_supplier()(
        business_name in any_text(),
        contact_email in any_nullable_text(),
        phone in any_nullable_text(),
        country in any_nullable_text(),
        rating in option::of((0..=999_i64).prop_map(hundredths)),
    ) -> Supplier {
        Supplier { id: String::new(), business_name, contact_email, phone, country, rating }
    }
}

prop_compose! {
    fn any_brand()(
        name in any_text(),
        segment in any_nullable_text(),
        price_tier in any_nullable_text(),
        target_demographic in any_nullable_text(),
        is_collaboration in any::<bool>(),
    ) -> Brand {
        Brand {
            id: String::new(),
            name,
            segment,
            price_tier,
            target_demographic,
            is_collaboration,
            parent: None,
        }
    }
}

prop_compose! {
    fn any_product()(sku in any_text(), name in any_text()) -> Product {
        Product { id: String::new(), sku, name, brand: None, category: None }
    }
}

prop_compose! {
    fn any_stock_item(moment: BoxedStrategy<Timestamp>)(
        purchase_price in any_nullable_amount(),
        gross_purchase_price in any_nullable_amount(),
        vat_amount in any_nullable_amount(),
        purchase_date in option::weighted(0.85, moment.clone()),
        status in any_of(ITEM_STATUSES),
        condition in any_nullable_text(),
        size in any_nullable_text(),
        color in any_nullable_text(),
        created_at in moment.clone(),
        updated_at in moment.clone(),
        quantity in any_quantity(),
    ) -> StockItem {
        StockItem {
            id: String::new(),
            product: 0,
            supplier: None,
            purchase_price,
            gross_purchase_price,
            vat_amount,
            purchase_date,
            status,
            condition,
            size,
            color,
            currency: None,
            created_at,
            updated_at,
            quantity,
        }
    }
}

prop_compose! {
    fn any_order(moment: BoxedStrategy<Timestamp>)(
        status in any_status(),
        sold_at in option::weighted(0.85, moment.clone()),
        gross_sale in option::weighted(0.85, any_price()),
        net_proceeds in any_nullable_amount(),
        net_profit in any_nullable_amount(),
        roi in option::weighted(0.85, any_roi()),
        platform_fee in any_nullable_amount(),
        shipping_cost in any_nullable_amount(),
        payout_received in option::of(any::<bool>()),
        payout_date in option::weighted(0.7, moment.clone()),
        country in option::weighted(0.8, any_country()),
        city in option::weighted(0.7, any_city()),
        quantity in any_quantity(),
    ) -> Order {
        Order {
            id: String::new(),
            stock_item: 0,
            platform: 0,
            status,
            sold_at,
            gross_sale,
            net_proceeds,
            net_profit,
            roi,
            platform_fee,
            shipping_cost,
            payout_received,
            payout_date,
            country,
            city,
            quantity,
            currency: None,
        }
    }
}

fn any_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(texts).prop_map(str::to_owned)
}

fn any_text() -> impl Strategy<Value = String> {
    any_of(TEXTS)
}

fn any_nullable_text() -> impl Strategy<Value = Option<String>> {
    option::weighted(0.75, any_text())
}

fn any_status() -> impl Strategy<Value = String> {
    prop_oneof![4 => any_of(STATUSES), 1 => any_of(OTHER_STATUSES)]
}

/// Half of them in one country, and half of all cities Paris, so that orders meet in one place.
fn any_country() -> impl Strategy<Value = String> {
    let (france, all) = (Just("France"), select(COUNTRIES).prop_map(|(country, _)| country));
    prop_oneof![france, all].prop_map(str::to_owned)
}

fn any_city() -> impl Strategy<Value = String> {
    prop_oneof![Just("Paris"), select(CITIES)].prop_map(str::to_owned)
}

/// A gross sale: on and beside the thresholds of price_positioning, free, refunded, the most that fits, any.
///
/// The prices that recur have a large prime factor, or none but 2 and 5. With prices like 3.00, a mean of
/// ratios would often be exactly half a unit of the last place, and a database, which cuts each ratio after
/// some 20 digits, could not but round some of them the wrong way.
fn any_price() -> impl Strategy<Value = Decimal> {
    let thresholds = vec![10_000, 20_000];
    let extremes = vec![10_001, 20_001, 9_997, 19_999, 0, 1, -5_000, 16_000, 9_999_999_999];
    prop_oneof![select(thresholds), select(extremes), -10_000..=40_000_i64].prop_map(hundredths)
}

fn any_nullable_amount() -> impl Strategy<Value = Option<Decimal>> {
    let amount = prop_oneof![
        1 => select(vec![1_000, 0, 1, -1_000]),
        2 => -5_000..=20_000_i64,
    ];
    option::weighted(0.85, amount.prop_map(hundredths))
}

/// Mostly one. What orders sell may be less than was bought, just that, or more.
fn any_quantity() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(1), 2 => select(vec![2, 3, 0, 20])]
}

/// Any value that numeric(5, 2) holds.
fn any_roi() -> impl Strategy<Value = Decimal> {
    (-99_999..=99_999_i64).prop_map(hundredths)
}

/// A time close to an edge of the local calendar or of the ages at which stock changes its category.
fn any_moment(zone: &TimeZone, today: Date) -> BoxedStrategy<Timestamp> {
    let zone = zone.clone();
    let day = prop_oneof![
        5 => select(edge_days(&zone, today)),
        1 => (0..800_i64).prop_map(move |age| today - age.days()),
    ];
    (day, select(edge_times()), any::<bool>())
        .prop_map(move |(day, time, second_pass)| {
            // When clocks go back, an hour comes twice; when they go forward, one does not come at all.
            let local = zone.to_ambiguous_timestamp(day.to_datetime(time));
            let moment = if second_pass {
                local.later()
            } else {
                local.earlier()
            };
            moment.expect("a time within jiff's range")
        })
        .boxed()
}

fn edge_days(zone: &TimeZone, today: Date) -> Vec<Date> {
    let ages = [0, 1, 29, 30, 31, 89, 90, 91, 179, 180, 181, -1];
    let mut days: Vec<Date> = ages.iter().map(|&age: &i64| today - age.days()).collect();
    let year_end = today.first_of_year() - 1.day();
    days.extend([
        today.first_of_month(),
        today.first_of_month() - 1.day(),
        today.first_of_year(),
        year_end,
        // The last quarter and the one before, and the last day of February, which is not always the 28th.
        year_end.first_of_month() - 2.months(),
        year_end.first_of_month() - 2.months() - 1.day(),
        today.first_of_year() + 2.months() - 1.day(),
    ]);
    let now = zone
        .to_timestamp(today.to_datetime(Time::midnight()))
        .expect("a time within jiff's range");
    let changes_of_clocks = zone.preceding(now).take(3);
    days.extend(changes_of_clocks.map(|change| change.timestamp().to_zoned(zone.clone()).date()));
    days
}

fn edge_times() -> Vec<Time> {
    vec![
        time(12, 0, 0, 0),
        time(0, 0, 0, 0),
        time(23, 59, 59, 999_999_000),
        time(0, 30, 0, 0),
        time(1, 59, 59, 999_999_000),
        time(2, 0, 0, 0),
        time(2, 30, 0, 0),
        time(3, 0, 0, 0),
        time(17, 45, 12, 345_678_000),
    ]
}
