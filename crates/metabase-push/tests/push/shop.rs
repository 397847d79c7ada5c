//! The shop as a test has it: two dashboards out of a file, and a clock that does not wait.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use metabase_push::address::{Address, PlainHttp};
use metabase_push::api_key::ApiKey;
use metabase_push::clock::Clock;
use metabase_push::http::Client;
use metabase_push::item::Action;
use metabase_push::progress::Progress;
use metabase_push::source::{Source, View};
use metabase_push::{Metabase, Options, Plan, Result, plan};
use serde_json::Value;

use crate::metabase::{KEY, State, VIEWS, version};
use crate::request::Request;
use crate::wire::Server;

/// The shop's database, as far as the command reads it.
#[derive(Clone)]
pub struct Shop {
    pub views: Vec<View>,
    pub dashboards: Value,
}

impl Shop {
    pub fn new() -> Shop {
        Shop {
            views: VIEWS
                .iter()
                .map(|(_, name, columns)| View {
                    name: (*name).to_owned(),
                    columns: columns.iter().map(|column| (*column).to_owned()).collect(),
                })
                .collect(),
            dashboards: serde_json::from_str(include_str!("../fixtures/dashboards.json"))
                .expect("it is JSON"),
        }
    }
}

impl Source for Shop {
    fn views(&mut self) -> Result<Vec<View>> {
        Ok(self.views.clone())
    }

    fn dashboards(&mut self) -> Result<Vec<String>> {
        let dashboards = self.dashboards.as_object().into_iter().flatten();
        Ok(dashboards.map(|(name, _)| name.clone()).collect())
    }

    fn dashboard_json(&mut self, name: &str, metadata: &Value) -> Result<Value> {
        assert!(metadata["tables"].is_array(), "{metadata}");
        Ok(self.dashboards[name].clone())
    }
}

/// Time passes only when somebody waits.
#[derive(Clone)]
pub struct TestClock {
    start: Instant,
    waited: Rc<Cell<Duration>>,
    pub pauses: Rc<RefCell<Vec<Duration>>>,
}

impl TestClock {
    pub fn new() -> TestClock {
        TestClock {
            start: Instant::now(),
            waited: Rc::default(),
            pauses: Rc::default(),
        }
    }

    pub fn waited(&self) -> Duration {
        self.waited.get()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        self.start + self.waited.get()
    }

    fn sleep(&self, duration: Duration) {
        self.pauses.borrow_mut().push(duration);
        self.waited.set(self.waited.get() + duration);
    }
}

pub fn options() -> Options {
    Options {
        database: "shop".to_owned(),
        database_id: None,
        collection: None,
        dashboards: Vec::new(),
        replace: false,
        wait: Duration::from_secs(300),
    }
}

pub fn replacing() -> Options {
    Options {
        replace: true,
        ..options()
    }
}

pub fn connect(address: &str, clock: &TestClock) -> Metabase {
    connect_with_timeout(address, clock, Duration::from_secs(20))
}

pub fn connect_with_timeout(address: &str, clock: &TestClock, timeout: Duration) -> Metabase {
    let progress = Progress::hidden();
    let address = Address::new(address, PlainHttp::Refused, &|_| None, &progress);
    let client = Client::new(
        address.expect("it is an address"),
        ApiKey::new(KEY).expect("it is a key"),
        timeout,
        Box::new(clock.clone()),
        progress,
    );
    Metabase::new(client)
}

/// A plan that is not applied.
pub fn plan_with(server: &Server, shop: &Shop, options: &Options) -> Result<Plan> {
    let metabase = connect(&server.address(), &TestClock::new());
    plan(&metabase, &mut shop.clone(), options)
}

/// A whole run, and what was done.
pub fn push_with(server: &Server, shop: &Shop, options: &Options) -> Result<Plan> {
    let metabase = connect(&server.address(), &TestClock::new());
    let mut plan = plan(&metabase, &mut shop.clone(), options)?;
    plan.apply(&metabase)?;
    Ok(plan)
}

/// A whole run with the dashboards of the file.
pub fn push(server: &Server) -> Plan {
    push_with(server, &Shop::new(), &options()).expect("nothing is wrong")
}

/// A Metabase to which all was pushed once.
pub fn pushed() -> Server {
    pushed_to(*version::ALL.end())
}

/// The same of this version.
pub fn pushed_to(version: u64) -> Server {
    let server = Server::start(State::of_version(version));
    push(&server);
    server.heal();
    server
}

/// Makes sure that two states are the same, and shows where they are not.
pub fn assert_same(state: &State, expected: &State, context: &str) {
    if state != expected {
        let (expected, state) = (format!("{expected:#?}"), format!("{state:#?}"));
        let difference = similar::TextDiff::from_lines(&expected, &state);
        panic!("{context}:\n{}", difference.unified_diff());
    }
}

/// Makes sure that a further run with these options writes nothing.
pub fn assert_settled(server: &Server, shop: &Shop, options: &Options) {
    server.heal();
    let plan = push_with(server, shop, options).expect("nothing is wrong");
    let pending: Vec<String> = plan
        .items()
        .filter(|item| item.action != Action::Unchanged)
        .map(|item| format!("{item:?}"))
        .collect();
    assert_eq!(pending, Vec::<String>::new());
    let requests: Vec<Request> = server.take_requests();
    assert!(!requests.is_empty());
    let others: Vec<String> = requests
        .iter()
        .filter(|request| request.method != "GET")
        .map(ToString::to_string)
        .collect();
    assert_eq!(others, Vec::<String>::new());
}
