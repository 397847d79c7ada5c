//! Whatever goes wrong on the way, at whichever request, a further run ends where an undisturbed one does.

use std::time::Duration;

use metabase_push::{Error, plan};

use crate::metabase::State;
use crate::request::Request;
use crate::shop::{
    Shop, TestClock, assert_same, assert_settled, connect, connect_with_timeout, options, push, push_with,
    pushed,
};
use crate::wire::{Fault, Server};

/// What an undisturbed run makes, and how many requests it takes.
fn undisturbed() -> (State, usize) {
    let server = Server::start(State::new());
    push(&server);
    let requests = server.take_requests().len();
    let state = server.state().clone();
    (state, requests)
}

/// Runs with the fault at one request, then, where that run has failed, once more.
fn with_fault_at(number: usize, fault: &Fault) -> (Server, bool) {
    let server = Server::start(State::new());
    let fault = fault.clone();
    server.fail(move |n, _| (n == number).then(|| fault.clone()));
    let recovered = push_with(&server, &Shop::new(), &options()).is_ok();
    server.heal();
    push(&server);
    (server, recovered)
}

#[test]
fn a_run_that_is_stopped_at_any_request_is_finished_by_the_next() {
    let (expected, requests) = undisturbed();
    for number in 1..=requests {
        // The last request before the end was done, or was not.
        for last in [Fault::Unanswered, Fault::Lost] {
            let server = Server::start(State::new());
            let at = last.clone();
            server.fail(move |n, _| match n.cmp(&number) {
                std::cmp::Ordering::Less => None,
                std::cmp::Ordering::Equal => Some(at.clone()),
                std::cmp::Ordering::Greater => Some(Fault::Lost),
            });
            let error = push_with(&server, &Shop::new(), &options()).unwrap_err();
            assert!(matches!(error, Error::Unreachable { .. }), "{number}: {error}");
            server.heal();
            push(&server);
            assert_same(
                &server.state(),
                &expected,
                &format!("stopped at {number}, {last:?}"),
            );
            assert_settled(&server, &Shop::new(), &options());
        }
    }
}

#[test]
fn one_failure_at_any_request_is_overcome_in_the_same_run() {
    let (expected, requests) = undisturbed();
    let faults = [
        Fault::Status(500, "", "\"Oops\"".to_owned()),
        Fault::Status(429, "retry-after: 2", String::new()),
        Fault::Lost,
        Fault::Unanswered,
        Fault::Truncated,
    ];
    for fault in faults {
        for number in 1..=requests {
            let (server, recovered) = with_fault_at(number, &fault);
            assert!(recovered, "{fault:?} at {number}");
            assert_same(&server.state(), &expected, &format!("{fault:?} at {number}"));
        }
    }
}

#[test]
fn a_refusal_at_any_request_ends_the_run_and_the_next_one_finishes() {
    let (expected, requests) = undisturbed();
    for status in [403, 302] {
        for number in 1..=requests {
            let (server, recovered) = with_fault_at(number, &Fault::Status(status, "", "\"No.\"".to_owned()));
            assert!(!recovered, "{status} at {number}");
            assert_same(&server.state(), &expected, &format!("{status} at {number}"));
        }
    }
}

#[test]
fn an_answer_that_is_not_json_is_overcome_where_something_was_created() {
    let (expected, requests) = undisturbed();
    for number in 1..=requests {
        let (server, _) = with_fault_at(number, &Fault::Broken);
        assert_same(&server.state(), &expected, &format!("at {number}"));
    }
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for() {
    let (expected, _) = undisturbed();
    for fault in [Fault::Silence, Fault::Stuck] {
        for path in ["/api/collection", "/api/card", "/api/dashboard"] {
            let server = Server::start(State::new());
            let mut left = 1;
            let at = fault.clone();
            server.fail(move |_, request| {
                let hit = left > 0 && request.method == "POST" && request.path == path;
                left -= usize::from(hit);
                hit.then(|| at.clone())
            });
            let timeout = Duration::from_millis(200);
            let metabase = connect_with_timeout(&server.address(), &TestClock::new(), timeout);
            let mut plan = plan(&metabase, &mut Shop::new(), &options()).unwrap();
            plan.apply(&metabase).unwrap();
            assert_same(&server.state(), &expected, &format!("{fault:?} at POST {path}"));
        }
    }
}

/// Runs while every answer to a GET of databases is this, and returns the pauses.
fn pauses(fault: Fault) -> (Error, Vec<Duration>) {
    let server = Server::start(State::new());
    server.fail(move |_, _| Some(fault.clone()));
    let clock = TestClock::new();
    let metabase = connect(&server.address(), &clock);
    let error = plan(&metabase, &mut Shop::new(), &options()).expect_err("something is wrong");
    let pauses = clock.pauses.borrow().clone();
    (error, pauses)
}

#[test]
fn pauses_grow() {
    let (error, pauses) = pauses(Fault::Status(502, "", String::new()));
    assert!(
        matches!(error, Error::ServerFailed { status: 502, .. }),
        "{error}"
    );
    assert_eq!(pauses, [500, 1000, 2000, 4000].map(Duration::from_millis));
}

#[test]
fn retry_after_is_honoured_up_to_a_minute() {
    for (header, expected) in [
        ("retry-after: 7", [7.0; 4]),
        ("retry-after: 86400", [60.0; 4]),
        ("retry-after: 18446744073709551615", [60.0; 4]),
        ("retry-after: Wed, 21 Oct 2015 07:28:00 GMT", [0.5, 1.0, 2.0, 4.0]),
        ("retry-after: -1", [0.5, 1.0, 2.0, 4.0]),
    ] {
        let (error, pauses) = pauses(Fault::Status(429, header, String::new()));
        assert!(matches!(error, Error::TooManyRequests { .. }), "{error}");
        assert_eq!(pauses, expected.map(Duration::from_secs_f64), "{header}");
    }
}

#[test]
fn a_refusal_is_not_repeated() {
    for status in [400, 401, 403, 404, 409] {
        let (_, pauses) = pauses(Fault::Status(status, "", String::new()));
        assert!(pauses.is_empty(), "{status}");
    }
}

#[test]
fn what_somebody_adds_while_a_run_goes_on_stays() {
    let server = pushed();
    let mut shop = Shop::new();
    shop.dashboards["executive"]["dashboard"]["description"] = serde_json::json!("New.");
    shop.dashboards["executive"]["layout"]["width"] = serde_json::json!("full");
    let metabase = connect(&server.address(), &TestClock::new());
    let mut plan = plan(&metabase, &mut shop, &options()).unwrap();
    let theirs = serde_json::json!({"id": 999, "card_id": null, "row": 40, "col": 0, "size_x": 4, "size_y": 4,
        "dashboard_tab_id": null, "parameter_mappings": [],
        "visualization_settings": {"virtual_card": {"display": "text"}, "text": "Mine"}});
    {
        let mut state = server.state();
        let dashboard = State::named(&mut state.dashboards, "Executive dashboard");
        dashboard["dashcards"]
            .as_array_mut()
            .unwrap()
            .push(theirs.clone());
    }
    plan.apply(&metabase).unwrap();
    let mut state = server.state();
    let dashboard = State::named(&mut state.dashboards, "Executive dashboard");
    assert_eq!(dashboard["width"], "full");
    assert!(dashboard["dashcards"].as_array().unwrap().contains(&theirs));
}

#[test]
fn values_that_take_too_long_to_read_stop_nothing_else() {
    let (mut expected, _) = undisturbed();
    expected.scanned.clear();
    let server = Server::start(State::new());
    server.fail(|_, request| {
        let hit = request.path.ends_with("/rescan_values");
        hit.then(|| Fault::Status(504, "", String::new()))
    });
    push(&server);
    assert_same(&server.state(), &expected, "without values");
}

#[test]
fn a_stopped_run_says_that_running_again_is_safe() {
    let server = Server::start(State::new());
    server.fail(|_, request: &Request| (request.method == "POST").then_some(Fault::Lost));
    let error = push_with(&server, &Shop::new(), &options()).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert!(
        error.hint().unwrap().contains("Running it again is safe"),
        "{error}"
    );
}
