//! From one version of the extension to the next, in whichever order its library and its objects in a database come.
//!
//! The older version is the last release: its library is built from the sources that were kept of it (`releases/`).

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use postgres::{Client, Config, NoTls};

use crate::cluster::{
    Cluster, Database, PRELOADED, create_all_views, error_of, refresh_all, run_file, value, variable,
};
use crate::sessions::wait_until;
use crate::shop::{
    SALE, Truth, assert_error, assert_incremental, assert_right, column, refreshed, run, shop, shop_on,
    shop_with_views,
};
use crate::worker::IS_FRESH;

/// The last release, and this version.
const RELEASED: &str = "0.1.0";
const THIS: &str = env!("CARGO_PKG_VERSION");

const UPDATE: &str = "ALTER EXTENSION metabase_views UPDATE";

/// What is said where the objects in a database are of a version before the library's, and what there is to do.
fn assert_says_that_objects_are_older(client: &mut Client, call: &str, objects: &str) {
    let error = error_of(client, &format!("SELECT * FROM metabase.{call}"));
    let message = format!(
        "extension metabase_views is of version {objects} in this database, and the library that the server has loaded of version {THIS}"
    );
    let hint = "As a superuser: ALTER EXTENSION metabase_views UPDATE; until then changes are captured and nothing is refreshed.";
    assert_error(&error, "55000", &message, Some(hint));
}

/// The same where the library is of a version before that of the objects.
fn assert_says_that_the_library_is_older(client: &mut Client, call: &str, library: &str, objects: &str) {
    let error = error_of(client, &format!("SELECT * FROM metabase.{call}"));
    let message = format!(
        "the library that this session has loaded is of version {library}, and extension metabase_views of version {objects} in this database"
    );
    let hint = format!(
        "Restart the server, or connect again where it does not preload the library, so that the library of {objects} is loaded. If what is \
         installed is older: install {objects} again. If it is newer: ALTER EXTENSION metabase_views UPDATE; until then changes are captured \
         and nothing is refreshed."
    );
    assert_error(&error, "55000", &message, Some(&hint));
}

// Versions that differ

#[test]
fn objects_of_another_version_are_captured_for_and_nothing_else() {
    let database = shop();
    let mut client = database.connect();
    create_all_views(&mut client);
    refresh_all(&mut client);
    let as_version = |version: &str| {
        format!("UPDATE pg_extension SET extversion = '{version}' WHERE extname = 'metabase_views'")
    };
    let (older, newer) = ("0.0.9", "9.10.0");
    for version in [older, newer] {
        run(&mut client, &as_version(version));
        for call in [
            "refresh('all')",
            "view_status()",
            "sync_status()",
            "data_as_of()",
            "capture_status()",
            "verify('metabase_brand_analytics')",
            "create_all_views(true)",
            "drop_view('metabase_brand_analytics')",
            "before_migration()",
            "check_data()",
            "set_setting('time_zone', 'UTC')",
            "setup_refresh_schedule()",
        ] {
            match version == older {
                true => assert_says_that_objects_are_older(&mut client, call, version),
                false => assert_says_that_the_library_is_older(&mut client, call, THIS, version),
            }
        }
        run(
            &mut client,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1
             WHERE id IN (SELECT id FROM transactions.orders LIMIT 3)",
        );
    }
    run(&mut client, &as_version(THIS));
    let waiting: i64 = value(&mut client, "SELECT count(*) FROM metabase_internal.order_queue");
    assert_eq!(waiting, 6);
    refresh_all(&mut client);
    assert_right(&mut client);
}

#[test]
fn an_extension_of_another_version_can_be_dropped() {
    for version in ["0.0.9", "9.10.0"] {
        let (_database, mut client) = shop_with_views();
        refresh_all(&mut client);
        run(
            &mut client,
            &format!("UPDATE pg_extension SET extversion = '{version}' WHERE extname = 'metabase_views'"),
        );
        run(&mut client, "DROP EXTENSION metabase_views CASCADE");
        run(&mut client, SALE);
    }
}

// From the last release to this version

/// Which library an installation has.
#[derive(Clone, Copy)]
enum Library {
    Released,
    This,
}

/// A PostgreSQL of a test's own, in which libraries are replaced as packages do it. It has the SQL of both versions.
struct Installation {
    root: String,
    /// The folder of its programs.
    programs: String,
}

impl Installation {
    fn make(name: &str, library: Library) -> Installation {
        let private = format!("{}/postgres/", variable("METABASE_VIEWS_TEST_DIR"));
        let programs = variable("PG_BIN");
        let programs = programs.strip_prefix(&private).expect("a private PostgreSQL");
        let (major, programs) = programs.split_once('/').expect("a folder of its own");
        let root = format!("{}/{name}", variable("METABASE_VIEWS_TEST_DIR"));
        let _ = std::fs::remove_dir_all(&root);
        let copied = Command::new("cp")
            .args(["-al", &format!("{private}{major}"), &root])
            .status();
        assert!(copied.expect("cp can be run").success());
        let installation = Installation {
            programs: format!("{root}/{programs}"),
            root,
        };
        let frozen = format!("metabase_views--{RELEASED}.sql");
        std::fs::copy(
            format!("{}/releases/{frozen}", env!("CARGO_MANIFEST_DIR")),
            format!("{}/extension/{frozen}", installation.folder("--sharedir")),
        )
        .expect("the SQL of the release is there");
        installation.load(library);
        installation
    }

    /// What its pg_config says.
    fn folder(&self, option: &str) -> String {
        let output = Command::new(format!("{}/pg_config", self.programs))
            .arg(option)
            .output();
        let output = output.expect("pg_config can be run").stdout;
        String::from_utf8(output)
            .expect("a path in UTF-8")
            .trim()
            .to_owned()
    }

    /// Replaces the library: who has loaded the old one keeps it.
    fn load(&self, library: Library) {
        let from = match library {
            Library::Released => variable("METABASE_VIEWS_RELEASED_LIBRARY"),
            Library::This => format!("{}/../lib/metabase_views.so", variable("PG_BIN")),
        };
        let to = format!("{}/metabase_views.so", self.folder("--pkglibdir"));
        std::fs::remove_file(&to).expect("there is one");
        std::fs::copy(from, to).expect("the library is there");
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::fs::remove_dir_all(&self.root).expect("it can be removed");
        }
    }
}

/// A shop with the objects of the last release, and all that people make of them.
fn released_shop(cluster: &Cluster, database: &str, roles: [&str; 2]) -> Client {
    let mut client = cluster.create_database(database);
    let [reader, operator] = roles;
    run(
        &mut client,
        &format!("CREATE EXTENSION metabase_views VERSION '{RELEASED}'"),
    );
    run_file(&mut client, "demo/schema.sql");
    run_file(&mut client, "tests/hand_worked/shop.sql");
    make_all_there_is(&mut client, reader, operator);
    client
}

fn make_all_there_is(client: &mut Client, reader: &str, operator: &str) {
    for call in [
        "map_source('brand', 'core.brands', '{\"name\": \"upper(source.name)\"}')",
        "set_exchange_rate('USD', '2024-01-01', 0.9)",
        "create_all_views()",
        &format!("grant_reader('{reader}')"),
        &format!("grant_operator('{operator}')"),
        "set_strategy('metabase_brand_analytics', '*/7 * * * *')",
        "set_setting('history_days', '40')",
        "create_custom_view('by_country', 'SELECT country, count(*) AS suppliers FROM core.suppliers GROUP BY country', ARRAY['country'])",
        "refresh('all')",
        "refresh('all')",
    ] {
        run(client, &format!("SELECT * FROM metabase.{call}"));
    }
    assert_incremental(&refreshed(client, "refresh('all')")[..8]);
}

/// Writes to the shop until it is told to stop, through restarts of the server. Any other error fails the test.
fn write(socket: &str, database: &str, is_over: &AtomicBool) {
    let connect = || {
        Config::new()
            .host_path(socket)
            .user("postgres")
            .dbname(database)
            .connect(NoTls)
    };
    let mut session: Option<Client> = None;
    while !is_over.load(Ordering::Relaxed) {
        let Some(client) = &mut session else {
            session = connect().ok();
            sleep(Duration::from_millis(20));
            continue;
        };
        let written = client.batch_execute(
            "UPDATE transactions.orders
             SET gross_sale = gross_sale + 1,
                 status = CASE WHEN random() < 0.8 THEN 'completed' ELSE 'cancelled' END
             WHERE id = (SELECT id FROM transactions.orders ORDER BY random() LIMIT 1)",
        );
        if let Err(error) = written {
            let is_of_restart =
                error.is_closed() || error.code().is_some_and(|code| code.code().starts_with("57P"));
            assert!(is_of_restart, "{error:?}");
            session = None;
        }
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_server_is_upgraded_under_load_and_loses_nothing_in_either_order() {
    let installation = Installation::make("upgraded-postgres", Library::Released);
    let mut cluster = Cluster::make_of(installation.programs.clone(), "upgraded", PRELOADED);
    run(
        &mut cluster.connect("postgres"),
        "CREATE ROLE reader LOGIN; CREATE ROLE operator LOGIN",
    );
    let mut client = released_shop(&cluster, "shop", ["reader", "operator"]);
    let (socket, is_over) = (cluster.socket().to_owned(), AtomicBool::new(false));
    let writing = |work: &mut dyn FnMut()| {
        is_over.store(false, Ordering::Relaxed);
        scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| write(&socket, "shop", &is_over));
            }
            work();
            is_over.store(true, Ordering::Relaxed);
        });
    };

    writing(&mut || {
        installation.load(Library::This);
        // The statement comes first: the server still has the old library.
        let other = "the server has loaded the one of version 0.1.0";
        let hint =
            "Restart the server, or connect again where it does not preload the library, then try again.";
        for (mut session, statement) in [
            (cluster.connect("shop"), UPDATE),
            (
                cluster.create_database("another"),
                "CREATE EXTENSION metabase_views",
            ),
        ] {
            let error = error_of(&mut session, statement);
            let message = format!("metabase_views {THIS} needs its own library, and {other}");
            assert_error(&error, "55000", &message, Some(hint));
        }
        refresh_all(&mut client);

        // Then the library comes, and the objects are the old ones.
        cluster.stop();
        cluster.start();
        client = cluster.connect("shop");
        for call in ["refresh('all')", "view_status()", "sync_status()"] {
            assert_says_that_objects_are_older(&mut client, call, RELEASED);
        }
        wait_until(
            &mut client,
            "SELECT count(*) > 20 FROM metabase_internal.order_queue",
        );
        run(&mut client, UPDATE);
        refresh_all(&mut client);
    });
    refresh_all(&mut client);
    assert_eq!(violations(&mut client), [""; 0]);

    // All goes on as it was: by what changed, by itself, and for those who were let in.
    run(&mut client, SALE);
    wait_until(&mut client, IS_FRESH);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1 WHERE status = 'completed'",
    );
    assert_incremental(&refreshed(&mut client, "refresh('all')")[..8]);
    assert_eq!(violations(&mut client), [""; 0]);
    assert_eq!(
        column(
            &mut client,
            "SELECT strategy FROM metabase.view_status('metabase_brand_analytics')
             UNION ALL SELECT value FROM metabase.settings WHERE name = 'history_days'
             UNION ALL SELECT rate::text FROM metabase.exchange_rates"
        ),
        ["*/7 * * * *", "40", "0.9"]
    );
    let mut reader = cluster.connect_as("shop", "reader");
    run(&mut reader, "SELECT * FROM analytics.metabase_sales");
    run(&mut reader, "SELECT * FROM metabase.data_as_of()");
    let mut operator = cluster.connect_as("shop", "operator");
    assert_incremental(&refreshed(&mut operator, "refresh('all')")[..8]);
    let warnings = cluster.logged("is of version 0.1.0 in this database");
    assert!(!warnings.is_empty(), "the worker says why it refreshes nothing");
    assert!(warnings.len() < 20, "it says so once and a while: {warnings:?}");
}

/// Refreshes until views are refreshed by what changed: triggers are put on as this version has them, then facts are built.
fn settle(client: &mut Client) {
    for _ in 0..3 {
        refresh_all(client);
    }
}

/// In which views a row is missing or superfluous.
fn violations(client: &mut Client) -> Vec<String> {
    Truth::of(client).violations(client)
}

#[test]
fn a_session_that_has_the_old_library_goes_on_writing_and_is_seen() {
    let installation = Installation::make("two-libraries-postgres", Library::Released);
    let cluster = Cluster::make_of(installation.programs.clone(), "two-libraries", &["fsync=off"]);
    run(
        &mut cluster.connect("postgres"),
        "CREATE ROLE reader; CREATE ROLE operator",
    );
    let mut old = released_shop(&cluster, "shop", ["reader", "operator"]);
    installation.load(Library::This);
    let mut new = cluster.connect("shop");
    assert_says_that_objects_are_older(&mut new, "refresh('all')", RELEASED);
    run(&mut new, UPDATE);
    run(&mut old, SALE);
    assert_says_that_the_library_is_older(&mut old, "refresh('all')", RELEASED, THIS);
    refresh_all(&mut new);
    assert_right(&mut new);
    settle(&mut new);
    // Between two refreshes that write what has changed only, too.
    run(
        &mut old,
        "UPDATE core.brands SET name = name || '!'; DELETE FROM transactions.orders WHERE gross_sale = 100",
    );
    assert_incremental(&refreshed(&mut new, "refresh('all')")[..8]);
    assert_right(&mut new);
}

#[test]
fn an_upgraded_database_is_like_one_that_was_installed_anew() {
    let installation = Installation::make("catalog-postgres", Library::Released);
    let cluster = Cluster::make_of(installation.programs.clone(), "catalog", &["fsync=off"]);
    run(
        &mut cluster.connect("postgres"),
        "CREATE ROLE reader; CREATE ROLE operator",
    );
    let symbols =
        "SELECT format('%s(%s) %s %s %s', prosrc, proargtypes, prorettype::regtype, proretset, proisstrict)
                   FROM pg_proc WHERE probin LIKE '%/metabase_views' ORDER BY 1";
    let released = column(
        &mut released_shop(&cluster, "upgraded", ["reader", "operator"]),
        symbols,
    );
    installation.load(Library::This);
    let mut upgraded = cluster.connect("upgraded");
    run(&mut upgraded, UPDATE);
    let mut fresh = cluster.create_database("fresh");
    run(&mut fresh, "CREATE EXTENSION metabase_views");
    run_file(&mut fresh, "demo/schema.sql");
    run_file(&mut fresh, "tests/hand_worked/shop.sql");
    make_all_there_is(&mut fresh, "reader", "operator");
    settle(&mut upgraded);
    let catalog = include_str!("catalog.sql");
    let (upgraded_has, fresh_has) = (column(&mut upgraded, catalog), column(&mut fresh, catalog));
    assert!(fresh_has.len() > 300, "{}", fresh_has.len());
    let only = |these: &[String], those: &[String]| {
        let only = these.iter().filter(|line| !those.contains(line));
        only.cloned().collect::<Vec<String>>()
    };
    assert_eq!(
        only(&upgraded_has, &fresh_has),
        [""; 0],
        "only where it was upgraded"
    );
    assert_eq!(
        only(&fresh_has, &upgraded_has),
        [""; 0],
        "only where it was installed anew"
    );
    // Until the statement is run, the old objects call the new library: it has all that they call, with the same arguments.
    run(
        &mut cluster.create_database("old_objects"),
        &format!("CREATE EXTENSION metabase_views VERSION '{RELEASED}'"),
    );
    let now = column(&mut fresh, symbols);
    let name = |symbol: &String| symbol.split('(').next().map(str::to_owned);
    let changed: Vec<&String> = released
        .iter()
        .filter(|symbol| !now.contains(symbol) && now.iter().any(|other| name(other) == name(symbol)))
        .collect();
    assert_eq!(changed, [""; 0]);
}

#[test]
fn a_dump_of_the_release_is_restored_into_this_version() {
    let installation = Installation::make("dumped-postgres", Library::Released);
    let cluster = Cluster::make_of(installation.programs.clone(), "dumped", &["fsync=off"]);
    run(
        &mut cluster.connect("postgres"),
        "CREATE ROLE reader; CREATE ROLE operator",
    );
    drop(released_shop(&cluster, "shop", ["reader", "operator"]));
    let dump = cluster
        .program("pg_dump", "shop")
        .arg("--no-owner")
        .arg("--no-acl")
        .output();
    let database = Database::restored(&dump.expect("pg_dump can be run").stdout);
    let mut client = database.connect();
    refresh_all(&mut client);
    refresh_all(&mut client);
    run(&mut client, SALE);
    assert_incremental(&refreshed(&mut client, "refresh('all')")[..8]);
    assert_right(&mut client);
}

// What was made by the code of another version

/// Why each view was refreshed as it was.
fn reasons(client: &mut Client) -> Vec<String> {
    refresh_all(client);
    column(client, "SELECT mode_reason FROM metabase.view_status()")
}

#[test]
fn facts_that_another_version_has_built_are_built_anew() {
    let (_database, mut client) = shop_with_views();
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE metabase_internal.incremental SET version = '0.0.9'",
    );
    let reason = "facts and rollups were built: another version of metabase_views had built them";
    assert_eq!(reasons(&mut client), [reason; 8]);
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
}

#[test]
fn adapters_that_another_version_has_made_otherwise_are_replaced_in_place() {
    let (_database, mut client) = shop_with_views();
    refresh_all(&mut client);
    let definition = "SELECT pg_get_viewdef('metabase_internal.brands'::regclass)";
    let this: String = value(&mut client, definition);
    let other = format!("{} WHERE true", this.trim_end_matches(';'));
    run(
        &mut client,
        &format!("CREATE OR REPLACE VIEW metabase_internal.brands AS {other}"),
    );
    run(
        &mut client,
        "UPDATE metabase_internal.made_from
         SET adapters = jsonb_set(adapters, '{brands,statement}', to_jsonb(adapters #>> '{brands,statement}' || ' WHERE true'));
         UPDATE metabase_internal.source_names SET version = '0.0.9'",
    );
    for reason in reasons(&mut client) {
        assert!(reason.starts_with("the views follow their sources: "), "{reason}");
    }
    assert_eq!(value::<String>(&mut client, definition), this);
    refresh_all(&mut client);
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
}

#[test]
fn a_view_that_another_version_has_defined_otherwise_is_named_until_it_is_made_anew() {
    let (_database, mut client) = shop_with_views();
    refresh_all(&mut client);
    let view = "metabase_brand_analytics";
    // Only its words were others: PostgreSQL tells it as it tells this version's.
    run(
        &mut client,
        "UPDATE metabase_internal.view_definition SET version = '0.0.9'",
    );
    refresh_all(&mut client);
    assert_incremental(&refreshed(&mut client, "refresh('all')"));

    make_by_another_definition(&mut client, view);
    let what = format!(
        "another version of metabase_views has made it, by another definition: SELECT * FROM metabase.create_view('{view}', drop_existing => \
         true) makes it anew"
    );
    let status = format!("SELECT mode_reason FROM metabase.view_status('{view}')");
    let problems = "SELECT jsonb_array_elements_text(metabase.sync_status()::jsonb -> 'problems')";
    for _ in 0..2 {
        let rows = refreshed(&mut client, "refresh('all')");
        let (of_it, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.view_name == view);
        assert_eq!(
            others.iter().filter(|row| row.mode != "incremental").count(),
            0,
            "{others:?}"
        );
        assert_eq!(of_it[0].mode, "full");
        let said: String = value(&mut client, &status);
        assert!(said.ends_with(&what), "{said}");
        assert_eq!(column(&mut client, problems), [format!("{view}: {what}")]);
    }
    run(
        &mut client,
        &format!("SELECT * FROM metabase.create_view('{view}', drop_existing => true)"),
    );
    assert_eq!(column(&mut client, problems), [""; 0]);
    refresh_all(&mut client);
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
}

/// Makes a view as a version has made it that left out what costs little.
fn make_by_another_definition(client: &mut Client, view: &str) {
    let definition: String = value(
        client,
        &format!("SELECT pg_get_viewdef('analytics.{view}'::regclass)"),
    );
    let indexes = column(
        client,
        &format!("SELECT indexdef FROM pg_indexes WHERE schemaname = 'analytics' AND tablename = '{view}'"),
    );
    run(
        client,
        &format!(
            "DROP MATERIALIZED VIEW analytics.{view};
             CREATE MATERIALIZED VIEW analytics.{view} AS SELECT * FROM ({}) AS other WHERE true;
             {};
             UPDATE metabase_internal.view_definition
             SET version = '0.0.9', definition = pg_get_viewdef('analytics.{view}'::regclass)
             WHERE view_name = '{view}'",
            definition.trim_end_matches(';'),
            indexes.join(";")
        ),
    );
}

// Without any library

#[test]
fn where_the_library_is_gone_the_extension_can_still_be_dropped() {
    let installation = Installation::make("gone-postgres", Library::This);
    let cluster = Cluster::make_of(installation.programs.clone(), "gone", &["fsync=off"]);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    refresh_all(&mut client);
    drop(client);
    let library = format!("{}/metabase_views.so", installation.folder("--pkglibdir"));
    std::fs::remove_file(library).expect("there is one");
    let mut client = cluster.connect("shop");
    let error = error_of(&mut client, SALE);
    assert!(
        error
            .message
            .starts_with("could not access file \"$libdir/metabase_views\""),
        "{error:?}"
    );
    run(&mut client, "DROP EXTENSION metabase_views CASCADE");
    run(&mut client, SALE);
}
