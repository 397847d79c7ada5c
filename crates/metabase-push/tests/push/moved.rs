//! Cards that people have moved, within Metabase's own ways of moving them, stay ours and are not made twice.

use metabase_push::item::{Action, Kind};
use serde_json::{Value, json};

use crate::metabase::{State, version, with};
use crate::shop::{Shop, assert_settled, options, push, push_with, pushed, pushed_to, replacing};
use crate::wire::Server;

fn id_of(server: &Server, dashboard: &str) -> Value {
    State::named(&mut server.state().dashboards, dashboard)["id"].clone()
}

/// Moves each question into the dashboard that shows it, as Metabase does where an administrator asks for it.
fn move_questions_into_dashboards(server: &Server) {
    let mut state = server.state();
    let shown: Vec<(u64, Value)> = state
        .dashboards
        .values()
        .flat_map(|dashboard| {
            let dashcards = dashboard["dashcards"].as_array().into_iter().flatten();
            let ids = dashcards.filter_map(|dashcard| dashcard["card_id"].as_u64());
            ids.map(|id| (id, dashboard["id"].clone())).collect::<Vec<_>>()
        })
        .collect();
    for (card, dashboard) in shown {
        state.cards.get_mut(&card).expect("it is there")["dashboard_id"] = dashboard;
    }
}

#[test]
fn questions_within_their_dashboards_are_still_ours() {
    for version in version::QUESTIONS_IN_DASHBOARDS..=*version::ALL.end() {
        let server = pushed_to(version);
        move_questions_into_dashboards(&server);
        for options in [options(), replacing()] {
            assert_settled(&server, &Shop::new(), &options);
        }
        // Also without the first line of their SQL, as others in the collection are.
        State::named(&mut server.state().cards, "Total revenue")["dataset_query"]["native"]["query"] =
            json!("SELECT {{date}}");
        push(&server);
        assert_eq!(server.state().cards.len(), 6, "0.{version}");
        // And they are updated.
        let mut shop = Shop::new();
        shop.dashboards["executive"]["cards"][1]["body"]["display"] = json!("area");
        push_with(&server, &shop, &options()).unwrap();
        assert_eq!(server.state().cards.len(), 6);
        assert_settled(&server, &shop, &options());
    }
}

#[test]
fn cards_of_another_collection_are_ours_as_long_as_they_are_on_their_dashboard() {
    for version in version::ALL {
        let server = pushed_to(version);
        let moved = {
            let mut state = server.state();
            let elsewhere = json!({"id": 900, "name": "Elsewhere", "location": "/", "archived": false});
            state.collections.insert(900, elsewhere);
            for card in state.cards.values_mut() {
                card["collection_id"] = json!(900);
            }
            state.clone()
        };
        for options in [options(), replacing()] {
            assert_settled(&server, &Shop::new(), &options);
            assert_eq!(*server.state(), moved);
        }
        let mut shop = Shop::new();
        shop.dashboards["executive"]["cards"][1]["body"]["display"] = json!("area");
        push_with(&server, &shop, &options()).unwrap();
        assert_eq!(server.state().cards.len(), 6);
        assert_settled(&server, &shop, &options());
    }
}

#[test]
fn a_card_that_was_turned_into_a_model_is_still_ours() {
    for model in ["model", "metric"] {
        let server = pushed();
        {
            let mut state = server.state();
            let card = State::named(&mut state.cards, "Total revenue")["id"].clone();
            State::named(&mut state.cards, "Total revenue")["type"] = json!(model);
            // Nor does it have to be on the dashboard.
            let dashboard = State::named(&mut state.dashboards, "Executive dashboard");
            dashboard["dashcards"]
                .as_array_mut()
                .unwrap()
                .retain(|dashcard| dashcard["card_id"] != card);
        }
        push(&server);
        assert_eq!(server.state().cards.len(), 6);
        assert_settled(&server, &Shop::new(), &options());
    }
}

/// What is in the state but not ours is as it was.
fn assert_untouched(server: &Server, before: &State, ids: &[u64]) {
    for id in ids {
        assert_eq!(server.state().cards[id], before.cards[id]);
    }
}

#[test]
fn a_copy_within_another_dashboard_is_not_ours() {
    let server = pushed();
    let copy = {
        let mut state = server.state();
        let card = State::named(&mut state.cards, "Total revenue").clone();
        let original = card["id"].as_u64().unwrap();
        let copy = state.add_card(with(
            card,
            &[("dashboard_id", json!(999)), ("display", json!("line"))],
        ));
        let dashboard = State::named(&mut state.dashboards, "Inventory management").clone();
        state.dashboards.insert(
            999,
            with(dashboard, &[("id", json!(999)), ("name", json!("Copy"))]),
        );
        // Of the original, nothing is left.
        state.cards.get_mut(&original).unwrap()["archived"] = json!(true);
        copy
    };
    let before = server.state().clone();
    let plan = push(&server);
    let created: Vec<&str> = plan
        .items()
        .filter(|item| item.kind == Kind::Card && item.action == Action::Create)
        .map(|item| item.name.as_str())
        .collect();
    assert_eq!(created, ["executive/total_revenue"]);
    assert_untouched(&server, &before, &[copy]);
    assert_settled(&server, &Shop::new(), &options());
}

#[test]
fn what_others_put_on_a_dashboard_does_not_become_ours() {
    let server = pushed();
    let (ours, theirs) = {
        let mut state = server.state();
        let elsewhere = json!({"id": 900, "name": "Elsewhere", "location": "/", "archived": false});
        state.collections.insert(900, elsewhere);
        let card = State::named(&mut state.cards, "Total revenue").clone();
        let ours = card["id"].as_u64().unwrap();
        let query = |line: &str| {
            let mut query = card["dataset_query"].clone();
            query["native"]["query"] = json!(format!("{line}\nSELECT {{{{date}}}}"));
            query
        };
        // Another collection's push of the same card, an older one; a card of another dashboard, of another database, and without marker.
        let mut foreign = card["dataset_query"].clone();
        foreign["database"] = json!(8);
        let theirs: Vec<u64> = [
            (card["dataset_query"].clone(), "Theirs"),
            (
                query("-- metabase_views: inventory_management/stock_value"),
                "Stock",
            ),
            (foreign, "Foreign"),
            (query("-- mine"), "Total revenue"),
        ]
        .into_iter()
        .zip(1..)
        .map(|((query, name), id)| {
            let card = with(
                card.clone(),
                &[
                    ("id", json!(id)),
                    ("name", json!(name)),
                    ("collection_id", json!(900)),
                    ("dataset_query", query),
                    ("display", json!("line")),
                ],
            );
            state.cards.insert(id, card);
            id
        })
        .collect();
        let dashboard = State::named(&mut state.dashboards, "Executive dashboard");
        for (id, row) in theirs.iter().zip(60..) {
            dashboard["dashcards"].as_array_mut().unwrap().insert(
                0,
                json!({"id": 990 + id, "card_id": id, "row": row,
                "col": 0, "size_x": 4, "size_y": 1, "dashboard_tab_id": null, "parameter_mappings": [],
                "visualization_settings": {}}),
            );
        }
        (ours, theirs)
    };
    let before = server.state().clone();
    assert_settled(&server, &Shop::new(), &options());
    assert_untouched(&server, &before, &theirs);
    // Also where ours is gone: only the first of them is the same card.
    server.state().cards.remove(&ours);
    for dashboard in server.state().dashboards.values_mut() {
        let dashcards = dashboard["dashcards"].as_array_mut().unwrap();
        dashcards.retain(|dashcard| dashcard["card_id"] != ours && dashcard["card_id"] != 1);
    }
    push(&server);
    assert_untouched(&server, &before, &theirs);
    assert_settled(&server, &Shop::new(), &options());
}

#[test]
fn a_card_that_is_neither_in_the_collection_nor_on_its_dashboard_is_made_anew() {
    let server = pushed();
    assert_ne!(id_of(&server, "Executive dashboard"), Value::Null);
    {
        let mut state = server.state();
        let card = State::named(&mut state.cards, "Total revenue");
        card["collection_id"] = json!(null);
        let id = card["id"].clone();
        let dashboard = State::named(&mut state.dashboards, "Executive dashboard");
        dashboard["dashcards"]
            .as_array_mut()
            .unwrap()
            .retain(|dashcard| dashcard["card_id"] != id);
    }
    push(&server);
    assert_eq!(server.state().cards.len(), 7);
    assert_settled(&server, &Shop::new(), &options());
}
