//! The shop of `tests/hand_worked`: about twenty orders whose figures a person can check with a pencil.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use postgres::Client;

use crate::cluster::{Database, create_all_views, refresh_all};

/// The views with their keys.
const VIEWS: [(&str, &str); 8] = [
    ("metabase_executive_metrics", "sale_date, platform_slug"),
    ("metabase_product_performance", "product_id"),
    ("metabase_brand_analytics", "brand_id"),
    ("metabase_platform_performance", "platform_id"),
    ("metabase_inventory_status", "inventory_id"),
    ("metabase_customer_geography", "country, city"),
    ("metabase_supplier_performance", "supplier_id"),
    ("metabase_sales", "order_id"),
];

#[test]
fn every_row_is_as_worked_out_by_hand() {
    let database = shop();
    let mut client = database.connect();
    create_all_views(&mut client);
    for (view, key) in VIEWS {
        assert_eq!(csv(&mut client, view, key), expected(view), "{view}");
    }
}

#[test]
fn the_same_rows_come_out_whatever_time_zone_the_session_has() {
    let database = shop();
    let mut client = database.connect();
    create_all_views(&mut client);
    for zone in ["UTC", "America/Los_Angeles", "Asia/Tokyo"] {
        client
            .batch_execute(&format!("SET TimeZone = '{zone}'"))
            .expect("the session may have any zone");
        let recreated = client
            .query(
                "SELECT created FROM metabase.create_all_views(drop_existing => true)",
                &[],
            )
            .expect("they can be replaced");
        assert!(recreated.iter().all(|row| row.get("created")));
        refresh_all(&mut client);
        for (view, key) in VIEWS {
            assert_eq!(csv(&mut client, view, key), expected(view), "{view} under {zone}");
        }
    }
}

/// A database with the shop, whose days are Berlin's.
fn shop() -> Database {
    wait_until_midnight_is_far();
    let database = Database::with_layout_a();
    database.run_file("tests/hand_worked/shop.sql");
    database.run_file("tests/hand_worked/stock.sql");
    database
        .connect()
        .batch_execute("SELECT metabase.set_setting('time_zone', 'Europe/Berlin')")
        .expect("Berlin is a zone");
    database
}

/// Unsold items age at midnight: a shop that is loaded before it and compared after it would be a day off.
fn wait_until_midnight_is_far() {
    let now = Zoned::now().with_time_zone(TimeZone::get("Europe/Berlin").expect("Berlin is a zone"));
    if now.hour() == 23 && now.minute() == 59 {
        std::thread::sleep(std::time::Duration::from_secs(61));
    }
}

/// A view as the expected files have it.
fn csv(client: &mut Client, view: &str, key: &str) -> String {
    let previous: String = crate::cluster::value(client, "SHOW TimeZone");
    client
        .batch_execute("SET TimeZone = 'UTC'")
        .expect("UTC is a zone");
    let copy = format!(
        "COPY (SELECT * FROM analytics.{view} ORDER BY {key} NULLS LAST) TO STDOUT WITH (FORMAT csv, HEADER)"
    );
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut client.copy_out(&copy).expect("the view can be read"),
        &mut text,
    )
    .expect("CSV is text");
    client
        .batch_execute(&format!("SET TimeZone = '{previous}'"))
        .expect("it was set before");
    text
}

/// The expected file, with `<N days ago>` written out: noon in Berlin on that day.
fn expected(view: &str) -> String {
    let path = format!(
        "{}/tests/hand_worked/expected/{view}.csv",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let zone = TimeZone::get("Europe/Berlin").expect("Berlin is a zone");
    let today = Timestamp::now().to_zoned(zone.clone()).date();
    while let Some((before, rest)) = text.split_once('<') {
        let (days, after) = rest
            .split_once(" days ago>")
            .expect("the only use of < is <N days ago>");
        let day = today - days.parse::<i64>().expect("a number of days").days();
        let noon = day
            .at(12, 0, 0, 0)
            .to_zoned(zone.clone())
            .expect("noon is on every day");
        let shown = noon
            .with_time_zone(TimeZone::UTC)
            .strftime("%Y-%m-%d %H:%M:%S+00")
            .to_string();
        text = format!("{before}{shown}{after}");
    }
    text
}
