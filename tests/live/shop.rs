//! The shop of `tests/hand_worked` as a place to try things in, and short ways to ask how it is doing.

use std::sync::LazyLock;

use postgres::{Client, SimpleQueryMessage, Statement};

use crate::cluster::{Cluster, Database, SqlError, create_all_views, error_of, refresh_all, run_file, value};
use crate::rows::{cells, filled};

/// The seven views, and that of the single sales beside them, in the order of every answer.
pub const VIEWS: [&str; 8] = [
    "metabase_executive_metrics",
    "metabase_product_performance",
    "metabase_brand_analytics",
    "metabase_platform_performance",
    "metabase_inventory_status",
    "metabase_customer_geography",
    "metabase_supplier_performance",
    "metabase_sales",
];

/// A database with the shop's tables and rows, and no views yet.
pub fn shop() -> Database {
    static MADE: LazyLock<Database> = LazyLock::new(|| {
        let database = Database::with_layout_a();
        database.run_file("tests/hand_worked/shop.sql");
        database
    });
    MADE.copy()
}

/// The shop with its views, and a superuser's session.
pub fn shop_with_views() -> (Database, Client) {
    static MADE: LazyLock<Database> = LazyLock::new(|| {
        let database = shop();
        create_all_views(&mut database.connect());
        database
    });
    let database = MADE.copy();
    let client = database.connect();
    (database, client)
}

/// The shop with its views, and with facts, so that the next refresh is incremental.
pub fn refreshed_shop() -> (Database, Client) {
    static MADE: LazyLock<Database> = LazyLock::new(|| {
        let (database, mut client) = shop_with_views();
        refresh_all(&mut client);
        database
    });
    let database = MADE.copy();
    let client = database.connect();
    (database, client)
}

/// The shop in database `shop` of a cluster that a test has to itself, and no views yet.
pub fn shop_on(cluster: &Cluster) -> Client {
    fill_shop(cluster.create_database("shop"))
}

/// The same in an empty database.
pub fn fill_shop(mut client: Client) -> Client {
    run(&mut client, "CREATE EXTENSION metabase_views");
    run_file(&mut client, "demo/schema.sql");
    run_file(&mut client, "tests/hand_worked/shop.sql");
    client
}

/// A sale of an item that was not sold before, in a place, on a day and on a platform of its own.
pub const SALE: &str = "INSERT INTO transactions.orders (
                            id, inventory_item_id, platform_id, status, sold_at, gross_sale, buyer_destination_country,
                            created_at, updated_at
                        )
                        VALUES (
                            gen_random_uuid(), '60000000-0000-0000-0000-000000000021',
                            '10000000-0000-0000-0000-000000000004', 'completed', '2020-01-01', 100, 'Iceland', now(), now()
                        )";

/// Runs statements that must succeed.
pub fn run(client: &mut Client, statements: &str) {
    client
        .batch_execute(statements)
        .unwrap_or_else(|error| panic!("{statements}: {error:?}"));
}

/// The first column of a query, as text.
pub fn column(client: &mut Client, query: &str) -> Vec<String> {
    cells(client, query)
        .into_iter()
        .map(|row| filled(row, "NULL").swap_remove(0))
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
    try_refreshed(client, call).unwrap_or_else(|error| panic!("{call}: {error:?}"))
}

/// The same, of a call that may fail.
pub fn try_refreshed(client: &mut Client, call: &str) -> Result<Vec<Refreshed>, postgres::Error> {
    let rows = client.query(&format!("SELECT * FROM metabase.{call}"), &[])?;
    Ok(rows
        .iter()
        .map(|row| Refreshed {
            view_name: row.get("view_name"),
            status: row.get("status"),
            mode: row.get("mode"),
            rows_changed: row.get("rows_changed"),
            error_message: row.get("error_message"),
        })
        .collect())
}

/// The errors in the rows of refreshes, among whatever else statements have answered.
pub fn failed_refreshes(messages: &[SimpleQueryMessage]) -> Vec<String> {
    messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) if matches!(row.try_get("status"), Ok(Some("failed"))) => Some(
                format!("{:?}: {:?}", row.get("view_name"), row.get("error_message")),
            ),
            _ => None,
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

/// How many rows a view has too many or too few, by its own definition. They are compared as texts: of two equal numbers only one
/// is the definition's.
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
             SELECT (SELECT count(*) FROM (SELECT now::text FROM now EXCEPT ALL SELECT held::text FROM held) AS missing)
                  + (SELECT count(*) FROM (SELECT held::text FROM held EXCEPT ALL SELECT now::text FROM now) AS superfluous)"
        ),
    )
}

/// Asserts that each view is equal to its definition.
#[track_caller]
pub fn assert_right(client: &mut Client) {
    let wrong: Vec<&str> = VIEWS
        .into_iter()
        .filter(|view| differences(client, view) > 0)
        .collect();
    assert_eq!(wrong, [""; 0]);
}

/// Whether the views are equal to their definitions, asked in one query that one session prepares.
pub struct Truth(Statement);

impl Truth {
    pub fn of(client: &mut Client) -> Truth {
        let views: Vec<String> = client
            .query(
                "SELECT matviewname::text, rtrim(definition, ';') FROM pg_matviews WHERE schemaname = 'analytics'",
                &[],
            )
            .expect("the catalog can be read")
            .iter()
            .map(|row| {
                let (view, definition): (String, String) = (row.get(0), row.get(1));
                format!(
                    "(WITH now AS ({definition}), held AS (TABLE analytics.{view})
                      SELECT '{view}' AS name,
                             (SELECT count(*) FROM (SELECT now::text FROM now EXCEPT ALL SELECT held::text FROM held) AS row) AS missing,
                             (SELECT count(*) FROM (SELECT held::text FROM held EXCEPT ALL SELECT now::text FROM now) AS row) AS superfluous)"
                )
            })
            .collect();
        assert!(views.len() >= 7, "{views:?}");
        let query = format!(
            "SELECT format('%s: %s rows missing, %s superfluous', name, missing, superfluous)
             FROM ({}) AS view WHERE missing + superfluous > 0",
            views.join("\nUNION ALL\n")
        );
        Truth(client.prepare(&query).expect("definitions are queries"))
    }

    /// What is wrong, a line for each view that is.
    pub fn violations(&self, client: &mut Client) -> Vec<String> {
        client
            .query(&self.0, &[])
            .expect("definitions can be run")
            .iter()
            .map(|row| row.get(0))
            .collect()
    }
}

/// Refreshes all views and says in which of them a row is missing or superfluous then, or which was not refreshed; and then also how each
/// was refreshed, and which single sales differ.
///
/// Unsold items age at midnight: where that falls between the refresh and the look, both are done again.
pub fn violations_after_refresh(client: &mut Client, truth: &Truth) -> Vec<String> {
    loop {
        let today = "SELECT (now() AT TIME ZONE 'Europe/Berlin')::date";
        let day = column(client, today);
        let rows = refreshed(client, "refresh('all')");
        let mut violations: Vec<String> = rows
            .iter()
            .filter(|row| row.status != "completed")
            .map(|row| format!("{row:?}"))
            .collect();
        let wrong = truth.violations(client);
        if !wrong.is_empty() {
            violations.extend(rows.iter().map(|row| format!("{}: {}", row.view_name, row.mode)));
            let sales = "SELECT to_jsonb(differing)::text FROM metabase.verify('metabase_sales') AS differing LIMIT 5";
            violations.extend(column(client, sales));
        }
        violations.extend(wrong);
        if violations.is_empty() || column(client, today) == day {
            return violations;
        }
    }
}

/// Asserts that each view was refreshed, and by what changed alone.
#[track_caller]
pub fn assert_incremental(rows: &[Refreshed]) {
    assert_eq!(completed_and_failed(rows), (VIEWS.to_vec(), vec![]));
    let full: Vec<&Refreshed> = rows.iter().filter(|row| row.mode != "incremental").collect();
    assert!(full.is_empty(), "{full:?}");
}

/// Asserts that of all refreshes that the history tells of, more were incremental than not: a test that sees to the
/// correctness of incremental refreshes must have had some.
pub fn assert_mostly_incremental(client: &mut Client) {
    assert_incremental_one_in(client, 2);
}

/// Asserts that more than one in so many refreshes were incremental.
pub fn assert_incremental_one_in(client: &mut Client, so_many: u32) {
    let modes = column(
        client,
        "SELECT format('%s times %s (%s)', count(*), mode, mode_reason) FROM metabase.refresh_history
         GROUP BY mode, mode_reason ORDER BY count(*) DESC",
    );
    let often_incremental: bool = value(
        client,
        &format!(
            "SELECT count(*) FILTER (WHERE mode = 'incremental') * {so_many} > count(*) FROM metabase.refresh_history"
        ),
    );
    assert!(often_incremental, "{modes:#?}");
}

/// Everything that this extension keeps in the database, but for the history, the changes that wait and how long things took:
/// relations with their identity, owner, privileges and definition, triggers, what it was told, and what its facts are of.
/// Two snapshots are equal if nothing has changed. It waits for no lock.
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
        "SELECT rate FROM metabase_internal.exchange_rate AS rate ORDER BY rate",
    ))
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
        "SELECT reader FROM metabase_internal.reader ORDER BY role",
    ))
    .chain(column(
        client,
        "SELECT made_from FROM metabase_internal.made_from",
    ))
    .chain(column(
        client,
        "SELECT granted FROM metabase_internal.capture_grant AS granted ORDER BY granted",
    ))
    .chain(column(
        client,
        "SELECT (is_wanted, reason, sources, generation, built_at) FROM metabase_internal.incremental",
    ))
    .chain(column(
        client,
        "SELECT sync FROM metabase_internal.view_sync AS sync ORDER BY view_name",
    ))
    .chain(triggers(client))
    .collect()
}

/// The triggers on the shop's tables, with how they are enabled.
pub fn triggers(client: &mut Client) -> Vec<String> {
    column(
        client,
        "SELECT format('%s on %s (%s)', tgname, tgrelid::regclass, tgenabled) FROM pg_trigger
         WHERE NOT tgisinternal
             AND tgrelid NOT IN (SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace('metabase_internal'))
         ORDER BY 1",
    )
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

/// Asserts that a statement fails because the role may not do it.
#[track_caller]
pub fn assert_denied(client: &mut Client, statement: &str) {
    let error = error_of(client, statement);
    assert_eq!(error.sqlstate.code(), "42501", "{statement}: {error:?}");
}
