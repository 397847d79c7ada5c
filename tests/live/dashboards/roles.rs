//! Who may ask for dashboards, and that nobody gets at anything through them.

use postgres::Client;
use serde_json::{Value, json};

use super::card::{DASHBOARDS, dashboard};
use super::faults::{card, dashcard, keep_only, problems};
use super::json::request;
use super::metabase::metadata;
use crate::cluster::{Database, error_of, value};
use crate::rows::rows;
use crate::shop::{column, run, shop_with_views};

/// The shop with an operator's session.
fn shop_with_operator() -> (Database, Client, Client) {
    let (database, client) = shop_with_views();
    let operator = database.create_operator("operator");
    let as_operator = database.connect_as(&operator);
    (database, client, as_operator)
}

/// The executive dashboard with one card, of all time, that asks this.
fn asking(client: &mut Client, sql: &str) -> Value {
    let mut dashboard = dashboard(client, "executive");
    dashboard["parameters"] = json!([]);
    keep_only(&mut dashboard, "active_orders");
    let dashcard = dashcard(&mut dashboard, "active_orders");
    dashcard["parameter_mappings"] = json!([]);
    dashcard["card"]["visualization_settings"] = json!({});
    dashcard["card"]["dataset_query"]["native"] = json!({"query": sql, "template-tags": {}});
    // One that draws nothing of its own accord.
    dashcard["card"]["display"] = json!("object");
    dashboard
}

#[test]
fn an_operator_sees_what_a_superuser_sees() {
    let (_database, mut client, mut as_operator) = shop_with_operator();
    let metadata = metadata(&mut client);
    assert_eq!(
        rows(&mut as_operator, "SELECT * FROM metabase.dashboards()"),
        rows(&mut client, "SELECT * FROM metabase.dashboards()")
    );
    for name in DASHBOARDS {
        assert_eq!(dashboard(&mut as_operator, name), dashboard(&mut client, name));
        let requests = request(name, &metadata);
        assert_eq!(
            column(&mut as_operator, &requests),
            column(&mut client, &requests)
        );
        let own = dashboard(&mut as_operator, name);
        assert_eq!(problems(&mut as_operator, &own), Vec::<String>::new());
        assert_eq!(
            rows(
                &mut as_operator,
                &format!("SELECT * FROM metabase.check_dashboard('{name}')")
            ),
            Vec::<String>::new()
        );
    }
}

#[test]
fn readers_and_everybody_else_may_not_ask() {
    let (database, mut client) = shop_with_views();
    let (reader, stranger) = (database.create_role("reader"), database.create_role("stranger"));
    run(&mut client, &format!("SELECT metabase.grant_reader('{reader}')"));
    for role in [reader, stranger] {
        let mut session = database.connect_as(&role);
        for call in [
            "SELECT * FROM metabase.dashboards()",
            "SELECT metabase.dashboard_json('executive')",
            "SELECT metabase.dashboard_json('executive', '{}')",
            "SELECT * FROM metabase.check_dashboard('executive')",
            "SELECT * FROM metabase.check_dashboard('{}'::jsonb)",
        ] {
            assert_eq!(
                error_of(&mut session, call).sqlstate.code(),
                "42501",
                "{role}: {call}"
            );
        }
    }
}

#[test]
fn what_a_dashboard_asks_is_neither_run_nor_planned() {
    let (_database, mut client, mut as_operator) = shop_with_operator();
    let operator: String = value(&mut as_operator, "SELECT current_user::text");
    run(
        &mut client,
        &format!(
            "CREATE SCHEMA attic AUTHORIZATION {operator};
             CREATE TABLE attic.seen (who text); ALTER TABLE attic.seen OWNER TO {operator}"
        ),
    );
    // Functions that would be run where they are planned, and where they are run.
    run(
        &mut as_operator,
        "CREATE FUNCTION attic.who() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
         BEGIN
             RAISE EXCEPTION 'this is %, in a session of %', current_user, session_user;
         END $$;
         CREATE FUNCTION attic.leave_a_trace() RETURNS integer LANGUAGE sql AS $$
             INSERT INTO attic.seen VALUES (current_user) RETURNING 1
         $$",
    );
    for sql in [
        "SELECT attic.who() AS \"Number\"",
        "SELECT attic.leave_a_trace() AS \"Number\"",
        "SELECT 1 AS \"Number\" WHERE attic.leave_a_trace() = 1",
        "WITH trace AS MATERIALIZED (SELECT attic.leave_a_trace() AS number) SELECT number AS \"Number\" FROM trace",
    ] {
        let asked = asking(&mut as_operator, sql);
        for session in [&mut as_operator, &mut client] {
            assert_eq!(
                problems(session, &asked),
                ["active_orders: column \"Number\" is a number without a number_style"],
                "{sql}"
            );
        }
    }
    assert_eq!(column(&mut client, "SELECT count(*) FROM attic.seen"), ["0"]);
}

#[test]
fn sql_that_changes_something_is_refused() {
    let (_database, mut client) = shop_with_views();
    run(
        &mut client,
        "CREATE TABLE public.prey (id integer); INSERT INTO public.prey VALUES (1)",
    );
    for sql in [
        "DROP TABLE public.prey",
        "DELETE FROM public.prey",
        "SELECT 1 AS number; DROP TABLE public.prey",
        "SELECT 1 AS number) AS query; DROP TABLE public.prey; --",
        "SELECT 1 AS number) AS query; DROP TABLE public.prey; SELECT 1 FROM (SELECT 1",
        "WITH gone AS (DELETE FROM public.prey RETURNING id) SELECT id FROM gone",
        "SELECT 1 AS number INTO public.prey_too",
        "DO $$ BEGIN DROP TABLE public.prey; END $$",
        "COPY public.prey TO PROGRAM 'true'",
    ] {
        let attack = asking(&mut client, sql);
        let found = problems(&mut client, &attack);
        assert_eq!(found.len(), 1, "{sql}: {found:?}");
        assert!(
            found[0].starts_with("active_orders: its SQL does not work without a filter: "),
            "{sql}: {found:?}"
        );
    }
    assert_eq!(column(&mut client, "SELECT id FROM public.prey"), ["1"]);
    assert_eq!(
        column(&mut client, "SELECT to_regclass('public.prey_too')"),
        ["NULL"]
    );
}

#[test]
fn names_that_end_a_name_or_a_statement_are_names() {
    let (_database, mut client) = shop_with_views();
    run(&mut client, "CREATE TABLE public.prey (id integer)");
    for field in [
        r#"analytics.x"; DROP TABLE public.prey; --.sale_date"#,
        r#"analytics.metabase_executive_metrics.sale_date" FROM analytics.metabase_executive_metrics; DROP TABLE public; --"#,
        r#"analytics".metabase_executive_metrics.sale_date"#,
        "analytics.metabase_executive_metrics.sale_date; DROP TABLE prey",
        "analytics.metabase_executive_metrics.sale_date'",
        "analytics.metabase_executive_metrics.sale_date::text",
        "analytics.metabase_executive_metrics.$1",
        "..",
        "analytics.metabase_executive_metrics.",
    ] {
        let mut attack = dashboard(&mut client, "executive");
        card(&mut attack, "active_orders")["dataset_query"]["native"]["template-tags"]["date"]["dimension"]
            [1] = json!(field);
        let found = problems(&mut client, &attack);
        assert_eq!(found.len(), 1, "{field}: {found:?}");
        assert!(found[0].starts_with("active_orders: "), "{field}: {found:?}");
    }
    for tag in [
        r#"date"; DROP TABLE public.prey; --"#,
        "date'; DROP TABLE public.prey; --",
        "",
        "}",
        "date) OR (true",
    ] {
        let mut attack = dashboard(&mut client, "executive");
        let dashcard = dashcard(&mut attack, "active_orders");
        let native = &mut dashcard["card"]["dataset_query"]["native"];
        let mut declared = native["template-tags"]["date"].clone();
        declared["name"] = json!(tag);
        native["template-tags"] = json!({tag: declared});
        native["query"] = json!(
            native["query"]
                .as_str()
                .expect("it is a text")
                .replace("{{date}}", &format!("{{{{{tag}}}}}"))
        );
        dashcard["parameter_mappings"][0]["target"][1][1] = json!(tag);
        // A tag is a name for a condition, and may be any text that has no braces.
        let found = problems(&mut client, &attack);
        assert!(tag == "}" || found.is_empty(), "{tag}: {found:?}");
    }
    assert_eq!(column(&mut client, "SELECT count(*) FROM public.prey"), ["0"]);
}
