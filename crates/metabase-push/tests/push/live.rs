//! The four dashboards of the extension itself, out of a database that has it. `make test` starts the cluster.

use metabase_push::item::{Action, Kind};
use metabase_push::postgres::ShopDatabase;
use metabase_push::run_lock::RunLock;
use metabase_push::source::Source;
use metabase_push::{Options, plan};
use postgres::{Client, Config, NoTls};

use crate::metabase::{State, table};
use crate::shop::{TestClock, connect, options, replacing};
use crate::wire::Server;

/// The folder of the cluster's socket.
fn socket() -> String {
    std::env::var("METABASE_VIEWS_TEST_SOCKET").expect("the cluster runs; run the tests with: make test")
}

fn session(database: &str) -> Client {
    Config::new()
        .host(&socket())
        .user("postgres")
        .dbname(database)
        .connect(NoTls)
        .expect("the cluster answers")
}

/// A database with the extension and its views over a shop without a sale, named for what it is for.
fn shop(purpose: &str) -> ShopDatabase {
    let name = database(purpose);
    session("postgres")
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .expect("a database can be created");
    let mut session = session(&name);
    session
        .batch_execute("CREATE EXTENSION metabase_views")
        .expect("the extension is installed");
    session
        .batch_execute(include_str!("../../../../demo/schema.sql"))
        .expect("the demo's tables can be created");
    session
        .batch_execute("SELECT metabase.create_all_views()")
        .expect("the views can be created");
    ShopDatabase::connect(&format!("host={} user=postgres dbname={name}", socket()))
        .expect("the cluster answers")
}

fn database(purpose: &str) -> String {
    format!("test_push_{purpose}_{}", std::process::id())
}

/// A Metabase that has found the shop's views.
fn metabase(shop: &mut ShopDatabase) -> Server {
    let tables = shop
        .views()
        .expect("the views are there")
        .iter()
        .zip(1..)
        .map(|(view, number)| table(100 * number, "analytics", &view.name, &view.columns))
        .collect();
    Server::start(State {
        tables,
        ..State::new()
    })
}

#[test]
#[ignore = "it needs the cluster that make test starts"]
fn all_four_dashboards_are_taken_by_metabase_and_then_left_alone() {
    let mut shop = shop("dashboards");
    let server = metabase(&mut shop);
    let metabase = connect(&server.address(), &TestClock::new());
    let mut push = |options: &Options| {
        let mut plan = plan(&metabase, &mut shop, options).expect("nothing is wrong");
        plan.apply(&metabase).expect("nothing is wrong");
        plan
    };

    let first = push(&options());
    let count = |kind, action| {
        let items = first.items();
        items
            .filter(|item| item.kind == kind && item.action == action)
            .count()
    };
    assert_eq!(count(Kind::Card, Action::Create), 38);
    assert_eq!(count(Kind::Dashboard, Action::Create), 4);
    assert_eq!(count(Kind::Table, Action::Change), 8);

    let state = server.state().clone();
    for options in [options(), replacing()] {
        let again = push(&options);
        let changed: Vec<String> = again
            .items()
            .filter(|item| item.action != Action::Unchanged)
            .map(|item| format!("{item:?}"))
            .collect();
        assert_eq!(changed, Vec::<String>::new());
    }
    assert!(*server.state() == state, "nothing has changed");
}

#[test]
#[ignore = "it needs the cluster that make test starts"]
fn what_a_databases_owner_has_put_before_the_catalog_is_not_found() {
    drop(shop("path"));
    let name = database("path");
    session(&name)
        .batch_execute(&format!(
            "CREATE SCHEMA trap;
             CREATE TABLE trap.caught ();
             CREATE FUNCTION trap.evil(pg_catalog.text) RETURNS boolean LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO trap.caught DEFAULT VALUES; RETURN true; END $$;
             CREATE DOMAIN trap.text AS pg_catalog.text CHECK (trap.evil(VALUE));
             CREATE FUNCTION trap.same(pg_catalog.name, pg_catalog.text) RETURNS boolean LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO trap.caught DEFAULT VALUES; RETURN true; END $$;
             CREATE OPERATOR trap.= (LEFTARG = pg_catalog.name, RIGHTARG = pg_catalog.text, FUNCTION = trap.same);
             ALTER DATABASE {name} SET search_path = trap, pg_catalog"
        ))
        .expect("a trap");
    let mut shop = ShopDatabase::connect(&format!("host={} user=postgres dbname={name}", socket()))
        .expect("the cluster answers");
    assert_eq!(shop.views().expect("the views are there").len(), 8);
    assert_eq!(shop.dashboards().expect("there are dashboards").len(), 4);
    let caught: i64 = session(&name)
        .query_one("SELECT pg_catalog.count(*) FROM trap.caught", &[])
        .expect("an answer")
        .get(0);
    assert_eq!(caught, 0);
}

#[test]
#[ignore = "it needs the cluster that make test starts"]
fn no_function_is_called_that_is_not_the_extensions() {
    let begin = "DROP EXTENSION IF EXISTS metabase_views; DROP SCHEMA IF EXISTS metabase CASCADE; CREATE SCHEMA metabase; ";
    let call = "RETURNS TABLE (name text) LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called''; END'";
    let name = database("impostor");
    session("postgres")
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .expect("a database can be created");
    let mut owner = session(&name);
    for impostor in [
        String::new(),
        format!("{begin} CREATE FUNCTION metabase.dashboards() {call}"),
        format!("{begin} CREATE FUNCTION metabase.dashboards(VARIADIC integer[] DEFAULT '{{}}') {call}"),
        // Of another extension's, and of the extension's own, but another role's.
        format!("{begin} CREATE FUNCTION metabase.dashboards() {call}; ALTER EXTENSION plpgsql ADD FUNCTION metabase.dashboards()"),
        format!(
            "ALTER EXTENSION plpgsql DROP FUNCTION metabase.dashboards(); DROP SCHEMA metabase CASCADE; CREATE EXTENSION metabase_views;
             CREATE ROLE {name}; ALTER FUNCTION metabase.dashboards() OWNER TO {name}"
        ),
    ] {
        owner.batch_execute(&impostor).expect("a superuser may do that");
        let mut shop = ShopDatabase::connect(&format!("host={} user=postgres dbname={name}", socket()))
            .expect("the cluster answers");
        let error = shop.dashboards().expect_err(&impostor);
        assert_eq!(
            error.to_string(),
            "the shop's database has no metabase.dashboards() of extension metabase_views that belongs to a superuser",
            "{impostor}"
        );
        assert!(error.hint().expect("it has one").contains("CREATE EXTENSION metabase_views"));
    }
}

#[test]
#[ignore = "it needs the cluster that make test starts"]
fn of_two_runs_at_once_the_second_one_is_refused() {
    let name = database("lock");
    let role = format!("{name}\u{202e}");
    session("postgres")
        .batch_execute(&format!("CREATE DATABASE {name}; "))
        .and_then(|()| {
            session("postgres").batch_execute(&format!(
                "CREATE ROLE \"{role}\" LOGIN; ALTER ROLE \"{role}\" SET idle_in_transaction_session_timeout = '1ms'"
            ))
        })
        .expect("a superuser may do that");
    let connection = |user: &str| format!("host={} user='{user}' dbname={name}", socket());
    let mut first = RunLock::take(&connection(&role)).expect("nobody else has it");
    // Whoever it is, and also after a time in which the first one does nothing.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let Err(error) = RunLock::take(&connection("postgres")) else {
        panic!("both have it");
    };
    let words = error.to_string();
    let begin = "another run of metabase-push is under way in the shop's database: process ";
    assert!(words.starts_with(begin), "{words}");
    assert!(words.ends_with(&format!(" of role {name}\\u{{202e}}")), "{words}");
    assert!(error.hint().expect("it has one").contains("pg_terminate_backend"));
    assert_eq!(error.exit_code(), 3);
    // Other databases have locks of their own, and this one is free once the first one has gone.
    RunLock::take(&format!("host={} user=postgres dbname=postgres", socket())).expect("nobody has that");
    // The first one knows before it writes whether somebody has ended its session.
    first.check().expect("it is still there");
    session("postgres")
        .batch_execute(&format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .expect("a superuser may do that");
    assert!(first.check().is_err());
    drop(first);
    let free = (0..50).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        RunLock::take(&connection("postgres")).is_ok()
    });
    assert!(free);
}

#[test]
#[ignore = "it needs the cluster that make test starts"]
fn the_command_takes_the_lock_unless_it_only_looks() {
    let name = database("command");
    session("postgres")
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .expect("a database can be created");
    let connection = format!("host={} user=postgres dbname={name}", socket());
    let _first = RunLock::take(&connection).expect("nobody else has it");
    for (more, refusal) in [
        (&[][..], "another run of metabase-push is under way"),
        (
            &["--dry-run"],
            "the shop's database has no analytics.metabase_executive_metrics",
        ),
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_metabase-push"))
            .args([
                "--url",
                "http://localhost:1",
                "--database",
                "shop",
                "--connect",
                &connection,
            ])
            .args(more)
            .env("METABASE_API_KEY", crate::metabase::KEY)
            .output()
            .expect("the command can be run");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains(refusal), "{errors}");
    }
}
