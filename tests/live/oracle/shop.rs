//! A whole shop of the documented layout, as far as the views read it, and how to fill a database with it.

use std::fmt::{self, Display};
use std::io::Write;

use jiff::Timestamp;
use jiff::civil::Date;
use postgres::{Client, Transaction};

/// A `numeric` with four decimals: so many ten-thousandths. Every amount, roi and rating of the layout has two, and what an amount of another
/// currency is worth is rounded to four.
#[derive(Clone, Copy, PartialEq)]
pub struct Decimal(pub i64);

pub fn hundredths(value: i64) -> Decimal {
    Decimal(value * 100)
}

impl Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let digits = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:04}", digits / 10_000, digits % 10_000)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Rows refer to each other by their position in these lists.
#[derive(Clone, Debug)]
pub struct Shop {
    pub platforms: Vec<Platform>,
    pub suppliers: Vec<Supplier>,
    pub brands: Vec<Brand>,
    pub categories: Vec<Category>,
    pub products: Vec<Product>,
    pub stock_items: Vec<StockItem>,
    pub orders: Vec<Order>,
    pub rates: Vec<Rate>,
}

/// What one unit of a currency is worth from a day on, until the next rate. Of two that begin on one day, the later one in the list counts.
#[derive(Clone, Debug)]
pub struct Rate {
    pub currency: String,
    pub valid_from: Date,
    pub rate: Decimal,
}

#[derive(Clone, Debug)]
pub struct Platform {
    pub id: String,
    pub name: String,
    pub slug: String,
}

#[derive(Clone, Debug)]
pub struct Supplier {
    pub id: String,
    pub business_name: String,
    pub contact_email: Option<String>,
    pub phone: Option<String>,
    pub country: Option<String>,
    pub rating: Option<Decimal>,
}

#[derive(Clone, Debug)]
pub struct Brand {
    pub id: String,
    pub name: String,
    pub segment: Option<String>,
    pub price_tier: Option<String>,
    pub target_demographic: Option<String>,
    pub is_collaboration: bool,
    pub parent: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Category {
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug)]
pub struct Product {
    pub id: String,
    pub sku: String,
    pub name: String,
    pub brand: Option<usize>,
    pub category: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct StockItem {
    pub id: String,
    pub product: usize,
    pub supplier: Option<usize>,
    pub purchase_price: Option<Decimal>,
    pub gross_purchase_price: Option<Decimal>,
    pub vat_amount: Option<Decimal>,
    pub purchase_date: Option<Timestamp>,
    pub status: String,
    pub condition: Option<String>,
    pub size: Option<String>,
    pub color: Option<String>,
    pub currency: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub quantity: usize,
}

#[derive(Clone, Debug)]
pub struct Order {
    pub id: String,
    pub stock_item: usize,
    pub platform: usize,
    pub status: String,
    pub sold_at: Option<Timestamp>,
    pub gross_sale: Option<Decimal>,
    pub net_proceeds: Option<Decimal>,
    pub net_profit: Option<Decimal>,
    pub roi: Option<Decimal>,
    pub platform_fee: Option<Decimal>,
    pub shipping_cost: Option<Decimal>,
    pub payout_received: Option<bool>,
    pub payout_date: Option<Timestamp>,
    pub country: Option<String>,
    pub city: Option<String>,
    pub quantity: usize,
    pub currency: Option<String>,
}

impl Shop {
    /// Replaces whatever shop the database holds by this one, in one transaction. Its tables have columns of currencies if any row has one.
    pub fn insert_into(&self, client: &mut Client) {
        let mut transaction = client.transaction().expect("begin");
        transaction
            .batch_execute(
                "TRUNCATE core.platforms,
                          core.suppliers,
                          core.brands,
                          products.categories,
                          products.products,
                          products.inventory,
                          transactions.orders",
            )
            .expect("truncate the shop");
        self.copy_labels(&mut transaction);
        self.copy_stock_items(&mut transaction);
        self.copy_orders(&mut transaction);
        self.set_rates(&mut transaction);
        transaction.commit().expect("commit the shop");
    }

    fn copy_labels(&self, transaction: &mut Transaction<'_>) {
        copy(
            transaction,
            "core.platforms (id, name, slug)",
            &self.platforms,
            |platform| vec![field(&platform.id), field(&platform.name), field(&platform.slug)],
        );
        copy(
            transaction,
            "core.suppliers (id, business_name, contact_email, phone, country, rating)",
            &self.suppliers,
            |supplier| {
                vec![
                    field(&supplier.id),
                    field(&supplier.business_name),
                    nullable(&supplier.contact_email),
                    nullable(&supplier.phone),
                    nullable(&supplier.country),
                    nullable(&supplier.rating),
                ]
            },
        );
        copy(
            transaction,
            "core.brands (id, name, segment, price_tier, target_demographic, is_collaboration, \
             parent_brand_id)",
            &self.brands,
            |brand| {
                vec![
                    field(&brand.id),
                    field(&brand.name),
                    nullable(&brand.segment),
                    nullable(&brand.price_tier),
                    nullable(&brand.target_demographic),
                    field(brand.is_collaboration),
                    nullable(&brand.parent.map(|parent| &self.brands[parent].id)),
                ]
            },
        );
        copy(
            transaction,
            "products.categories (id, name)",
            &self.categories,
            |category| vec![field(&category.id), field(&category.name)],
        );
        copy(
            transaction,
            "products.products (id, sku, name, brand_id, category_id)",
            &self.products,
            |product| {
                vec![
                    field(&product.id),
                    field(&product.sku),
                    field(&product.name),
                    nullable(&product.brand.map(|brand| &self.brands[brand].id)),
                    nullable(&product.category.map(|category| &self.categories[category].id)),
                ]
            },
        );
    }

    fn set_rates(&self, transaction: &mut Transaction<'_>) {
        let sets: String = self
            .rates
            .iter()
            .map(|rate| {
                let Rate {
                    currency,
                    valid_from,
                    rate,
                } = rate;
                format!("SELECT metabase.set_exchange_rate('{currency}', '{valid_from}', {rate});\n")
            })
            .collect();
        transaction
            .batch_execute(&format!("DELETE FROM metabase_internal.exchange_rate;\n{sets}"))
            .expect("set the rates");
    }

    fn has_currencies(&self) -> bool {
        let currencies = || {
            let of_items = self.stock_items.iter().map(|item| &item.currency);
            of_items.chain(self.orders.iter().map(|order| &order.currency))
        };
        currencies().any(Option::is_some)
    }

    fn copy_stock_items(&self, transaction: &mut Transaction<'_>) {
        let has_currencies = self.has_currencies();
        let currency = if has_currencies { ", currency" } else { "" };
        copy(
            transaction,
            &format!(
                "products.inventory (id, product_id, supplier_id, purchase_price, gross_purchase_price, \
                 vat_amount, purchase_date, status, condition, size, color, created_at, updated_at, quantity{currency})"
            ),
            &self.stock_items,
            |item| {
                let currency = has_currencies.then(|| nullable(&item.currency));
                let fields = vec![
                    field(&item.id),
                    field(&self.products[item.product].id),
                    nullable(&item.supplier.map(|supplier| &self.suppliers[supplier].id)),
                    nullable(&item.purchase_price),
                    nullable(&item.gross_purchase_price),
                    nullable(&item.vat_amount),
                    nullable(&item.purchase_date),
                    field(&item.status),
                    nullable(&item.condition),
                    nullable(&item.size),
                    nullable(&item.color),
                    field(item.created_at),
                    field(item.updated_at),
                    field(item.quantity),
                ];
                fields.into_iter().chain(currency).collect()
            },
        );
    }

    fn copy_orders(&self, transaction: &mut Transaction<'_>) {
        let has_currencies = self.has_currencies();
        let currency = if has_currencies { ", currency" } else { "" };
        copy(
            transaction,
            &format!(
                "transactions.orders (id, inventory_item_id, platform_id, status, sold_at, gross_sale, \
                 net_proceeds, net_profit, roi, platform_fee, shipping_cost, payout_received, payout_date, \
                 buyer_destination_country, buyer_destination_city, quantity, created_at, updated_at{currency})"
            ),
            &self.orders,
            |order| {
                let currency = has_currencies.then(|| nullable(&order.currency));
                let fields = vec![
                    field(&order.id),
                    field(&self.stock_items[order.stock_item].id),
                    field(&self.platforms[order.platform].id),
                    field(&order.status),
                    nullable(&order.sold_at),
                    nullable(&order.gross_sale),
                    nullable(&order.net_proceeds),
                    nullable(&order.net_profit),
                    nullable(&order.roi),
                    nullable(&order.platform_fee),
                    nullable(&order.shipping_cost),
                    nullable(&order.payout_received),
                    nullable(&order.payout_date),
                    nullable(&order.country),
                    nullable(&order.city),
                    field(order.quantity),
                    // No view reads these two, but the table demands them.
                    field(Timestamp::UNIX_EPOCH),
                    field(Timestamp::UNIX_EPOCH),
                ];
                fields.into_iter().chain(currency).collect()
            },
        );
    }
}

/// Sends `rows` to a table with COPY, since a property test fills a database hundreds of times.
fn copy<T>(transaction: &mut Transaction<'_>, target: &str, rows: &[T], fields: impl Fn(&T) -> Vec<String>) {
    let lines: String = rows.iter().map(|row| fields(row).join("\t") + "\n").collect();
    let mut writer = transaction
        .copy_in(&format!("COPY {target} FROM STDIN"))
        .unwrap_or_else(|error| panic!("start to copy into {target}: {error}"));
    writer.write_all(lines.as_bytes()).expect("write the rows");
    writer
        .finish()
        .unwrap_or_else(|error| panic!("copy into {target}: {error}\n{lines}"));
}

/// A value in COPY's text format.
fn field(value: impl Display) -> String {
    value
        .to_string()
        .replace('\\', "\\\\")
        .replace('\t', "\\t")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

fn nullable(value: &Option<impl Display>) -> String {
    value.as_ref().map_or_else(|| "\\N".to_owned(), field)
}
