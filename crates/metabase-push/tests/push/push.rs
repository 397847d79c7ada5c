//! What a push makes of an empty Metabase, and of one that has it already.

use metabase_push::item::{Action, Kind};
use metabase_push::{Options, Plan, render};
use serde_json::{Value, json};

use crate::metabase::{DATABASE, State, version};
use crate::shop::{Shop, assert_settled, options, plan_with, push, push_with, pushed, pushed_to, replacing};
use crate::wire::Server;

fn actions(plan: &Plan, action: Action) -> Vec<(Kind, &str)> {
    let items = plan.items().filter(|item| item.action == action);
    items.map(|item| (item.kind, item.name.as_str())).collect()
}

#[test]
fn an_empty_metabase_gets_everything() {
    let server = Server::start(State::new());
    let plan = push(&server);
    let created = actions(&plan, Action::Create);
    assert_eq!(created.len(), 1 + 6 + 2);
    assert_eq!(created[0], (Kind::Collection, "shop analytics"));
    assert_eq!(created[1], (Kind::Card, "executive/total_revenue"));
    assert_eq!(actions(&plan, Action::Change).len(), 3 + 6);
    assert!(plan.items().all(|item| item.id.is_some()));

    let mut state = server.state();
    let collection = state.collections.values().next().unwrap()["id"].clone();
    assert_eq!(state.collections.len(), 1);
    assert_eq!(state.cards.len(), 6);
    assert!(
        state
            .cards
            .values()
            .all(|card| card["collection_id"] == collection)
    );
    assert_eq!(state.dashboards.len(), 2);

    let card = State::named(&mut state.cards, "Total revenue")["id"].clone();
    let dashboard = State::named(&mut state.dashboards, "Executive dashboard").clone();
    assert_eq!(dashboard["collection_id"], collection);
    assert_eq!(dashboard["parameters"][0]["default"], "past30days");
    assert_eq!(dashboard["dashcards"].as_array().unwrap().len(), 6);
    assert_eq!(dashboard["dashcards"][1]["card_id"], card);
    assert_eq!(
        dashboard["dashcards"][1]["parameter_mappings"],
        json!([{"card_id": card, "parameter_id": "metabase_views.executive.date",
                "target": ["dimension", ["template-tag", "date"], {"stage-number": 0}]}])
    );

    assert_eq!(state.table(1).unwrap()["display_name"], "Executive metrics");
    assert_eq!(state.field(13).unwrap()["semantic_type"], "type/Currency");
    assert_eq!(state.field(13).unwrap()["settings"]["currency"], "EUR");
    assert_eq!(state.scanned.iter().copied().collect::<Vec<_>>(), [51, 52]);
}

#[test]
fn things_are_made_before_what_needs_them() {
    let server = Server::start(State::new());
    push(&server);
    let writes: Vec<String> = server
        .take_requests()
        .iter()
        .filter(|request| request.is_write())
        .map(ToString::to_string)
        .collect();
    let first = |begin: &str| writes.iter().position(|write| write.starts_with(begin)).unwrap();
    assert!(first("PUT /api/table") < first("PUT /api/field"));
    assert!(first("PUT /api/field") < first("POST /api/field"));
    assert!(first("POST /api/field") < first("POST /api/collection"));
    assert!(first("POST /api/collection") < first("POST /api/card"));
    assert!(first("POST /api/card") < first("POST /api/dashboard"));
    assert!(first("POST /api/dashboard") < first("PUT /api/dashboard"));
}

#[test]
fn the_second_run_only_reads() {
    for version in version::ALL {
        let server = Server::start(State::of_version(version));
        push(&server);
        let state = server.state().clone();
        for options in [options(), replacing()] {
            assert_settled(&server, &Shop::new(), &options);
            assert_eq!(*server.state(), state);
        }
    }
}

#[test]
fn a_dry_run_only_reads_and_says_what_a_run_then_does() {
    let server = Server::start(State::new());
    let before = server.state().clone();
    let planned = plan_with(&server, &Shop::new(), &options()).unwrap();
    assert_eq!(*server.state(), before);
    assert!(
        server
            .take_requests()
            .iter()
            .all(|request| request.method == "GET")
    );
    let done = push(&server);
    for action in [Action::Create, Action::Change, Action::Unchanged] {
        assert_eq!(actions(&planned, action), actions(&done, action));
    }
}

#[test]
fn one_dashboard_can_be_pushed_alone() {
    let server = Server::start(State::new());
    let options = Options {
        dashboards: vec!["inventory_management".to_owned()],
        collection: Some("Stock".to_owned()),
        ..options()
    };
    push_with(&server, &Shop::new(), &options).unwrap();
    let mut state = server.state();
    assert_eq!(state.cards.len(), 3);
    assert_eq!(state.dashboards.len(), 1);
    assert_eq!(State::named(&mut state.collections, "Stock")["location"], "/");
    // Whichever dashboard it is, all views are described.
    assert_ne!(state.table(1).unwrap()["description"], Value::Null);
}

#[test]
fn what_a_new_version_changes_is_changed_and_nothing_else() {
    for version in version::ALL {
        let server = pushed_to(version);
        let mut shop = Shop::new();
        let executive = &mut shop.dashboards["executive"];
        executive["cards"][1]["body"]["display"] = json!("area");
        executive["cards"][2]["body"]["dataset_query"]["native"]["query"] =
            json!("-- metabase_views: executive/sales_by_country\nSELECT 1");
        executive["fields"][1]["body"]["settings"]["currency"] = json!("USD");
        let plan = push_with(&server, &shop, &options()).unwrap();
        assert_eq!(
            actions(&plan, Action::Change),
            [
                (Kind::Field, "analytics.metabase_executive_metrics.total_revenue"),
                (Kind::Card, "executive/revenue_trend"),
                (Kind::Card, "executive/sales_by_country"),
            ]
        );
        let trend = plan
            .items()
            .find(|item| item.name == "executive/revenue_trend")
            .unwrap();
        assert_eq!(trend.changes.len(), 1);
        assert_eq!(trend.changes[0].old, "line");
        assert_eq!(trend.changes[0].new, "area");
        let bodies: Vec<Value> = server
            .take_requests()
            .into_iter()
            .filter(|request| request.method == "PUT" && request.path.contains("card"))
            .map(|request| request.body)
            .collect();
        assert_eq!(bodies[0], json!({"display": "area"}));
        assert_eq!(
            bodies[1]["dataset_query"]["native"]["query"],
            "-- metabase_views: executive/sales_by_country\nSELECT 1"
        );
        assert_settled(&server, &shop, &options());
    }
}

#[test]
fn a_new_title_is_kept_out_until_replaced() {
    let server = pushed();
    let mut shop = Shop::new();
    let executive = &mut shop.dashboards["executive"];
    executive["cards"][0]["body"]["name"] = json!("Revenue of the month");
    executive["fields"][1]["body"]["description"] = json!("Gross, in EUR.");
    let plan = plan_with(&server, &shop, &options()).unwrap();
    let plain = anstream::adapter::strip_str(&render::plan(plan.items())).to_string();
    assert!(
        plain.ends_with(
            "  kept       card        executive/total_revenue: name: \"Total revenue\" (ours: \"Revenue of the month\")\n  \
             What is kept differs from ours; --replace puts ours there.\n"
        ),
        "{plain}"
    );
    push_with(&server, &shop, &replacing()).unwrap();
    State::named(&mut server.state().cards, "Revenue of the month");
    assert_eq!(server.state().field(13).unwrap()["description"], "Gross, in EUR.");
    assert_settled(&server, &shop, &options());
}

#[test]
fn a_new_card_finds_its_place_on_an_existing_dashboard() {
    let server = pushed();
    let mut shop = Shop::new();
    let executive = &mut shop.dashboards["executive"];
    let mut card = executive["cards"][1].clone();
    card["key"] = json!("more");
    card["body"]["name"] = json!("More");
    card["body"]["dataset_query"]["native"]["query"] = json!("-- metabase_views: executive/more\nSELECT 1");
    executive["cards"].as_array_mut().unwrap().push(card);
    executive["layout"]["dashcards"].as_array_mut().unwrap().push(json!(
        {"id": -7, "card": "more", "row": 4, "col": 0, "size_x": 6, "size_y": 3, "parameter_mappings": [], "visualization_settings": {}}
    ));
    push_with(&server, &shop, &options()).unwrap();
    {
        let mut state = server.state();
        let dashboard = State::named(&mut state.dashboards, "Executive dashboard");
        assert_eq!(dashboard["dashcards"][6]["row"], 4);
    }
    assert_settled(&server, &shop, &options());
}

#[test]
fn large_collections_come_in_pages() {
    let server = pushed();
    {
        let mut state = server.state();
        // Dashboards are listed after all cards, and so on the second page.
        let mine = json!({"name": "Mine", "collection_id": state.collections.keys().next(), "visualization_settings": {},
                          "dataset_query": {"database": DATABASE, "type": "query", "query": {"source-table": 90}}});
        for _ in 0..250 {
            state.add_card(mine.clone());
        }
    }
    assert_settled(&server, &Shop::new(), &options());
}
