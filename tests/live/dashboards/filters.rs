//! Whatever is chosen in the filters, each card shows what it says of that.

use jiff::ToSpan;
use jiff::civil::Date;

use super::card::{Choice, Chosen, DASHBOARDS, cards, dashboard};
use super::figures::compare;
use super::shops::{choose, demo, odd, today};
use crate::cluster::value;
use crate::rows::cells;
use crate::shop::column;

/// The values of one filter that somebody ticks.
fn values(values: &[&str]) -> Choice {
    Choice::Values(values.iter().map(|&value| value.to_owned()).collect())
}

fn days(first: &str, last: &str) -> Choice {
    let day = |text: &str| text.parse::<Date>().expect("it is a date");
    Choice::Days(day(first), day(last))
}

/// How many rows a card shows now.
fn rows_of(shown: &[(String, usize)], card: &str) -> usize {
    let (_, rows) = shown
        .iter()
        .find(|(name, _)| name == card)
        .unwrap_or_else(|| panic!("there is no {card}"));
    *rows
}

// Date ranges

#[test]
fn a_date_range_in_the_demo_shop() {
    let (_database, mut client) = demo();
    let today = today(&mut client);
    let this_month = today.first_of_month();
    let last_month = this_month - 1.month();
    let last_sale: Date = value(&mut client, "SELECT max(day) FROM sale");
    for (first, last) in [
        // The defaults: thirty and ninety days up to yesterday.
        (today - 30.days(), today - 1.day()),
        (today - 90.days(), today - 1.day()),
        (last_month, last_month.last_of_month()),
        // Over the end of a month, and of a year.
        (this_month - 2.days(), this_month),
        (
            last_month.first_of_year() - 3.days(),
            last_month.first_of_year() + 2.days(),
        ),
        // One day.
        (last_sale, last_sale),
        // Longer than the shop is old.
        (this_month - 20.years(), today),
    ] {
        let shown = compare(&mut client, &Chosen::from([("date", Choice::Days(first, last))]));
        assert_eq!(rows_of(&shown, "executive/revenue_trend"), 12);
        assert_ne!(rows_of(&shown, "executive/platform_performance"), 0);
        assert_ne!(rows_of(&shown, "product_analytics/top_products_by_units"), 0);
    }
}

#[test]
fn a_date_range_without_a_sale_leaves_nothing_or_zero() {
    let (_database, mut client) = demo();
    let shown = compare(
        &mut client,
        &Chosen::from([("date", days("1999-12-31", "2000-01-01"))]),
    );
    for (card, rows) in [
        ("executive/total_revenue", 0),
        ("executive/avg_roi", 0),
        ("executive/active_orders", 1),
        ("executive/revenue_trend", 0),
        ("executive/platform_performance", 0),
        ("executive/top_products", 0),
        ("executive/sales_by_country", 0),
        ("product_analytics/top_products_by_revenue", 0),
        ("product_analytics/product_performance", 0),
        ("product_analytics/price_distribution", 0),
        ("product_analytics/sell_through_by_brand", 0),
        ("platform_performance/total_orders", 1),
        ("platform_performance/avg_fee", 0),
        ("platform_performance/avg_payout_days", 0),
        ("platform_performance/countries_served", 0),
        ("platform_performance/platform_profitability", 0),
    ] {
        assert_eq!(rows_of(&shown, card), rows, "{card}");
    }
}

#[test]
fn days_are_those_of_the_shop_up_to_their_last_minute() {
    let (_database, mut client) = odd();
    // One order at 23:59 on the last of January in Berlin, the next a minute later in February.
    for (first, last, orders) in [
        ("2024-01-31", "2024-01-31", "1"),
        ("2024-02-01", "2024-02-01", "1"),
        ("2024-01-31", "2024-02-01", "2"),
        ("2024-02-02", "2024-02-28", "0"),
        ("2024-02-29", "2024-02-29", "3"),
        ("2024-03-31", "2024-03-31", "1"),
        ("2024-04-30", "2024-05-31", "3"),
    ] {
        let chosen = Chosen::from([("date", days(first, last))]);
        compare(&mut client, &chosen);
        let executive = dashboard(&mut client, "executive");
        let card = cards(&executive)
            .into_iter()
            .find(|card| card.key == "active_orders")
            .expect("there is one");
        let asked = card.asked(&mut client, &chosen);
        assert_eq!(column(&mut client, &asked), [orders], "{first} to {last}");
    }
}

// Values

#[test]
fn a_brand_in_the_demo_shop() {
    let (_database, mut client) = demo();
    let brands = column(
        &mut client,
        "SELECT brand FROM item WHERE brand IS NOT NULL GROUP BY brand ORDER BY count(*) DESC LIMIT 3",
    );
    for chosen in [vec![&*brands[0]], vec![&*brands[1], &*brands[2]]] {
        let shown = compare(&mut client, &Chosen::from([("brand", values(&chosen))]));
        assert_eq!(
            rows_of(&shown, "product_analytics/brand_performance"),
            chosen.len()
        );
        assert_eq!(
            rows_of(&shown, "product_analytics/sell_through_by_brand"),
            chosen.len()
        );
    }
}

#[test]
fn each_platform_of_the_demo_shop() {
    let (_database, mut client) = demo();
    let platforms = column(&mut client, "SELECT DISTINCT platform FROM sale ORDER BY 1");
    for platform in &platforms {
        let shown = compare(&mut client, &Chosen::from([("platform", values(&[platform]))]));
        assert_eq!(
            rows_of(&shown, "platform_performance/platform_profitability"),
            1,
            "{platform}"
        );
    }
    let all: Vec<&str> = platforms.iter().map(String::as_str).collect();
    let shown = compare(&mut client, &Chosen::from([("platform", values(&all))]));
    assert_eq!(
        rows_of(&shown, "platform_performance/revenue_by_platform"),
        platforms.len()
    );
}

#[test]
fn each_stock_category_and_a_supplier_of_the_demo_shop() {
    let (_database, mut client) = demo();
    let suppliers = column(
        &mut client,
        "SELECT supplier FROM item WHERE supplier IS NOT NULL GROUP BY supplier ORDER BY count(*) DESC LIMIT 2",
    );
    let stock_categories = column(
        &mut client,
        "SELECT DISTINCT stock_category FROM item WHERE units = 0",
    );
    assert_eq!(stock_categories.len(), 5, "{stock_categories:?}");
    for stock_category in &stock_categories {
        let shown = compare(
            &mut client,
            &Chosen::from([("stock_category", values(&[stock_category]))]),
        );
        assert_eq!(
            rows_of(&shown, "inventory_management/stock_status_by_category"),
            1,
            "{stock_category}"
        );
        compare(
            &mut client,
            &Chosen::from([
                ("stock_category", values(&[stock_category])),
                ("supplier", values(&[&suppliers[0]])),
            ]),
        );
    }
    let shown = compare(
        &mut client,
        &Chosen::from([("supplier", values(&[&suppliers[0], &suppliers[1]]))]),
    );
    assert_eq!(rows_of(&shown, "inventory_management/supplier_performance"), 2);
}

#[test]
fn two_filters_at_once_in_the_demo_shop() {
    let (_database, mut client) = demo();
    let today = today(&mut client);
    let date = Choice::Days(today - 90.days(), today - 1.day());
    let of_period = "FROM sale WHERE day BETWEEN current_date - 90 AND current_date - 1";
    let brand: String = value(
        &mut client,
        &format!(
            "SELECT brand {of_period} AND brand IS NOT NULL GROUP BY brand ORDER BY count(*) DESC LIMIT 1"
        ),
    );
    let platform: String = value(
        &mut client,
        &format!("SELECT platform {of_period} GROUP BY platform ORDER BY count(*) DESC LIMIT 1"),
    );
    let shown = compare(
        &mut client,
        &Chosen::from([
            ("date", date),
            ("brand", values(&[&brand])),
            ("platform", values(&[&platform])),
        ]),
    );
    assert_eq!(rows_of(&shown, "product_analytics/brand_performance"), 1);
    assert_eq!(rows_of(&shown, "platform_performance/revenue_by_platform"), 1);
}

#[test]
fn a_value_that_nothing_has_leaves_nothing_or_zero() {
    let (_database, mut client) = demo();
    for filter in ["brand", "platform", "stock_category", "supplier"] {
        let shown = compare(&mut client, &Chosen::from([(filter, values(&["No such thing"]))]));
        let of_filter = match filter {
            "brand" => "product_analytics/product_performance",
            "platform" => "platform_performance/platform_profitability",
            _ => "inventory_management/inventory_status",
        };
        assert_eq!(rows_of(&shown, of_filter), 0, "{filter}");
    }
}

#[test]
fn every_value_and_every_month_of_the_odd_shop() {
    let (_database, mut client) = odd();
    for filter in ["brand", "platform", "supplier", "stock_category"] {
        let relation = if filter == "platform" { "sale" } else { "item" };
        let found = column(
            &mut client,
            &format!("SELECT DISTINCT {filter} FROM {relation} WHERE {filter} IS NOT NULL"),
        );
        assert!(found.len() >= 2, "{filter}: {found:?}");
        for value in &found {
            let chosen = values(&[value]);
            compare(&mut client, &Chosen::from([(filter, chosen.clone())]));
            // What lies in stock does so today, whatever the date.
            if !["brand", "platform"].contains(&filter) {
                continue;
            }
            for month in 1..=6 {
                let first = Date::new(2024, month, 1).expect("it is a day");
                let date = Choice::Days(first, first.last_of_month());
                compare(
                    &mut client,
                    &Chosen::from([("date", date), (filter, chosen.clone())]),
                );
            }
        }
    }
}

// What a filter does not reach

#[test]
fn a_card_of_all_time_shows_the_same_whatever_the_date() {
    let (_database, mut client) = demo();
    let date = Chosen::from([("date", days("2000-01-01", "2000-01-01"))]);
    choose(&mut client, &Chosen::new());
    let mut all_time = Vec::new();
    for name in DASHBOARDS {
        let dashboard = dashboard(&mut client, name);
        for card in cards(&dashboard) {
            let whenever = card.asked(&mut client, &Chosen::new());
            let then = card.asked(&mut client, &date);
            let is_same = cells(&mut client, &whenever) == cells(&mut client, &then);
            let says_all_time = card.title.to_lowercase().contains("all time");
            // The stock is that of today: its dashboard has no date. How fresh figures are is the same for all of them.
            assert_eq!(
                is_same,
                says_all_time || name == "inventory_management" || card.key == "data_as_of",
                "{}",
                card.title
            );
            if says_all_time {
                all_time.push(card.key);
            }
        }
    }
    assert_eq!(all_time, ["unpaid_payouts", "supplier_performance"]);
}
