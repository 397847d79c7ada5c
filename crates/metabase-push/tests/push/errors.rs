//! Each error that a user can meet says what it is and what to do.

use metabase_push::{Error, Options};
use serde_json::json;

use crate::metabase::{DATABASE, KEY, State};
use crate::shop::{Shop, TestClock, connect, options, plan_with, push_with};
use crate::wire::{Fault, Server};

/// The error, hint and exit code of a push that fails.
fn failure(server: &Server, shop: &Shop, options: &Options) -> (String, String, u8) {
    let error = push_with(server, shop, options).expect_err("something is wrong");
    (
        error.to_string(),
        error.hint().unwrap_or_default(),
        error.exit_code(),
    )
}

/// The same where each request whose path contains this is answered with a status.
fn refusal(path: &'static str, status: u16, body: &str) -> (String, String, u8) {
    let server = Server::start(State::new());
    let body = body.to_owned();
    server.fail(move |_, request| {
        let hit = request.to_string().contains(path);
        hit.then(|| Fault::Status(status, "location: https://evil.example.com/", body.clone()))
    });
    let (message, hint, code) = failure(&server, &Shop::new(), &options());
    (message.replace(&server.address(), "URL"), hint, code)
}

#[test]
fn an_unknown_key_is_an_error() {
    let (message, hint, code) = refusal("/api/", 401, "Unauthenticated");
    assert_eq!(
        message,
        "GET URL/api/database: Metabase does not know this API key (status 401)"
    );
    assert!(hint.contains("METABASE_API_KEY"));
    assert_eq!(code, 4);
}

#[test]
fn a_missing_permission_is_an_error_that_says_which() {
    let words = "\"You don't have permissions to do that.\"";
    let (message, hint, code) = refusal("PUT /api/table/", 403, words);
    assert_eq!(
        message,
        "PUT URL/api/table/1: this API key may not do that (status 403): You don't have permissions to do that."
    );
    assert!(hint.contains("Administrators"), "{hint}");
    assert_eq!(code, 4);
    let (_, hint, _) = refusal("POST /api/card", 403, words);
    assert!(hint.contains("native queries"), "{hint}");
}

#[test]
fn a_wrong_address_is_an_error() {
    let (message, hint, _) = refusal("/api/", 404, "");
    assert_eq!(message, "GET URL/api/database: not found (status 404): ");
    assert!(hint.contains("address of Metabase"), "{hint}");
}

#[test]
fn a_redirect_is_an_error_and_not_followed() {
    let (message, hint, code) = refusal("/api/", 301, "");
    assert_eq!(
        message,
        "GET URL/api/database: answered with a redirect to https://evil.example.com/, which is not followed"
    );
    assert!(hint.contains("--url"), "{hint}");
    assert_eq!(code, 1);
}

#[test]
fn metabase_says_what_it_does_not_like() {
    let (message, hint, code) = refusal(
        "POST /api/card",
        400,
        r#"{"errors": {"display": "no such display"}, "x": 1}"#,
    );
    assert_eq!(
        message,
        r#"POST URL/api/card: Metabase refuses this request (status 400): {"display":"no such display"}"#
    );
    assert!(hint.contains("0.50"), "{hint}");
    assert_eq!(code, 1);
}

#[test]
fn a_login_page_is_an_error() {
    let server = Server::start(State::new());
    server.fail(|_, _| Some(Fault::Answer("<html>Sign in</html>".to_owned())));
    let (message, hint, _) = failure(&server, &Shop::new(), &options());
    assert!(
        message.ends_with("the answer is not JSON: <html>Sign in</html>"),
        "{message}"
    );
    assert!(hint.contains("login page"), "{hint}");
}

#[test]
fn nobody_at_the_address_is_an_error() {
    let address = Server::start(State::new()).address();
    let metabase = connect(&address, &TestClock::new());
    let error = metabase_push::plan(&metabase, &mut Shop::new(), &options()).unwrap_err();
    assert!(error.to_string().contains("Connection refused"), "{error}");
    assert_eq!(error.exit_code(), 3);
}

#[test]
fn an_unknown_database_is_an_error_that_names_the_known() {
    let server = Server::start(State::new());
    let named = |database: &str| Options {
        database: database.to_owned(),
        ..options()
    };
    let (message, hint, _) = failure(&server, &Shop::new(), &named("Shop"));
    assert_eq!(message, "Metabase has no database \"Shop\"");
    assert_eq!(hint, "It has \"Sample Database\" (1), \"shop\" (2).");
    let (message, _, _) = failure(&server, &Shop::new(), &named("Sample Database"));
    assert_eq!(
        message,
        "Metabase's database \"Sample Database\" is of engine h2, not postgres"
    );
}

#[test]
fn several_databases_of_one_name_need_an_id() {
    let server = Server::start(State::new());
    server
        .state()
        .databases
        .push(json!({"id": 8, "name": "shop", "engine": "postgres"}));
    let (message, hint, _) = failure(&server, &Shop::new(), &options());
    assert_eq!(message, "Metabase has several databases \"shop\": 2, 8");
    assert!(hint.contains("--database-id"), "{hint}");
    let with_id = |id| Options {
        database_id: Some(id),
        ..options()
    };
    push_with(&server, &Shop::new(), &with_id(DATABASE)).unwrap();
    let (message, _, _) = failure(&server, &Shop::new(), &with_id(9));
    assert_eq!(message, "Metabase has no database \"shop\" with id 9");
}

#[test]
fn several_collections_of_one_name_are_an_error() {
    let server = Server::start(State::new());
    for id in [11, 12] {
        let collection = json!({"id": id, "name": "shop analytics", "location": "/", "archived": false});
        server.state().collections.insert(id, collection);
    }
    let (message, hint, _) = failure(&server, &Shop::new(), &options());
    assert_eq!(
        message,
        "Metabase has several collections \"shop analytics\" at the top level: 11, 12"
    );
    assert!(hint.contains("--collection"), "{hint}");
}

#[test]
fn an_unknown_dashboard_is_an_error_that_names_the_known() {
    let server = Server::start(State::new());
    let options = Options {
        dashboards: vec!["sales".to_owned()],
        ..options()
    };
    let (message, hint, code) = failure(&server, &Shop::new(), &options);
    assert_eq!(message, "there is no dashboard \"sales\"");
    assert_eq!(hint, "There are executive, inventory_management.");
    assert_eq!(code, 2);
}

#[test]
fn a_template_of_another_version_is_an_error() {
    let server = Server::start(State::new());
    for (pointer, value, expected) in [
        ("/executive/cards", json!(1), "invalid type"),
        (
            "/executive/cards",
            json!([]),
            "there is no card \"total_revenue\" to lay out",
        ),
        (
            "/executive/tables/0/id",
            json!(4711),
            "Metabase's metadata has no analytics.metabase_executive_metrics with id 4711",
        ),
    ] {
        let mut shop = Shop::new();
        *shop.dashboards.pointer_mut(pointer).unwrap() = value;
        let error = plan_with(&server, &shop, &options()).unwrap_err();
        assert!(matches!(error, Error::Template { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn no_message_holds_the_key() {
    // A server that repeats the header that it was sent, also where the message is cut.
    for begin in ["", &"x".repeat(290)] {
        for status in [400, 403, 404, 500] {
            let (message, hint, _) = refusal("/api/", status, &format!("\"{begin}you sent {KEY}\""));
            assert!(!format!("{message}{hint}").contains("the+key"), "{message}");
        }
    }
    let (message, _, _) = refusal("/api/", 302, KEY);
    assert!(!message.contains("the+key"), "{message}");
    let metabase = connect("http://127.0.0.1:1", &TestClock::new());
    assert!(!format!("{metabase:?}").contains("the+key"));
}

#[test]
fn another_run_is_an_error_that_names_its_process_where_it_is_known() {
    let words = "another run of metabase-push is under way in the shop's database";
    for (process, expected) in [
        (None, words.to_owned()),
        (
            Some("123 of role me".to_owned()),
            format!("{words}: process 123 of role me"),
        ),
    ] {
        let error = Error::AnotherRun { process };
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().unwrap().contains("Wait until that one has ended"));
        assert_eq!(error.exit_code(), 3);
    }
}
