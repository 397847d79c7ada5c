//! A run is done where Metabase has what it was sent, in each version, and says so where it has not.

use metabase_push::Error;
use metabase_push::item::Kind;
use serde_json::{Value, json};

use crate::metabase::{State, version};
use crate::request::Request;
use crate::shop::{Shop, assert_settled, options, plan_with, push, push_with, pushed_to, replacing};
use crate::wire::{Fault, Server};

fn executive(server: &Server) -> Value {
    State::named(&mut server.state().dashboards, "Executive dashboard").clone()
}

fn unknown_fields(server: &Server) -> Vec<Value> {
    let dashboard = executive(server);
    server.state().unknown_fields(&dashboard)
}

fn edit(server: &Server, change: impl FnOnce(&mut Value)) {
    change(State::named(
        &mut server.state().dashboards,
        "Executive dashboard",
    ));
}

#[test]
fn no_filter_is_an_unknown_field_to_the_editor() {
    for version in version::ALL {
        // Whichever form the extension writes.
        for stage in [None, Some(json!({"stage-number": 0}))] {
            let mut shop = Shop::new();
            let mut count = 0;
            for dashboard in shop.dashboards.as_object_mut().unwrap().values_mut() {
                for dashcard in dashboard["layout"]["dashcards"].as_array_mut().unwrap() {
                    for mapping in dashcard["parameter_mappings"].as_array_mut().unwrap() {
                        let target = mapping["target"].as_array_mut().unwrap();
                        target.truncate(2);
                        target.extend(stage.clone());
                        count += 1;
                    }
                }
            }
            assert_eq!(count, 3);
            let server = Server::start(State::of_version(version));
            push_with(&server, &shop, &options()).unwrap();
            let state = server.state().clone();
            for dashboard in state.dashboards.values() {
                assert_eq!(state.unknown_fields(dashboard), [json!(null); 0], "0.{version}");
            }
            assert_settled(&server, &shop, &options());
        }
    }
}

#[test]
fn filters_follow_the_version_of_metabase() {
    for (before, after) in [(50, 63), (52, 53), (53, 52)] {
        let server = pushed_to(before);
        server.state().version = after;
        assert_ne!(unknown_fields(&server), [json!(null); 0]);
        push(&server);
        assert_eq!(unknown_fields(&server), [json!(null); 0]);
        assert_settled(&server, &Shop::new(), &options());
    }
}

#[test]
fn a_metabase_that_does_not_say_its_version_is_taken_for_a_new_one() {
    for answer in [
        "{}",
        r#"{"version": {"tag": "vLOCAL_DEV"}}"#,
        "[]",
        r#"{"version": 5}"#,
    ] {
        let server = Server::start(State::new());
        server.fail(move |_, request: &Request| {
            let hit = request.path == "/api/session/properties";
            hit.then(|| Fault::Answer(answer.to_owned()))
        });
        push(&server);
        assert_eq!(unknown_fields(&server), [json!(null); 0]);
    }
}

#[test]
fn tags_whose_ids_were_none_get_theirs_once() {
    for version in version::ALL {
        let server = pushed_to(version);
        {
            let mut state = server.state();
            let card = State::named(&mut state.cards, "Total revenue");
            card["dataset_query"]["native"]["template-tags"]["date"]["id"] =
                json!("metabase_views.executive.date.total_revenue");
        }
        let plan = push(&server);
        let changed: Vec<&str> = plan
            .items()
            .filter(|item| item.is_pending())
            .flat_map(|item| item.changes.iter().map(|change| change.key.as_str()))
            .collect();
        assert_eq!(changed, ["template-tags.date.id"], "0.{version}");
        assert_settled(&server, &Shop::new(), &options());
    }
}

#[test]
fn a_filter_that_names_no_card_would_do_nothing_and_gets_its_card() {
    for version in version::ALL {
        let server = pushed_to(version);
        let expected = executive(&server);
        for card in [None, Some(json!(null)), Some(json!(4711))] {
            edit(&server, |dashboard| {
                let mapping = dashboard["dashcards"][1]["parameter_mappings"][0]
                    .as_object_mut()
                    .unwrap();
                mapping.remove("card_id");
                mapping.extend(card.map(|card| ("card_id".to_owned(), card)));
            });
            push(&server);
            assert_eq!(executive(&server), expected, "0.{version}");
            assert_settled(&server, &Shop::new(), &options());
        }
    }
}

/// A heading of somebody's, in which our filter stands.
fn heading_with_our_filter() -> Value {
    json!({"id": 999, "card_id": null, "row": 50, "col": 0, "size_x": 24, "size_y": 1, "dashboard_tab_id": null,
        "parameter_mappings": [], "inline_parameters": ["metabase_views.executive.date"],
        "visualization_settings": {"virtual_card": {"display": "heading"}, "text": "Mine"}})
}

#[test]
fn a_filter_of_ours_outlives_the_heading_that_somebody_put_it_into() {
    for version in version::FILTERS_IN_DASHCARDS..=*version::ALL.end() {
        let server = pushed_to(version);
        let expected = executive(&server);
        edit(&server, |dashboard| {
            dashboard["dashcards"]
                .as_array_mut()
                .unwrap()
                .push(heading_with_our_filter());
        });
        assert_settled(&server, &Shop::new(), &options());
        push_with(&server, &Shop::new(), &replacing()).unwrap();
        assert_eq!(executive(&server), expected, "0.{version}");
        assert_settled(&server, &Shop::new(), &replacing());
    }
}

#[test]
fn a_filter_that_somebody_put_into_a_heading_of_ours_goes_back_where_it_was() {
    for version in version::FILTERS_IN_DASHCARDS..=*version::ALL.end() {
        let server = pushed_to(version);
        edit(&server, |dashboard| {
            dashboard["dashcards"][0]["inline_parameters"] = json!(["metabase_views.executive.date"]);
        });
        assert_settled(&server, &Shop::new(), &options());
        push_with(&server, &Shop::new(), &replacing()).unwrap();
        assert_eq!(executive(&server)["dashcards"][0]["inline_parameters"], json!([]));
        assert_settled(&server, &Shop::new(), &replacing());
    }
}

#[test]
fn what_metabase_does_not_take_is_an_error_after_all_the_rest() {
    let server = pushed_to(63);
    let mut shop = Shop::new();
    for name in ["executive", "inventory_management"] {
        shop.dashboards[name]["layout"]["width"] = json!("full");
    }
    // It answers that all is well, and changes nothing on one of them.
    let stubborn = executive(&server)["id"].to_string();
    let path = format!("/api/dashboard/{stubborn}");
    server.fail(move |_, request: &Request| {
        let hit = request.method == "PUT" && request.path == path;
        hit.then(|| Fault::Answer("{}".to_owned()))
    });
    let error = push_with(&server, &shop, &options()).unwrap_err();
    assert!(matches!(error, Error::Unsettled { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "Metabase has taken this otherwise than it was sent: executive: width"
    );
    assert!(
        error.hint().unwrap().contains("/api/session/properties"),
        "{error}"
    );
    assert_eq!(error.exit_code(), 1);
    server.heal();
    let left: Vec<String> = plan_with(&server, &shop, &options())
        .unwrap()
        .items()
        .filter(|item| item.is_pending())
        .map(|item| item.name.clone())
        .collect();
    assert_eq!(left, ["executive"]);
    push_with(&server, &shop, &options()).unwrap();
    assert_settled(&server, &shop, &options());
}

#[test]
fn a_run_sends_a_dashboard_once_where_once_is_enough() {
    for version in version::ALL {
        let server = Server::start(State::of_version(version));
        let plan = push(&server);
        let dashboards = plan.items().filter(|item| item.kind == Kind::Dashboard).count();
        let requests = server.take_requests();
        let sent = requests
            .iter()
            .filter(|request| request.method == "PUT" && request.path.starts_with("/api/dashboard/"));
        assert_eq!(sent.count(), dashboards, "0.{version}");
    }
}
