//! Pages whose filters are set.

use postgres::Client;

use super::card::DASHBOARDS;
use crate::cluster::{Database, create_all_views, error_of, value};
use crate::shop::{assert_error, column, run, shop_with_views};

fn page(client: &mut Client, arguments: &str) -> String {
    let page: String = value(client, &format!("SELECT metabase.dashboard_html({arguments})"));
    // Texts as they are read; what is not ASCII is written by its number.
    page.replace("&#8211;", "–").replace("&quot;", "\"")
}

#[test]
fn a_page_has_one_clock() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'Asia/Tokyo')",
    );
    let shown = page(&mut client, "'executive'");
    assert!(!shown.contains("Asia/Tokyo"), "{shown}");
    run(
        &mut client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    let shown = page(&mut client, "'executive'");
    assert!(shown.contains("days are those of Asia/Tokyo"), "{shown}");
    assert!(
        shown.contains("<dt>Times are those of</dt><dd>Asia/Tokyo</dd>"),
        "{shown}"
    );
}

/// The orders' days of `tests/hand_worked` are in the past: what a page shows at first is nothing.
#[test]
fn a_card_without_results_says_under_which_filters_and_when_there_were_some() {
    let (_database, mut client) = shop_with_views();
    let blank = page(&mut client, "'executive'");
    let last: String = value(
        &mut client,
        "SELECT to_char(max(sale_date), 'FMDD Mon YYYY') FROM analytics.metabase_executive_metrics",
    );
    assert!(blank.contains("No results: Past 30 days ("), "{blank}");
    assert!(
        blank.contains(&format!("). The last day with any is {last}.")),
        "{blank}"
    );
    for arguments in [
        "'executive', '{\"date\": null}'",
        "'executive', '{\"Date range\": \"2020-01-01~\"}'",
        "'executive', '2020-01-01', '2026-01-01'",
        "'executive', NULL, current_date",
        "'executive', '-infinity', 'infinity'",
        "'executive', NULL::date, NULL::date",
    ] {
        let full = page(&mut client, arguments);
        assert!(!full.contains("No results"), "{arguments}: {full}");
    }
    // Where there is nothing at all, there is no day to name.
    let database = Database::with_layout_a();
    let mut client = database.connect();
    create_all_views(&mut client);
    let empty = page(&mut client, "'executive', '{\"date\": null}'");
    assert!(empty.contains("<p class=\"calm\">No results</p>"), "{empty}");
}

#[test]
fn the_pages_lead_to_each_other_under_the_names_of_their_dashboards() {
    let (_database, mut client) = shop_with_views();
    let titles = column(&mut client, "SELECT title FROM metabase.dashboards()");
    for name in DASHBOARDS {
        let page = page(&mut client, &format!("'{name}'"));
        let (_, rest) = page.split_once("<nav>").expect("it has links");
        let (links, _) = rest.split_once("</nav>").expect("they end");
        let expected: String = DASHBOARDS
            .iter()
            .zip(&titles)
            .map(|(other, title)| match *other == name {
                true => format!(r#"<a href="{other}.html" aria-current="page">{title}</a>"#),
                false => format!(r#"<a href="{other}.html">{title}</a>"#),
            })
            .collect();
        let links = links.replace("\n", "");
        assert_eq!(
            links,
            format!("<span>Other pages, where they were saved beside this one:</span>{expected}")
        );
        // They are all that the page leads to.
        assert_eq!(page.matches("href=").count(), DASHBOARDS.len());
    }
}

#[test]
fn values_are_those_that_are_set_whatever_they_hold() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        r#"UPDATE core.brands SET name = E'O''Neil\\ <b>"x"</b>' WHERE name = (SELECT min(name) FROM core.brands);
           SELECT * FROM metabase.refresh('all')"#,
    );
    let arguments =
        r#"'product_analytics', jsonb_build_object('date', NULL, 'brand', E'O''Neil\\ <b>"x"</b>')"#;
    let one = page(&mut client, arguments);
    assert!(one.contains("O'Neil\\ &lt;b&gt;\"x\"&lt;/b&gt;"), "{one}");
    assert!(!one.contains("This card could not be drawn"), "{one}");
    let nobody = page(
        &mut client,
        r#"'product_analytics', '{"date": null, "brand": ["no such brand", "nor this"]}'"#,
    );
    assert!(nobody.contains("No results: no such brand, nor this"), "{nobody}");
    // No value is no restriction, as in Metabase.
    let all = page(
        &mut client,
        r#"'product_analytics', '{"date": null, "brand": []}'"#,
    );
    assert_eq!(all.matches("<section").count(), one.matches("<section").count());
    assert!(!all.contains("No results: "), "{all}");
    let dead = page(
        &mut client,
        r#"'inventory_management', '{"stock_category": ["Dead Stock"], "supplier": null}'"#,
    );
    assert!(dead.contains("Dead Stock"));
}

const DATES: &str = "Dates are set like this: \"2026-01-31\", \"2026-01\", \"2026\", \"2026-01-01~2026-03-31\", \"2026-01-01~\", \"past30days\"; null for all.";
const VALUES: &str = "Write a text, or an array of texts; null for all.";

#[test]
fn filters_that_are_not_there_or_cannot_be_so_are_errors() {
    let (_database, mut client) = shop_with_views();
    for (arguments, sqlstate, message, hint) in [
        (
            r#"'executive', '{"brand": "Nike"}'"#,
            "22023",
            r#"dashboard "executive" has no filter "brand""#,
            "Its filters are: date.",
        ),
        (
            r#"'product_analytics', '{"DATE": null}'"#,
            "22023",
            r#"dashboard "product_analytics" has no filter "DATE""#,
            "Its filters are: date, brand.",
        ),
        (
            r#"'executive', '{"date": "yesterday"}'"#,
            "22023",
            r#"filter "date" cannot be "yesterday": it is no day, month, year or period"#,
            DATES,
        ),
        (
            r#"'executive', '{"date": ["2026-01-01"]}'"#,
            "22023",
            r#"filter "date" cannot be ["2026-01-01"]: it is no text"#,
            DATES,
        ),
        (
            r#"'executive', '{"date": "2026-01", "Date range": null}'"#,
            "22023",
            r#"filter "date" cannot be "2026-01": it is given twice"#,
            DATES,
        ),
        (
            "'executive', '2026-03-01', '2026-01-01'",
            "22023",
            r#"filter "date" cannot be "2026-03-01~2026-01-01": it ends before it begins"#,
            DATES,
        ),
        (
            r#"'product_analytics', '{"brand": 5}'"#,
            "22023",
            r#"filter "brand" cannot be 5: it is neither a text nor an array of texts"#,
            VALUES,
        ),
        (
            r#"'product_analytics', '{"brand": ["Nike", null]}'"#,
            "22023",
            r#"filter "brand" cannot be ["Nike",null]: it holds something else than texts"#,
            VALUES,
        ),
        (
            "'executive', '[]'",
            "22023",
            "the filters must be a JSON object, not []",
            r#"For example: SELECT metabase.dashboard_html('product_analytics', '{"brand": ["Nike", "adidas"], "date": "2026-01"}');"#,
        ),
        (
            "'inventory_management', '2026-01-01', NULL",
            "22023",
            r#"dashboard "inventory_management" has no filter of dates"#,
            r#"Its filters are set by name: SELECT metabase.dashboard_html('inventory_management', '{"stock_category": "Dead Stock"}');"#,
        ),
        (
            "'executive', '2026-01-01 BC', NULL",
            "22023",
            r#"argument "first_day" is no day of the years 1 to 9999"#,
            "Pass NULL where it is to have no end.",
        ),
        (
            "'executive', NULL, '10000-01-01'",
            "22023",
            r#"argument "last_day" is no day of the years 1 to 9999"#,
            "Pass NULL where it is to have no end.",
        ),
        (
            "'executive', NULL::jsonb",
            "22004",
            r#"argument "filters" must not be NULL"#,
            "Pass a value.",
        ),
    ] {
        let error = error_of(
            &mut client,
            &format!("SELECT metabase.dashboard_html({arguments})"),
        );
        assert_error(&error, sqlstate, message, Some(hint));
    }
}
