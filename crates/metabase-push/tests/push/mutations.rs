//! Answers that are almost those of a Metabase. PROPTEST_CASES=10000 tries more of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use metabase_push::item::{Action, Kind};
use metabase_push::{Error, Options, plan, text};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::damage::Damage;
use crate::metabase::State;
use crate::mutation::{Mutation, cases, mutation};
use crate::request::Request;
use crate::shop::{Shop, TestClock, connect, options, pushed, replacing};
use crate::wire::{Fault, Server};

fn odd_values() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1),
        json!(2),
        json!(90),
        json!(900),
        json!(u64::MAX),
        json!(1e300),
        json!(0.5),
        json!(""),
        json!("shop"),
        json!("-- metabase_views: executive/total_revenue\nSELECT 1"),
        json!("\u{1b}[2J\u{202e}"),
        json!("x".repeat(100_000)),
        json!([]),
        json!({}),
        json!([[], {}, null]),
        deep,
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = [
        &b"\xff"[..],
        b"\xc3\x28",
        b"\0",
        b"[[[[[[",
        b"{\"a\":",
        b",",
        b"1e99999",
        b"\"",
        b"\\ud800",
    ];
    let bytes = select(bytes.map(<[u8]>::to_vec).to_vec());
    prop_oneof![
        6 => mutation(odd_values()).prop_map(Damage::Json),
        1 => select(odd_values()).prop_map(Damage::Id),
        1 => any::<usize>().prop_map(Damage::Truncate),
        1 => (any::<usize>(), bytes).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
    ]
}

/// The ids of a collection, a card and a dashboard each of people, which no run of ours may touch.
const THEIRS: [u64; 2] = [900, 901];

fn with_things_of_people(mut state: State) -> State {
    for id in THEIRS {
        let name = format!("Theirs {id}");
        state.collections.insert(
            id,
            json!({"id": id, "name": name, "location": "/", "archived": false, "personal_owner_id": null}),
        );
        state.cards.insert(
            id,
            json!({"id": id, "name": name, "collection_id": id, "archived": false, "display": "table",
                "description": null, "visualization_settings": {}, "type": "question",
                "dataset_query": {"database": 2, "type": "native", "native": {"query": "SELECT 1", "template-tags": {}}}}),
        );
        state.dashboards.insert(
            id,
            json!({"id": id, "name": name, "collection_id": id, "archived": false, "description": null,
                "width": "fixed", "parameters": [], "tabs": [], "dashcards": []}),
        );
    }
    state
}

/// Whether it says what was asked of Metabase, or what Metabase has.
fn names_its_request(error: &Error, address: &str) -> bool {
    match error {
        Error::NoDatabase { .. }
        | Error::SeveralDatabases { .. }
        | Error::NotPostgres { .. }
        | Error::ViewsNotSynced { .. }
        | Error::SeveralCollections { .. }
        | Error::OtherDatabase { .. }
        | Error::Template { .. } => true,
        error => ["GET", "PUT", "POST"]
            .iter()
            .any(|method| error.to_string().starts_with(&format!("{method} {address}/api/"))),
    }
}

/// The requests whose answers are read.
const REQUESTS: [&str; 10] = [
    "GET /api/session/properties",
    "GET /api/database",
    "GET /api/database/2/metadata",
    "GET /api/collection",
    "GET /api/collection/",
    "GET /api/card/",
    "GET /api/dashboard/",
    "POST /api/collection",
    "POST /api/card",
    "POST /api/dashboard",
];

/// Where an answer is another one: at one request of its kind.
#[derive(Clone, Debug)]
struct Place {
    request: &'static str,
    number: usize,
}

impl Place {
    /// The fault at this place and no other, over all requests to come.
    fn fault(&self, damage: &Damage) -> impl FnMut(usize, &Request) -> Option<Fault> + Send + 'static {
        let (place, damage) = (self.clone(), damage.clone());
        let mut seen = 0;
        move |_, request| {
            let words = request.to_string();
            let is_one = match place.request.ends_with('/') {
                true => words.starts_with(place.request),
                false => words == place.request,
            };
            seen += usize::from(is_one);
            (is_one && seen == place.number).then(|| Fault::Changed(damage.clone()))
        }
    }
}

/// A run in which one answer is another one, and what must hold whatever that is.
fn run(before: &State, place: &Place, damage: &Damage, options: &Options) -> Result<(), TestCaseError> {
    let server = Server::start(before.clone());
    server.fail(place.fault(damage));
    let address = server.address();
    let check = |error: Error| {
        let words = format!("{error} {}", error.hint().unwrap_or_default());
        prop_assert!(names_its_request(&error, &address), "{}", words);
        prop_assert_eq!(text::lines(&words), words.clone());
        prop_assert!(words.len() < 5000, "{} bytes", words.len());
        Ok(())
    };
    let metabase = connect(&address, &TestClock::new());
    let planned = plan(&metabase, &mut Shop::new(), options);
    let requests = server.take_requests();
    prop_assert!(!requests.iter().any(|request| request.is_write()));
    prop_assert_eq!(&server.state().cards, &before.cards);
    let mut planned = match planned {
        Ok(planned) => planned,
        Err(error) => return check(error),
    };
    let of = |kind: Kind, action: Action| {
        let items = planned
            .items()
            .filter(move |item| item.kind == kind && item.action == action);
        items.map(|item| item.id).collect::<Vec<_>>()
    };
    let kinds = [
        ("table", Kind::Table),
        ("field", Kind::Field),
        ("card", Kind::Card),
        ("dashboard", Kind::Dashboard),
    ];
    let changed: BTreeSet<String> = kinds
        .iter()
        .flat_map(|(path, kind)| {
            let ids = of(*kind, Action::Change).into_iter().flatten();
            ids.map(move |id| format!("PUT /api/{path}/{id}"))
        })
        .collect();
    let created = [Kind::Collection, Kind::Card, Kind::Dashboard].map(|kind| of(kind, Action::Create).len());
    let collections = of(Kind::Collection, Action::Unchanged);
    let fields: BTreeSet<String> = planned
        .items()
        .filter(|item| item.kind == Kind::Field)
        .filter_map(|item| Some(format!("POST /api/field/{}/rescan_values", item.id?)))
        .collect();
    let end = planned.apply(&metabase);
    let after = server.state().clone();
    for request in server.take_requests().iter().filter(|request| request.is_write()) {
        let words = request.to_string();
        let is_of_new = request
            .path
            .strip_prefix("/api/dashboard/")
            .and_then(|id| id.parse().ok())
            .is_some_and(|id: u64| !before.dashboards.contains_key(&id));
        let is_planned = changed.contains(&words)
            || fields.contains(&words)
            || request.method == "PUT" && is_of_new && created[2] > 0
            || words == "POST /api/collection" && created[0] > 0
            || words == "POST /api/card" && created[1] > 0
            || words == "POST /api/dashboard" && created[2] > 0;
        prop_assert!(is_planned, "{}", words);
    }
    // Where Metabase says that a collection of theirs has our name, the plan is to use that one.
    if collections.iter().flatten().all(|id| !THEIRS.contains(id)) {
        let theirs = |things: &BTreeMap<u64, Value>| -> Vec<Value> {
            let is_theirs = |thing: &&Value| {
                thing["collection_id"]
                    .as_u64()
                    .is_some_and(|id| THEIRS.contains(&id))
            };
            things.values().filter(is_theirs).cloned().collect()
        };
        prop_assert_eq!(theirs(&after.cards), theirs(&before.cards));
        prop_assert_eq!(theirs(&after.dashboards), theirs(&before.dashboards));
    }
    for (things, before, most) in [
        (&after.collections, &before.collections, created[0]),
        (&after.cards, &before.cards, created[1]),
        (&after.dashboards, &before.dashboards, created[2]),
    ] {
        prop_assert!(things.len() <= before.len() + most);
        for id in THEIRS {
            prop_assert_eq!(things.get(&id), before.get(&id));
        }
    }
    end.map_or_else(check, |()| Ok(()))
}

#[test]
fn what_people_have_is_not_taken_for_what_was_made() {
    let state = with_things_of_people(State::new());
    for request in ["POST /api/dashboard", "POST /api/card", "POST /api/collection"] {
        for id in [json!(900), json!(u64::MAX), json!(-1), json!("900")] {
            let place = Place { request, number: 1 };
            run(&state, &place, &Damage::Id(id), &options()).unwrap();
        }
    }
}

#[test]
fn long_texts_are_not_repeated_in_full() {
    let long = json!("x".repeat(100_000));
    let full = with_things_of_people(pushed().state().clone());
    for request in REQUESTS {
        // Values all over the answer.
        for number in 0..30_u8 {
            let place = Place { request, number: 1 };
            let damage = Damage::Json(Mutation::Replace(f64::from(number) / 30.0, long.clone()));
            run(&full, &place, &damage, &options()).unwrap();
        }
    }
}

#[test]
fn what_was_not_planned_is_not_written_whatever_is_answered() {
    let empty = with_things_of_people(State::new());
    let full = with_things_of_people(pushed().state().clone());
    let mut half = full.clone();
    half.dashboards.pop_first();
    half.cards.pop_first();
    for table in &mut half.tables {
        table["description"] = json!(null);
    }
    let states = select(vec![empty, half, full]);
    let options = select(vec![options(), replacing()]).prop_map(|options| Options {
        wait: Duration::ZERO,
        ..options
    });
    proptest!(cases(150), |(state in states, request in select(&REQUESTS[..]), number in select(&[1, 1, 1, 2, 3, 5][..]), damage in damage(), options in options)| {
        run(&state, &Place { request, number }, &damage, &options)?;
    });
}
