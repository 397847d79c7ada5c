//! Clicks: those that filter a dashboard, and those that open another one, whose id comes with it.

use metabase_push::item::Action;
use metabase_push::{Error, Options};
use serde_json::{Value, json};

use crate::metabase::{State, version};
use crate::shop::{Shop, assert_settled, options, plan_with, push, push_with, pushed_to, replacing};
use crate::wire::Server;

fn id_of(server: &Server, name: &str) -> Value {
    State::named(&mut server.state().dashboards, name)["id"].clone()
}

/// The settings of a card's place on a dashboard.
fn settings(server: &Server, dashboard: &str, card: &str) -> Value {
    let mut state = server.state();
    let card = State::named(&mut state.cards, card)["id"].clone();
    let dashboard = State::named(&mut state.dashboards, dashboard);
    let mut dashcards = dashboard["dashcards"].as_array().expect("there are some").iter();
    let dashcard = dashcards.find(|dashcard| dashcard["card_id"] == card);
    dashcard.expect("it is there")["visualization_settings"].clone()
}

/// What a click on the executive dashboard's map opens.
fn opened(server: &Server) -> Value {
    settings(server, "Executive dashboard", "Sales by country, all time")["click_behavior"].clone()
}

/// What a click on a supplier does, and one on what was bought of it.
fn suppliers(server: &Server) -> Value {
    settings(server, "Inventory management", "Supplier performance")["column_settings"].clone()
}

const SUPPLIER: &str = r#"["name","supplier"]"#;
const PURCHASES: &str = r#"["name","purchases"]"#;

/// The run of one dashboard alone.
fn only(dashboard: &str) -> Options {
    Options {
        dashboards: vec![dashboard.to_owned()],
        ..options()
    }
}

#[test]
fn dashboards_that_are_made_in_one_run_open_each_other() {
    for version in version::ALL {
        let server = pushed_to(version);
        let click = opened(&server);
        assert_eq!(click["type"], "link");
        assert_eq!(click["linkType"], "dashboard");
        assert_eq!(
            click["targetId"],
            id_of(&server, "Inventory management"),
            "0.{version}"
        );
        let suppliers = suppliers(&server);
        assert_eq!(
            suppliers[PURCHASES]["click_behavior"],
            json!({"type": "link", "linkType": "dashboard", "targetId": id_of(&server, "Executive dashboard"),
                   "parameterMapping": {}})
        );
        assert_eq!(suppliers[SUPPLIER]["click_behavior"]["type"], "crossfilter");
        assert_settled(&server, &Shop::new(), &options());
        assert_settled(&server, &Shop::new(), &replacing());
    }
}

#[test]
fn a_link_follows_a_dashboard_that_is_made_anew() {
    for version in version::ALL {
        let server = pushed_to(version);
        let old = id_of(&server, "Inventory management");
        {
            let mut state = server.state();
            State::named(&mut state.dashboards, "Inventory management")["archived"] = json!(true);
        }
        // What changes is shown before the new id is known.
        let plan = plan_with(&server, &Shop::new(), &options()).unwrap();
        let executive = plan.items().find(|item| item.name == "executive").unwrap();
        assert_eq!(executive.action, Action::Change);
        let [change] = &executive.changes[..] else {
            panic!("{:?}", executive.changes)
        };
        assert_eq!(
            change.key,
            "card sales_by_country: visualization_settings.click_behavior.targetId"
        );
        assert_eq!([&change.old, &change.new], [&old, &Value::Null]);
        push(&server);
        let new = opened(&server)["targetId"].clone();
        assert_ne!(new, old);
        let state = server.state().clone();
        let target = &state.dashboards[&new.as_u64().unwrap()];
        assert_eq!(
            [&target["name"], &target["archived"]],
            [&json!("Inventory management"), &json!(false)]
        );
        drop(state);
        assert_settled(&server, &Shop::new(), &options());
    }
}

#[test]
fn a_dashboard_that_is_pushed_alone_has_links_to_what_is_there() {
    let server = Server::start(State::new());
    push_with(&server, &Shop::new(), &only("executive")).unwrap();
    assert_eq!(opened(&server), Value::Null);
    assert_settled(&server, &Shop::new(), &only("executive"));
    // This one has a link back; the first one gets its own with the next run.
    push_with(&server, &Shop::new(), &only("inventory_management")).unwrap();
    assert_eq!(
        suppliers(&server)[PURCHASES]["click_behavior"]["targetId"],
        id_of(&server, "Executive dashboard")
    );
    push_with(&server, &Shop::new(), &only("executive")).unwrap();
    assert_eq!(
        opened(&server)["targetId"],
        id_of(&server, "Inventory management")
    );
    assert_settled(&server, &Shop::new(), &options());
}

#[test]
fn what_a_click_does_is_ours_as_a_whole() {
    for version in version::ALL {
        let server = pushed_to(version);
        let before = suppliers(&server);
        {
            let mut state = server.state();
            let dashboard = State::named(&mut state.dashboards, "Inventory management");
            let columns = &mut dashboard["dashcards"][3]["visualization_settings"]["column_settings"];
            columns[SUPPLIER] = json!({"click_behavior": {"type": "link", "linkType": "url", "linkTemplate": "https://example.com"}});
            columns[PURCHASES]["show_mini_bar"] = json!(true);
        }
        push(&server);
        let mut expected = before.clone();
        expected[PURCHASES]["show_mini_bar"] = json!(true);
        assert_eq!(suppliers(&server), expected, "0.{version}");
        assert_settled(&server, &Shop::new(), &options());
        push_with(&server, &Shop::new(), &replacing()).unwrap();
        assert_eq!(suppliers(&server), before, "0.{version}");
    }
}

#[test]
fn an_earlier_version_of_the_extension_has_no_links() {
    let mut shop = Shop::new();
    for dashboard in shop.dashboards.as_object_mut().unwrap().values_mut() {
        dashboard.as_object_mut().unwrap().remove("links");
    }
    let server = Server::start(State::new());
    push_with(&server, &shop, &options()).unwrap();
    assert_eq!(opened(&server), Value::Null);
    assert_settled(&server, &shop, &options());
}

#[test]
fn a_click_that_the_extension_never_makes_is_refused() {
    let click = "/layout/dashcards/4/visualization_settings/click_behavior";
    let field = "/fields/0/body/settings";
    let url = json!({"type": "link", "linkType": "url", "linkTemplate": "https://example.com"});
    let filtering = |mapping: Value| json!({"type": "crossfilter", "parameterMapping": {"x": mapping}});
    for (place, value, reason) in [
        (
            click,
            url.clone(),
            "a click has \"linkTemplate\", which the extension never says",
        ),
        (
            click,
            json!({"type": "link"}),
            "a click does something else than to set filters",
        ),
        (
            click,
            json!({"type": "action", "parameterMapping": {}}),
            "a click does something else than to set filters",
        ),
        (
            click,
            json!("x"),
            "a click does something else than to set filters",
        ),
        (
            click,
            filtering(json!({"id": "x", "value": 5})),
            "a filter of a click has \"value\", which the extension never says",
        ),
        (
            click,
            filtering(json!({"source": {"type": "column", "mode": 1}})),
            "a click's source has \"mode\", which the extension never says",
        ),
        (
            click,
            filtering(json!({
                "source": {"type": "userAttribute", "id": "salary", "name": "salary"},
                "target": {"type": "parameter", "id": "x"},
            })),
            "a click hands on something else than what a card or a filter shows",
        ),
        (
            click,
            filtering(json!({
                "source": {"type": "column", "id": "Brand", "name": "Brand"},
                "target": {"type": "variable", "id": "x"},
            })),
            "a click hands on something else than what a card or a filter shows",
        ),
        (
            field,
            json!({"click_behavior": url}),
            "a click has \"linkTemplate\", which the extension never says",
        ),
        (
            "/links/0/click_behavior/linkType",
            json!("url"),
            "a link leads to something else than a dashboard",
        ),
        (
            "/links/0/click_behavior/targetId",
            json!(1),
            "a link has \"targetId\", which the extension never says",
        ),
        (
            "/links/0/to",
            json!(1),
            "a link has \"to\", which the extension never says",
        ),
        (
            "/links/0/card",
            json!("profit"),
            "there is no card \"profit\" to click on",
        ),
    ] {
        let mut shop = Shop::new();
        let (parent, key) = place.rsplit_once('/').unwrap();
        shop.dashboards["executive"].pointer_mut(parent).unwrap()[key] = value;
        let server = Server::start(State::new());
        let error = push_with(&server, &shop, &options()).unwrap_err();
        assert!(matches!(error, Error::Template { .. }), "{error}");
        assert!(error.to_string().ends_with(reason), "{error} for {reason}");
        assert!(
            server
                .take_requests()
                .iter()
                .all(|request| request.method == "GET")
        );
    }
}
