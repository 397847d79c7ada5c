//! The everyday work of a shop's own roles and tools, none of which is a superuser: it goes as it went before there was this extension.

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use postgres::error::SqlState;
use postgres::{Client, SimpleQueryMessage};

use crate::cluster::{
    Cluster, Database, PRELOADED_TWO_PHASE, create_all_views, error_of, refresh_all, value,
};
use crate::rows::{cells_of, filled};
use crate::sessions::{Background, PausedRefresh, wait_until};
use crate::shop::{
    SALE, assert_error, assert_incremental, assert_right, column, refreshed, refreshed_shop, run, shop,
    shop_on,
};

/// The orders in partitions, and all tables in the hands of one role, with others that work for it.
const SETUP: &str = "
    CREATE TABLE transactions.by_year (LIKE transactions.orders) PARTITION BY RANGE (sold_at);
    CREATE TABLE transactions.orders_other PARTITION OF transactions.by_year DEFAULT;
    INSERT INTO transactions.by_year TABLE transactions.orders;
    DROP TABLE transactions.orders;
    ALTER TABLE transactions.by_year RENAME TO orders;
    GRANT {owner} TO {migration};
    GRANT pg_read_all_data TO {backup};
    DO $do$ DECLARE relation regclass; schema regnamespace; BEGIN
        EXECUTE format('ALTER DATABASE %I OWNER TO {owner}', current_database());
        FOREACH schema IN ARRAY ARRAY['core', 'products', 'transactions']::regnamespace[] LOOP
            EXECUTE format('ALTER SCHEMA %s OWNER TO {owner}', schema);
            EXECUTE format('GRANT USAGE ON SCHEMA %s TO {app}', schema);
            FOR relation IN SELECT oid FROM pg_class WHERE relnamespace = schema AND relkind IN ('r', 'p') LOOP
                EXECUTE format('ALTER TABLE %s OWNER TO {owner}', relation);
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO {app}', relation);
            END LOOP;
        END LOOP;
    END $do$";

/// Who does what. A line may be several statements in one transaction.
const WORK: &[(&str, &str)] = &[
    // Sales and stock.
    ("app", "UPDATE transactions.orders SET gross_sale = gross_sale + 1 WHERE gross_sale IS NOT NULL"),
    ("app", "UPDATE core.brands SET name = name || '!' RETURNING name"),
    ("app", "BEGIN; SAVEPOINT a; DELETE FROM transactions.orders; ROLLBACK TO a; COMMIT"),
    ("app", "BEGIN; DELETE FROM transactions.orders WHERE gross_sale = 41; ROLLBACK"),
    (
        "app",
        "INSERT INTO core.platforms VALUES ('10000000-0000-0000-0000-000000000004', 'x', 'x')
         ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING slug",
    ),
    (
        "app",
        "MERGE INTO core.suppliers AS s USING core.suppliers AS o ON s.id = o.id
         WHEN MATCHED THEN UPDATE SET rating = 1",
    ),
    ("app", "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM core.brands; UPDATE core.brands SET segment = 'x'; COMMIT"),
    ("app", "BEGIN; UPDATE core.brands SET segment = 'y'; PREPARE TRANSACTION '{app}'"),
    ("app", "COMMIT PREPARED '{app}'"),
    ("app", "DO $$ BEGIN UPDATE core.brands SET segment = NULL; EXCEPTION WHEN others THEN RAISE; END $$"),
    ("app", "INSERT INTO core.brands (id, name) SELECT id, NULL FROM core.brands"),
    ("app", "INSERT INTO core.brands (id, name) SELECT id, 'x' FROM core.brands LIMIT 1"),
    ("app", "TRUNCATE core.brands"),
    ("app", "ALTER TABLE core.brands ADD COLUMN x int"),
    ("app", "CREATE TEMPORARY TABLE mine AS SELECT count(*) FROM transactions.orders"),
    // Partitions, by the owner and by whoever is its member.
    (
        "owner",
        "CREATE TABLE transactions.orders_2030 PARTITION OF transactions.orders FOR VALUES FROM ('2030-01-01') TO ('2031-01-01')",
    ),
    (
        "owner",
        "CREATE TABLE transactions.orders_2031 (LIKE transactions.orders INCLUDING ALL);
         ALTER TABLE transactions.orders ATTACH PARTITION transactions.orders_2031 FOR VALUES FROM ('2031-01-01') TO ('2032-01-01')",
    ),
    (
        "migration",
        "CREATE TABLE transactions.orders_2032 PARTITION OF transactions.orders FOR VALUES FROM ('2032-01-01') TO ('2033-01-01')
             PARTITION BY LIST (status);
         CREATE TABLE transactions.orders_2032_done PARTITION OF transactions.orders_2032 FOR VALUES IN ('completed');
         CREATE TABLE transactions.orders_2032_rest PARTITION OF transactions.orders_2032 DEFAULT",
    ),
    (
        "owner",
        "GRANT INSERT, SELECT, UPDATE ON transactions.orders_2030, transactions.orders_2031 TO {app}",
    ),
    (
        "app",
        "INSERT INTO transactions.orders SELECT gen_random_uuid(), o.inventory_item_id, o.platform_id, o.external_id, 'completed',
             '2030-05-05'::timestamptz + n * interval '1 year', 7, 6, 5, 4, 3, 2, 1, true, NULL, 'Iceland', 'x', NULL, now(), now(), 1
         FROM transactions.orders AS o, generate_series(0, 2) AS n WHERE o.id = (SELECT min(id::text)::uuid FROM transactions.orders)",
    ),
    ("app", "UPDATE transactions.orders SET sold_at = '2031-06-06' WHERE sold_at >= '2032-01-01'"),
    ("owner", "ALTER TABLE transactions.orders_2030 RENAME TO orders_in_2030"),
    ("migration", "ALTER TABLE transactions.orders_2032_rest OWNER TO {owner}"),
    ("owner", "TRUNCATE transactions.orders_in_2030"),
    ("owner", "ALTER TABLE transactions.orders DETACH PARTITION transactions.orders_2031"),
    (
        "migration",
        "ALTER TABLE transactions.orders ATTACH PARTITION transactions.orders_2031 FOR VALUES FROM ('2031-01-01') TO ('2032-01-01')",
    ),
    ("migration", "DROP TABLE transactions.orders_2032"),
    (
        "app",
        "CREATE TABLE transactions.mine PARTITION OF transactions.orders FOR VALUES FROM ('2040-01-01') TO ('2041-01-01')",
    ),
    // Tables, indexes, privileges.
    ("migration", "ALTER TABLE core.brands ADD COLUMN note text DEFAULT 'x'; ALTER TABLE core.brands DROP COLUMN note"),
    ("owner", "CREATE INDEX brands_name ON core.brands (name)"),
    ("owner", "CREATE INDEX CONCURRENTLY brands_segment ON core.brands (segment)"),
    ("owner", "REINDEX TABLE CONCURRENTLY core.brands"),
    ("owner", "DROP INDEX core.brands_name, core.brands_segment"),
    ("owner", "ALTER TABLE core.suppliers ADD CONSTRAINT rated CHECK (rating < 9)"),
    ("app", "UPDATE core.suppliers SET rating = 9.5"),
    ("owner", "ALTER TABLE core.suppliers DROP CONSTRAINT rated"),
    ("owner", "ALTER TABLE transactions.orders ALTER COLUMN external_id TYPE text"),
    ("owner", "VACUUM FULL core.suppliers"),
    ("owner", "CLUSTER core.brands USING brands_pkey"),
    ("owner", "ANALYZE transactions.orders"),
    ("migration", "ALTER TABLE core.platforms OWNER TO {migration}; ALTER TABLE core.platforms OWNER TO {owner}"),
    ("owner", "BEGIN; LOCK TABLE transactions.orders, core.brands; COMMIT"),
    ("owner", "CREATE TABLE core.copy (LIKE core.brands INCLUDING ALL); INSERT INTO core.copy TABLE core.brands"),
    ("owner", "DROP TABLE core.copy"),
    ("owner", "CREATE VIEW core.some AS SELECT id FROM core.brands; DROP VIEW core.some"),
    ("owner", "ALTER TABLE core.brands DISABLE TRIGGER USER; ALTER TABLE core.brands ENABLE TRIGGER USER"),
    ("owner", "CREATE SCHEMA mine; CREATE TABLE mine.t (a int); DROP SCHEMA mine CASCADE"),
    ("owner", "GRANT SELECT ON ALL TABLES IN SCHEMA core TO {backup}; REVOKE SELECT ON ALL TABLES IN SCHEMA core FROM {backup}"),
    ("owner", "SELECT relname FROM pg_class WHERE relnamespace = 'core'::regnamespace AND relkind = 'r' ORDER BY 1"),
    ("owner", "CREATE TRIGGER x AFTER INSERT ON core.brands EXECUTE FUNCTION nosuch()"),
    ("owner", "SET session_replication_role = replica"),
    ("backup", "SELECT count(*) FROM transactions.orders"),
    ("backup", "BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE transactions.orders IN ACCESS SHARE MODE; SELECT count(*) FROM core.brands; COMMIT"),
];

/// The ways in which those dump who can.
const DUMPS: &[(&str, &[&str])] = &[
    ("owner", &[]),
    ("owner", &["-Fd", "-j", "2"]),
    ("owner", &["--clean", "--if-exists"]),
    ("owner", &["--data-only"]),
    ("owner", &["-n", "core"]),
    ("backup", &[]),
    ("backup", &["-Fd", "-j", "2"]),
    ("migration", &["--schema-only"]),
    ("app", &["-t", "core.brands"]),
];

struct Shop {
    cluster: Cluster,
}

const ROLES: [&str; 5] = ["owner", "app", "backup", "migration", "operator"];

impl Shop {
    fn open(name: &str) -> (Shop, Client) {
        let cluster = Cluster::make(name, PRELOADED_TWO_PHASE);
        let mut superuser = cluster.create_database("shop");
        for role in ROLES {
            run(&mut superuser, &format!("CREATE ROLE {role} LOGIN"));
        }
        crate::cluster::run_file(&mut superuser, "demo/schema.sql");
        crate::cluster::run_file(&mut superuser, "tests/hand_worked/shop.sql");
        run(&mut superuser, &named(SETUP));
        (Shop { cluster }, superuser)
    }

    /// What comes of all the work, a text each.
    fn work(&self) -> Vec<String> {
        let done = WORK.iter().map(|(role, statements)| {
            let mut client = self.cluster.connect_as("shop", role);
            format!(
                "{role}: {statements}\n{}",
                outcome(client.simple_query(&named(statements)))
            )
        });
        let dumped = DUMPS.iter().map(|(role, options)| {
            let folder = format!("{}/dump", self.cluster.socket());
            let _ = std::fs::remove_dir_all(&folder);
            let _ = std::fs::remove_file(&folder);
            let output = self
                .cluster
                .program("pg_dump", "shop")
                .env("PGUSER", role)
                .args(*options)
                .args(["-f", &folder])
                .stdin(Stdio::null())
                .output()
                .expect("pg_dump can be run");
            format!(
                "{role}: pg_dump {options:?}\n{} {}",
                output.status.success(),
                String::from_utf8_lossy(&output.stderr)
            )
        });
        done.chain(dumped).collect()
    }
}

fn named(statements: &str) -> String {
    ROLES.iter().fold(statements.to_owned(), |text, role| {
        text.replace(&format!("{{{role}}}"), role)
    })
}

fn outcome(result: Result<Vec<SimpleQueryMessage>, postgres::Error>) -> String {
    match result {
        Ok(messages) => {
            let rows = cells_of(&messages)
                .into_iter()
                .map(|row| filled(row, "NULL").join(", "));
            rows.collect::<Vec<_>>().join("\n")
        }
        Err(error) => format!("{:?}", error.as_db_error().expect("an error of the server's")),
    }
}

/// Refreshes until that is incremental. A dump whose last process is about to end can be in the way of one that builds the facts, which is
/// then tried again after ten times as long as that took.
fn refresh_until_incremental(client: &mut Client) {
    let begin = Instant::now();
    while !refreshed(client, "refresh('all')")
        .iter()
        .all(|row| row.mode == "incremental")
    {
        let reasons = column(client, "SELECT DISTINCT mode_reason FROM metabase.view_status()");
        assert!(begin.elapsed() < Duration::from_secs(60), "{reasons:?}");
        sleep(Duration::from_millis(200));
    }
}

#[test]
fn the_shops_own_roles_work_as_they_did_before() {
    let before = {
        let (shop, _superuser) = Shop::open("everyday-before");
        shop.work()
    };
    // The list itself has what succeeds and what is refused.
    assert!(
        before.iter().filter(|done| done.contains("DbError")).count() < 10,
        "{before:#?}"
    );
    let (shop, mut superuser) = Shop::open("everyday-after");
    run(
        &mut superuser,
        "CREATE EXTENSION metabase_views; SELECT metabase.grant_operator('operator')",
    );
    let mut operator = shop.cluster.connect_as("shop", "operator");
    create_all_views(&mut operator);
    refresh_all(&mut operator);
    refresh_all(&mut operator);
    for (after, before) in shop.work().iter().zip(&before) {
        assert_eq!(after, before);
    }
    refresh_until_incremental(&mut operator);
    assert_right(&mut superuser);
    run(&mut superuser, "UPDATE transactions.orders SET gross_sale = 1");
    assert_incremental(&refreshed(&mut operator, "refresh('all')"));
    assert_right(&mut superuser);
}

/// A dump that is restored is a shop that goes on, and one that is restored over what is there already brings what it says.
#[test]
fn what_the_owner_has_dumped_is_restored_over_an_extension_that_is_there() {
    let database = shop();
    let owner = database.create_role("owner");
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!(
            "ALTER DATABASE {name} OWNER TO {owner};
             GRANT pg_read_all_data TO {owner};
             SELECT metabase.set_setting('currency', 'EUR'), metabase.set_setting('time_zone', 'Asia/Tokyo');
             SELECT metabase.map_source('supplier', NULL);
             SELECT metabase.set_strategy('metabase_brand_analytics', 'weekly');
             SELECT metabase.grant_reader('{owner}');
             SELECT metabase.grant_operator('{owner}')",
            name = database.name(),
        ),
    );
    create_all_views(&mut database.connect_as(&owner));
    refresh_all(&mut database.connect_as(&owner));
    let dumped = database
        .program("pg_dump")
        .env("PGUSER", &owner)
        .output()
        .expect("pg_dump can be run");
    assert!(
        dumped.status.success(),
        "{}",
        String::from_utf8_lossy(&dumped.stderr)
    );
    let text = String::from_utf8_lossy(&dumped.stdout);
    for table in ["sale_fact", "day_rollup", "dirty_brand", "platform_rollup_id_seq"] {
        assert!(!text.contains(table), "{table} is dumped");
    }

    let decided = "
        SELECT name || ' ' || value FROM metabase.settings WHERE NOT is_default
        UNION ALL SELECT entity || coalesce(relation_name, ' none') FROM metabase_internal.source_mapping
        UNION ALL SELECT view_name || ' ' || strategy FROM metabase_internal.schedule
        UNION ALL SELECT operator.role_name || relation_name FROM metabase_internal.capture_grant AS granted
            JOIN metabase_internal.known_roles() AS operator ON operator.id = granted.operator
        ORDER BY 1";
    let expected = column(&mut superuser, decided);
    let other = Database::with_extension();
    let mut there = other.connect();
    run(
        &mut there,
        &format!(
            "SELECT metabase.set_setting('currency', 'USD'), metabase.set_setting('completed_statuses', 'paid');
             SELECT metabase.map_source('supplier', NULL), metabase.map_source('size', NULL);
             SELECT metabase.set_strategy('metabase_brand_analytics', 'daily');
             SELECT metabase.grant_reader('{owner}')"
        ),
    );
    let restore = || {
        let file = format!("{}/{}.sql", other.socket(), other.name());
        std::fs::write(&file, &dumped.stdout).expect("a file can be written");
        let output = other
            .program("psql")
            .args(["-X", "-q", "-f", &file])
            .output()
            .expect("psql can be run");
        std::fs::remove_file(&file).expect("it was there");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    // What is there already says so: schema metabase is made by CREATE EXTENSION.
    let errors = restore();
    assert_eq!(errors.matches("ERROR").count(), 1, "{errors}");
    assert!(errors.contains("schema \"metabase\" already exists"), "{errors}");
    let mut expected_there = expected.clone();
    expected_there.extend(["completed_statuses paid".into(), "size none".into()]);
    expected_there.sort();
    let mut decided_there = column(&mut there, decided);
    decided_there.sort();
    assert_eq!(decided_there, expected_there);

    // Over itself, after something was decided otherwise.
    run(&mut there, "SELECT metabase.set_setting('currency', 'CHF')");
    restore();
    let mut decided_there = column(&mut there, decided);
    decided_there.sort();
    assert_eq!(decided_there, expected_there);
}

/// COPY would fail with all of a table for the sake of one row that is there already.
#[test]
fn each_table_that_a_dump_carries_makes_room_for_what_comes_with_it() {
    let database = Database::with_extension();
    let tables =
        "SELECT unnest(extconfig)::regclass::text FROM pg_extension WHERE extname = 'metabase_views' EXCEPT ";
    let has_trigger = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname IN ('make_room', 'keep')";
    assert_eq!(
        column(&mut database.connect(), &format!("{tables} {has_trigger}")),
        [""; 0]
    );
}

// Whoever reads facts, as a dump of all tables does for hours

const DRIFT: &str = "ALTER TABLE core.brands DISABLE TRIGGER metabase_views_capture_brand;
                     ALTER TABLE core.brands ENABLE ALWAYS TRIGGER metabase_views_capture_brand";

#[test]
fn nothing_waits_for_a_reader_of_the_facts_and_nobody_waits_behind() {
    for table in ["sale_fact", "dirty_supplier", "platform_rollup"] {
        let (database, mut client) = refreshed_shop();
        let mut reader = database.connect();
        let pid: i32 = value(&mut reader, "SELECT pg_backend_pid()");
        let lock = format!("LOCK TABLE metabase_internal.{table}, transactions.orders IN ACCESS SHARE MODE");
        run(&mut reader, &format!("BEGIN; {lock}"));
        run(
            &mut client,
            &format!("{SALE}; {DRIFT}; SET statement_timeout = '20s'"),
        );
        let reason = format!(
            "facts and rollups cannot be built: metabase_internal.{table} is in use by process {pid}"
        );
        for call in [
            "refresh('all')",
            "refresh_view('metabase_brand_analytics', 'full')",
        ] {
            let refresh = Background::start(database.connect(), &format!("SELECT * FROM metabase.{call}"));
            // Nobody has a lock to wait for, also whoever does not want to wait.
            for _ in 0..20 {
                run(
                    &mut database.connect(),
                    &format!("BEGIN; {lock} NOWAIT; ROLLBACK"),
                );
                let waiting: i64 = value(
                    &mut client,
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                );
                assert_eq!(waiting, 0);
            }
            refresh.result().expect("a refresh answers");
        }
        let rows = refreshed(&mut client, "refresh('all')");
        assert!(
            rows.iter()
                .all(|row| row.status == "completed" && row.mode == "full"),
            "{rows:?}"
        );
        assert_eq!(
            column(
                &mut client,
                "SELECT DISTINCT mode_reason FROM metabase.view_status()"
            ),
            [reason]
        );
        assert_right(&mut client);
        // What is asked for by name says what is in the way, and finds who it is.
        for call in ["rebuild()", "disable_capture()"] {
            let error = error_of(&mut client, &format!("SELECT metabase.{call}"));
            assert_eq!(error.sqlstate.code(), "55006", "{error:?}");
            assert_eq!(
                error.message,
                format!("metabase_internal.{table} is in use by process {pid}")
            );
            let hint = error.hint.expect("a hint");
            let (_, query) = hint.split_once("Who it is: ").expect("a query");
            let (query, _) = query.split_once(';').expect("its end");
            assert!(column(&mut client, query).contains(&pid.to_string()), "{query}");
        }
        run(&mut reader, "COMMIT");
        run(&mut client, "SELECT metabase.rebuild()");
        refresh_all(&mut client);
        run(&mut client, SALE);
        assert_incremental(&refreshed(&mut client, "refresh('all')"));
        run(&mut client, "SELECT metabase.disable_capture()");
        assert_eq!(
            column(
                &mut client,
                "SELECT to_regclass('metabase_internal.sale_fact')::text"
            ),
            ["NULL"]
        );
    }
}

#[test]
fn capture_begins_once_nobody_reads_what_is_left_of_the_facts() {
    let (database, mut client) = refreshed_shop();
    let mut reader = database.connect();
    run(
        &mut reader,
        "BEGIN; LOCK TABLE metabase_internal.item_fact IN ACCESS SHARE MODE",
    );
    run(
        &mut client,
        "DROP TRIGGER metabase_views_capture_brand ON core.brands",
    );
    for _ in 0..2 {
        let rows = refreshed(&mut client, "refresh('all')");
        assert!(
            rows.iter()
                .all(|row| row.status == "completed" && row.mode == "full"),
            "{rows:?}"
        );
    }
    run(&mut reader, "COMMIT");
    refresh_all(&mut client);
    refresh_all(&mut client);
    run(&mut client, SALE);
    assert_incremental(&refreshed(&mut client, "refresh('all')"));
    assert_right(&mut client);
}

// A database that is not everybody's

#[test]
fn an_operator_is_given_what_a_full_refresh_needs() {
    let database = shop();
    let operator = database.create_role("operator");
    let name = database.name();
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {operator}"),
    );
    let granted: String = value(
        &mut superuser,
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    assert!(
        granted.contains(&format!(
            "it may create temporary tables in database {name}, which full refreshes need"
        )),
        "{granted}"
    );
    let mut client = database.connect_as(&operator);
    create_all_views(&mut client);
    refresh_all(&mut client);
    assert_eq!(
        refreshed(&mut client, "refresh_view('metabase_brand_analytics', 'full')")[0].status,
        "completed"
    );
    // It has it already.
    let granted: String = value(
        &mut superuser,
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    assert!(!granted.contains("temporary"), "{granted}");

    run(
        &mut superuser,
        &format!("REVOKE TEMPORARY ON DATABASE {name} FROM {operator}"),
    );
    let row = refreshed(
        &mut database.connect_as(&operator),
        "refresh_view('metabase_brand_analytics', 'full')",
    )
    .swap_remove(0);
    assert_eq!(
        row.error_message.as_deref(),
        Some(
            format!(
                "role \"{operator}\" may not create temporary tables in database \"{name}\", which the refresh of \
                 analytics.metabase_brand_analytics needs (SQLSTATE 42501)\nGRANT TEMPORARY ON DATABASE \"{name}\" TO \"{operator}\";"
            )
            .as_str()
        )
    );
}

#[test]
fn who_calls_grant_operator_and_may_not_grant_that_is_told() {
    let database = shop();
    let operator = database.create_role("operator");
    let deputy = database.create_role("deputy");
    let name = database.name();
    let mut superuser = database.connect();
    run(
        &mut superuser,
        &format!(
            "REVOKE ALL ON DATABASE {name} FROM PUBLIC;
             GRANT CONNECT ON DATABASE {name} TO {operator}, {deputy};
             CREATE SCHEMA analytics AUTHORIZATION {deputy};
             GRANT USAGE ON SCHEMA metabase TO {deputy} WITH GRANT OPTION;
             GRANT USAGE ON SCHEMA metabase_internal TO {deputy} WITH GRANT OPTION;
             GRANT SELECT ON ALL TABLES IN SCHEMA metabase TO {deputy} WITH GRANT OPTION;
             GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA metabase TO {deputy} WITH GRANT OPTION;
             GRANT USAGE ON SCHEMA core, products, transactions TO {deputy} WITH GRANT OPTION;
             GRANT SELECT ON ALL TABLES IN SCHEMA core, products, transactions TO {deputy} WITH GRANT OPTION"
        ),
    );
    let granted: String = value(
        &mut database.connect_as(&deputy),
        &format!("SELECT metabase.grant_operator('{operator}')"),
    );
    assert!(
        granted.contains(&format!(
            "it may not create temporary tables, which full refreshes need: as a superuser, GRANT TEMPORARY ON DATABASE \"{name}\" TO \
             \"{operator}\";"
        )),
        "{granted}"
    );
}

// Removing the extension

#[test]
fn the_extension_is_dropped_without_a_writer_that_fails() {
    let cluster = Cluster::make("everyday-drop", PRELOADED_TWO_PHASE);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    refresh_all(&mut client);
    // Each has written to one table, and goes on to others while the extension is to be dropped.
    let writes = [
        "UPDATE core.brands SET name = name || '!'",
        "UPDATE products.inventory SET color = 'x'",
        "UPDATE core.suppliers SET phone = 'x'",
        "UPDATE core.platforms SET name = name || '!'",
    ];
    let mut writers: Vec<Client> = writes.iter().map(|_| cluster.connect("shop")).collect();
    for (writer, write) in writers.iter_mut().zip(writes) {
        run(writer, &format!("BEGIN; {write}"));
    }
    let drop = Background::start(
        cluster.connect("shop"),
        "BEGIN; DROP EXTENSION metabase_views CASCADE; COMMIT",
    );
    std::thread::sleep(std::time::Duration::from_millis(700));
    // One table that each of the other writers does not use.
    for (writer, write) in writers.iter_mut().zip([
        "INSERT INTO products.categories SELECT gen_random_uuid(), 'x'",
        "UPDATE products.products SET name = name || '!'",
        "DELETE FROM transactions.orders",
        "SELECT 1",
    ]) {
        run(writer, write);
        std::thread::sleep(std::time::Duration::from_millis(300));
        run(writer, "COMMIT");
    }
    drop.result().expect("it is dropped");
    let extensions: i64 = value(
        &mut client,
        "SELECT count(*) FROM pg_extension WHERE extname = 'metabase_views'",
    );
    assert_eq!(extensions, 0);
    assert_eq!(cluster.logged("deadlock"), [""; 0]);
    for write in writes {
        run(&mut client, write);
    }
}

#[test]
fn to_drop_what_somebody_else_owns_waits_for_no_writer() {
    let cluster = Cluster::make("everyday-owned", PRELOADED_TWO_PHASE);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    refresh_all(&mut client);
    run(&mut client, "CREATE ROLE leaver; CREATE ROLE boss SUPERUSER");
    let mut writer = cluster.connect("shop");
    run(&mut writer, "BEGIN; UPDATE core.brands SET name = name || '!'");
    run(&mut client, "SET lock_timeout = '1s'");
    for statement in [
        "DROP OWNED BY leaver",
        "SET ROLE leaver; DROP OWNED BY CURRENT_USER; RESET ROLE",
        "SET SESSION AUTHORIZATION boss; DROP OWNED BY SESSION_USER, leaver; RESET SESSION AUTHORIZATION",
    ] {
        run(&mut client, statement);
    }
    assert_eq!(
        error_of(&mut client, "DROP OWNED BY PUBLIC").message,
        "role \"public\" does not exist"
    );
    run(&mut writer, "COMMIT");
}

#[test]
fn dropping_the_extension_gives_up_after_lock_timeout() {
    let cluster = Cluster::make("everyday-give-up", PRELOADED_TWO_PHASE);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    refresh_all(&mut client);
    let mut writer = cluster.connect("shop");
    run(&mut writer, "BEGIN; UPDATE core.brands SET name = name || '!'");
    run(&mut client, "SET lock_timeout = '1s'");
    let error = error_of(&mut client, "DROP EXTENSION metabase_views CASCADE");
    assert_error(
        &error,
        "55P03",
        "the extension is in use: somebody refreshes, or uses a table that has its triggers, and did not end within lock_timeout",
        Some(
            "Try again when fewer long transactions use the shop's tables, with a longer lock_timeout if need be.",
        ),
    );
    // Nothing of it is left.
    run(&mut writer, "UPDATE core.suppliers SET phone = 'x'; COMMIT");
    refresh_all(&mut client);
    assert_right(&mut client);
}

// Where nothing can be written, or read aloud

#[test]
fn on_a_standby_a_refresh_says_that_it_is_one_and_the_views_how_fresh_they_are() {
    let primary = Cluster::make("everyday-primary", PRELOADED_TWO_PHASE);
    let mut client = shop_on(&primary);
    // The state would tell of what a check has found, where the worker comes to it before the copy is made.
    run(&mut client, "SELECT metabase.set_setting('daily_check', 'off')");
    create_all_views(&mut client);
    refresh_all(&mut client);
    refresh_all(&mut client);
    let refreshed: Timestamp = value(&mut client, "SELECT clock_timestamp()");
    drop(client);
    let standby = primary.standby("everyday-standby");
    let mut client = standby.connect("shop");
    for call in [
        "refresh('all')",
        "refresh_view('metabase_brand_analytics')",
        "refresh_view('metabase_brand_analytics', 'full')",
        "sync_all()",
        "rebuild()",
    ] {
        assert_error(
            &error_of(&mut client, &format!("SELECT metabase.{call}")),
            "25006",
            "the server is a standby, on which nothing can be refreshed or changed",
            Some("Call this on the primary: what it refreshes comes here by itself."),
        );
    }
    // What the standby was made of holds the refreshes, and nothing comes once the primary is gone.
    primary.stop();
    let stopped: Timestamp = value(&mut client, "SELECT clock_timestamp()");
    sleep(Duration::from_secs(2));
    let row = client
        .query_one("SELECT state, as_of FROM metabase.data_as_of()", &[])
        .expect("a standby can be asked");
    let (state, as_of): (&str, Timestamp) = (row.get(0), row.get(1));
    assert_eq!(state, "up to date");
    // A checkpoint's time has no fractions of a second.
    assert!(
        as_of > refreshed - Duration::from_secs(1) && as_of < stopped,
        "{refreshed} {as_of} {stopped}"
    );
}

#[test]
fn a_call_tells_the_log_nothing_of_the_servers_configuration() {
    let cluster = Cluster::make("everyday-log", PRELOADED_TWO_PHASE);
    let mut client = shop_on(&cluster);
    let file: String = value(&mut client, "SHOW config_file");
    let mut configuration = std::fs::read_to_string(&file).expect("it can be read");
    configuration.push_str("\ninclude_if_exists = 'nosuch.conf'\n");
    std::fs::write(&file, configuration).expect("it can be written");
    // Then the files have to be read for the zone that the database has by itself.
    let mut session = cluster.connect("shop");
    run(
        &mut session,
        "SET TimeZone = 'Asia/Tokyo'; SET client_min_messages = log",
    );
    create_all_views(&mut session);
    refresh_all(&mut session);
    run(&mut session, "TABLE metabase.settings");
    assert_eq!(cluster.logged("nosuch.conf"), [""; 0]);
    let log_min_messages: String = value(&mut session, "SHOW log_min_messages");
    assert_eq!(log_min_messages, "warning");
}

/// A vacuum at its leisure takes minutes, and is no user of the facts.
#[test]
fn facts_are_built_anew_while_autovacuum_is_at_them() {
    let cluster = Cluster::make(
        "everyday-autovacuum",
        &[
            "fsync=off",
            "autovacuum_naptime=1s",
            "autovacuum_analyze_threshold=1000000000",
            "autovacuum_vacuum_threshold=1",
            "autovacuum_vacuum_scale_factor=0",
            "autovacuum_vacuum_cost_limit=1",
            "autovacuum_vacuum_cost_delay=100ms",
        ],
    );
    let mut client = shop_on(&cluster);
    run(
        &mut client,
        "ALTER TABLE transactions.orders SET (autovacuum_enabled = off)",
    );
    create_all_views(&mut client);
    run(
        &mut client,
        "INSERT INTO transactions.orders (id, inventory_item_id, platform_id, status, sold_at, gross_sale, created_at, updated_at)
         SELECT gen_random_uuid(), inventory_item_id, platform_id, status, sold_at, gross_sale, created_at, updated_at
         FROM transactions.orders, generate_series(1, 100)",
    );
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    refresh_all(&mut client);
    wait_until(
        &mut client,
        "SELECT EXISTS (
             SELECT FROM pg_stat_progress_vacuum WHERE relid = 'metabase_internal.sale_fact'::regclass
         )",
    );
    run(&mut client, "SELECT metabase.rebuild()");
    refresh_all(&mut client);
    assert_right(&mut client);
}

/// pg_dump does not lock what it leaves out, and asks for the text of its indexes and constraints all the same.
/// What a dump asks for of all indexes that its snapshot shows, after a build that it has begun in the middle of.
#[test]
fn a_dump_that_begins_while_facts_are_built_finds_what_its_snapshot_shows() {
    let (database, mut client) = refreshed_shop();
    let mut gave_way = 0;
    for step in (40..=400).step_by(40) {
        run(&mut client, DRIFT);
        let refresh = PausedRefresh::before_step(&database, "postgres", step);
        let mut dump = database.connect();
        run(
            &mut dump,
            "SET application_name = 'pg_dump'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class",
        );
        refresh.go_on().expect("it gives way");
        let reasons = column(&mut client, "SELECT mode_reason FROM metabase.view_status()");
        gave_way += i32::from(
            reasons
                .iter()
                .any(|reason| reason.contains("dumps this database")),
        );
        run(
            &mut dump,
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index; COMMIT",
        );
        run(
            &mut client,
            "UPDATE metabase_internal.incremental SET retry_at = NULL",
        );
        drop(dump);
        refresh_until_incremental(&mut client);
        assert_right(&mut client);
    }
    assert!(gave_way >= 3, "{gave_way}");
}

#[test]
fn dumps_go_on_while_facts_are_built() {
    let (database, client) = refreshed_shop();
    drop(client);
    let mut builder = database.connect();
    let dumping = std::sync::atomic::AtomicBool::new(true);
    let dumps = std::thread::scope(|scope| {
        let builds = scope.spawn(|| {
            let mut builds = 0;
            while dumping.load(std::sync::atomic::Ordering::Relaxed) {
                // It gives way to a dump that is at work.
                match builder.batch_execute("SELECT metabase.rebuild()") {
                    Ok(()) => builds += 1,
                    Err(error) => assert_eq!(error.code().map(SqlState::code), Some("55006"), "{error:?}"),
                }
            }
            run(&mut builder, "SELECT metabase.rebuild()");
            builds + 1
        });
        let dumps: Vec<_> = (0..15)
            .map(|_| {
                let output = database.program("pg_dump").output().expect("pg_dump can be run");
                String::from_utf8_lossy(&output.stderr).into_owned()
            })
            .collect();
        dumping.store(false, std::sync::atomic::Ordering::Relaxed);
        assert!(builds.join().expect("builds go on") > 0);
        dumps
    });
    assert_eq!(dumps, [""; 15]);
}
