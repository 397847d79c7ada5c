//! Every view, row by row, against the oracle's independent computation, over random shops.

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};

use crate::cluster::{Database, create_all_views, refresh_all};
use crate::effort;
use crate::oracle::{Shop, View, actual, any_shop, any_shop_in_several_currencies, assert_same, expected};

/// Random shops that each run of the tests looks at; PROPTEST_CASES asks for more.
const CASES: u32 = 150;

#[test]
fn every_view_of_any_shop_is_what_the_contract_says() {
    check(Database::with_layout_a(), any_shop, CASES);
}

#[test]
fn every_view_of_any_shop_in_several_currencies_is_what_the_contract_says() {
    let database = Database::with_layout_a();
    database.run_file("tests/layouts/a_currencies.sql");
    check(database, any_shop_in_several_currencies, CASES / 3);
}

/// Looks at so many of the shops that `any_shop` draws for a zone and a day.
fn check<S: Strategy<Value = Shop>>(database: Database, any_shop: impl Fn(&TimeZone, Date) -> S, cases: u32) {
    let mut client = database.connect();
    client
        .batch_execute(
            "SELECT metabase.set_setting('time_zone', 'Europe/Berlin'), metabase.set_setting('currency', 'EUR')",
        )
        .expect("Berlin is a zone");
    create_all_views(&mut client);

    let zone = TimeZone::get("Europe/Berlin").expect("Berlin is a zone");
    let mut runner = TestRunner::new(Config {
        cases: effort::cases(cases),
        // A shrinking step costs a refresh of all views.
        max_shrink_iters: 1024,
        failure_persistence: None,
        ..Config::default()
    });
    let client = std::cell::RefCell::new(client);
    runner
        .run(
            &any_shop(&zone, Timestamp::now().to_zoned(zone.clone()).date()),
            |shop| {
                let mut client = client.borrow_mut();
                shop.insert_into(&mut client);
                let in_euros = shop.in_currency("EUR", &zone);
                // Unsold items age at midnight: the day may change between two looks at the clock.
                loop {
                    let today = Timestamp::now().to_zoned(zone.clone()).date();
                    refresh_all(&mut client);
                    if Timestamp::now().to_zoned(zone.clone()).date() == today {
                        for view in View::ALL {
                            assert_same(
                                view,
                                expected(&in_euros, view, &zone, today),
                                actual(&mut client, view),
                            );
                        }
                        return Ok(());
                    }
                }
            },
        )
        .unwrap_or_else(|failure| panic!("{failure}"));
}
