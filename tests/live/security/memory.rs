//! Memory: what is too much of it ends the statement or the session that wants it, and never the server.

use postgres::Client;
use postgres::error::SqlState;

use crate::cluster::{Cluster, Database, create_all_views, error_of, refresh_all, run_file, value};
use crate::shop::{column, run};

/// A cluster whose processes get three gigabytes each, with the extension in database `shop`.
fn small_cluster(name: &str) -> (Cluster, Client) {
    let cluster = Cluster::make(name, &["fsync=off", "max_wal_size=8GB", "memory=3000000"]);
    let mut client = cluster.create_database("shop");
    run(&mut client, "CREATE EXTENSION metabase_views");
    (cluster, client)
}

/// Calls of each function of the API, one for each argument whose values can have any length: the function, the argument, and the
/// call with `$value` in its place.
fn calls_with_one_value_of_any_length(client: &mut Client) -> Vec<(String, String, String)> {
    let arguments = client
        .query(
            "SELECT
                 function.oid::regprocedure::text,
                 argument.place,
                 argument.name,
                 argument.type::regtype::text,
                 function.proname::text
             FROM pg_proc AS function
             CROSS JOIN unnest(function.proargnames[:function.pronargs], function.proargtypes::oid[])
                 WITH ORDINALITY AS argument (name, type, place)
             WHERE function.pronamespace = 'metabase'::regnamespace
             ORDER BY function.oid, argument.place",
            &[],
        )
        .expect("the catalog can be read");
    let given = |name: &str, sql_type: &str| match (name, sql_type) {
        (_, "boolean") => "false".to_owned(),
        (_, "date") => "'2024-01-01'".to_owned(),
        (_, "numeric") => "1".to_owned(),
        (_, "jsonb") => "'{}'".to_owned(),
        (_, "text[]") => "'{x}'".to_owned(),
        ("mode", _) => "'auto'".to_owned(),
        ("entity", _) => "'order'".to_owned(),
        ("name", _) => "'executive'".to_owned(),
        _ => "'x'".to_owned(),
    };
    let mut calls = Vec::new();
    for argument in &arguments {
        let (signature, place, name, sql_type): (String, i64, String, String) =
            (argument.get(0), argument.get(1), argument.get(2), argument.get(3));
        // A number has some hundred thousand digits at most.
        if ["boolean", "date", "numeric"].contains(&sql_type.as_str()) {
            continue;
        }
        let function: String = argument.get(4);
        let passed: Vec<String> = arguments
            .iter()
            .filter(|other| other.get::<_, String>(0) == signature)
            .map(|other| match other.get::<_, i64>(1) == place {
                true => format!("(SELECT value FROM public.\"{sql_type}\")"),
                false => {
                    let sql_type: String = other.get(3);
                    format!("{}::{sql_type}", given(&other.get::<_, String>(2), &sql_type))
                }
            })
            .collect();
        calls.push((
            signature,
            name,
            format!("SELECT metabase.{function}({})", passed.join(", ")),
        ));
    }
    calls
}

/// Tables with one value each, of so many characters.
fn store_values(client: &mut Client, text: u32, jsonb: u32) {
    run(
        client,
        &format!(
            "DROP TABLE IF EXISTS public.\"text\", public.\"text[]\", public.\"jsonb\";
             CREATE TABLE public.\"text\" AS SELECT repeat('x', {text}) AS value;
             CREATE TABLE public.\"text[]\" AS SELECT ARRAY[repeat('x', {text} / 2)] AS value;
             CREATE TABLE public.\"jsonb\" AS SELECT to_jsonb(repeat('x', {jsonb})) AS value"
        ),
    );
}

#[test]
fn an_argument_of_any_length_is_refused_before_it_is_taken_over() {
    let (cluster, mut client) = small_cluster("memory-arguments");
    store_values(&mut client, 700_000_000, 200_000_000);
    let calls = calls_with_one_value_of_any_length(&mut client);
    assert!(calls.len() > 20, "{calls:#?}");
    for (function, argument, call) in calls {
        let error = error_of(&mut client, &call);
        assert_eq!(
            error.sqlstate,
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            "{function}, {argument}: {error:?}"
        );
        assert!(
            error
                .message
                .starts_with(&format!("argument \"{argument}\" has ")),
            "{error:?}"
        );
        let most = match argument.as_str() {
            "key_columns" | "indexes" | "view_names" | "query" | "columns" | "filter" | "join" => "1048576",
            "metadata" => "67108864",
            _ => "16777216",
        };
        assert!(
            error
                .message
                .ends_with(&format!(" bytes, and {most} are the most")),
            "{error:?}"
        );
        assert_eq!(error.hint.as_deref(), Some("Pass a shorter one."), "{error:?}");
    }

    // A value that is in memory and nowhere else; by somebody who may do next to nothing.
    run(
        &mut client,
        "CREATE ROLE reader LOGIN; SELECT metabase.grant_reader('reader')",
    );
    let mut reader = cluster.connect_as("shop", "reader");
    let error = error_of(
        &mut reader,
        "SELECT * FROM metabase.view_status(repeat('x', 700000000))",
    );
    assert_eq!(
        error.message,
        "argument \"view_name\" has 700000000 bytes, and 16777216 are the most"
    );
    let country: Option<String> = value(
        &mut client,
        "SELECT metabase_internal.country_code(value) FROM public.text",
    );
    assert_eq!(country, None);
    assert_eq!(cluster.logged("terminated by signal"), [""; 0]);
}

#[test]
fn json_that_cannot_be_read_is_refused_by_name() {
    let database = Database::with_extension();
    let mut client = database.connect();
    store_values(&mut client, 1, 1);
    let calls = calls_with_one_value_of_any_length(&mut client);
    let calls: Vec<_> = calls
        .iter()
        .filter(|(_, _, call)| call.contains("public.\"jsonb\""))
        .collect();
    assert!(calls.len() >= 5, "{calls:#?}");
    for unreadable in [
        "'{\"name\": 1e400}'",
        "repeat('[', 200) || repeat(']', 200)",
        "'{\"name\": ' || repeat('[', 200) || repeat(']', 200) || '}'",
    ] {
        run(
            &mut client,
            &format!("UPDATE public.\"jsonb\" SET value = ({unreadable})::jsonb"),
        );
        for (function, argument, call) in &calls {
            let error = error_of(&mut client, call);
            assert_eq!(
                error.sqlstate,
                SqlState::INVALID_PARAMETER_VALUE,
                "{function}: {error:?}"
            );
            assert!(
                error
                    .message
                    .starts_with(&format!("argument \"{argument}\" cannot be read: ")),
                "{error:?}"
            );
            assert_eq!(
                error.hint.as_deref(),
                Some(
                    "Numbers have to fit into double precision, and nothing may stand within more than 127 others."
                )
            );
        }
    }
}

#[test]
fn no_error_repeats_all_that_it_was_given() {
    let (cluster, mut client) = small_cluster("memory-errors");
    store_values(&mut client, 1_000_000, 1_000_000);
    for (function, argument, call) in calls_with_one_value_of_any_length(&mut client) {
        let Err(error) = client.batch_execute(&call) else {
            continue;
        };
        let error = error
            .as_db_error()
            .unwrap_or_else(|| panic!("{function}, {argument}: {error:?}"));
        let parts = [Some(error.message()), error.detail(), error.hint()];
        for part in parts.into_iter().flatten() {
            assert!(
                part.chars().count() < 1600,
                "{function}, {argument}: {} characters",
                part.chars().count()
            );
        }
    }
    assert_eq!(cluster.logged("terminated by signal"), [""; 0]);
}

/// The keys that wait in the queue of orders; nothing for one of which is noted that anything may have changed.
fn queued(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT coalesce(length(key_text) || ' ' || md5(key_text), '') FROM metabase_internal.order_queue ORDER BY ctid",
    )
}

#[test]
fn a_key_of_any_length_is_captured_and_in_no_writers_way() {
    let (cluster, mut client) = small_cluster("memory-capture");
    run_file(&mut client, "demo/schema.sql");
    run_file(&mut client, "tests/hand_worked/shop.sql");
    run(
        &mut client,
        "CREATE TABLE transactions.sales AS
         SELECT id::text AS id, inventory_item_id, platform_id, status, sold_at, gross_sale FROM transactions.orders;
         SELECT metabase.map_source('order', 'transactions.sales')",
    );
    create_all_views(&mut client);
    refresh_all(&mut client);
    refresh_all(&mut client);
    // What the tuple holds, what is compressed, what is elsewhere; the longest one, and one more.
    let random = |length: u32| {
        format!("(SELECT left(string_agg(md5(n::text), ''), {length}) FROM generate_series(1, 100) AS n)")
    };
    for (key, is_known) in [
        ("'short'".to_owned(), true),
        ("repeat('x', 2000)".to_owned(), true),
        ("repeat('x', 2704)".to_owned(), true),
        ("repeat('x', 2705)".to_owned(), false),
        ("repeat('x', 100000)".to_owned(), false),
        (random(2500), true),
        (random(2704), true),
        (random(2705), false),
    ] {
        run(&mut client, "TRUNCATE metabase_internal.order_queue");
        run(
            &mut client,
            &format!(
                "INSERT INTO transactions.sales (id) VALUES ({key});
                 UPDATE transactions.sales SET gross_sale = 1 WHERE id = {key};
                 UPDATE transactions.sales SET id = 'other' WHERE id = {key};
                 DELETE FROM transactions.sales WHERE id = 'other'"
            ),
        );
        let noted = match is_known {
            true => value(&mut client, &format!("SELECT length({key}) || ' ' || md5({key})")),
            false => String::new(),
        };
        let other: String = value(&mut client, "SELECT '5 ' || md5('other')");
        assert_eq!(
            queued(&mut client),
            [noted.clone(), noted.clone(), noted, other.clone(), other],
            "{key}"
        );
    }
    run(&mut client, "TRUNCATE metabase_internal.order_queue");

    run(
        &mut client,
        "CREATE ROLE writer LOGIN;
         GRANT USAGE ON SCHEMA transactions TO writer;
         GRANT SELECT, INSERT, DELETE ON transactions.sales TO writer",
    );
    let mut writer = cluster.connect_as("shop", "writer");
    run(
        &mut writer,
        "INSERT INTO transactions.sales (id) VALUES (repeat('x', 800000000))",
    );
    assert_eq!(queued(&mut client), [""]);
    run(
        &mut writer,
        "DELETE FROM transactions.sales WHERE octet_length(id) = 800000000",
    );
    assert_eq!(queued(&mut client), ["", ""]);
    refresh_all(&mut client);
    for view in crate::shop::VIEWS {
        let differences = column(
            &mut client,
            &format!("SELECT difference FROM metabase.verify('{view}')"),
        );
        assert_eq!(differences, [""; 0], "{view}");
    }
    assert_eq!(cluster.logged("terminated by signal"), [""; 0]);
}

#[test]
fn what_a_query_answers_is_not_taken_over_whatever_its_size() {
    let (cluster, mut client) = small_cluster("memory-answers");
    run(
        &mut client,
        "CREATE TABLE public.long (a text);
         SELECT metabase.create_custom_view('long', 'SELECT a FROM public.long', ARRAY['a']);
         INSERT INTO public.long SELECT n || repeat('x', 20000000) FROM generate_series(1, 14) AS n",
    );
    let error = error_of(&mut client, "SELECT FROM metabase.verify('long')");
    assert_eq!(error.sqlstate, SqlState::PROGRAM_LIMIT_EXCEEDED, "{error:?}");
    assert_eq!(error.message, "a query answered with more than 268435456 bytes");
    assert_eq!(
        error.hint.as_deref(),
        Some(
            "Rows, definitions or comments of that size are not taken over; see what is so long, and make it shorter."
        )
    );
    assert_eq!(cluster.logged("terminated by signal"), [""; 0]);
}

#[test]
fn memory_that_is_refused_ends_the_session_and_not_the_server() {
    let cluster = Cluster::make(
        "memory-refused",
        &[
            "fsync=off",
            "shared_preload_libraries=metabase_views",
            "shared_buffers=16MB",
            "memory=600000",
        ],
    );
    let mut client = cluster.create_database("shop");
    run(
        &mut client,
        "CREATE EXTENSION metabase_views;
         CREATE TABLE public.numbers (a integer PRIMARY KEY);
         SELECT metabase.create_custom_view('numbers', 'SELECT a FROM public.numbers', ARRAY['a']);
         INSERT INTO public.numbers SELECT generate_series(1, 1000000);
         CREATE TABLE public.notes (a text)",
    );
    let mut other = cluster.connect("shop");
    let process: i32 = value(&mut other, "SELECT pg_backend_pid()");

    // A million rows differ, and each one is kept. Whoever catches errors does not catch this.
    let error = client
        .batch_execute(
            "BEGIN;
             INSERT INTO public.notes VALUES ('it was undone');
             DO $$
             BEGIN
                 PERFORM FROM metabase.verify('numbers');
             EXCEPTION WHEN OTHERS THEN
                 RAISE NOTICE 'caught';
             END
             $$;
             COMMIT",
        )
        .expect_err("there is no memory for that many rows");
    assert_eq!(error.code(), Some(&SqlState::OUT_OF_MEMORY), "{error:?}");
    let told = error.as_db_error().expect("the server says so");
    assert_eq!((told.severity(), told.message()), ("FATAL", "out of memory"));
    assert!(
        told.detail()
            .is_some_and(|detail| detail.starts_with("metabase_views was refused ")),
        "{told:?}"
    );
    client
        .batch_execute("SELECT 1")
        .expect_err("the session has ended");

    // Where the library is preloaded, errors of everybody's statements pass through it, whatever their length.
    let mut client = cluster.connect("shop");
    let error = client
        .batch_execute("DO $$ BEGIN RAISE EXCEPTION '%', repeat('x', 70000000); END $$")
        .expect_err("the statement raises it");
    let codes = [SqlState::RAISE_EXCEPTION, SqlState::OUT_OF_MEMORY];
    assert!(error.code().is_some_and(|code| codes.contains(code)));

    // Nobody else has noticed.
    assert_eq!(value::<i32>(&mut other, "SELECT pg_backend_pid()"), process);
    assert_eq!(column(&mut other, "SELECT a FROM public.notes"), [""; 0]);
    assert_eq!(cluster.logged("terminated by signal"), [""; 0]);
}
