//! Locks: nobody keeps others waiting who has no right to a lock of their own.

use postgres::Client;

use crate::cluster::{Cluster, Database, create_all_views, error_of, refresh_all, run_file, value};
use crate::sessions::{Background, wait_until};
use crate::shop::{assert_error, column, completed_and_failed, refreshed, run, shop};

/// A shop whose tables are the keeper's, with views of one operator, another operator who owns none, and a reader.
struct Company {
    database: Database,
    keeper: String,
    operator: String,
    another: String,
    reader: String,
}

impl Company {
    fn found() -> Company {
        let database = shop();
        let [keeper, operator, another, reader] =
            ["keeper", "operator", "another", "reader"].map(|purpose| database.create_role(purpose));
        run(
            &mut database.connect(),
            &format!(
                "DO $$
                 DECLARE its record;
                 BEGIN
                     FOR its IN
                         SELECT oid::regclass AS name FROM pg_class
                         WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('core', 'products', 'transactions')
                     LOOP
                         EXECUTE format('ALTER TABLE %s OWNER TO {keeper}', its.name);
                     END LOOP;
                 END $$;
                 GRANT USAGE ON SCHEMA core, products, transactions TO {keeper};
                 SELECT metabase.map_source('order', 'transactions.orders');
                 SELECT metabase.grant_operator('{operator}');
                 SELECT metabase.grant_operator('{another}');
                 SELECT metabase.grant_reader('{reader}')"
            ),
        );
        let mut as_operator = database.connect_as(&operator);
        create_all_views(&mut as_operator);
        refresh_all(&mut as_operator);
        refresh_all(&mut as_operator);
        Company {
            database,
            keeper,
            operator,
            another,
            reader,
        }
    }

    fn as_operator(&self) -> Client {
        self.database.connect_as(&self.operator)
    }
}

/// Calls of each function of the API, by its signature.
const CALLS: &[(&str, &[&str])] = &[
    ("metabase.after_migration(boolean)", &["after_migration()"]),
    ("metabase.before_migration()", &["before_migration()"]),
    ("metabase.capture_status()", &["capture_status()"]),
    (
        "metabase.check_dashboard(jsonb)",
        &["check_dashboard(metabase.dashboard_json('executive'))"],
    ),
    (
        "metabase.check_dashboard(text)",
        &[
            "check_dashboard('executive')",
            "check_dashboard('inventory_management')",
        ],
    ),
    ("metabase.check_data()", &["check_data()"]),
    (
        "metabase.create_all_views(boolean)",
        &["create_all_views()", "create_all_views(true)"],
    ),
    (
        "metabase.create_custom_view(text,text,text[],text,text[])",
        &[
            "create_custom_view('theirs', 'SELECT 1 AS a', ARRAY['a'])",
            "create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'])",
        ],
    ),
    (
        "metabase.create_view(text,boolean)",
        &[
            "create_view('metabase_brand_analytics')",
            "create_view('metabase_brand_analytics', true)",
            "create_view('mine', true)",
        ],
    ),
    ("metabase.dashboard_html(text)", &["dashboard_html('executive')"]),
    (
        "metabase.dashboard_html(text,date,date)",
        &["dashboard_html('executive', '2024-01-01', NULL)"],
    ),
    (
        "metabase.dashboard_html(text,jsonb)",
        &["dashboard_html('executive', '{}')"],
    ),
    (
        "metabase.dashboard_json(text,jsonb)",
        &["dashboard_json('executive')"],
    ),
    ("metabase.dashboards()", &["dashboards()"]),
    (
        "metabase.data_as_of(text[])",
        &["data_as_of()", "data_as_of('{metabase_brand_analytics}')"],
    ),
    ("metabase.detect_sources()", &["detect_sources()"]),
    ("metabase.disable_capture()", &["disable_capture()"]),
    ("metabase.disable_event_sync()", &["disable_event_sync()"]),
    (
        "metabase.drop_view(text,boolean)",
        &[
            "drop_view('theirs')",
            "drop_view('metabase_brand_analytics')",
            "drop_view('mine')",
        ],
    ),
    ("metabase.enable_capture()", &["enable_capture()"]),
    ("metabase.enable_event_sync()", &["enable_event_sync()"]),
    ("metabase.grant_operator(text)", &["grant_operator(current_user)"]),
    ("metabase.grant_reader(text)", &["grant_reader(current_user)"]),
    (
        "metabase.map_source(text,text,jsonb,text,jsonb)",
        &["map_source('size', NULL)"],
    ),
    ("metabase.rebuild()", &["rebuild()"]),
    ("metabase.refresh(text)", &["refresh('all')", "refresh('hourly')"]),
    (
        "metabase.refresh_if_due(text)",
        &["refresh_if_due('metabase_brand_analytics')"],
    ),
    (
        "metabase.refresh_view(text,text)",
        &[
            "refresh_view('metabase_brand_analytics')",
            "refresh_view('metabase_brand_analytics', 'full')",
            "refresh_view('metabase_brand_analytics', 'incremental')",
            "refresh_view('mine')",
        ],
    ),
    (
        "metabase.set_exchange_rate(text,date,numeric)",
        &["set_exchange_rate('USD', '2024-01-01', 0.9)"],
    ),
    (
        "metabase.set_setting(text,text)",
        &["set_setting('history_days', '31')"],
    ),
    (
        "metabase.set_strategy(text,text)",
        &[
            "set_strategy('metabase_brand_analytics', 'hourly')",
            "set_strategy('mine', 'hourly')",
        ],
    ),
    (
        "metabase.setup_refresh_schedule(text)",
        &["setup_refresh_schedule()"],
    ),
    ("metabase.sync_all()", &["sync_all()"]),
    (
        "metabase.sync_on_inventory_event()",
        &["sync_on_inventory_event()"],
    ),
    ("metabase.sync_on_order_event()", &["sync_on_order_event()"]),
    ("metabase.sync_status()", &["sync_status()"]),
    ("metabase.unmap_source(text)", &["unmap_source('size')"]),
    ("metabase.unschedule()", &["unschedule()"]),
    ("metabase.verify(text)", &["verify('metabase_brand_analytics')"]),
    ("metabase.view_status(text)", &["view_status()"]),
];

#[test]
fn who_owns_no_view_keeps_nobody_waiting_whatever_it_calls_in_an_open_transaction() {
    let company = Company::found();
    let mut operator = company.as_operator();
    run(
        &mut operator,
        "SET lock_timeout = '5s'; SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'])",
    );
    let functions = column(
        &mut operator,
        "SELECT oid::regprocedure::text COLLATE \"C\" AS name FROM pg_proc WHERE pronamespace = 'metabase'::regnamespace ORDER BY name",
    );
    let called: Vec<&str> = CALLS.iter().map(|(function, _)| *function).collect();
    assert_eq!(functions, called);
    for role in [&company.another, &company.reader] {
        let mut caller = company.database.connect_as(role);
        let pid: i32 = value(&mut caller, "SELECT pg_backend_pid()");
        let newest: u32 = value(&mut operator, "SELECT max(oid) FROM pg_class");
        run(&mut caller, "SET lock_timeout = '5s'; BEGIN");
        for call in CALLS.iter().flat_map(|(_, calls)| *calls) {
            run(&mut caller, "SAVEPOINT before_call");
            if caller
                .batch_execute(&format!("SELECT * FROM metabase.{call}"))
                .is_err()
            {
                run(&mut caller, "ROLLBACK TO before_call");
            }
            let held = format!(
                "SELECT relation::regclass || ' ' || mode FROM pg_locks
                 WHERE pid = {pid} AND locktype = 'relation' AND relation >= 16384 AND relation <= {newest}
                     AND mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')"
            );
            assert_eq!(column(&mut operator, &held), [""; 0], "{role}: {call}");
        }
        let rows = refreshed(&mut operator, "refresh('all')");
        assert_eq!(completed_and_failed(&rows).1, [""; 0], "{role}: {rows:?}");
        run(
            &mut operator,
            "SELECT metabase.create_custom_view('another', 'SELECT 1 AS a', ARRAY['a']);
             SELECT metabase.drop_view('another');
             SELECT * FROM metabase.create_view('mine', true);
             SELECT * FROM metabase.create_view('metabase_brand_analytics', true);
             SELECT * FROM metabase.set_strategy('metabase_brand_analytics', 'daily');
             SELECT metabase.set_setting('currency', 'USD');
             SELECT metabase.set_exchange_rate('CHF', '2024-01-01', 1.1);
             SELECT * FROM metabase.unschedule();
             SELECT metabase.drop_view('metabase_brand_analytics');
             SELECT * FROM metabase.create_view('metabase_brand_analytics')",
        );
        run(&mut caller, "ROLLBACK");
    }
}

#[test]
fn who_may_not_refresh_does_not_even_wait_for_whoever_does() {
    let company = Company::found();
    let mut operator = company.as_operator();
    run(&mut operator, "BEGIN; SELECT * FROM metabase.refresh('all')");
    let mut another = company.database.connect_as(&company.another);
    run(&mut another, "SET lock_timeout = '20ms'");
    for call in [
        "rebuild()",
        "enable_capture()",
        "disable_capture()",
        "drop_view('metabase_brand_analytics')",
    ] {
        let error = error_of(&mut another, &format!("SELECT * FROM metabase.{call}"));
        assert_eq!(error.sqlstate.code(), "42501", "{call}: {error:?}");
    }
    for row in refreshed(&mut another, "refresh('all')") {
        let message = row.error_message.expect("it is another's");
        assert!(message.contains("(SQLSTATE 42501)"), "{message}");
    }
}

#[test]
fn views_of_users_own_are_made_at_the_same_time_unless_they_have_one_name() {
    let company = Company::found();
    let (mut operator, mut observer) = (company.as_operator(), company.database.connect());
    let mut another = company.database.connect_as(&company.another);
    let create =
        |name: &str| format!("SELECT metabase.create_custom_view('{name}', 'SELECT 1 AS a', ARRAY['a'])");
    run(&mut another, &format!("BEGIN; {}", create("theirs")));
    run(
        &mut operator,
        &format!(
            "SET lock_timeout = '5s'; {}; SELECT metabase.drop_view('mine')",
            create("mine")
        ),
    );
    let same = Background::start(company.as_operator(), &create("theirs"));
    same.wait_until_blocked(&mut observer);
    run(&mut another, "COMMIT");
    let error = same.result().expect_err("it is there");
    let error = error.as_db_error().expect("the server says so");
    assert_eq!(error.code().code(), "42P07", "{error:?}");
    assert_error(
        &{
            run(&mut another, "BEGIN; SELECT metabase.drop_view('theirs')");
            error_of(
                &mut operator,
                &format!("SET lock_timeout = '20ms'; {}", create("theirs")),
            )
        },
        "55P03",
        "another session creates or drops views, and did not end within lock_timeout",
        Some("Try again when its transaction has ended, with a longer lock_timeout if need be."),
    );
}

// Prepared transactions

#[test]
fn what_holds_a_lock_of_the_extensions_cannot_be_prepared() {
    let company = Company::found();
    let name = company.database.name();
    for (role, call) in [
        (&company.another, "refresh_view('metabase_brand_analytics')"),
        (
            &company.another,
            "create_custom_view('theirs', 'SELECT 1 AS a', ARRAY['a'])",
        ),
        (&company.operator, "set_setting('currency', 'USD')"),
        (&company.operator, "refresh('all')"),
        (&company.operator, "drop_view('metabase_brand_analytics')"),
        (&company.operator, "enable_capture()"),
        (&company.operator, "disable_capture()"),
        (&company.operator, "rebuild()"),
    ] {
        let mut client = company.database.connect_as(role);
        run(&mut client, &format!("BEGIN; SELECT * FROM metabase.{call}"));
        assert_error(
            &error_of(&mut client, &format!("PREPARE TRANSACTION '{name}'")),
            "0A000",
            "a transaction in which metabase_views has changed or locked anything cannot be prepared",
            Some(
                "Commit it. What is prepared keeps its locks until somebody ends it, and all refreshes would wait for that.",
            ),
        );
        // All of it is undone, and the session goes on.
        let prepared = format!("SELECT count(*) FROM pg_prepared_xacts WHERE gid = '{name}'");
        assert_eq!(column(&mut client, &prepared), ["0"], "{call}");
        refresh_all(&mut company.as_operator());
    }
    // What only looks, and what the shop writes, can be.
    for (role, statement) in [
        (
            &company.keeper,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
        ),
        (&company.reader, "SELECT * FROM metabase.view_status()"),
    ] {
        let mut client = company.database.connect_as(role);
        run(
            &mut client,
            &format!("BEGIN; {statement}; PREPARE TRANSACTION '{name}'"),
        );
        run(&mut client, &format!("COMMIT PREPARED '{name}'"));
    }
}

// The shop's tables

/// A session that goes on after a call, for as long as it likes.
struct Lingerer {
    pid: i32,
    session: Option<Background>,
    idle: Option<Client>,
}

/// How a session goes on after a call of which `CALL` is the place.
const WAYS: &[&str] = &[
    "SELECT (SELECT count(*) FROM metabase.CALL), pg_sleep(600)",
    "DO $$ BEGIN PERFORM count(*) FROM metabase.CALL; PERFORM pg_sleep(600); END $$",
    "DO $$ BEGIN PERFORM count(*) FROM metabase.CALL; PERFORM public.linger(); END $$",
    "SELECT count(*), pg_sleep(600) FROM metabase.CALL",
    "BEGIN; SELECT * FROM metabase.CALL",
    "BEGIN; DECLARE answer CURSOR FOR SELECT row, pg_sleep(0) FROM metabase.CALL AS row; FETCH answer",
];

impl Lingerer {
    fn begin(mut client: Client, observer: &mut Client, way: &str, call: &str) -> Lingerer {
        let pid = value(&mut client, "SELECT pg_backend_pid()");
        let statement = way.replace("CALL", call);
        if way.starts_with("BEGIN") {
            run(&mut client, &statement);
            return Lingerer {
                pid,
                session: None,
                idle: Some(client),
            };
        }
        let session = Background::start(client, &statement);
        wait_until(
            observer,
            &format!(
                "SELECT coalesce((SELECT wait_event FROM pg_stat_activity WHERE pid = {pid}) = 'PgSleep', true)"
            ),
        );
        Lingerer {
            pid,
            session: Some(session),
            idle: None,
        }
    }

    /// Ends it.
    fn end(self, observer: &mut Client) {
        let pid = self.pid;
        run(observer, &format!("SELECT pg_terminate_backend({pid})"));
        wait_until(
            observer,
            &format!("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})"),
        );
        if let Some(session) = self.session {
            session.result().expect_err("it was ended");
        }
        drop(self.idle);
    }
}

const CAPTURED: &str = "SELECT bool_and(captured) FROM metabase.capture_status() WHERE relation IS NOT NULL";

#[test]
fn who_may_not_lock_the_shops_tables_does_not_lock_them_by_a_call_however_it_goes_on() {
    let company = Company::found();
    let mut observer = company.database.connect();
    run(
        &mut observer,
        "CREATE FUNCTION public.linger() RETURNS void LANGUAGE plpgsql AS $$
         BEGIN
             LOOP
                 BEGIN
                     PERFORM pg_sleep(600);
                 EXCEPTION
                     WHEN query_canceled OR others THEN NULL;
                 END;
             END LOOP;
         END $$",
    );
    let mut keeper = company.database.connect_as(&company.keeper);
    run(&mut keeper, "SET lock_timeout = '20s'");
    let uncaptured = "DROP TRIGGER IF EXISTS metabase_views_capture_order ON transactions.orders";
    let drop_all = "create_all_views() AS a, metabase.view_status() AS b, metabase.drop_view(b.view_name)";
    for (number, (given, call)) in [
        ("SELECT", "disable_capture()"),
        ("SELECT metabase.disable_capture()", "enable_capture()"),
        (uncaptured, "enable_capture()"),
        (uncaptured, "refresh('all')"),
        (uncaptured, "refresh_view('metabase_brand_analytics')"),
        (uncaptured, "create_all_views(true)"),
        (uncaptured, "create_view('metabase_brand_analytics', true)"),
        ("SELECT", drop_all),
    ]
    .into_iter()
    .enumerate()
    {
        // What comes after the call has nothing to do with it: the first ones stand for all.
        let ways = if number < 4 { WAYS } else { &WAYS[..1] };
        for way in ways {
            let mut operator = company.as_operator();
            run(&mut operator, "SELECT * FROM metabase.create_all_views()");
            run(&mut operator, "SELECT * FROM metabase.enable_capture()");
            wait_until(&mut operator, CAPTURED);
            run(&mut observer, given);
            let lingerer = Lingerer::begin(operator, &mut observer, way, call);
            let locked = format!(
                "SELECT DISTINCT relation::regclass || ' ' || mode FROM pg_locks
                 JOIN pg_class ON pg_class.oid = relation
                 WHERE pid = {} AND relnamespace::regnamespace::text IN ('core', 'products', 'transactions')
                     AND mode <> 'AccessShareLock'",
                lingerer.pid
            );
            assert_eq!(column(&mut observer, &locked), [""; 0], "{call}: {way}");
            run(
                &mut keeper,
                "SELECT count(*) FROM transactions.orders; SELECT count(*) FROM products.inventory;
                 UPDATE transactions.orders SET gross_sale = gross_sale + 1; DELETE FROM core.suppliers WHERE false",
            );
            lingerer.end(&mut observer);
        }
    }
}

#[test]
fn an_operators_capture_begins_and_ends_by_itself() {
    let company = Company::found();
    let mut operator = company.as_operator();
    let mut superuser = company.database.connect();
    let no_trigger = "SELECT NOT EXISTS (SELECT FROM pg_trigger WHERE tgfoid::regproc::text LIKE 'metabase_internal.capture%')";

    run(&mut operator, "SELECT metabase.disable_capture()");
    wait_until(&mut superuser, no_trigger);
    let not_captured =
        "SELECT DISTINCT reason FROM metabase.enable_capture() WHERE NOT captured AND relation IS NOT NULL";
    assert_eq!(column(&mut operator, not_captured), [""; 0]);

    // In a transaction of several statements, once that has ended.
    run(&mut operator, "SELECT metabase.disable_capture()");
    wait_until(&mut superuser, no_trigger);
    run(&mut operator, "BEGIN");
    assert_eq!(
        column(&mut operator, not_captured),
        ["capture begins when the transaction that asked for it has ended"]
    );
    run(&mut operator, "ROLLBACK");
    assert_eq!(column(&mut operator, CAPTURED), ["f"]);
    run(
        &mut operator,
        "BEGIN; SELECT * FROM metabase.enable_capture(); COMMIT",
    );
    wait_until(&mut operator, CAPTURED);

    // Where its snapshots are old, too.
    run(&mut operator, "SELECT metabase.disable_capture()");
    wait_until(&mut superuser, no_trigger);
    run(
        &mut operator,
        "SET default_transaction_isolation = 'repeatable read'",
    );
    run(&mut operator, "SELECT * FROM metabase.enable_capture()");
    wait_until(&mut operator, CAPTURED);
    run(
        &mut superuser,
        "DROP TRIGGER metabase_views_capture_order ON transactions.orders",
    );
    refresh_all(&mut operator);
    wait_until(&mut operator, CAPTURED);
    run(&mut operator, "RESET default_transaction_isolation");

    // With the last view it ends, and with the first one it begins.
    run(
        &mut operator,
        "SELECT metabase.drop_view(view_name) FROM metabase.view_status()",
    );
    wait_until(&mut superuser, no_trigger);
    create_all_views(&mut operator);
    wait_until(&mut operator, CAPTURED);
    for mode in ["full", "incremental"] {
        run(
            &mut superuser,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
        );
        let rows = refreshed(&mut operator, "refresh('all')");
        assert!(rows.iter().all(|row| row.mode == mode), "{rows:?}");
    }
    // A refresh has it begin before it builds anything.
    run(
        &mut superuser,
        "DROP TRIGGER metabase_views_capture_order ON transactions.orders",
    );
    for mode in ["full", "incremental"] {
        let rows = refreshed(&mut operator, "refresh('all')");
        assert!(rows.iter().all(|row| row.mode == mode), "{rows:?}");
    }
}

#[test]
fn who_may_lock_the_shops_tables_by_hand_does_it_in_its_own_transaction() {
    let company = Company::found();
    let mut superuser = company.database.connect();
    run(
        &mut superuser,
        &format!(
            "GRANT UPDATE ON ALL TABLES IN SCHEMA core, products, transactions TO {}",
            company.operator
        ),
    );
    let mut operator = company.as_operator();
    run(&mut operator, "SELECT metabase.disable_capture()");
    run(&mut operator, "BEGIN");
    assert_eq!(
        column(
            &mut operator,
            "SELECT entity FROM metabase.enable_capture() WHERE NOT captured AND relation IS NOT NULL"
        ),
        [""; 0]
    );
    run(&mut operator, "ROLLBACK");
    assert_eq!(column(&mut operator, CAPTURED), ["f"]);
}

const NOT_LOCKED: &str =
    "capture could not be installed: the sources could not be locked for a moment to capture their changes";

#[test]
fn an_operators_capture_does_not_begin_while_somebody_writes() {
    let company = Company::found();
    let mut operator = company.as_operator();
    let mut keeper = company.database.connect_as(&company.keeper);
    run(&mut operator, "SELECT metabase.disable_capture()");
    run(
        &mut keeper,
        "BEGIN; UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    assert_error(
        &error_of(&mut operator, "SELECT * FROM metabase.enable_capture()"),
        "55000",
        &format!("changes are not captured: {NOT_LOCKED}"),
        Some("The next refresh tries again."),
    );
    refresh_all(&mut operator);
    let reason = "SELECT DISTINCT mode_reason FROM metabase.view_status()";
    assert_eq!(column(&mut operator, reason), [NOT_LOCKED]);
    run(&mut keeper, "COMMIT");
    refresh_all(&mut operator);
    assert_eq!(column(&mut operator, CAPTURED), ["t"]);
}

#[test]
fn without_room_for_the_installer_an_operators_refreshes_are_full_and_say_so() {
    let cluster = Cluster::make("no-installer", &["fsync=off", "max_worker_processes=0"]);
    let mut superuser = cluster.create_database("shop");
    run(&mut superuser, "CREATE EXTENSION metabase_views");
    run_file(&mut superuser, "demo/schema.sql");
    run_file(&mut superuser, "tests/hand_worked/shop.sql");
    run(
        &mut superuser,
        "CREATE ROLE operator LOGIN; SELECT metabase.grant_operator('operator')",
    );
    let mut operator = cluster.connect_as("shop", "operator");
    create_all_views(&mut operator);
    refresh_all(&mut operator);
    let no_room = "there is no room for the background process that puts the triggers on the sources";
    let reason = "SELECT DISTINCT mode_reason FROM metabase.view_status()";
    assert_eq!(
        column(&mut operator, reason),
        [format!("capture could not be installed: {no_room}")]
    );
    let error = error_of(&mut operator, "SELECT * FROM metabase.enable_capture()");
    assert_error(
        &error,
        "53400",
        no_room,
        Some(
            "Raise max_worker_processes, which needs a restart; or have a role refresh that may lock the sources, such as a superuser.",
        ),
    );
    refresh_all(&mut superuser);
    assert_eq!(column(&mut operator, CAPTURED), ["t"]);
}
