//! Each card shows what its title and description say, of what is in the shop's own tables.

use postgres::{Client, SimpleQueryMessage};

use super::card::{Chosen, DASHBOARDS, cards, dashboard, list};
use super::expected::expected;
use super::shops::{choose, demo, empty, odd};
use crate::cluster::refresh_all;
use crate::rows::{cells, rows};
use crate::shop::{column, run};

#[test]
fn every_card_shows_what_it_says_of_the_demo_shop() {
    let (_database, mut client) = demo();
    let shown = compare(&mut client, &Chosen::new());
    assert_eq!(shown.len(), 34);
    let empty: Vec<_> = shown.iter().filter(|(_, rows)| *rows == 0).collect();
    assert!(empty.is_empty(), "{empty:?}");
}

#[test]
fn every_card_shows_what_it_says_of_a_shop_that_is_odd_in_every_way() {
    let (_database, mut client) = odd();
    let shown = compare(&mut client, &Chosen::new());
    let empty: Vec<_> = shown.iter().filter(|(_, rows)| *rows == 0).collect();
    assert!(empty.is_empty(), "{empty:?}");
}

#[test]
fn a_shop_without_a_row_has_cards_that_show_nothing_or_zero() {
    let (_database, mut client) = empty();
    compare(&mut client, &Chosen::new());
}

#[test]
fn what_is_odd_is_shown_like_this() {
    let (_database, mut client) = odd();
    for (name, key, shown) in [
        (
            "executive",
            "sales_by_country",
            // 150 + 170 + 130 to Germany and DE, 200 + 90 to UK and United Kingdom; none to Atlantis.
            &[
                "DE | 450 | 3",
                "GB | 290 | 2",
                "FR | 190 | 2",
                "US | 55 | 1",
                "AT | 0 | 2",
            ][..],
        ),
        (
            "product_analytics",
            "top_products_by_revenue",
            // Two products called Dunk, and one without name or SKU; what was given back has brought in nothing.
            &[
                "Dunk · D-1 | 450",
                "Dunk · D-2 | 200",
                "Samba | 200",
                "N-1 | 60",
                "Unnamed product | 55",
                "Trees | 0",
            ],
        ),
        (
            "product_analytics",
            "price_distribution",
            // Up to 170 in ten classes: 20 each. Two pairs for 150 count at 75, two for 200 at 100; what has no item counts, too.
            &[
                "40–60 | 1",
                "60–80 | 4",
                "80–100 | 2",
                "100–120 | 4",
                "120–140 | 1",
                "140–160 | 0",
                "160–180 | 1",
            ],
        ),
        (
            "platform_performance",
            "revenue_by_platform",
            &[
                "StockX | 530 | StockX",
                "eBay | 345 | eBay",
                "No platform | 180 | -",
                "O'Neill, Sons | 60 | O'Neill, Sons",
            ],
        ),
        (
            "platform_performance",
            "countries_served",
            &["AT | 1", "DE | 1", "FR | 1", "GB | 1", "US | 1"],
        ),
        // Three left of five at 95.20, one for 80 that the shop has seen, five and seven at 11.90; one for nothing.
        ("inventory_management", "current_stock_value", &["508.40"]),
        (
            "inventory_management",
            "ageing_distribution",
            // What is bought tomorrow is the newest.
            &[
                "0–30 | 2",
                "31–60 | 6",
                "61–90 | 1",
                "91–180 | 2",
                "181–365 | 2",
                "over 365 | 4",
                "Unknown | 1",
            ],
        ),
    ] {
        let dashboard = dashboard(&mut client, name);
        let asked = cards(&dashboard)
            .into_iter()
            .find(|card| card.key == key)
            .expect("it is there")
            .asked(&mut client, &Chosen::new());
        // Amounts have two decimals at least.
        let answered = rows(&mut client, &asked);
        let answered: Vec<String> = answered.iter().map(|row| row.replace(".00", "")).collect();
        assert_eq!(answered, shown, "{key}");
    }
}

#[test]
fn platforms_that_there_is_no_room_for_are_one_bar_whatever_else_is_called_so() {
    let (_database, mut client) = demo();
    run(
        &mut client,
        "INSERT INTO core.platforms SELECT gen_random_uuid(), 'p' || n, 'p' || n FROM generate_series(1, 40) AS n;
         UPDATE core.platforms SET name = 'Other platforms' WHERE slug = 'p7';
         UPDATE transactions.orders SET platform_id = (
             SELECT id FROM core.platforms WHERE slug = 'p' || (1 + abs(hashtext(orders.id::text)) % 40)
         ) WHERE platform_id = (SELECT id FROM core.platforms WHERE slug = 'stockx')",
    );
    refresh_all(&mut client);
    for (name, key) in [
        ("executive", "platform_performance"),
        ("platform_performance", "revenue_by_platform"),
    ] {
        let dashboard = dashboard(&mut client, name);
        let cards = cards(&dashboard);
        let card = cards.iter().find(|card| card.key == key).expect("it is there");
        let asked = card.asked(&mut client, &Chosen::new());
        let [row] = &rows(
            &mut client,
            &format!(
                r#"SELECT count(*) <= 12, count(*) = count(DISTINCT "Platform"), sum("Revenue") = (SELECT sum(total_revenue) FROM analytics.metabase_executive_metrics),
                       (array_agg("Platform"))[count(*)] LIKE 'Other %'
                   FROM (
                {asked}
                ) AS card"#
            ),
        )[..] else {
            panic!("{key}")
        };
        assert_eq!(row, "t | t | t | t", "{key}");
    }
}

#[test]
fn what_is_called_like_our_words_is_not_what_they_mean() {
    let (_database, mut client) = odd();
    run(
        &mut client,
        "UPDATE core.brands SET name = 'No brand' WHERE name = 'Nike';
         UPDATE core.platforms SET name = 'No platform' WHERE slug = 'stockx';
         UPDATE products.categories SET name = 'No category'",
    );
    refresh_all(&mut client);
    for (name, key, word) in [
        ("product_analytics", "brand_performance", "No brand"),
        ("product_analytics", "brand_by_month", "No brand"),
        ("product_analytics", "sell_through_by_brand", "No brand"),
        ("product_analytics", "category_distribution", "No category"),
        ("platform_performance", "revenue_by_platform", "No platform"),
        ("platform_performance", "fee_comparison", "No platform"),
        ("platform_performance", "platform_profitability", "No platform"),
    ] {
        let dashboard = dashboard(&mut client, name);
        let card = cards(&dashboard)
            .into_iter()
            .find(|card| card.key == key)
            .expect("it is there");
        let asked = card.asked(&mut client, &Chosen::new());
        let mut shown = column(
            &mut client,
            &format!(
                "SELECT DISTINCT value FROM (\n{asked}\n) AS card, jsonb_each_text(to_jsonb(card)) WHERE value ~ '{word}' AND key !~ 'filter'"
            ),
        );
        shown.sort();
        assert_eq!(shown, [format!("\"{word}\""), word.to_owned()], "{key}");
    }
}

#[test]
fn amounts_of_any_size_keep_no_card_from_answering() {
    let (_database, mut client) = odd();
    for amount in [
        "1e100",
        "-1e100",
        "1e-30",
        "0.01",
        "1e9",
        "NaN",
        "Infinity",
        "-Infinity",
    ] {
        run(
            &mut client,
            &format!(
                "UPDATE transactions.orders SET gross_sale = '{amount}', net_profit = '{amount}', roi = '{amount}',
                     platform_fee = '{amount}'
                 WHERE id = md5('order 3')::uuid"
            ),
        );
        refresh_all(&mut client);
        for name in DASHBOARDS {
            let dashboard = dashboard(&mut client, name);
            for card in cards(&dashboard) {
                let asked = card.asked(&mut client, &Chosen::new());
                let shown = cells(&mut client, &asked);
                assert!(!shown.is_empty(), "{name}/{} with {amount}", card.key);
            }
        }
    }
}

/// Asserts that each card shows what it has to where this is chosen, in each dashboard that has one of the filters, in both forms of the
/// questions; returns how many rows each shows in a shop that has a view of its single sales.
pub fn compare(client: &mut Client, chosen: &Chosen) -> Vec<(String, usize)> {
    choose(client, chosen);
    run(client, "SELECT metabase.set_setting('sales_view', 'off')");
    compare_form(client, chosen, false);
    run(client, "SELECT metabase.set_setting('sales_view', NULL)");
    compare_form(client, chosen, true)
}

fn compare_form(client: &mut Client, chosen: &Chosen, has_sales: bool) -> Vec<(String, usize)> {
    let mut shown = Vec::new();
    let mut wrong = Vec::new();
    for name in DASHBOARDS {
        let dashboard = dashboard(client, name);
        let has_filter = |slug: &&str| {
            list(&dashboard["parameters"])
                .iter()
                .any(|it| it["slug"] == *slug)
        };
        if !chosen.is_empty() && !chosen.keys().any(has_filter) {
            continue;
        }
        // How fresh the figures are is none of them.
        for card in cards(&dashboard)
            .into_iter()
            .filter(|card| card.key != "data_as_of")
        {
            let expected = expected(name, &card.key, has_sales);
            let asked = card.asked(client, chosen);
            let shows = drawn(client, &asked);
            let due = cells(client, expected.sql);
            if !agree(&shows, &due, expected.tolerance) {
                wrong.push(format!(
                    "{name}/{} of {chosen:?} shows\n  {shows:?}\nand not\n  {due:?}",
                    card.key
                ));
            }
            shown.push((format!("{name}/{}", card.key), shows.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    shown
}

/// The cells of a card's rows, but for the columns that are there for clicks alone (clicks.rs looks at those).
fn drawn(client: &mut Client, asked: &str) -> Vec<Vec<Option<String>>> {
    let answer = client
        .simple_query(asked)
        .unwrap_or_else(|error| panic!("{asked}: {error:?}"));
    let rows = answer.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(|row| {
        let columns = row.columns().iter().enumerate();
        columns
            .filter(|(_, column)| !column.name().ends_with(" filter"))
            .map(|(place, _)| row.get(place).map(str::to_owned))
            .collect()
    })
    .collect()
}

/// Whether two results are equal row by row, in their order: numbers by their value, within a tolerance.
fn agree(one: &[Vec<Option<String>>], other: &[Vec<Option<String>>], tolerance: f64) -> bool {
    let cells_agree = |(one, other): (&Option<String>, &Option<String>)| {
        one == other
            || match (number(one), number(other)) {
                (Some(one), Some(other)) => (one - other).abs() <= tolerance,
                _ => false,
            }
    };
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| one.len() == other.len() && one.iter().zip(other).all(cells_agree))
}

fn number(cell: &Option<String>) -> Option<f64> {
    cell.as_ref()?.parse().ok()
}
