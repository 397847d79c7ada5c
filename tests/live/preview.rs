//! The preview: four pages that a browser draws without an error, whatever the shop's data are.
//!
//! Chromium opens them in frames of a page of ours, whose script (`preview.js`) measures what it sees, and prints that.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::ToSpan;
use jiff::civil::Date;
use postgres::Client;
use serde_json::Value;

use crate::cluster::{Database, create_all_views, error_of, value};
use crate::dashboards::card::{Choice, Chosen, DASHBOARDS, cards, list, text};
use crate::shop::{column, run};

/// A page as a browser shows it at one width.
#[derive(serde::Deserialize)]
struct Look {
    page: String,
    width: u32,
    cards: Vec<CardLook>,
    /// Names of all elements.
    elements: BTreeSet<String>,
    /// What lies on something else, or reaches out of what it should be in.
    faults: Vec<String>,
}

/// A card as a browser shows it.
#[derive(serde::Deserialize)]
struct CardLook {
    key: String,
    text: String,
    /// The number of a card that is one.
    value: Option<String>,
    /// The cells of its table: for a chart, that of its figures.
    rows: Vec<Vec<String>>,
    /// The texts of the countries on its map.
    countries: Vec<Vec<String>>,
    drawings: usize,
}

impl Look {
    fn card(&self, key: &str) -> &CardLook {
        let card = self.cards.iter().find(|card| card.key == key);
        card.unwrap_or_else(|| panic!("{} has no card {key}", self.page))
    }
}

/// How the four pages look at two widths. Nothing may be on the browser's console but the line that shows that it is read.
fn look_at_pages(database: &Database, client: &mut Client) -> Vec<Look> {
    let folder = new_folder(database.name());
    for dashboard in DASHBOARDS {
        let page: String = value(client, &format!("SELECT metabase.dashboard_html('{dashboard}')"));
        write(&folder.join(format!("{dashboard}.html")), &page);
    }
    let frames: String = DASHBOARDS
        .iter()
        .flat_map(|page| [(page, 1440), (page, 1024)])
        .map(|(page, width)| {
            format!(r#"<iframe src="{page}.html" data-page="{page}" width="{width}" height="3000"></iframe>"#)
        })
        .collect();
    write(
        &folder.join("looks.html"),
        &format!(
            "<!DOCTYPE html>{frames}<script>{}</script>",
            include_str!("preview.js")
        ),
    );
    let output = Command::new(browser())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // The pages are in frames of another file.
            "--allow-file-access-from-files",
            "--enable-logging=stderr",
            "--dump-dom",
            "--window-size=1500,3000",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", folder.join("looks.html").display()))
        .output()
        .expect("the browser can be run");
    let log = String::from_utf8_lossy(&output.stderr);
    let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(
        matches!(console[..], [line] if line.contains("the pages are measured")),
        "{console:#?}\n{log}"
    );
    let dom = String::from_utf8(output.stdout).expect("the DOM is UTF-8");
    let looks = dom
        .split_once("<pre>")
        .and_then(|(_, rest)| rest.split_once("</pre>"))
        .map(|(looks, _)| {
            looks
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
        })
        .unwrap_or_else(|| panic!("no looks in {dom}"));
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
    serde_json::from_str(&looks).unwrap_or_else(|error| panic!("{error} in {looks}"))
}

fn new_folder(name: &str) -> PathBuf {
    let parent = std::env::var("METABASE_VIEWS_TEST_DIR").expect("tests are run with: make test");
    let folder = Path::new(&parent).join(format!("preview_{name}"));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// The browser, by the names that it has on different systems.
fn browser() -> &'static str {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok())
        .expect("Chromium is installed")
}

/// No fault, and no element that does not belong to a page.
fn assert_in_order(looks: &[Look]) {
    const ELEMENTS: &[&str] = &[
        "html", "head", "meta", "title", "style", "body", "div", "header", "h1", "h2", "h3", "p", "dl", "dt",
        "dd", "main", "section", "span", "strong", "em", "code", "ul", "li", "figure", "table", "caption",
        "thead", "tbody", "tr", "th", "td", "svg", "rect", "line", "polyline", "polygon", "circle", "text",
        "path", "nav", "a",
    ];
    assert_eq!(looks.len(), 8);
    for Look {
        page,
        width,
        faults,
        elements,
        ..
    } in looks
    {
        assert_eq!(faults, &[] as &[String], "{page} at {width}");
        let strange: Vec<&String> = elements
            .iter()
            .filter(|name| !ELEMENTS.contains(&name.as_str()))
            .collect();
        assert!(strange.is_empty(), "{page} at {width} has {strange:?}");
    }
}

/// The demo shop with so many completed orders, in the zone that it trades in.
fn demo_shop(orders: &str) -> (Database, Client) {
    let database = Database::with_layout_a();
    let name = database.name().to_owned();
    let mut client = database.connect();
    run(
        &mut client,
        &format!("ALTER DATABASE {name} SET TimeZone = 'Europe/Berlin'; SET TimeZone = 'Europe/Berlin'"),
    );
    let psql = database
        .program("psql")
        .args([
            "-X",
            "-q",
            "-v",
            &format!("orders={orders}"),
            "-f",
            concat!(env!("CARGO_MANIFEST_DIR"), "/demo/data.sql"),
        ])
        .output()
        .expect("psql can be run");
    assert!(psql.status.success(), "{}", String::from_utf8_lossy(&psql.stderr));
    (database, client)
}

#[test]
fn each_card_shows_what_its_sql_answers() {
    let (database, mut client) = demo_shop("1309");
    create_all_views(&mut client);
    let looks = look_at_pages(&database, &mut client);
    assert_in_order(&looks);
    let mut compared = 0;
    for look in &looks {
        let dashboard: Value = value(
            &mut client,
            &format!("SELECT metabase.dashboard_json('{}')", look.page),
        );
        let cards = dashboard["ordered_cards"].as_array().expect("there are cards");
        for card in cards.iter().filter_map(|dashcard| dashcard.get("card")) {
            let expected = answer(&mut client, &dashboard, card);
            let shown = look.card(card["key"].as_str().expect("a card has a key"));
            assert_shows(shown, card, &expected);
            compared += 1;
        }
    }
    assert_eq!(compared, 2 * 38);
}

/// A card shows an answer: all of its rows, or as many as there is room for.
fn assert_shows(shown: &CardLook, card: &Value, expected: &[Vec<String>]) {
    let key = &shown.key;
    assert!(!expected.is_empty(), "{key}");
    let last = expected.last().expect("there is a row");
    match card["display"].as_str().expect("a card has a display") {
        "scalar" => assert_eq!(shown.value.as_ref(), last.last(), "{key}"),
        "smartscalar" => {
            let [month, value] = &last[..] else {
                panic!("{last:?}")
            };
            assert_eq!(shown.value.as_ref(), Some(value), "{key}");
            let [month_before, value_before] = &expected[0][..] else {
                panic!("{expected:?}")
            };
            for text in [month, &format!("vs. {value_before} in {month_before}")] {
                assert!(shown.text.contains(text), "{text} in {}", shown.text);
            }
        }
        "map" => {
            let values: Vec<&String> = shown.countries.iter().map(|texts| &texts[1]).collect();
            assert_eq!(
                values,
                expected.iter().map(|row| &row[1]).collect::<Vec<_>>(),
                "{key}"
            );
            assert!(shown.text.contains("United Kingdom"), "{key}");
            assert_eq!(shown.drawings, 1, "{key}");
        }
        "pie" => {
            assert_eq!(shown.drawings, 1, "{key}");
            for slice in shown.rows.iter().filter(|slice| slice[0] != "Other") {
                let row = vec![slice[0].clone(), slice[2].clone()];
                assert!(expected.contains(&row), "{row:?} in {expected:?}");
            }
        }
        "table" => assert_eq!(shown.rows, expected[..expected.len().min(50)], "{key}"),
        _ => {
            assert_eq!(shown.drawings, 1, "{key}");
            let dimensions = card["visualization_settings"]["graph.dimensions"].as_array();
            match dimensions.map(Vec::len) {
                Some(2) => assert_eq!(shown.rows, per_value(expected), "{key}"),
                _ => assert_eq!(shown.rows, expected, "{key}"),
            }
        }
    }
}

/// Rows of a name, a value and a number, as a row for each name with the numbers of all values.
fn per_value(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let mut shown: Vec<Vec<String>> = Vec::new();
    for row in rows {
        let [name, _, number] = &row[..] else {
            panic!("{row:?}")
        };
        match shown.last_mut().filter(|last| last[0] == *name) {
            Some(last) => last.push(number.clone()),
            None => shown.push(vec![name.clone(), number.clone()]),
        }
    }
    shown
}

/// What a card's SQL returns under the filters' defaults, each value written as the card's settings have it.
fn answer(client: &mut Client, dashboard: &Value, card: &Value) -> Vec<Vec<String>> {
    let settings = &card["visualization_settings"];
    let names: Vec<String> = match card["display"].as_str() {
        Some("table") => {
            let columns = settings["table.columns"].as_array().expect("a table has columns");
            let shown = columns.iter().filter(|column| column["enabled"] == true);
            shown.map(|column| text(&column["name"])).collect()
        }
        Some("scalar") => vec![text(&settings["scalar.field"])],
        Some("smartscalar") => vec!["Month".to_owned(), text(&settings["scalar.field"])],
        Some("pie") => vec![text(&settings["pie.dimension"]), text(&settings["pie.metric"])],
        Some("map") => vec![text(&settings["map.dimension"]), text(&settings["map.metric"])],
        _ => {
            let columns = ["graph.dimensions", "graph.metrics"].map(|name| settings[name].as_array());
            columns.into_iter().flatten().flatten().map(text).collect()
        }
    };
    let written: Vec<String> = names
        .iter()
        .map(|name| {
            written(
                name,
                &settings["column_settings"][format!("[\"name\",\"{name}\"]")],
            )
        })
        .collect();
    let query = format!(
        "SELECT ARRAY[{}] FROM (\n{}\n) AS answer",
        written.join(", "),
        under_filters(client, dashboard, card)
    );
    let rows = client
        .query(&query, &[])
        .unwrap_or_else(|error| panic!("{query}: {error:?}"));
    rows.iter().map(|row| row.get(0)).collect()
}

/// SQL that writes a column as its settings have it.
fn written(name: &str, settings: &Value) -> String {
    let name = format!("\"{name}\"");
    let shown = match (settings["number_style"].as_str(), settings["date_style"].as_str()) {
        (Some(_), _) => {
            let decimals = settings["decimals"].as_u64().expect("a number has decimals");
            let pattern = match decimals {
                0 => "FM999,999,990".to_owned(),
                _ => format!("FM999,999,990.{}", "0".repeat(decimals as usize)),
            };
            let symbol = if settings["currency"] == "EUR" { "€" } else { "" };
            format!(
                "CASE WHEN round({name}::numeric, {decimals}) < 0 THEN '-' ELSE '' END
                    || '{symbol}' || to_char(abs({name}::numeric), '{pattern}') || '{}'",
                settings["suffix"].as_str().unwrap_or_default()
            )
        }
        (None, Some("MMMM, YYYY")) => format!("to_char({name}, 'FMMonth YYYY')"),
        (None, Some(_)) => format!("to_char({name}, 'FMDD Mon YYYY')"),
        (None, None) => format!("{name}::text"),
    };
    format!("coalesce({shown}, '')")
}

/// A card's SQL with the defaults of its filters: the past days up to yesterday in Berlin, or nothing.
fn under_filters(client: &mut Client, dashboard: &Value, card: &Value) -> String {
    let today: Date = value(client, "SELECT (now() AT TIME ZONE 'Europe/Berlin')::date");
    let mut chosen = Chosen::new();
    for parameter in list(&dashboard["parameters"]) {
        if let Some(default) = parameter["default"].as_str() {
            let days = default.trim_start_matches("past").trim_end_matches("days");
            let days: i64 = days.parse().expect("a period is so many days");
            chosen.insert("date", Choice::Days(today - days.days(), today - 1.day()));
        }
    }
    let cards = cards(dashboard);
    let asked = cards.iter().find(|asked| card["key"] == *asked.key);
    asked
        .expect("it is one of the dashboard's")
        .asked(client, &chosen)
}

/// Names that would break a page that took them for anything but text.
const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    r#""><img src=x onerror=alert(1)>"#,
    "{{date}} [[AND true]]",
    "]]> --> </style></svg></table>",
    "&lt;b&gt; &amp;amp; &#60;",
    "👟🔥 スニーカー",
    "حذاء رياضي أبيض",
    "a\u{202e}b\u{1}c\td\ne",
    "'; DROP TABLE core.brands; --",
];

#[test]
fn names_are_nothing_but_text() {
    let (database, mut client) = demo_shop("1309");
    let names = HOSTILE.map(|name| format!("$name${name}$name$")).join(", ");
    for (table, column) in [
        ("core.brands", "name"),
        ("core.platforms", "name"),
        ("core.suppliers", "business_name"),
        ("products.categories", "name"),
        ("products.products", "name"),
    ] {
        run(
            &mut client,
            &format!(
                "ALTER TABLE {table} ALTER COLUMN {column} TYPE text;
                 UPDATE {table} AS named SET {column} = (ARRAY[{names}, repeat('x', 2000)])[1 + place % 10]
                 FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM {table}) AS placed
                 WHERE placed.id = named.id"
            ),
        );
    }
    create_all_views(&mut client);
    let looks = look_at_pages(&database, &mut client);
    assert_in_order(&looks);
    let products = looks.iter().find(|look| look.page == "product_analytics");
    let products = &products
        .expect("it was looked at")
        .card("product_performance")
        .rows;
    let shown: BTreeSet<&str> = products.iter().map(|row| row[0].as_str()).collect();
    let long = format!("{}…", "x".repeat(300));
    for name in HOSTILE
        .iter()
        .filter(|name| !name.contains('\u{202e}'))
        .chain([&&*long])
    {
        assert!(shown.contains(name), "{name} in {shown:?}");
    }
    // What would control the texts after it is left out.
    assert!(shown.contains("ab\u{fffd}c d e"), "{shown:?}");
}

#[test]
fn a_shop_of_twenty_orders_is_in_order_too() {
    let (database, mut client) = demo_shop("20");
    create_all_views(&mut client);
    let looks = look_at_pages(&database, &mut client);
    assert_in_order(&looks);
}

#[test]
fn an_empty_shop_has_no_results() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    create_all_views(&mut client);
    let looks = look_at_pages(&database, &mut client);
    assert_in_order(&looks);
    for look in &looks {
        // How fresh the figures are is told also where there are none.
        for card in look.cards.iter().filter(|card| card.key != "data_as_of") {
            let is_zero = matches!(card.value.as_deref(), Some("0 orders" | "0 items" | "€0"));
            assert!(
                is_zero || card.text.contains("No results"),
                "{}: {}",
                card.key,
                card.text
            );
        }
    }
}

#[test]
fn what_has_brought_in_less_than_nothing_is_drawn() {
    let (database, mut client) = demo_shop("1309");
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = -gross_sale
         WHERE inventory_item_id IN (
             SELECT inventory.id
             FROM products.inventory
             JOIN products.products ON products.id = inventory.product_id
             JOIN core.brands ON brands.id = products.brand_id
             WHERE brands.name <> 'Nike'
         )",
    );
    create_all_views(&mut client);
    let looks = look_at_pages(&database, &mut client);
    assert_in_order(&looks);
    for look in looks.iter().filter(|look| look.page == "product_analytics") {
        // The biggest ten end with one that has cost more than it brought in.
        let brands = look.card("brand_performance");
        let last = brands.rows.last().expect("there is a row");
        assert_eq!(brands.rows.len(), 10);
        assert!(last[1].starts_with("-€"), "{last:?}");
    }
}

#[test]
fn how_many_bars_are_left_out_is_told_in_full() {
    let (database, mut client) = demo_shop("1309");
    run(
        &mut client,
        "INSERT INTO core.platforms SELECT gen_random_uuid(), 'p' || n, 'p' || n FROM generate_series(1, 40) AS n;
         UPDATE transactions.orders SET platform_id = (
             SELECT id FROM core.platforms WHERE slug = 'p' || (1 + abs(hashtext(orders.id::text)) % 40)
         )",
    );
    create_all_views(&mut client);
    let looks = look_at_pages(&database, &mut client);
    assert_in_order(&looks);
    let executive = looks
        .iter()
        .find(|look| look.page == "executive")
        .expect("it was looked at");
    let platforms = &executive.card("platform_performance").text;
    assert!(platforms.contains(" more"), "{platforms}");
}

#[test]
fn amounts_beyond_all_numbers_have_a_scale() {
    let (database, mut client) = demo_shop("1309");
    run(
        &mut client,
        "ALTER TABLE transactions.orders ALTER COLUMN gross_sale TYPE numeric;
         UPDATE transactions.orders SET gross_sale = gross_sale * 1e20",
    );
    create_all_views(&mut client);
    let looks = look_at_pages(&database, &mut client);
    assert_in_order(&looks);
    let executive = looks
        .iter()
        .find(|look| look.page == "executive")
        .expect("it was looked at");
    let trend = executive.card("revenue_trend");
    assert!(trend.drawings > 0 && trend.text.contains("€0"), "{}", trend.text);
}

#[test]
fn a_card_that_fails_says_why_and_harms_no_other() {
    let (database, mut client) = demo_shop("1309");
    create_all_views(&mut client);
    run(
        &mut client,
        "SELECT metabase.drop_view('metabase_executive_metrics')",
    );
    let looks = look_at_pages(&database, &mut client);
    assert_in_order(&looks);
    let executive = looks
        .iter()
        .find(|look| look.page == "executive")
        .expect("it was looked at");
    let failed = &executive.card("active_orders").text;
    assert!(
        failed.contains("materialized view analytics.metabase_executive_metrics does not exist"),
        "{failed}"
    );
    assert!(executive.card("sales_by_country").text.contains("Germany"));
}

#[test]
fn the_page_shows_what_the_role_may_read() {
    let database = Database::with_layout_a();
    create_all_views(&mut database.connect());
    let role = database.create_role("stranger");
    run(
        &mut database.connect(),
        &format!(
            "GRANT USAGE ON SCHEMA metabase, analytics TO {role};
             GRANT EXECUTE ON FUNCTION metabase.dashboard_html(text) TO {role};
             GRANT SELECT ON analytics.metabase_executive_metrics TO {role}"
        ),
    );
    let mut stranger = database.connect_as(&role);
    let page: String = value(&mut stranger, "SELECT metabase.dashboard_html('executive')");
    assert!(page.contains("permission denied for materialized view metabase_sales"));
    assert!(!page.contains("permission denied for materialized view metabase_executive_metrics"));
}

#[test]
fn nothing_is_written() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    create_all_views(&mut client);
    run(&mut client, "BEGIN READ ONLY");
    let titles = column(
        &mut client,
        "SELECT substring(metabase.dashboard_html(name) FROM '<title>(.*)</title>') FROM metabase.dashboards()",
    );
    assert_eq!(
        titles,
        [
            "Executive dashboard",
            "Product analytics",
            "Platform performance",
            "Inventory management"
        ]
    );
}

#[test]
fn a_page_is_whole_in_every_encoding() {
    let (_database, mut client) = demo_shop("20");
    create_all_views(&mut client);
    run(
        &mut client,
        "SELECT convert_to(metabase.dashboard_html(name), 'LATIN1') FROM metabase.dashboards()",
    );
}

#[test]
fn an_unknown_dashboard_has_no_page() {
    let database = Database::with_extension();
    let mut client = database.connect();
    let error = error_of(&mut client, "SELECT metabase.dashboard_html('sales')");
    assert_eq!(error.message, r#"there is no dashboard "sales""#);
    let error = error_of(&mut client, "SELECT metabase.dashboard_html(NULL)");
    assert_eq!(error.message, r#"argument "name" must not be NULL"#);
}
