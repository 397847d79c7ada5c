//! A Metabase that answers nonsense is no reason to panic, to go on for ever, or to write to a terminal what it wants.

use std::time::Duration;

use metabase_push::{Error, Options, render, text};
use serde_json::{Value, json};

use crate::metabase::State;
use crate::request::Request;
use crate::shop::{Shop, options, plan_with, push, push_with, pushed, replacing};
use crate::wire::{Fault, Server};

#[test]
fn nonsense_at_any_request_is_an_error_and_not_a_panic() {
    let nonsense = [
        json!(null),
        json!([]),
        json!({}),
        json!("\u{1b}]0;title\u{7}"),
        json!([[], {}, null, -1]),
        json!({"data": [{"id": -1, "model": "card"}], "total": "many", "id": 1e300, "tables": [{"fields": 5}]}),
        json!({"data": 5, "tables": 5, "dashcards": 5, "parameters": 5}),
        json!({"id": 18446744073709551615_u64, "dashcards": [null, 5, {}, {"row": -1, "id": "x", "parameter_mappings": [5]},
               {"row": 4294967295_u64, "col": 4294967295_u64, "size_x": 4294967295_u64, "size_y": 4294967295_u64}],
               "parameters": [5, null, {}, {"id": 7}], "tabs": [null, 5], "dataset_query": {"stages": [[]]}}),
    ];
    for state in [State::new(), pushed().state().clone()] {
        let requests = {
            let server = Server::start(state.clone());
            push(&server);
            server.take_requests().len()
        };
        for (answer, number) in nonsense
            .iter()
            .flat_map(|answer| (1..=requests).map(move |number| (answer, number)))
        {
            let server = Server::start(state.clone());
            let answer = answer.to_string();
            server.fail(move |n, _| (n == number).then(|| Fault::Answer(answer.clone())));
            // Some are told by an error, some look like a card that somebody has deleted.
            let options = Options {
                wait: Duration::ZERO,
                ..options()
            };
            if let Err(error) = push_with(&server, &Shop::new(), &options) {
                let words = error.to_string();
                assert_eq!(words, text::lines(&words), "at {number}");
            }
        }
    }
}

#[test]
fn a_dashboard_of_nonsense_is_read_and_replaced() {
    for options in [options(), replacing()] {
        let server = pushed();
        {
            let mut state = server.state();
            let dashboard = State::named(&mut state.dashboards, "Executive dashboard");
            dashboard["dashcards"][0]["row"] = json!(u32::MAX);
            dashboard["dashcards"][0]["size_y"] = json!(u32::MAX);
            dashboard["dashcards"][1]["visualization_settings"] = json!([1]);
            dashboard["width"] = json!(5);
            dashboard["dashcards"].as_array_mut().unwrap().remove(4);
        }
        push_with(&server, &Shop::new(), &options).unwrap();
    }
}

#[test]
fn a_list_without_end_is_an_error() {
    let server = pushed();
    let page: Vec<Value> = (1..=20_000)
        .map(|id| json!({"id": id, "model": "pulse"}))
        .collect();
    let page = json!({"data": page, "total": u64::MAX}).to_string();
    server.fail(move |_, request: &Request| {
        request
            .path
            .ends_with("/items")
            .then(|| Fault::Answer(page.clone()))
    });
    let error = plan_with(&server, &Shop::new(), &options()).unwrap_err();
    assert!(matches!(error, Error::Unexpected { .. }), "{error}");
}

#[test]
fn an_answer_of_any_size_is_not_read_to_its_end() {
    let server = Server::start(State::new());
    server.fail(|_, _| Some(Fault::Answer(" ".repeat(33 << 20))));
    let error = plan_with(&server, &Shop::new(), &options()).unwrap_err();
    assert!(matches!(error, Error::TooMuch { .. }), "{error}");
}

#[test]
fn json_of_any_depth_is_an_error() {
    let server = Server::start(State::new());
    server.fail(|_, _| Some(Fault::Answer("[".repeat(1 << 20))));
    let error = plan_with(&server, &Shop::new(), &options()).unwrap_err();
    assert!(matches!(error, Error::NotJson { .. }), "{error}");
    assert!(error.to_string().len() < 500);
}

#[test]
fn nothing_of_theirs_reaches_the_terminal_as_it_is() {
    let evil = "\u{1b}[2J\u{1b}]8;;http://evil\u{7}\r\n+ create\u{202e}";
    let server = pushed();
    {
        let mut state = server.state();
        State::named(&mut state.cards, "Total revenue")["display"] = json!(evil);
        State::named(&mut state.cards, "Revenue trend, 12 months")["name"] = json!(evil);
        let dashboard = State::named(&mut state.dashboards, "Executive dashboard");
        dashboard["width"] = json!(evil);
        dashboard["dashcards"][0]["visualization_settings"]["text"] = json!(evil);
        dashboard["parameters"]
            .as_array_mut()
            .unwrap()
            .push(json!({"id": evil, "name": evil, "type": evil}));
        let sql = format!("-- metabase_views: executive/sales_by_country\n{evil}");
        State::named(&mut state.cards, "Sales by country, all time")["dataset_query"]["native"]["query"] =
            json!(sql);
    }
    for options in [options(), replacing()] {
        let plan = plan_with(&server, &Shop::new(), &options).unwrap();
        let plain = anstream::adapter::strip_str(&render::plan(plan.items())).to_string();
        assert!(plain.contains("evil"), "{plain}");
        assert_eq!(plain, text::lines(&plain));
        // No colour but ours.
        assert!(!render::plan(plan.items()).contains("\u{1b}[2J"));
        assert!(!plain.lines().any(|line| line.starts_with("+ create")), "{plain}");
    }
}

/// What a database says that is not the shop's, or that somebody has got at: each is more than a question to the database itself.
#[test]
fn a_shop_that_asks_for_more_than_its_own_is_refused() {
    let card = "/executive/cards/0/body";
    let own = Shop::new().dashboards;
    let query = own.pointer(&format!("{card}/dataset_query")).unwrap().clone();
    let changed = |pointer: &str, value: Value| {
        let mut query = query.clone();
        *query.pointer_mut(pointer).unwrap() = value;
        query
    };
    let with = |pointer: &str, key: &str, value: Value| {
        let mut object = own.pointer(pointer).unwrap().clone();
        object[key] = value;
        (pointer.to_owned(), object)
    };
    let in_query = |query: Value| (format!("{card}/dataset_query"), query);
    let target = "/executive/layout/dashcards/0/visualization_settings";
    let cases = [
        in_query(changed("/database", json!(99))),
        in_query(changed("/database", json!("2"))),
        in_query(changed("/database", Value::Null)),
        in_query(changed("/type", json!("query"))),
        in_query(json!({"database": 2, "type": "query", "query": {"source-table": 3}})),
        in_query(
            json!({"database": 2, "lib/type": "mbql/query", "stages": [{"lib/type": "mbql.stage/native", "native": "SELECT 1"}]}),
        ),
        in_query(changed("/native/query", json!(["SELECT 1"]))),
        in_query(changed("/native/template-tags/date/type", json!("card"))),
        in_query(changed("/native/template-tags/date/type", json!("snippet"))),
        in_query(changed("/native/template-tags/date/dimension/1", json!(4711))),
        in_query(changed(
            "/native/template-tags/date/dimension",
            json!(["expression", "x"]),
        )),
        with(&format!("{card}/dataset_query/native"), "collection", json!("x")),
        with(
            &format!("{card}/dataset_query/native/template-tags/date"),
            "card-id",
            json!(1),
        ),
        with(card, "enable_embedding", json!(true)),
        with(card, "embedding_params", json!({"x": "enabled"})),
        with(card, "collection_id", json!(1)),
        with(card, "cache_ttl", json!(1)),
        with(card, "archived", json!(true)),
        with(card, "type", json!("model")),
        with(
            &format!("{card}/visualization_settings"),
            "click_behavior",
            json!({"type": "link"}),
        ),
        with("/executive/dashboard", "enable_embedding", json!(true)),
        with(
            "/executive/dashboard",
            "embedding_params",
            json!({"x": "enabled"}),
        ),
        with("/executive/dashboard", "collection_id", json!(1)),
        with(
            "/executive/dashboard/parameters/0",
            "values_source_config",
            json!({"card_id": 1}),
        ),
        with(
            "/executive/layout/parameters/0",
            "values_source_config",
            json!({"card_id": 1}),
        ),
        with(
            "/executive/layout/dashcards/1/parameter_mappings/0",
            "card_id",
            json!(1),
        ),
        with(target, "click_behavior", json!({"type": "link"})),
        with("/executive/tables/0/body", "visibility_type", json!("hidden")),
        with("/executive/fields/0/body", "visibility_type", json!("sensitive")),
        with("/executive/fields/0/body", "fk_target_field_id", json!(1)),
        with(
            "/executive/fields/0/body",
            "semantic_type",
            json!("type/ImageURL"),
        ),
        with("/executive/fields/0/body", "semantic_type", json!("type/URL")),
        with(
            "/executive/fields/0/body",
            "settings",
            json!({"view_as": "image"}),
        ),
        with(
            "/executive/fields/0/body",
            "description",
            json!("[Log in](HTTPS:evil)"),
        ),
        with(
            "/executive/tables/0/body",
            "description",
            json!("WWW.evil.example"),
        ),
        with(
            "/executive/dashboard",
            "description",
            json!("<https://evil.example>"),
        ),
        with(card, "description", json!("![x][y]\n\n[y]: //evil.example/x.png")),
        with(target, "text", json!("See https://evil.example")),
        ("/executive/name".to_owned(), json!("inventory_management")),
    ];
    for (pointer, value) in cases {
        let server = Server::start(State::new());
        let mut shop = Shop::new();
        *shop
            .dashboards
            .pointer_mut(&pointer)
            .unwrap_or_else(|| panic!("{pointer}")) = value.clone();
        let error = push_with(&server, &shop, &options()).expect_err(&format!("{pointer}: {value}"));
        assert!(matches!(error, Error::Template { .. }), "{pointer}: {error}");
        let written = server
            .take_requests()
            .iter()
            .filter(|request| request.method != "GET")
            .count();
        assert_eq!(written, 0, "{pointer}");
    }
}
