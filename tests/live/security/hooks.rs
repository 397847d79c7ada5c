//! What the hooks run inside other people's commands, and what the workers run: nothing that a database's owner, or whoever sets
//! a search_path, has made.

use postgres::Client;

use crate::cluster::{Cluster, Database, PRELOADED_TWO_PHASE, create_all_views, error_of, run_file, value};
use crate::sessions::wait_until;
use crate::shop::{VIEWS, assert_error, column, run};

/// A session in which the test itself is caught by nothing.
fn clean(cluster: &Cluster, database: &str) -> Client {
    let mut client = cluster.connect(database);
    run(&mut client, "SET search_path = pg_catalog, public");
    client
}

/// Gives a database to role `owner` of it, who fills it with traps and puts them in everybody's way.
fn poison(cluster: &Cluster, database: &str) {
    run(
        &mut cluster.connect(database),
        &format!("ALTER DATABASE {database} OWNER TO database_owner"),
    );
    let mut owner = cluster.connect_as(database, "database_owner");
    run_file(&mut owner, "tests/live/security/hostile_names.sql");
    run(
        &mut owner,
        &format!("ALTER DATABASE {database} SET search_path = trap, pg_catalog"),
    );
}

/// A session of a superuser who walks in by the way that the database's owner, the role and the session itself have prepared.
fn victim(cluster: &Cluster, database: &str) -> Client {
    let mut client = cluster.connect_as(database, "victim");
    run(&mut client, "SET search_path = trap, pg_catalog");
    client
}

/// What the log says of those who were caught, also where what they did was rolled back.
const CAUGHT: &str = "LOG:  caught";

#[track_caller]
fn nobody_was_caught(cluster: &Cluster) {
    assert_eq!(cluster.logged(CAUGHT), [""; 0]);
}

/// A cluster with two roles: one that will own databases, and a superuser whose own search_path is as hostile as theirs.
fn cluster(name: &str) -> Cluster {
    let cluster = Cluster::make(name, PRELOADED_TWO_PHASE);
    cluster.configure("event_delay", "0");
    run(
        &mut cluster.connect("postgres"),
        "CREATE ROLE database_owner LOGIN CREATEDB;
         CREATE ROLE victim LOGIN SUPERUSER;
         ALTER ROLE victim SET search_path = trap, pg_catalog",
    );
    cluster
}

#[test]
fn each_function_that_runs_sql_has_a_search_path_of_its_own() {
    let database = Database::with_extension();
    // These run none, or are of statements that were resolved when they were made.
    assert_eq!(
        column(
            &mut database.connect(),
            "SELECT proname FROM pg_proc
             WHERE pronamespace IN ('metabase'::regnamespace, 'metabase_internal'::regnamespace)
                 AND NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)
             ORDER BY proname"
        ),
        [
            "amount",
            "capture_row",
            "capture_truncate",
            "country_code",
            "known_roles",
            "library_version",
            "mean",
            "units_in_stock",
            "variance"
        ]
    );
}

#[test]
fn the_traps_are_armed() {
    let cluster = cluster("hostile-names");
    cluster.create_database("hall");
    poison(&cluster, "hall");
    let caught = || cluster.logged(&format!("{CAUGHT} victim in hall")).len();
    for statement in [
        "SELECT 'a'::text",
        "SELECT datname FROM pg_catalog.pg_database WHERE datname = 'a'",
        "SELECT pg_get_userbyid(10)",
        "SELECT count(*) FROM pg_catalog.pg_class",
        "SELECT pg_catalog.current_setting('port') || 'a'",
    ] {
        let mut client = victim(&cluster, "hall");
        // Also where nothing can be written, or stays.
        for begin in ["", "BEGIN READ ONLY;", "BEGIN;"] {
            let before = caught();
            client
                .simple_query(&format!("{begin} {statement}"))
                .expect("traps do not fail");
            client.simple_query("ROLLBACK").expect("a transaction can end");
            assert!(caught() > before, "{begin} {statement}");
        }
    }
}

#[test]
fn commands_that_hooks_look_at_run_nothing_of_a_database_owners() {
    let cluster = cluster("hostile-commands");
    for database in ["hall", "other", "copied", "prepared"] {
        cluster.create_database(database);
        poison(&cluster, database);
    }
    let mut client = victim(&cluster, "hall");
    for command in [
        "CREATE EXTENSION metabase_views",
        "DROP EXTENSION metabase_views",
        "DROP EXTENSION IF EXISTS metabase_views",
        "CREATE EXTENSION IF NOT EXISTS metabase_views",
        "ALTER EXTENSION metabase_views ADD AGGREGATE trap.count(*)",
        "ALTER EXTENSION metabase_views DROP AGGREGATE trap.count(*)",
        "CREATE DATABASE made",
        "CREATE DATABASE made_too TEMPLATE copied",
        "CREATE DATABASE \"Odd \"\" name\" TEMPLATE template0",
        "ALTER DATABASE other RENAME TO another",
        "ALTER DATABASE another SET TABLESPACE pg_default",
        "ALTER DATABASE another SET work_mem = '5MB'",
        "ALTER DATABASE another CONNECTION LIMIT 7",
        "ALTER DATABASE another RENAME TO other",
        "DROP DATABASE made",
        "DROP DATABASE made_too WITH (FORCE)",
        "DROP DATABASE IF EXISTS not_there",
        "DROP DATABASE \"Odd \"\" name\"",
        "DROP EXTENSION metabase_views CASCADE",
        "CREATE EXTENSION metabase_views",
        "DROP SCHEMA metabase CASCADE",
        "CREATE EXTENSION metabase_views",
        "DROP OWNED BY victim CASCADE",
    ] {
        run(&mut client, command);
    }
    let mut client = victim(&cluster, "prepared");
    run(
        &mut client,
        "BEGIN; CREATE EXTENSION metabase_views; PREPARE TRANSACTION 'one'",
    );
    run(&mut client, "COMMIT PREPARED 'one'");
    run(
        &mut client,
        "DO $$ BEGIN EXECUTE 'DROP EXTENSION metabase_views'; END $$",
    );
    drop(client);
    nobody_was_caught(&cluster);
}

#[test]
fn nothing_that_somebody_has_put_into_schema_metabase_becomes_part_of_the_api() {
    let database = Database::empty();
    let role = database.create_role("squatter");
    for object in [
        "CREATE FUNCTION metabase.view_status() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE metabase.planted (a integer)",
        "CREATE DOMAIN metabase.planted AS integer",
        "CREATE OPERATOR metabase.=== (LEFTARG = name, RIGHTARG = text, FUNCTION = pg_catalog.nameeqtext)",
        "CREATE COLLATION metabase.planted FROM \"C\"",
        "CREATE CONVERSION metabase.planted FOR 'LATIN1' TO 'UTF8' FROM pg_catalog.iso8859_1_to_utf8",
    ] {
        let mut client = database.connect();
        run(
            &mut client,
            &format!(
                "CREATE SCHEMA metabase;
                 GRANT USAGE, CREATE ON SCHEMA metabase TO {role};
                 SET ROLE {role};
                 {object};
                 RESET ROLE;
                 REVOKE ALL ON SCHEMA metabase FROM {role}"
            ),
        );
        assert_error(
            &error_of(&mut client, "CREATE EXTENSION metabase_views"),
            "42501",
            "schema \"metabase\" exists already, and others than a superuser may create objects in it or have done so",
            Some("Rename it (ALTER SCHEMA metabase RENAME TO ...), then create the extension again."),
        );
        run(&mut client, "DROP SCHEMA metabase CASCADE");
    }
    // Of what the server's own roles own, the catalog of shared dependencies says nothing.
    let kinds = [
        (
            "FUNCTION metabase.planted()",
            "() RETURNS integer LANGUAGE sql RETURN 1",
        ),
        ("TABLE metabase.planted", " (a integer)"),
        ("DOMAIN metabase.planted", " AS integer"),
        ("OPERATOR metabase.=== (name, text)", ""),
        ("COLLATION metabase.planted", " FROM \"C\""),
        (
            "CONVERSION metabase.planted",
            " FOR 'LATIN1' TO 'UTF8' FROM pg_catalog.iso8859_1_to_utf8",
        ),
        ("OPERATOR FAMILY metabase.planted USING btree", ""),
        ("TEXT SEARCH DICTIONARY metabase.planted", " (TEMPLATE = simple)"),
        (
            "TEXT SEARCH CONFIGURATION metabase.planted",
            " (PARSER = default)",
        ),
    ];
    for (object, definition) in kinds {
        let mut client = database.connect();
        let create = match object {
            "OPERATOR metabase.=== (name, text)" => {
                "OPERATOR metabase.=== (LEFTARG = name, RIGHTARG = text, FUNCTION = pg_catalog.nameeqtext)"
                    .to_owned()
            }
            "FUNCTION metabase.planted()" => format!("FUNCTION metabase.planted{definition}"),
            other => format!("{other}{definition}"),
        };
        run(
            &mut client,
            &format!(
                "CREATE SCHEMA metabase; CREATE {create}; GRANT CREATE ON SCHEMA metabase TO pg_monitor;
                 ALTER {object} OWNER TO pg_monitor; REVOKE ALL ON SCHEMA metabase FROM pg_monitor"
            ),
        );
        let error = error_of(&mut client, "CREATE EXTENSION metabase_views");
        assert_eq!(error.sqlstate.code(), "42501", "{object}: {error:?}");
        run(&mut client, "DROP SCHEMA metabase CASCADE");
    }
    // What a superuser has made is no trap, and neither are somebody's default privileges.
    let superuser = database.create_role("superuser");
    run(
        &mut database.connect(),
        &format!(
            "ALTER ROLE {superuser} SUPERUSER;
             CREATE SCHEMA metabase;
             CREATE TABLE metabase.notes (a integer);
             CREATE TABLE metabase.more_notes (a integer);
             ALTER TABLE metabase.more_notes OWNER TO {superuser};
             ALTER DEFAULT PRIVILEGES FOR ROLE {role} IN SCHEMA metabase GRANT SELECT ON TABLES TO PUBLIC;
             CREATE EXTENSION metabase_views"
        ),
    );
}

#[test]
fn whoever_does_not_own_a_database_sends_no_worker_away() {
    let cluster = cluster("hostile-owner");
    let mut client = cluster.create_database("shop");
    run(&mut client, "CREATE EXTENSION metabase_views");
    let worker = "SELECT pid FROM pg_stat_activity
                  WHERE backend_type = 'metabase_views worker' AND datname = 'shop'";
    wait_until(&mut client, &format!("SELECT EXISTS ({worker})"));
    let before = column(&mut client, worker);
    let mut stranger = cluster.connect_as("postgres", "database_owner");
    for command in [
        "DROP DATABASE shop",
        "ALTER DATABASE shop RENAME TO mine",
        "ALTER DATABASE shop SET TABLESPACE pg_default",
        "CREATE DATABASE mine TEMPLATE shop",
    ] {
        stranger.batch_execute(command).expect_err(command);
    }
    assert_eq!(column(&mut client, worker), before);
}

#[test]
fn neither_the_api_nor_the_worker_runs_anything_of_a_database_owners() {
    let cluster = cluster("hostile-api");
    let mut superuser = cluster.create_database("shop");
    run_file(&mut superuser, "demo/schema.sql");
    run_file(&mut superuser, "tests/hand_worked/shop.sql");
    drop(superuser);
    poison(&cluster, "shop");
    let mut client = victim(&cluster, "shop");
    run(
        &mut client,
        "CREATE ROLE operator LOGIN; ALTER ROLE operator SET search_path = trap, pg_catalog;
         CREATE ROLE reader LOGIN; ALTER ROLE reader SET search_path = trap, pg_catalog",
    );
    run(&mut client, "CREATE EXTENSION metabase_views");
    run(
        &mut client,
        "SELECT metabase.set_setting('time_zone', 'Europe/Berlin')",
    );
    run(&mut client, "SELECT metabase.grant_operator('operator')");
    run(&mut client, "SELECT metabase.grant_reader('reader')");
    let mut operator = cluster.connect_as("shop", "operator");
    create_all_views(&mut operator);
    use_the_api(&mut operator);
    // The views are the operator's: what a superuser may not do with them is refused, by statements that must not be caught either.
    use_the_api(&mut client);
    run(&mut client, "SELECT metabase.grant_operator('operator')");
    run(
        &mut cluster.connect_as("shop", "reader"),
        "SELECT metabase.view_status()",
    );

    // A full round of the worker: it begins anew, and hears of a sale.
    let mut observer = clean(&cluster, "shop");
    run(
        &mut observer,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'metabase_views%'",
    );
    for setting in ["work_mem = '5MB'", "role = 'reader'"] {
        // A role that all sessions begin with is not the worker's.
        run(&mut observer, &format!("ALTER DATABASE shop SET {setting}"));
        run(
            &mut observer,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'metabase_views worker'",
        );
        let runs = "SELECT count(*) FROM metabase_internal.refresh_log WHERE cause = 'event' AND status = 'completed'";
        let before: i64 = value(&mut observer, runs);
        run(
            &mut observer,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1, updated_at = now()",
        );
        wait_until(
            &mut observer,
            &format!(
                "SELECT ({runs}) >= {before} + 4 AND NOT EXISTS (SELECT FROM metabase_internal.order_queue)"
            ),
        );
    }
    let errors = column(
        &mut observer,
        "SELECT error_message FROM metabase_internal.refresh_log WHERE status = 'failed'",
    );
    assert_eq!(errors, [""; 0]);
    run(&mut observer, "ALTER DATABASE shop RESET role");
    run(&mut client, "DROP EXTENSION metabase_views CASCADE");
    nobody_was_caught(&cluster);
}

/// Calls each function of the API, and looks at each of its views.
fn use_the_api(client: &mut Client) {
    for call in [
        "create_all_views()",
        "detect_sources()",
        "map_source('brand', 'core.brands', '{\"name\": \"upper(source.name)\"}', 'source.name IS NOT NULL',
                    '{\"relation\": \"core.suppliers\", \"column\": \"id\"}')",
        "sources",
        "unmap_source('brand')",
        "set_setting('completed_statuses', 'paid')",
        "set_setting('completed_statuses', NULL)",
        "set_exchange_rate('USD', '2024-01-01', 0.9)",
        "exchange_rates",
        "settings",
        "create_all_views(true)",
        "create_view('metabase_brand_analytics', true)",
        "create_custom_view('by_country', 'SELECT country, count(*) AS suppliers FROM core.suppliers GROUP BY country',
                            ARRAY['country'], indexes => ARRAY['suppliers DESC, lower(country)'])",
        "refresh('all')",
        "refresh('hourly')",
        "refresh_view('by_country')",
        "refresh_view('metabase_brand_analytics', 'full')",
        "rebuild()",
        "refresh('all')",
        "refresh_view('metabase_brand_analytics', 'incremental')",
        "sync_all()",
        "sync_on_order_event()",
        "sync_on_inventory_event()",
        "data_as_of()",
        "data_as_of('{by_country}')",
        "view_status()",
        "view_status('by_country')",
        "verify('metabase_brand_analytics')",
        "verify('by_country')",
        "check_data()",
        "capture_status()",
        "disable_capture()",
        "enable_capture()",
        "setup_refresh_schedule('worker')",
        "unschedule()",
        "setup_refresh_schedule()",
        "set_strategy('by_country', 'hourly')",
        "disable_event_sync()",
        "enable_event_sync()",
        "refresh_if_due('by_country')",
        "sync_status()",
        "dashboards()",
        "dashboard_json('executive')",
        "dashboard_html('executive')",
        "dashboard_html('product_analytics', '{\"date\": \"2024\", \"brand\": [\"Nike\"]}')",
        "dashboard_html('executive', '2024-01-01', current_date)",
        "check_dashboard('executive')",
        "refresh_history",
        "drop_view('by_country')",
    ] {
        run(client, &format!("SELECT * FROM metabase.{call}"));
    }
    for view in VIEWS {
        run(
            client,
            &format!("REFRESH MATERIALIZED VIEW CONCURRENTLY analytics.{view}"),
        );
    }
}
