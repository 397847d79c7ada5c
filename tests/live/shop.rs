//! The shop of `tests/hand_worked` as a place to try things in, and short ways to ask how it is doing.

use postgres::{Client, SimpleQueryMessage};

use crate::cluster::{Database, SqlError, create_all_views, value};

/// The seven views, in the order of every answer.
pub const VIEWS: [&str; 7] = [
    "metabase_executive_metrics",
    "metabase_product_performance",
    "metabase_brand_analytics",
    "metabase_platform_performance",
    "metabase_inventory_status",
    "metabase_customer_geography",
    "metabase_supplier_performance",
];

/// A database with the shop's tables and rows, and no views yet.
pub fn shop() -> Database {
    let database = Database::with_layout_a();
    database.run_file("tests/hand_worked/shop.sql");
    database
}

/// The shop with its seven views, and a superuser's session.
pub fn shop_with_views() -> (Database, Client) {
    let database = shop();
    let mut client = database.connect();
    create_all_views(&mut client);
    (database, client)
}

/// Runs statements that must succeed.
pub fn run(client: &mut Client, statements: &str) {
    client
        .batch_execute(statements)
        .unwrap_or_else(|error| panic!("{statements}: {error:?}"));
}

/// The first column of a query, as text.
pub fn column(client: &mut Client, query: &str) -> Vec<String> {
    client
        .simple_query(query)
        .unwrap_or_else(|error| panic!("{query}: {error:?}"))
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
            _ => None,
        })
        .collect()
}

/// What a refresh said of one view.
#[derive(Debug)]
pub struct Refreshed {
    pub view_name: String,
    pub status: String,
    pub mode: String,
    pub rows_changed: Option<i64>,
    pub error_message: Option<String>,
}

/// The rows of a call such as `refresh('all')`.
pub fn refreshed(client: &mut Client, call: &str) -> Vec<Refreshed> {
    client
        .query(&format!("SELECT * FROM metabase.{call}"), &[])
        .unwrap_or_else(|error| panic!("{call}: {error:?}"))
        .iter()
        .map(|row| Refreshed {
            view_name: row.get("view_name"),
            status: row.get("status"),
            mode: row.get("mode"),
            rows_changed: row.get("rows_changed"),
            error_message: row.get("error_message"),
        })
        .collect()
}

/// The one row of a refresh of one view.
pub fn refresh_view(client: &mut Client, view: &str) -> Refreshed {
    refreshed(client, &format!("refresh_view('{view}')")).swap_remove(0)
}

/// The names of the views that a refresh completed and of those that failed.
pub fn completed_and_failed(rows: &[Refreshed]) -> (Vec<&str>, Vec<&str>) {
    let (completed, failed): (Vec<&Refreshed>, Vec<&Refreshed>) =
        rows.iter().partition(|row| row.status == "completed");
    (
        completed.into_iter().map(|row| row.view_name.as_str()).collect(),
        failed.into_iter().map(|row| row.view_name.as_str()).collect(),
    )
}

/// How many rows a view has too many or too few, by its own definition.
pub fn differences(client: &mut Client, view: &str) -> i64 {
    let definition: String = value(
        client,
        &format!(
            "SELECT rtrim(definition, ';') FROM pg_matviews WHERE schemaname = 'analytics' AND matviewname = '{view}'"
        ),
    );
    value(
        client,
        &format!(
            "WITH now AS ({definition}), held AS (TABLE analytics.\"{view}\")
             SELECT (SELECT count(*) FROM (TABLE now EXCEPT ALL TABLE held) AS missing)
                  + (SELECT count(*) FROM (TABLE held EXCEPT ALL TABLE now) AS superfluous)"
        ),
    )
}

/// Everything that this extension keeps in the database, but for the history: relations with their identity, owner,
/// privileges and definition, and what it was told. Two snapshots are equal if nothing has changed. It waits for no lock.
pub fn snapshot(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT state FROM (
         SELECT relation.oid, relation.relname, relation.relkind, relation.relfilenode, relation.relispopulated,
                relation.relowner, relation.relacl,
                (SELECT md5(ev_action::text) FROM pg_rewrite WHERE ev_class = relation.oid),
                (SELECT array_agg(attribute.attacl::text) FROM pg_attribute AS attribute
                 WHERE attribute.attrelid = relation.oid)
         FROM pg_class AS relation
         WHERE relation.relnamespace::regnamespace::text IN ('analytics', 'metabase', 'metabase_internal')
         ) AS state ORDER BY state.oid",
    )
    .into_iter()
    .chain(column(client, "SELECT setting FROM metabase_internal.setting ORDER BY name"))
    .chain(column(
        client,
        "SELECT mapping FROM metabase_internal.source_mapping AS mapping ORDER BY entity",
    ))
    .chain(column(
        client,
        "SELECT view FROM metabase_internal.custom_view AS view ORDER BY view_name",
    ))
    .chain(column(
        client,
        "SELECT reader FROM metabase_internal.reader ORDER BY role_name",
    ))
    .chain(column(
        client,
        "SELECT made_from FROM metabase_internal.made_from",
    ))
    .collect()
}

/// The lines of the history, oldest first.
pub fn history(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT run FROM metabase.refresh_history AS run ORDER BY id",
    )
}

/// Asserts an error as a whole: its SQLSTATE, its message and its hint.
#[track_caller]
pub fn assert_error(error: &SqlError, sqlstate: &str, message: &str, hint: Option<&str>) {
    assert_eq!(error.sqlstate.code(), sqlstate, "{error:?}");
    assert_eq!(error.message, message);
    assert_eq!(error.hint.as_deref(), hint, "{error:?}");
}
