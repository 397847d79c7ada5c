//! Every view, row by row, against the oracle's independent computation, over random shops.

use jiff::{Timestamp, tz::TimeZone};
use proptest::test_runner::{Config, TestRunner};

use crate::cluster::{Database, create_all_views, refresh_all};
use crate::oracle::{View, actual, any_shop, assert_same, expected};

/// Random shops that each run of the tests looks at; PROPTEST_CASES asks for more.
const CASES: u32 = 150;

#[test]
fn every_view_of_any_shop_is_what_the_contract_says() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    client
        .batch_execute("SELECT metabase.set_setting('time_zone', 'Europe/Berlin')")
        .expect("Berlin is a zone");
    create_all_views(&mut client);

    let zone = TimeZone::get("Europe/Berlin").expect("Berlin is a zone");
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(CASES);
    let mut runner = TestRunner::new(Config {
        cases,
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
                // Unsold items age at midnight: the day may change between two looks at the clock.
                loop {
                    let today = Timestamp::now().to_zoned(zone.clone()).date();
                    refresh_all(&mut client);
                    if Timestamp::now().to_zoned(zone.clone()).date() == today {
                        for view in View::ALL {
                            assert_same(
                                view,
                                expected(&shop, view, &zone, today),
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
