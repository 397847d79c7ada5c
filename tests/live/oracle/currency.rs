//! A shop with all of its amounts in one currency.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use num::ToPrimitive;

use super::arithmetic::{Number, round};
use super::shop::{Decimal, Order, Rate, Shop, StockItem};
use super::views::local_date;

impl Shop {
    /// The same shop, with its amounts in the currency `own`: each row at the rate of its day, and without amounts where there is none.
    pub fn in_currency(&self, own: &str, zone: &TimeZone) -> Shop {
        let turned = |currency: &Option<String>, moment: Option<Timestamp>| {
            let day = local_date(moment, zone);
            turned_at(&self.rates, own, currency.as_deref(), day)
        };
        let orders = self.orders.iter().map(|order| {
            let turn = turned(&order.currency, order.sold_at);
            Order {
                gross_sale: turn(order.gross_sale),
                net_proceeds: turn(order.net_proceeds),
                net_profit: turn(order.net_profit),
                platform_fee: turn(order.platform_fee),
                shipping_cost: turn(order.shipping_cost),
                ..order.clone()
            }
        });
        let stock_items = self.stock_items.iter().map(|item| {
            let turn = turned(&item.currency, item.purchase_date);
            StockItem {
                purchase_price: turn(item.purchase_price),
                gross_purchase_price: turn(item.gross_purchase_price),
                vat_amount: turn(item.vat_amount),
                ..item.clone()
            }
        });
        Shop {
            orders: orders.collect(),
            stock_items: stock_items.collect(),
            ..self.clone()
        }
    }
}

/// What becomes of an amount of a row with this currency and day.
fn turned_at(
    rates: &[Rate],
    own: &str,
    currency: Option<&str>,
    day: Option<Date>,
) -> impl Fn(Option<Decimal>) -> Option<Decimal> + use<> {
    let code = currency
        .unwrap_or_default()
        .trim_matches(' ')
        .to_ascii_uppercase();
    let is_own = code.is_empty() || code == own;
    // Of several that are the latest, max_by_key takes the last.
    let rate = rates
        .iter()
        .filter(|rate| rate.currency == code && day.is_some_and(|day| rate.valid_from <= day))
        .max_by_key(|rate| rate.valid_from)
        .map(|rate| Number::from(rate.rate));
    move |amount| {
        if is_own {
            return amount;
        }
        let worth = round(Some(Number::from(amount?) * rate.clone()?), 4)?;
        let ten_thousandths = worth * Number::from_integer(10_000.into());
        Some(Decimal(
            ten_thousandths
                .to_integer()
                .to_i64()
                .expect("an amount that fits"),
        ))
    }
}
