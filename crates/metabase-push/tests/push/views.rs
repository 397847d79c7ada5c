//! Waiting until Metabase has found the views.

use std::time::Duration;

use metabase_push::{Error, Options, plan};
use serde_json::json;

use crate::metabase::State;
use crate::shop::{Shop, TestClock, connect, options, push_with, pushed};
use crate::wire::Server;

/// A Metabase that finds these views one by one.
fn without(views: &[&str]) -> State {
    let mut state = State::new();
    let (hidden, tables) = state
        .tables
        .into_iter()
        .partition(|table| views.iter().any(|view| table["name"] == *view));
    state.tables = tables;
    state.hidden_tables = hidden;
    state
}

fn syncs(server: &Server) -> usize {
    let requests = server.take_requests();
    requests
        .iter()
        .filter(|request| request.path.ends_with("/sync_schema"))
        .count()
}

#[test]
fn views_are_waited_for() {
    let server = Server::start(without(&[
        "metabase_customer_geography",
        "metabase_brand_analytics",
        "metabase_inventory_status",
    ]));
    let clock = TestClock::new();
    let metabase = connect(&server.address(), &clock);
    plan(&metabase, &mut Shop::new(), &options()).unwrap();
    assert_eq!(syncs(&server), 1);
    assert_eq!(*clock.pauses.borrow(), [1.0, 1.5].map(Duration::from_secs_f64));
}

#[test]
fn nothing_is_asked_for_where_all_views_are_there() {
    let server = pushed();
    let metabase = connect(&server.address(), &TestClock::new());
    plan(&metabase, &mut Shop::new(), &options()).unwrap();
    assert_eq!(syncs(&server), 0);
}

#[test]
fn waiting_ends_and_says_what_is_missing() {
    let mut state = without(&["metabase_brand_analytics"]);
    state.hidden_tables.clear();
    state.field(53).unwrap()["active"] = json!(false);
    // A table whose fields were not read yet.
    state.table(7).unwrap()["fields"] = json!([]);
    let server = Server::start(state);
    for seconds in [0, 20] {
        let clock = TestClock::new();
        let metabase = connect(&server.address(), &clock);
        let options = Options {
            wait: Duration::from_secs(seconds),
            ..options()
        };
        let error = plan(&metabase, &mut Shop::new(), &options).unwrap_err();
        assert_eq!(clock.waited(), Duration::from_secs(seconds));
        assert_eq!(
            error.to_string(),
            format!(
                "after {seconds} seconds, Metabase still has no analytics.metabase_brand_analytics, \
                 analytics.metabase_inventory_status.current_value, analytics.metabase_supplier_performance"
            )
        );
        assert!(error.hint().unwrap().contains("grant_reader"));
        assert_eq!(error.exit_code(), 5);
    }
}

#[test]
fn views_that_the_shop_lacks_are_not_waited_for() {
    let server = Server::start(State::new());
    let mut shop = Shop::new();
    shop.views.retain(|view| view.name != "metabase_brand_analytics");
    let metabase = connect(&server.address(), &TestClock::new());
    let error = plan(&metabase, &mut shop, &options()).unwrap_err();
    assert!(matches!(error, Error::ViewsNotCreated { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "the shop's database has no analytics.metabase_brand_analytics"
    );
    assert!(error.hint().unwrap().contains("create_all_views"));
    assert!(server.take_requests().is_empty());
}

#[test]
fn a_shop_may_be_without_a_view_of_its_sales() {
    let server = Server::start(without(&["metabase_sales"]));
    let mut shop = Shop::new();
    shop.views.retain(|view| view.name != "metabase_sales");
    push_with(&server, &shop, &options()).unwrap();
    assert_eq!(syncs(&server), 0);
}
