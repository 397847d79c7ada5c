//! What people do in Metabase by hand stays, and what they do does not make a push do things twice.

use metabase_push::{Error, Plan};
use serde_json::{Value, json};

use crate::metabase::{DATABASE, State, version, with};
use crate::shop::{Shop, assert_settled, options, plan_with, push, push_with, pushed, pushed_to, replacing};
use crate::wire::Server;

/// Changes the executive dashboard by hand.
fn edit(server: &Server, change: impl FnOnce(&mut Value)) {
    let mut state = server.state();
    change(State::named(&mut state.dashboards, "Executive dashboard"));
}

fn executive(server: &Server) -> Value {
    State::named(&mut server.state().dashboards, "Executive dashboard").clone()
}

fn dashcards(dashboard: &mut Value) -> &mut Vec<Value> {
    dashboard["dashcards"]
        .as_array_mut()
        .expect("a dashboard has some")
}

/// A text that somebody has put on a dashboard.
fn their_text(id: u64, row: u64) -> Value {
    json!({"id": id, "card_id": null, "row": row, "col": 0, "size_x": 24, "size_y": 2, "dashboard_tab_id": null,
           "parameter_mappings": [], "inline_parameters": [], "entity_id": "V1StGXR8_Z5jdHi6B-myT",
           "visualization_settings": {"virtual_card": {"display": "text"}, "text": "Mine"}})
}

fn kept(plan: &Plan) -> Vec<String> {
    let items = plan
        .items()
        .flat_map(|item| item.kept.iter().map(move |kept| (item, kept)));
    items
        .map(|(item, kept)| format!("{}: {}", item.name, kept.key))
        .collect()
}

#[test]
fn a_card_that_was_renamed_is_still_ours() {
    let server = pushed();
    {
        let mut state = server.state();
        State::named(&mut state.cards, "Total revenue")["name"] = json!("Umsatz");
    }
    let plan = push(&server);
    assert_eq!(kept(&plan), ["executive/total_revenue: name"]);
    assert_settled(&server, &Shop::new(), &options());
    assert_eq!(server.state().cards.len(), 6);

    push_with(&server, &Shop::new(), &replacing()).unwrap();
    State::named(&mut server.state().cards, "Total revenue");
    assert_settled(&server, &Shop::new(), &replacing());
}

#[test]
fn a_card_without_its_marker_is_found_by_its_name() {
    let server = pushed();
    {
        let mut state = server.state();
        let card = State::named(&mut state.cards, "Total revenue");
        card["dataset_query"]["native"]["query"] = json!("SELECT {{date}}");
    }
    push(&server);
    assert_eq!(server.state().cards.len(), 6);
    assert_settled(&server, &Shop::new(), &options());
}

#[test]
fn a_question_of_the_same_name_that_is_not_sql_is_not_ours() {
    let server = pushed();
    let theirs = {
        let mut state = server.state();
        let collection = state.collections.keys().next().copied();
        State::named(&mut state.cards, "Total revenue")["archived"] = json!(true);
        state.add_card(
            json!({"name": "Total revenue", "collection_id": collection, "visualization_settings": {},
            "dataset_query": {"database": DATABASE, "type": "query", "query": {"source-table": 1}}}),
        )
    };
    let before = server.state().cards[&theirs].clone();
    push(&server);
    assert_eq!(server.state().cards[&theirs], before);
    assert_eq!(server.state().cards.len(), 8);
}

#[test]
fn a_card_without_its_marker_is_taken_for_one_of_ours_only() {
    let server = pushed();
    let mut shop = Shop::new();
    // Two cards of one name, of which one has lost its marker and the other was never pushed.
    shop.dashboards["inventory_management"]["cards"][1]["body"]["name"] = json!("Total revenue");
    {
        let mut state = server.state();
        let ageing = State::named(&mut state.cards, "Ageing distribution")["id"]
            .as_u64()
            .unwrap();
        state.cards.remove(&ageing);
        let dashboard = State::named(&mut state.dashboards, "Inventory management");
        dashcards(dashboard).retain(|dashcard| dashcard["card_id"] != ageing);
        State::named(&mut state.cards, "Total revenue")["dataset_query"]["native"]["query"] =
            json!("SELECT {{date}}");
    }
    push_with(&server, &shop, &options()).unwrap();
    assert_eq!(server.state().cards.len(), 6);
    assert_settled(&server, &shop, &options());
}

#[test]
fn copies_are_left_alone() {
    let server = pushed();
    let (card, dashboard) = {
        let mut state = server.state();
        let card = State::named(&mut state.cards, "Total revenue").clone();
        let card = state.add_card(with(
            card,
            &[
                ("name", json!("Total revenue - Duplicate")),
                ("display", json!("line")),
            ],
        ));
        let dashboard = State::named(&mut state.dashboards, "Executive dashboard").clone();
        let copy = with(
            dashboard,
            &[
                ("id", json!(999)),
                ("name", json!("Copy")),
                ("width", json!("full")),
            ],
        );
        state.dashboards.insert(999, copy);
        (card, 999)
    };
    let before = server.state().clone();
    push(&server);
    assert_eq!(server.state().cards[&card], before.cards[&card]);
    assert_eq!(
        server.state().dashboards[&dashboard],
        before.dashboards[&dashboard]
    );
    assert_settled(&server, &Shop::new(), &options());
}

#[test]
fn what_is_outside_the_collection_is_never_touched() {
    let server = Server::start(State::new());
    push(&server);
    let mut elsewhere = server.state().clone();
    // All of it is in collections now that are not the one at the top level: archived, nested, personal, of snippets.
    let mut collections = Vec::new();
    for (key, value) in [
        ("archived", json!(true)),
        ("location", json!("/7/")),
        ("personal_owner_id", json!(1)),
        ("namespace", json!("snippets")),
    ] {
        let collection = elsewhere.collections.values().next().unwrap().clone();
        collections.push(with(collection, &[(key, value)]));
    }
    elsewhere.collections = collections
        .into_iter()
        .zip(900..)
        .map(|(collection, id)| (id, with(collection, &[("id", json!(id))])))
        .collect();
    for thing in elsewhere
        .cards
        .values_mut()
        .chain(elsewhere.dashboards.values_mut())
    {
        thing["collection_id"] = json!(901);
    }
    *server.state() = elsewhere.clone();
    push(&server);
    let state = server.state();
    assert_eq!(state.cards.len(), 12);
    assert_eq!(state.dashboards.len(), 4);
    assert!(elsewhere.cards.iter().all(|(id, card)| state.cards[id] == *card));
    assert!(
        elsewhere
            .dashboards
            .iter()
            .all(|(id, dashboard)| state.dashboards[id] == *dashboard)
    );
}

#[test]
fn what_was_added_to_a_dashboard_stays() {
    for version in version::ALL {
        let server = pushed_to(version);
        let their_card = {
            let mut state = server.state();
            state.add_card(json!({"name": "Mine", "collection_id": null, "visualization_settings": {},
                "dataset_query": {"database": DATABASE, "type": "native", "native": {"query": "SELECT 1", "template-tags": {}}}}))
        };
        let their_filter = json!({"id": "a1b2c3d4", "name": "Mine", "slug": "mine", "type": "string/="});
        let their_mapping = json!({"parameter_id": "a1b2c3d4", "card_id": null, "target": ["dimension", ["template-tag", "date"]]});
        edit(&server, |dashboard| {
            dashboard["name"] = json!("Chef");
            dashboard["description"] = json!("Meins");
            dashboard["parameters"]
                .as_array_mut()
                .unwrap()
                .insert(0, their_filter.clone());
            dashboard["parameters"][1]["default"] = json!("past7days");
            let card = dashboard["dashcards"][1]["card_id"].clone();
            let mapping = with(their_mapping.clone(), &[("card_id", card)]);
            dashboard["dashcards"][1]["parameter_mappings"]
                .as_array_mut()
                .unwrap()
                .push(mapping);
            dashboard["dashcards"][1]["visualization_settings"]["card.title"] = json!("Meins");
            dashboard["dashcards"][2]["row"] = json!(30);
            dashboard["dashcards"][2]["size_x"] = json!(12);
            dashcards(dashboard).push(their_text(999, 50));
            let mut card = their_text(998, 52);
            card["card_id"] = json!(their_card);
            card["visualization_settings"] = json!({});
            dashcards(dashboard).push(card);
        });
        assert_settled(&server, &Shop::new(), &options());

        // Also where something of ours changes.
        let mut shop = Shop::new();
        shop.dashboards["executive"]["layout"]["width"] = json!("full");
        let mut expected = State::named(&mut server.state().dashboards, "Chef").clone();
        push_with(&server, &shop, &options()).unwrap();
        expected["width"] = json!("full");
        let mut got = State::named(&mut server.state().dashboards, "Chef").clone();
        // It may answer with a form of its own, and take that back.
        for dashcard in dashcards(&mut got).iter_mut().chain(dashcards(&mut expected)) {
            if let Some(card) = dashcard.pointer_mut("/visualization_settings/virtual_card") {
                card.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            }
        }
        assert_eq!(got, expected);
        assert_settled(&server, &shop, &options());
    }
}

#[test]
fn replace_leaves_nothing_but_ours() {
    for version in version::ALL {
        let server = pushed_to(version);
        let mut expected = executive(&server);
        edit(&server, |dashboard| {
            dashboard["name"] = json!("Chef");
            dashboard["width"] = json!("full");
            dashboard["parameters"] = json!([{"id": "a1b2c3d4", "name": "Mine", "slug": "mine", "type": "string/="},
                {"id": "metabase_views.executive.date", "name": "Tag", "slug": "tag", "type": "date/all-options", "default": "past7days"}]);
            dashcards(dashboard).push(their_text(999, 50));
            dashboard["dashcards"][0]["visualization_settings"]["text"] = json!("Meins");
            dashboard["dashcards"][1]["visualization_settings"]["card.title"] = json!("Meins");
            dashboard["dashcards"][2]["row"] = json!(30);
            dashboard["dashcards"][2]["series"] = json!([{"id": 102}]);
        });
        push_with(&server, &Shop::new(), &replacing()).unwrap();
        expected["dashcards"][2]["series"] = json!([]);
        assert_eq!(executive(&server), expected, "0.{version}");
        assert_settled(&server, &Shop::new(), &replacing());
    }
}

/// The dashcards without their ids. Those on a tab that is deleted get new ones.
fn without_ids(dashboard: &Value) -> Vec<Value> {
    let dashcards = dashboard["dashcards"].as_array().expect("a dashboard has some");
    dashcards
        .iter()
        .map(|dashcard| with(dashcard.clone(), &[("id", Value::Null)]))
        .collect()
}

#[test]
fn replace_leaves_one_tab_and_everything_on_it() {
    let one = json!({"id": 5, "name": "One"});
    let two = json!({"id": 6, "name": "Two"});
    for version in version::ALL {
        for tabs in [json!([one]), json!([one, two])] {
            let server = pushed_to(version);
            let mut expected = executive(&server);
            edit(&server, |dashboard| {
                dashboard["tabs"] = tabs.clone();
                for (dashcard, number) in dashcards(dashboard).iter_mut().zip(0..) {
                    dashcard["dashboard_tab_id"] =
                        tabs[number % tabs.as_array().unwrap().len()]["id"].clone();
                }
                let last = tabs.as_array().unwrap().last().unwrap()["id"].clone();
                dashcards(dashboard).push(with(their_text(999, 50), &[("dashboard_tab_id", last)]));
            });
            let plan = push_with(&server, &Shop::new(), &replacing()).unwrap();
            for dashcard in dashcards(&mut expected) {
                dashcard["dashboard_tab_id"] = json!(5);
            }
            let after = executive(&server);
            assert_eq!(after["tabs"], json!([one]), "0.{version}");
            let sorted = |dashboard: &Value| {
                let mut dashcards = without_ids(dashboard);
                dashcards.sort_by_key(|dashcard| dashcard["row"].as_u64().zip(dashcard["col"].as_u64()));
                dashcards
            };
            assert_eq!(sorted(&after), sorted(&expected), "0.{version}");
            let names: Vec<(Value, Value)> = plan
                .items()
                .flat_map(|item| &item.changes)
                .filter(|change| change.key == "tabs")
                .map(|change| (change.old.clone(), change.new.clone()))
                .collect();
            match tabs.as_array().unwrap().len() {
                1 => assert_eq!(names, []),
                _ => assert_eq!(names, [(json!(["One", "Two"]), json!(["One"]))]),
            }
            assert_settled(&server, &Shop::new(), &replacing());
        }
    }
}

#[test]
fn ours_stay_on_the_tab_where_they_are_and_new_ones_go_to_the_first() {
    let server = pushed();
    edit(&server, |dashboard| {
        dashboard["tabs"] = json!([{"id": 5, "name": "One"}, {"id": 6, "name": "Two"}]);
        dashcards(dashboard).remove(4);
        for dashcard in dashcards(dashboard) {
            dashcard["dashboard_tab_id"] = json!(6);
        }
    });
    push(&server);
    let mut dashboard = executive(&server);
    assert_eq!(dashboard["tabs"][1]["name"], "Two");
    let tabs: Vec<Value> = dashcards(&mut dashboard)
        .iter()
        .map(|dashcard| dashcard["dashboard_tab_id"].clone())
        .collect();
    assert_eq!(tabs, [6, 6, 6, 6, 6, 5].map(|tab| json!(tab)));
    // The place is free on that tab.
    assert_eq!(dashboard["dashcards"][5]["row"], 8);
    assert_settled(&server, &Shop::new(), &options());
}

#[test]
fn a_new_one_of_ours_goes_below_everything_where_its_place_is_taken() {
    let server = pushed();
    edit(&server, |dashboard| {
        // The second heading and the card below it are gone, and something else is there.
        dashcards(dashboard).drain(3..5);
        dashcards(dashboard).push(their_text(999, 7));
        dashcards(dashboard).push(their_text(998, 9));
    });
    push(&server);
    let mut dashboard = executive(&server);
    let places: Vec<(Value, Value)> = dashcards(&mut dashboard)
        .iter()
        .map(|dashcard| (dashcard["row"].clone(), dashcard["size_y"].clone()))
        .collect();
    assert_eq!(
        places,
        [(0, 1), (1, 3), (1, 6), (16, 2), (7, 2), (9, 2), (18, 1), (19, 8)]
            .map(|(row, size)| (json!(row), json!(size)))
    );
    assert_settled(&server, &Shop::new(), &options());
}

#[test]
fn what_was_taken_off_is_put_back() {
    let server = pushed();
    let before = executive(&server);
    edit(&server, |dashboard| {
        dashcards(dashboard).remove(1);
        dashcards(dashboard).remove(0);
        dashboard["parameters"] = json!([]);
    });
    push(&server);
    let mut after = executive(&server);
    assert_eq!(dashcards(&mut after).len(), 6);
    assert_eq!(after["parameters"], before["parameters"]);
    assert_settled(&server, &Shop::new(), &options());
}

#[test]
fn the_words_of_a_heading_stay_and_are_not_put_there_twice() {
    let server = pushed();
    edit(&server, |dashboard| {
        dashboard["dashcards"][0]["visualization_settings"]["text"] = json!("Auf einen Blick")
    });
    let plan = push(&server);
    assert_eq!(kept(&plan), ["executive: heading \"At a glance\": text"]);
    assert_eq!(executive(&server)["dashcards"].as_array().unwrap().len(), 6);
    assert_settled(&server, &Shop::new(), &options());
}

#[test]
fn a_heading_that_was_moved_and_edited_is_not_put_there_twice() {
    let server = pushed();
    edit(&server, |dashboard| {
        dashboard["dashcards"][0]["visualization_settings"]["text"] = json!("Auf einen Blick");
        dashboard["dashcards"][0]["row"] = json!(40);
    });
    assert_settled(&server, &Shop::new(), &options());
}

/// The shop after a change of its currency.
fn shop_in_dollars() -> (Shop, Value) {
    let mut shop = Shop::new();
    let notes = json!("Revenue counts completed orders. Amounts are in USD.");
    shop.dashboards["executive"]["layout"]["dashcards"][5]["visualization_settings"]["text"] = notes.clone();
    (shop, notes)
}

#[test]
fn the_notes_follow_the_shop_wherever_they_are() {
    let server = pushed();
    edit(&server, |dashboard| {
        dashboard["dashcards"][5]["row"] = json!(40);
        dashboard["dashcards"][5]["visualization_settings"]["text"] = json!("Meins");
    });
    let (shop, notes) = shop_in_dollars();
    let plan = push_with(&server, &shop, &options()).unwrap();
    assert_eq!(kept(&plan), [""; 0]);
    let mut dashboard = executive(&server);
    assert_eq!(dashcards(&mut dashboard).len(), 6);
    assert_eq!(dashboard["dashcards"][5]["row"], 40);
    assert_eq!(dashboard["dashcards"][5]["visualization_settings"]["text"], notes);
    assert_settled(&server, &shop, &options());
}

#[test]
fn a_text_of_people_in_the_place_of_the_notes_stays() {
    let server = pushed();
    edit(&server, |dashboard| {
        dashcards(dashboard).pop();
        dashcards(dashboard).push(their_text(999, 16));
    });
    let (shop, notes) = shop_in_dollars();
    push_with(&server, &shop, &options()).unwrap();
    let dashboard = executive(&server);
    assert_eq!(
        dashboard["dashcards"][5]["visualization_settings"]["text"],
        "Mine"
    );
    assert_eq!(dashboard["dashcards"][6]["visualization_settings"]["text"], notes);
    assert_eq!(dashboard["dashcards"][6]["row"], 18);
    assert_settled(&server, &shop, &options());
}

#[test]
fn descriptions_of_tables_and_fields_stay_and_types_follow() {
    let server = pushed();
    {
        let mut state = server.state();
        state.table(1).unwrap()["display_name"] = json!("Zahlen");
        state.field(13).unwrap()["description"] = json!("Meins");
        state.field(13).unwrap()["semantic_type"] = json!("type/Income");
        state.field(13).unwrap()["settings"] = json!({"currency": "USD", "decimals": 0});
        state.field(61).unwrap()["description"] = json!("");
    }
    let plan = push(&server);
    assert_eq!(
        kept(&plan),
        [
            "analytics.metabase_executive_metrics: display_name",
            "analytics.metabase_executive_metrics.total_revenue: description"
        ]
    );
    {
        let mut state = server.state();
        assert_eq!(state.field(13).unwrap()["semantic_type"], "type/Currency");
        assert_eq!(
            state.field(13).unwrap()["settings"],
            json!({"currency": "EUR", "decimals": 0, "number_style": "currency"})
        );
        assert_eq!(state.field(61).unwrap()["description"], "ISO 3166-1 alpha-2.");
    }
    assert_settled(&server, &Shop::new(), &options());
    push_with(&server, &Shop::new(), &replacing()).unwrap();
    {
        let mut state = server.state();
        assert_eq!(state.table(1).unwrap()["display_name"], "Executive metrics");
        let field = state.field(13).unwrap();
        assert_eq!(field["description"], "Revenue of completed orders, in EUR.");
        assert_eq!(
            field["settings"],
            json!({"currency": "EUR", "number_style": "currency"})
        );
    }
    assert_settled(&server, &Shop::new(), &replacing());
}

#[test]
fn settings_of_people_on_a_card_stay_until_replaced() {
    let server = pushed();
    let settings = |server: &Server| {
        State::named(&mut server.state().cards, "Total revenue")["visualization_settings"].clone()
    };
    let ours = settings(&server);
    let mut theirs = ours.clone();
    theirs["scalar.compact_primary_number"] = json!(true);
    theirs["column_settings"]["[\"name\",\"sum\"]"]["decimals"] = json!(0);
    State::named(&mut server.state().cards, "Total revenue")["visualization_settings"] = theirs.clone();
    assert_settled(&server, &Shop::new(), &options());
    assert_eq!(settings(&server), theirs);

    let plan = push_with(&server, &Shop::new(), &replacing()).unwrap();
    assert_eq!(settings(&server), ours);
    let changes: Vec<&str> = plan
        .items()
        .flat_map(|item| item.changes.iter().map(|change| change.key.as_str()))
        .collect();
    assert_eq!(
        changes,
        [
            "visualization_settings.column_settings.[\"name\",\"sum\"].decimals",
            "visualization_settings.scalar.compact_primary_number"
        ]
    );
    assert_settled(&server, &Shop::new(), &replacing());
}

#[test]
fn a_default_where_ours_has_none_stays_until_replaced() {
    let server = pushed();
    let supplier = |server: &Server| {
        State::named(&mut server.state().dashboards, "Inventory management")["parameters"][1].clone()
    };
    State::named(&mut server.state().dashboards, "Inventory management")["parameters"][1]["default"] =
        json!(["Acme"]);
    let plan = push(&server);
    assert_eq!(
        kept(&plan),
        ["inventory_management: filter \"Supplier\": default"]
    );
    assert_eq!(supplier(&server)["default"], json!(["Acme"]));
    assert_settled(&server, &Shop::new(), &options());

    push_with(&server, &Shop::new(), &replacing()).unwrap();
    assert_eq!(supplier(&server)["default"], Value::Null);
    assert_settled(&server, &Shop::new(), &replacing());
}

#[test]
fn a_collection_with_the_dashboards_of_another_database_is_left_alone() {
    let server = pushed();
    {
        let mut state = server.state();
        State::named(&mut state.cards, "Total revenue")["dataset_query"]["database"] = json!(8);
    }
    let error = plan_with(&server, &Shop::new(), &options()).unwrap_err();
    assert!(matches!(error, Error::OtherDatabase { .. }), "{error}");
    assert!(error.hint().unwrap().contains("--collection"));
}
