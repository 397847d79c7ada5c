//! A shop with several currencies: amounts are turned into the shop's own, at the rate of their day.

use postgres::Client;

use crate::cluster::{Database, create_all_views, error_of, refresh_all, value};
use crate::rows::rows;
use crate::sessions::Background;
use crate::shop::{
    VIEWS, assert_denied, assert_incremental, assert_right, column, refresh_view, refreshed, run,
    shop_with_views,
};

/// Orders and items of a shop in Berlin, few enough to be worked out by hand.
const ROWS: &str = "
    INSERT INTO core.platforms VALUES ('10000000-0000-0000-0000-000000000001', 'StockX', 'stockx');
    INSERT INTO products.products (id, sku, name) VALUES ('50000000-0000-0000-0000-000000000001', 'AF1', 'Air Force 1');
    INSERT INTO products.inventory (
        id, product_id, purchase_price, gross_purchase_price, vat_amount, purchase_date, status, currency, created_at, updated_at
    )
    VALUES
        ('60000000-0000-0000-0000-000000000001', '50000000-0000-0000-0000-000000000001', 100.00, 119.00, 19.00,
         '2024-02-10', 'sold', 'USD', now(), now()),
        ('60000000-0000-0000-0000-000000000002', '50000000-0000-0000-0000-000000000001', 80.00, 95.20, 15.20,
         '2024-02-10', 'sold', 'EUR', now(), now()),
        -- Nobody knows when, so nobody knows at which rate.
        ('60000000-0000-0000-0000-000000000003', '50000000-0000-0000-0000-000000000001', 70.00, NULL, NULL,
         NULL, 'in stock', 'USD', now(), now());
    INSERT INTO transactions.orders (
        id, inventory_item_id, platform_id, status, sold_at, gross_sale, net_profit, roi, currency, created_at, updated_at
    )
    SELECT
        ('70000000-0000-0000-0000-0000000000' || number)::uuid, '60000000-0000-0000-0000-000000000001',
        '10000000-0000-0000-0000-000000000001', 'completed', sold_at::timestamptz, gross_sale, net_profit, 12.5, currency, now(), now()
    FROM (
        VALUES
            ('01', '2024-03-01 12:00+00', 200.00, 20.00, 'EUR'),
            ('02', '2024-03-02 12:00+00', 200.00, 20.00, 'USD'),
            -- The last moment of March in Berlin, and the first of April.
            ('03', '2024-03-31 21:59:59+00', 99.99, -0.01, 'USD'),
            ('04', '2024-03-31 22:00+00', 99.99, -0.01, ' usd '),
            -- The day before there was a rate.
            ('05', '2024-02-09 12:00+00', 50.00, 5.00, 'USD'),
            ('06', '2024-03-06 12:00+00', 50.00, 5.00, 'GBP'),
            ('07', '2024-03-07 12:00+00', 10.01, 1.00, NULL),
            ('08', '2024-03-08 12:00+00', 10.01, 1.00, '  '),
            ('09', NULL, 30.00, 3.00, 'USD')
    ) AS sale (number, sold_at, gross_sale, net_profit, currency)";

const RATES: &str = "SELECT metabase.set_exchange_rate('USD', '2024-02-10', 0.92555), \
                     metabase.set_exchange_rate('usd', '2024-04-01', 0.9)";

/// Days with what was sold on them.
const DAYS: &str = "SELECT sale_date, total_revenue, total_profit, avg_roi FROM analytics.metabase_executive_metrics \
                    ORDER BY sale_date";

/// That shop, without views.
fn shop() -> (Database, Client) {
    let database = Database::with_layout_a();
    database.run_file("tests/layouts/a_currencies.sql");
    let mut client = database.connect();
    run(&mut client, ROWS);
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'Europe/Berlin'), metabase.set_setting('currency', 'EUR')",
    );
    (database, client)
}

/// That shop with views, rates and facts.
fn refreshed_shop() -> (Database, Client) {
    let (database, mut client) = shop();
    run(&mut client, RATES);
    create_all_views(&mut client);
    refresh_all(&mut client);
    (database, client)
}

/// The reasons that the last refresh of each view gave.
fn reasons(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT DISTINCT mode_reason FROM (
             SELECT DISTINCT ON (view_name) mode_reason FROM metabase.refresh_history ORDER BY view_name, id DESC
         ) AS last",
    )
}

#[test]
fn each_amount_is_turned_at_the_rate_of_its_day_and_rounded() {
    let (_database, mut client) = refreshed_shop();
    assert_eq!(
        rows(&mut client, DAYS),
        [
            "2024-02-09 | - | - | 12.5000",
            "2024-03-01 | 200.00 | 20.00 | 12.5000",
            // 200 · 0.92555 and 20 · 0.92555.
            "2024-03-02 | 185.11 | 18.511 | 12.5000",
            "2024-03-06 | - | - | 12.5000",
            // What is in no other currency is not rounded, and not turned.
            "2024-03-07 | 10.01 | 1.00 | 12.5000",
            "2024-03-08 | 10.01 | 1.00 | 12.5000",
            // 99.99 · 0.92555 = 92.5457445, and -0.01 · 0.92555 = -0.0092555.
            "2024-03-31 | 92.5457 | -0.0093 | 12.5000",
            // 99.99 · 0.9 = 89.991.
            "2024-04-01 | 89.991 | -0.009 | 12.5000",
            "- | - | - | 12.5000",
        ]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT right(inventory_id::text, 1), purchase_price, gross_purchase_price, vat_amount
             FROM analytics.metabase_inventory_status ORDER BY inventory_id"
        ),
        [
            // 100, 119 and 19 dollars of 10 February.
            "1 | 92.555 | 110.1405 | 17.5855",
            "2 | 80.00 | 95.20 | 15.20",
            "3 | - | - | -",
        ]
    );
}

#[test]
fn another_rate_has_facts_built_anew_once_and_says_so() {
    let (_database, mut client) = refreshed_shop();
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    let mut follows = |change: &str, is_another: bool| {
        run(&mut client, change);
        let before: i64 = value(&mut client, "SELECT max(id) FROM metabase.refresh_history");
        refresh_all(&mut client);
        let said = "facts and rollups were built: exchange rates have changed";
        assert_eq!(
            reasons(&mut client) == [said],
            is_another,
            "{change}: {before}: {:?}",
            reasons(&mut client)
        );
        assert_right(&mut client);
        for view in VIEWS {
            let wrong = rows(&mut client, &format!("SELECT * FROM metabase.verify('{view}')"));
            assert_eq!(wrong, [""; 0], "{change}");
        }
        // And from then on, what changes is enough.
        run(
            &mut client,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1, currency = 'USD' WHERE id::text ~ '0[126]$'",
        );
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        assert_right(&mut client);
    };
    follows(
        "SELECT metabase.set_exchange_rate('USD', '2024-03-15', 0.5)",
        true,
    );
    follows(
        "SELECT metabase.set_exchange_rate('GBP', '2024-01-01', 1.17)",
        true,
    );
    follows(
        "SELECT metabase.set_exchange_rate('USD', '2024-03-15', 0.75)",
        true,
    );
    follows(
        "SELECT metabase.set_exchange_rate('USD', '2024-03-15', NULL)",
        true,
    );
    // The same again, written otherwise, and what is not there.
    follows(
        "SELECT metabase.set_exchange_rate('USD', '2024-04-01', 0.90)",
        false,
    );
    follows(
        "SELECT metabase.set_exchange_rate('USD', '2024-05-01', NULL)",
        false,
    );
    follows(
        "BEGIN; SELECT metabase.set_exchange_rate('USD', '2024-04-01', 3); ROLLBACK",
        false,
    );
    // Facts that are built in the middle of a transaction know the rates so far.
    follows(
        "BEGIN;
         SELECT metabase.set_exchange_rate('USD', '2024-04-01', 1.5);
         SELECT * FROM metabase.refresh('all');
         SELECT metabase.set_exchange_rate('USD', '2024-04-01', 2.5);
         COMMIT",
        true,
    );
}

#[test]
fn a_rate_of_an_open_transaction_is_not_known_yet_and_in_nobodys_way() {
    let (database, mut client) = refreshed_shop();
    let mut other = database.connect();
    let days = rows(&mut client, DAYS);
    run(
        &mut other,
        "BEGIN; SELECT metabase.set_exchange_rate('USD', '2024-04-01', 2)",
    );
    run(&mut client, "SET statement_timeout = '20s'");
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(rows(&mut client, DAYS), days);
    run(
        &mut client,
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM transactions.orders",
    );
    run(&mut other, "COMMIT");
    // To this transaction, what has just been committed is not there.
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(rows(&mut client, DAYS), days);
    run(&mut client, "COMMIT");
    refresh_all(&mut client);
    assert_eq!(
        reasons(&mut client),
        ["facts and rollups were built: exchange rates have changed"]
    );
    assert_right(&mut client);
    assert_ne!(rows(&mut client, DAYS), days);
}

#[test]
fn a_refresh_by_hand_knows_the_rates_at_once() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "SELECT metabase.set_exchange_rate('USD', '2024-04-01', 2);
         REFRESH MATERIALIZED VIEW analytics.metabase_executive_metrics",
    );
    assert!(rows(&mut client, DAYS).contains(&"2024-04-01 | 199.98 | -0.02 | 12.5000".to_owned()));
    let error = refresh_incrementally(&mut client);
    assert!(
        error.contains("facts and rollups have to be built first: exchange rates have changed"),
        "{error}"
    );
    refresh_all(&mut client);
    assert_right(&mut client);
}

fn refresh_incrementally(client: &mut Client) -> String {
    let outcome = refreshed(
        client,
        "refresh_view('metabase_executive_metrics', 'incremental')",
    );
    outcome[0].error_message.clone().unwrap_or_default()
}

/// Rates are kept by the day from which on they count; adapters look them up by the day. Whatever the order in which they come and go, both are
/// the same.
#[test]
fn each_day_has_the_last_rate_that_is_not_later() {
    let (_database, mut client) = shop();
    let mut random = 7_u32;
    let mut draw = |below: u32| {
        random = random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        (random >> 16) % below
    };
    for _ in 0..150 {
        let (currency, day) = (["USD", "JPY"][draw(2) as usize], 1 + draw(28));
        let rate = match draw(3) {
            0 => "NULL".to_owned(),
            _ => format!("{}.5", draw(100)),
        };
        run(
            &mut client,
            &format!("SELECT metabase.set_exchange_rate('{currency}', '2024-02-{day:02}', {rate})"),
        );
        let wrong = rows(
            &mut client,
            "SELECT code.currency, that.day, found.rate, meant.rate
             FROM generate_series(date '2024-01-30', date '2024-03-02', interval '1 day') AS span (moment)
             CROSS JOIN LATERAL (SELECT span.moment::date AS day) AS that
             CROSS JOIN (VALUES ('USD'), ('JPY')) AS code (currency)
             LEFT JOIN metabase_internal.exchange_currency AS known USING (currency)
             LEFT JOIN metabase_internal.exchange_day AS found
                 ON found.base = 'EUR'
                 AND found.currency = code.currency
                 AND found.day = CASE WHEN that.day >= known.last_day THEN known.last_day ELSE that.day END
             LEFT JOIN LATERAL (
                 SELECT rate.rate FROM metabase.exchange_rates AS rate
                 WHERE rate.currency = code.currency AND rate.valid_from <= that.day
                 ORDER BY rate.valid_from DESC LIMIT 1
             ) AS meant ON true
             WHERE found.rate IS DISTINCT FROM meant.rate",
        );
        assert_eq!(wrong, [""; 0]);
        assert_eq!(
            column(
                &mut client,
                "SELECT count(*) FROM metabase_internal.exchange_day AS spread
                 LEFT JOIN metabase_internal.exchange_currency AS known USING (currency)
                 WHERE (spread.day <= known.last_day) IS NOT TRUE"
            ),
            ["0"]
        );
    }
}

/// What 100 dollars were, where they were taken for as many euros.
#[test]
fn a_rate_says_nothing_where_the_shop_has_another_currency_than_the_one_it_was_set_in() {
    let (_database, mut client) = refreshed_shop();
    run(
        &mut client,
        "SELECT metabase.set_exchange_rate('GBP', '2024-01-01', 1.17);
         SELECT metabase.set_setting('currency', 'USD');
         SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    refresh_all(&mut client);
    let sold =
        "SELECT sum(total_revenue) FROM analytics.metabase_executive_metrics WHERE sale_date = '2024-03-06'";
    assert_eq!(column(&mut client, sold), ["NULL"]);
    let lacking = "SELECT message FROM metabase.check_data() WHERE finding = 'currency_without_rate' AND entity = 'order'";
    let found = rows(&mut client, lacking).join("");
    assert!(found.contains("\"GBP\"") && found.contains("\"EUR\""), "{found}");
    assert_right(&mut client);
    run(
        &mut client,
        "SELECT metabase.set_exchange_rate('GBP', '2024-01-01', 1.25)",
    );
    refresh_all(&mut client);
    assert_eq!(column(&mut client, sold), ["62.50"]);
    assert_eq!(
        rows(
            &mut client,
            "SELECT rate, base FROM metabase.exchange_rates WHERE currency = 'GBP' ORDER BY base"
        ),
        ["1.17 | EUR", "1.25 | USD"]
    );
    assert_right(&mut client);
    // Back again, what was set before counts.
    run(
        &mut client,
        "SELECT metabase.set_setting('currency', 'EUR');
         SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(column(&mut client, sold), ["58.50"]);
}

#[test]
fn a_shop_that_has_set_rates_keeps_the_currency_that_they_are_in() {
    let (_database, mut client) = shop();
    run(&mut client, RATES);
    run(
        &mut client,
        "SELECT metabase.set_setting('currency', NULL);
         UPDATE transactions.orders SET currency = 'USD'",
    );
    create_all_views(&mut client);
    assert_eq!(
        rows(
            &mut client,
            "SELECT value FROM metabase.settings WHERE name = 'currency'"
        ),
        ["EUR"]
    );
    assert_right(&mut client);
}

/// As a loader's session sets them, or one that applies what was replicated.
#[test]
fn a_rate_is_spread_whatever_the_session_is() {
    let (_database, mut client) = refreshed_shop();
    let day = "SELECT rate FROM metabase_internal.exchange_day WHERE currency = 'USD' AND day = '2024-02-10'";
    run(&mut client, "SET session_replication_role = replica");
    for (rate, spread) in [("0.8", vec!["0.8"]), ("0.7", vec!["0.7"]), ("NULL", vec![])] {
        run(
            &mut client,
            &format!("SELECT metabase.set_exchange_rate('USD', '2024-02-10', {rate})"),
        );
        assert_eq!(column(&mut client, day), spread);
        refresh_all(&mut client);
        assert_right(&mut client);
    }
    run(&mut client, "RESET session_replication_role");
    // A dump of the data alone may be restored without triggers.
    run(
        &mut client,
        "ALTER TABLE metabase_internal.exchange_rate DISABLE TRIGGER ALL;
         INSERT INTO metabase_internal.exchange_rate VALUES ('EUR', 'USD', '2024-02-10', 0.6);
         ALTER TABLE metabase_internal.exchange_rate ENABLE TRIGGER ALL",
    );
    run(
        &mut client,
        "SELECT metabase.set_exchange_rate('USD', '2024-02-10', 0.6)",
    );
    assert_eq!(column(&mut client, day), ["0.6"]);
    refresh_all(&mut client);
    assert_right(&mut client);
}

#[test]
fn of_two_sessions_that_set_one_rate_the_last_one_wins() {
    let (database, mut client) = refreshed_shop();
    for day in ["2024-02-10", "2024-02-20"] {
        run(
            &mut client,
            &format!("BEGIN; SELECT metabase.set_exchange_rate('USD', '{day}', 0.6)"),
        );
        let mut observer = database.connect();
        let another = Background::start(
            database.connect(),
            &format!("SELECT metabase.set_exchange_rate('USD', '{day}', 0.7)"),
        );
        another.wait_until_blocked(&mut observer);
        run(&mut client, "COMMIT");
        another.result().expect("it waits, and then sets the rate");
        let rate = format!(
            "SELECT rate FROM metabase_internal.exchange_day WHERE currency = 'USD' AND day = '{day}'"
        );
        assert_eq!(column(&mut client, &rate), ["0.7"]);
        refresh_all(&mut client);
        assert_right(&mut client);
    }
}

/// Whoever asks is told, for each view, until it shows the rates.
#[test]
fn a_view_that_shows_other_rates_says_so() {
    let (_database, mut client) = refreshed_shop();
    let behind = "SELECT count(*) FROM metabase.view_status() WHERE mode_reason LIKE '%since then%exchange rates have changed'";
    assert_eq!(column(&mut client, behind), ["0"]);
    run(
        &mut client,
        "SELECT metabase.set_exchange_rate('USD', '2024-02-10', 0.5)",
    );
    assert_eq!(column(&mut client, behind), ["8"]);
    refresh_view(&mut client, "metabase_executive_metrics");
    assert_eq!(column(&mut client, behind), ["7"]);
    refresh_all(&mut client);
    assert_eq!(column(&mut client, behind), ["0"]);
    assert_right(&mut client);
}

#[test]
fn the_shops_currency_is_the_one_that_most_completed_orders_are_in_unless_it_is_set() {
    let (_database, mut client) = shop();
    run(
        &mut client,
        "SELECT metabase.set_setting('currency', NULL);
         UPDATE transactions.orders SET status = 'cancelled' WHERE currency = 'EUR';
         UPDATE transactions.orders SET currency = 'zzz' WHERE currency IS NULL",
    );
    let setting = "SELECT value, is_default FROM metabase.settings WHERE name = 'currency'";
    assert_eq!(rows(&mut client, setting), ["EUR | t"]);
    create_all_views(&mut client);
    assert_eq!(rows(&mut client, setting), ["USD | t"]);
    assert!(rows(&mut client, DAYS).contains(&"2024-03-02 | 200.00 | 20.00 | 12.5000".to_owned()));
    assert_eq!(
        column(
            &mut client,
            "SELECT metabase.dashboard_json('executive')::text ~ 'USD'"
        ),
        ["t"]
    );
    assert_eq!(
        error_of(
            &mut client,
            "SELECT metabase.set_exchange_rate('USD', '2024-01-01', 1)"
        )
        .message,
        "USD is the shop's own currency, and has no rate"
    );
    // Whatever comes, and whatever is set, until the views are made anew.
    run(
        &mut client,
        "UPDATE transactions.orders SET currency = 'EUR';
         SELECT metabase.drop_view('metabase_executive_metrics');
         SELECT * FROM metabase.create_view('metabase_executive_metrics')",
    );
    refresh_all(&mut client);
    assert_eq!(rows(&mut client, setting), ["USD | t"]);
    run(
        &mut client,
        "SELECT metabase.before_migration();
         SELECT * FROM metabase.after_migration()",
    );
    assert_eq!(rows(&mut client, setting), ["USD | t"]);
    run(
        &mut client,
        "SELECT metabase.set_setting('currency', 'EUR'); SELECT metabase.drop_view('metabase_executive_metrics')",
    );
    refresh_all_but(&mut client, "metabase_executive_metrics");
    let error = error_of(
        &mut client,
        "SELECT * FROM metabase.create_view('metabase_executive_metrics')",
    );
    assert!(error.message.contains("the settings have changed"), "{error:?}");
    run(
        &mut client,
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
    );
    assert_eq!(rows(&mut client, setting), ["EUR | f"]);
    assert!(rows(&mut client, DAYS).contains(&"2024-03-02 | 200.00 | 20.00 | 12.5000".to_owned()));
    assert_right(&mut client);
}

fn refresh_all_but(client: &mut Client, view: &str) {
    for other in VIEWS.iter().filter(|other| **other != view) {
        assert_eq!(refresh_view(client, other).status, "completed");
    }
}

#[test]
fn without_a_currency_no_rate_is_looked_at() {
    let (_database, mut client) = shop_with_views();
    refresh_all(&mut client);
    run(
        &mut client,
        "SELECT metabase.set_exchange_rate('USD', '2024-01-01', 2)",
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(
        column(
            &mut client,
            "SELECT viewname FROM pg_views WHERE schemaname = 'metabase_internal' AND definition ~ 'exchange'"
        ),
        [""; 0]
    );
    assert_eq!(
        column(&mut client, "SELECT currency FROM metabase_internal.made_from"),
        ["NULL"]
    );
}

/// The adapters follow a column that has come, and from then on the shop's currency is what it is.
#[test]
fn a_currency_that_comes_later_is_followed() {
    let (_database, mut client) = shop_with_views();
    refresh_all(&mut client);
    run(
        &mut client,
        "ALTER TABLE transactions.orders ADD currency_code varchar(3);
         UPDATE transactions.orders SET currency_code = 'CHF';
         UPDATE transactions.orders SET currency_code = 'USD' WHERE gross_sale = 100",
    );
    refresh_all(&mut client);
    run(
        &mut client,
        "SELECT metabase.set_exchange_rate('USD', '1990-01-01', 0.5)",
    );
    refresh_all(&mut client);
    assert_eq!(
        column(&mut client, "SELECT currency FROM metabase_internal.made_from"),
        ["CHF"]
    );
    assert_right(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET currency_code = 'CHF'",
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
}

#[test]
fn a_currency_can_be_mapped() {
    let (_database, mut client) = shop();
    run(
        &mut client,
        r#"ALTER TABLE transactions.orders RENAME currency TO money;
           UPDATE transactions.orders SET money = '$' WHERE money = 'USD';
           SELECT metabase.map_source(
               'order', 'transactions.orders', '{"currency": "CASE source.money WHEN ''$'' THEN ''USD'' ELSE source.money END"}'
           )"#,
    );
    run(&mut client, RATES);
    create_all_views(&mut client);
    refresh_all(&mut client);
    assert!(rows(&mut client, DAYS).contains(&"2024-03-02 | 185.11 | 18.511 | 12.5000".to_owned()));
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_eq!(
        rows(
            &mut client,
            "SELECT origin, note FROM metabase.sources WHERE entity = 'order' AND column_name = 'currency'"
        ),
        ["mapped | amounts are turned into the shop's currency at the rate of the day of sold_at"]
    );
}

#[test]
fn rates_are_for_who_may_decide_for_the_views_and_the_views_owner_reads_them_alone() {
    let (database, mut client) = shop();
    let operator = database.create_operator("operator");
    let another = database.create_operator("another");
    let nobody = database.create_role("nobody");
    run(&mut client, RATES);
    let mut as_operator = database.connect_as(&operator);
    create_all_views(&mut as_operator);
    refresh_all(&mut as_operator);
    run(
        &mut as_operator,
        "SELECT metabase.set_exchange_rate('USD', '2024-03-15', 0.5)",
    );
    refresh_all(&mut as_operator);
    assert_eq!(
        reasons(&mut client),
        ["facts and rollups were built: exchange rates have changed"]
    );
    assert_right(&mut as_operator);
    assert_eq!(
        rows(
            &mut as_operator,
            "SELECT * FROM metabase.exchange_rates ORDER BY valid_from"
        ),
        [
            "USD | 2024-02-10 | 0.92555 | EUR",
            "USD | 2024-03-15 | 0.5 | EUR",
            "USD | 2024-04-01 | 0.9 | EUR"
        ]
    );
    for denied in [
        "SELECT * FROM metabase_internal.exchange_rate",
        "SELECT version FROM metabase_internal.exchange_currency",
        "INSERT INTO metabase_internal.exchange_day VALUES ('EUR', 'USD', '2024-01-01', 1)",
        "UPDATE metabase_internal.exchange_day SET rate = 1",
        "DELETE FROM metabase_internal.exchange_currency",
        "DO $$ BEGIN LOCK TABLE metabase_internal.exchange_day IN ROW EXCLUSIVE MODE; END $$",
        "SELECT FROM metabase_internal.exchange_day FOR UPDATE",
    ] {
        assert_denied(&mut as_operator, denied);
    }
    let set = "SELECT metabase.set_exchange_rate('USD', '2024-03-15', 0.6)";
    assert_denied(&mut database.connect_as(&another), set);
    assert_denied(&mut database.connect_as(&nobody), set);
    assert_denied(
        &mut database.connect_as(&nobody),
        "SELECT * FROM metabase_internal.exchange_day",
    );
}

#[test]
fn a_dump_carries_rates_and_the_currency() {
    let (database, mut client) = refreshed_shop();
    run(&mut client, "SELECT metabase.set_setting('currency', NULL)");
    let there = Database::restored(&database.dump());
    let mut restored = there.connect();
    let rates = "SELECT * FROM metabase.exchange_rates ORDER BY 1, 2";
    assert_eq!(rows(&mut restored, rates), rows(&mut client, rates));
    let days = "SELECT * FROM metabase_internal.exchange_day ORDER BY 1, 2";
    assert_eq!(rows(&mut restored, days), rows(&mut client, days));
    assert_eq!(rows(&mut restored, DAYS), rows(&mut client, DAYS));
    refresh_all(&mut restored);
    refresh_all(&mut restored);
    assert_incremental(&refreshed(&mut restored, "refresh('all')"));
    assert_right(&mut restored);
    assert_eq!(
        column(
            &mut restored,
            "SELECT value FROM metabase.settings WHERE name = 'currency'"
        ),
        ["EUR"]
    );
}

#[test]
fn currencies_without_a_rate_are_found_with_what_to_do() {
    let (_database, mut client) = refreshed_shop();
    let found = "SELECT severity, entity, finding, rows, message, remedy FROM metabase.check_data()
                 WHERE finding ~ 'currenc|order_without_amount' ORDER BY finding, entity, message";
    assert_eq!(
        rows(&mut client, found),
        [
            "error | order | currency_without_rate | 1 | Completed orders in \"GBP\" have no exchange rate for their day, so that their \
             amounts are not known and in no sum. The first of these days: 2024-03-06. | Say what 1 GBP was worth in EUR from that day \
             on: SELECT metabase.set_exchange_rate('GBP', '2024-03-06', …);",
            "error | order | currency_without_rate | 2 | Completed orders in \"USD\" have no exchange rate for their day, so that their \
             amounts are not known and in no sum. The first of these days: 2024-02-09. | Say what 1 USD was worth in EUR from that day \
             on: SELECT metabase.set_exchange_rate('USD', '2024-02-09', …);",
            "error | stock_item | currency_without_rate | 1 | Stock items in \"USD\" have no exchange rate for their day, so that their \
             amounts are not known and in no sum. The first of these days: none. | Enter the dates.",
            "notice | order | several_currencies | 6 | Completed orders are in several currencies: USD (5), EUR (3), GBP (1). The views \
             have their amounts in EUR, at the rate of the day of the sale. | See that the rates are right: SELECT * FROM \
             metabase.exchange_rates; and the setting currency, which says into which they are turned.",
        ]
    );
    run(
        &mut client,
        "SELECT metabase.set_exchange_rate('GBP', '2024-03-06', 1.17), metabase.set_exchange_rate('USD', '2024-02-09', 0.93);
         UPDATE transactions.orders SET currency = 'Euro' WHERE currency = 'EUR';
         UPDATE transactions.orders SET gross_sale = NULL WHERE currency = 'GBP'",
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT finding, rows, remedy FROM metabase.check_data() WHERE entity = 'order' AND severity = 'error' ORDER BY 1, 2"
        ),
        [
            "currency_without_rate | 1 | Map currency to an expression that gives codes of three letters: SELECT * FROM metabase.sources \
             WHERE entity = 'order' AND column_name = 'currency';",
            "currency_without_rate | 1 | Enter the dates.",
            "order_without_amount | 1 | Enter the amounts. If another column has them: SELECT * FROM metabase.sources WHERE entity = \
             'order'; and map gross_sale.",
        ]
    );
}
