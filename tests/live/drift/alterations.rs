//! After any history of alterations and changes, in any nesting of savepoints, by whomever, a refresh shows what the names of the sources
//! mean now, or says of each view why not.
//!
//! The alterations are in `alterations.sql`. What is right is what the views show that are created anew at that moment, in a transaction
//! that is rolled back. A history that fails is printed as a script for psql, as short as it could be made.

use std::cell::Cell;

use postgres::Client;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::changes::{ROWS_FILE, SCHEMA, any_change, enclosed};
use crate::cluster::{Database, create_all_views, refresh_all};
use crate::effort;
use crate::sessions::PausedRefresh;
use crate::shop::{Refreshed, VIEWS, column, run, try_refreshed};

/// Histories that a run of the tests looks at; PROPTEST_CASES asks for another number.
const CASES: u32 = 120;

/// The shop's tables, and columns of theirs that no change is about.
const TABLES: [(&str, &str, &[&str]); 8] = [
    ("transactions", "orders", &["platform_fee", "roi", "payout_date"]),
    ("products", "inventory", &["size", "condition", "vat_amount"]),
    ("products", "products", &["sku", "category_id"]),
    ("products", "categories", &["name"]),
    ("core", "brands", &["segment", "price_tier"]),
    ("core", "platforms", &["slug"]),
    ("core", "suppliers", &["phone", "rating"]),
    // What completes the orders, which lack their shipping cost.
    ("transactions", "transactions", &["shipping_fee", "order_id"]),
];

/// One of `alterations.sql`: its title, and its statements.
#[derive(Clone, Debug)]
struct Alteration {
    title: &'static str,
    statements: &'static str,
}

fn alterations() -> Vec<Alteration> {
    include_str!("alterations.sql")
        .split("\n\n-- ")
        .skip(1)
        .map(|part| {
            let (title, statements) = part.split_once('\n').expect("a title and statements");
            Alteration { title, statements }
        })
        .collect()
}

impl Alteration {
    fn statements(&self, (schema, name, columns): (&str, &str, &[&str]), column: usize) -> Vec<String> {
        let filled = self
            .statements
            .replace(":table", &format!("{schema}.{name}"))
            .replace(":schema", schema)
            .replace(":name", name)
            .replace(":column", columns[column % columns.len()]);
        let statements = filled
            .split(";\n")
            .map(|statement| statement.trim().trim_end_matches(';'));
        statements
            .filter(|statement| !statement.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

#[test]
fn there_are_alterations_of_all_kinds() {
    assert!(alterations().len() >= 60, "{}", alterations().len());
    for alteration in alterations() {
        assert!(!alteration.title.is_empty());
        assert!(
            !alteration.statements(TABLES[0], 0).is_empty(),
            "{}",
            alteration.title
        );
    }
}

/// What goes on in the shop meanwhile.
const CHANGES: &str = "
    UPDATE transactions.orders SET gross_sale = gross_sale + 1 WHERE id::text LIKE '%3';
    UPDATE transactions.transactions SET shipping_fee = shipping_fee + 1 WHERE order_id::text LIKE '%1';
    UPDATE products.products SET name = name || 'x' WHERE id::text LIKE '%2'";

/// Who alters.
const ROLES: [&str; 3] = ["postgres", ":owner", ":operator"];

fn any_alteration() -> BoxedStrategy<Vec<String>> {
    (
        select(alterations()),
        select(&TABLES[..]),
        0..3_usize,
        select(&ROLES[..]),
    )
        .prop_map(|(alteration, table, column, role)| {
            let statements = alteration.statements(table, column);
            match role {
                "postgres" => statements,
                role => enclosed(&format!("SET ROLE {role}"), statements, "RESET ROLE"),
            }
        })
        .boxed()
}

fn any_step() -> BoxedStrategy<Vec<String>> {
    prop_oneof![
        4 => any_alteration(),
        4 => any_change(1).prop_map(|change| vec![change]),
        1 => Just(vec!["SELECT * FROM metabase.refresh('all')".to_owned()]),
    ]
    .boxed()
}

/// Some steps within savepoints, which are released or rolled back to.
fn any_nested(depth: u32) -> BoxedStrategy<Vec<String>> {
    if depth == 0 {
        return any_step();
    }
    let nested = (
        vec(any_nested(depth - 1), 1..=2),
        select(&["RELEASE s", "ROLLBACK TO s"][..]),
    )
        .prop_map(|(steps, end)| enclosed("SAVEPOINT s", steps.concat(), end));
    prop_oneof![3 => any_step(), 1 => nested].boxed()
}

fn any_history() -> impl Strategy<Value = Vec<String>> {
    let transaction = (
        select(&["BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ"][..]),
        vec(any_nested(2), 1..=4),
        select(&["COMMIT", "COMMIT", "ROLLBACK"][..]),
    )
        .prop_map(|(begin, steps, end)| enclosed(begin, steps.concat(), end));
    vec(prop_oneof![3 => any_step(), 2 => transaction], 1..=4).prop_map(|steps| steps.concat())
}

#[test]
fn any_history_of_alterations_ends_with_the_truth_or_says_why_not() {
    let shop = Shop::new();
    assert_holds(
        CASES,
        any_history(),
        |history| shop.replay(history),
        |history| history.join(";\n"),
    );
}

/// What a transaction alters twice, with a refresh in between, looks in the catalog as after the first time.
#[test]
fn what_a_refresh_has_seen_altered_may_be_altered_again_in_the_same_transaction() {
    let shop = Shop::new();
    let alterations = alterations();
    for (number, first) in alterations.iter().enumerate() {
        let next = &alterations[(number + 1) % alterations.len()];
        for second in [first, next] {
            let statements =
                |alteration: &Alteration| alteration.statements(TABLES[number % TABLES.len()], 0);
            let refresh = vec!["SELECT * FROM metabase.refresh('all')".to_owned()];
            let steps = [statements(first), refresh, statements(second)];
            let history = enclosed("BEGIN", steps.concat(), "COMMIT");
            if let Err(wrong) = shop.replay(&history) {
                panic!("{wrong}\n{};", history.join(";\n"));
            }
        }
    }
}

/// Somebody alters in a session of its own what a refresh is just reading, as far as the locks of the refresh let it.
#[test]
fn any_alteration_in_the_middle_of_a_refresh_ends_with_the_truth_or_says_why_not() {
    let shop = Shop::new();
    assert_holds(
        CASES / 4,
        (1..=60_i32, vec(any_step(), 1..=3)),
        |(step, alterations)| shop.refresh_and_alter(*step, &alterations.concat()),
        |(step, alterations)| format!("before step {step}:\n{}", alterations.concat().join(";\n")),
    );
}

/// Whether something holds of all that is tried. What fails is shown as short as it could be made.
fn assert_holds<T: std::fmt::Debug>(
    cases: u32,
    tried: impl Strategy<Value = T>,
    holds: impl Fn(&T) -> Result<Report, String>,
    shown: impl Fn(&T) -> String,
) {
    let mut runner = TestRunner::new(Config {
        cases: effort::cases(cases),
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let (seen, said) = (Cell::new(0), Cell::new(0));
    let result = runner.run(&tried, |tried| {
        let report = holds(&tried).map_err(TestCaseError::fail)?;
        seen.set(seen.get() + report.compared);
        said.set(said.get() + report.said);
        Ok(())
    });
    match result {
        Ok(()) => {
            println!(
                "{} views were compared, {} refreshes said what is in the way",
                seen.get(),
                said.get()
            );
            assert!(seen.get() > said.get(), "most views can be refreshed");
        }
        Err(TestError::Fail(reason, tried)) => panic!("{reason}\n{};", shown(&tried)),
        Err(abort) => panic!("{abort}"),
    }
}

/// How a history went.
#[derive(Default)]
struct Report {
    /// Views that were compared with the truth.
    compared: u32,
    /// Refreshes that said what is in the way.
    said: u32,
}

/// A database with views and facts, which each history gets a copy of. An owner without powers owns it and the shop's tables, an operator
/// the views.
struct Shop {
    template: Database,
    owner: String,
    operator: String,
}

impl Shop {
    fn new() -> Shop {
        let template = Database::with_extension();
        for file in SCHEMA {
            template.run_file(file);
        }
        let owner = template.create_role("owner");
        let mut client = template.connect();
        run(
            &mut client,
            &format!(
                "ALTER TABLE transactions.orders DROP COLUMN shipping_cost;
                 ALTER TABLE core.suppliers DROP COLUMN contact_email;
                 CREATE TYPE public.tier AS ENUM ('premium', 'basic');
                 ALTER TABLE core.brands ALTER COLUMN price_tier TYPE public.tier
                     USING CASE WHEN random() < 0.5 THEN 'premium' ELSE 'basic' END::public.tier;
                 CREATE FUNCTION public.shown_within(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE
                     AS 'BEGIN RETURN name; END';
                 CREATE FUNCTION public.shown(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE
                     AS 'BEGIN RETURN public.shown_within(name); END';
                 ALTER DATABASE {} OWNER TO {owner};
                 GRANT ALL ON SCHEMA public TO {owner}",
                template.name()
            ),
        );
        let rows = std::fs::read_to_string(format!("{}/{ROWS_FILE}", env!("CARGO_MANIFEST_DIR")))
            .expect("the rows can be read");
        run_tolerantly(&mut client, &rows);
        run(
            &mut client,
            "CREATE TABLE transactions.transactions (id uuid PRIMARY KEY, order_id uuid NOT NULL, shipping_fee numeric);
             CREATE UNIQUE INDEX one_an_order ON transactions.transactions (order_id);
             INSERT INTO transactions.transactions
             SELECT md5(id::text)::uuid, id, row_number() OVER (ORDER BY id) FROM transactions.orders",
        );
        for schema in ["core", "products", "transactions"] {
            run(&mut client, &format!("ALTER SCHEMA {schema} OWNER TO {owner}"));
        }
        for (schema, name, _) in TABLES {
            run(
                &mut client,
                &format!("ALTER TABLE {schema}.{name} OWNER TO {owner}"),
            );
        }
        let operator = template.create_operator("operator");
        let mut session = template.connect_as(&operator);
        run(
            &mut session,
            "SELECT metabase.map_source('supplier', 'core.suppliers', '{\"name\": \"public.shown(business_name)\"}')",
        );
        create_all_views(&mut session);
        refresh_all(&mut session);
        refresh_all(&mut session);
        Shop {
            template,
            owner,
            operator,
        }
    }

    /// A copy of it, in which nobody has altered anything.
    fn copy(&self) -> Database {
        let mut admin = self.template.connect_to("postgres");
        run(&mut admin, &format!("ALTER ROLE {} NOBYPASSRLS", self.operator));
        run_tolerantly(
            &mut admin,
            &format!("REVOKE {} FROM {}", self.owner, self.operator),
        );
        let copy = self.template.copy();
        run(
            &mut admin,
            &format!("ALTER DATABASE {} OWNER TO {}", copy.name(), self.owner),
        );
        copy
    }

    /// Replays a history in a copy of the shop, and says what is wrong then. The session that refreshes has done so before: it knows
    /// the catalog as it was.
    fn replay(&self, history: &[String]) -> Result<Report, String> {
        let copy = self.copy();
        let session = self.warm_session(&copy)?;
        self.alter(&mut copy.connect(), history);
        refresh_and_compare(&copy, session)
    }

    /// A session of the operator's that has refreshed by what changed.
    fn warm_session(&self, copy: &Database) -> Result<Client, String> {
        let mut session = copy.connect_as(&self.operator);
        let rows = refreshed_rows(&mut session)?;
        match rows.iter().all(|row| row.mode == "incremental") {
            true => Ok(session),
            false => Err(format!("before anything was altered: {rows:?}")),
        }
    }

    /// Replays a history while a refresh is about to take a step, and says what is wrong after the next one.
    fn refresh_and_alter(&self, step: i32, history: &[String]) -> Result<Report, String> {
        let copy = self.copy();
        run(&mut copy.connect(), CHANGES);
        let refresh = PausedRefresh::before_step(&copy, &self.operator, step);
        let mut client = copy.connect();
        run(&mut client, "SET lock_timeout = '30ms'");
        self.alter(&mut client, history);
        refresh
            .go_on()
            .map_err(|error| format!("the refresh failed as a whole: {error:?}"))?;
        refresh_and_compare(&copy, copy.connect_as(&self.operator))
    }

    /// Does what people do, whatever of it fails.
    fn alter(&self, client: &mut Client, history: &[String]) {
        for statement in history {
            let statement = statement
                .replace(":owner", &self.owner)
                .replace(":operator", &self.operator);
            run_tolerantly(client, &statement);
        }
        run_tolerantly(client, "ROLLBACK");
        run_tolerantly(client, "RESET ROLE; RESET session_replication_role");
    }
}

/// Refreshes in a session after what was done, and after more changes, and compares what the views show then.
fn refresh_and_compare(copy: &Database, mut session: Client) -> Result<Report, String> {
    let mut report = Report::default();
    for round in 0..3 {
        let rows = refreshed_rows(&mut session)?;
        compare(&mut session, &rows, &mut report).map_err(|wrong| format!("refresh {round}: {wrong}"))?;
        run_tolerantly(&mut copy.connect(), CHANGES);
    }
    Ok(report)
}

/// Compares the views that a refresh completed with what they show when they are created anew.
fn compare(session: &mut Client, rows: &[Refreshed], report: &mut Report) -> Result<(), String> {
    for row in rows.iter().filter(|row| row.status != "completed") {
        if row.error_message.as_deref().unwrap_or_default().is_empty() {
            return Err(format!("no word about {}", row.view_name));
        }
        report.said += 1;
    }
    let completed: Vec<&str> = rows
        .iter()
        .filter(|row| row.status == "completed")
        .map(|row| row.view_name.as_str())
        .collect();
    if completed.is_empty() {
        return Ok(());
    }
    let held: Vec<Vec<String>> = completed.iter().map(|view| content(session, view)).collect();
    run(session, "BEGIN");
    let truth = match session.batch_execute("SELECT * FROM metabase.create_all_views(drop_existing => true)")
    {
        Ok(()) => Ok(completed
            .iter()
            .map(|view| content(session, view))
            .collect::<Vec<_>>()),
        Err(error) => {
            let error = error.as_db_error().expect("an error of the server");
            Err((error.code().code().to_owned(), error.message().to_owned()))
        }
    };
    run(session, "ROLLBACK");
    let truth = match truth {
        Ok(truth) => truth,
        // The names mean nothing that views could be made from: they go on with what they read, and say so.
        // What may not be read any more is what the names mean all the same.
        Err((sqlstate, _)) if sqlstate == "42501" => return Ok(()),
        Err((_, error)) => {
            let said = column(session, "SELECT DISTINCT mode_reason FROM metabase.view_status()");
            let changed = column(session, "SELECT metabase.sync_status() ->> 'changed_sources'");
            let is_said = said.iter().any(|reason| reason.contains("the sources"));
            if changed == ["[]"] && !is_said {
                return Err(format!("nothing is said about this: {error}; {said:?}"));
            }
            return Ok(());
        }
    };
    for ((view, held), truth) in completed.iter().zip(&held).zip(&truth) {
        if held != truth {
            let reason = column(
                session,
                &format!("SELECT mode || ': ' || mode_reason FROM metabase.view_status('{view}')"),
            );
            return Err(format!("{view} ({reason:?})\nheld {held:#?}\ntruth {truth:#?}"));
        }
        report.compared += 1;
    }
    Ok(())
}

/// The rows of a refresh. It must not fail as a whole.
fn refreshed_rows(session: &mut Client) -> Result<Vec<Refreshed>, String> {
    let rows = try_refreshed(session, "refresh('all')")
        .map_err(|error| format!("the refresh failed as a whole: {error:?}"))?;
    // A shop may be without the view of its single sales: where something has taken that, nothing is said about it.
    let is_expected =
        |view: &&&str| **view != "metabase_sales" || rows.iter().any(|row| row.view_name == **view);
    match rows.len() == VIEWS.iter().filter(is_expected).count() {
        true => Ok(rows),
        false => Err(format!("{} rows", rows.len())),
    }
}

fn content(session: &mut Client, view: &str) -> Vec<String> {
    column(
        session,
        &format!("SELECT row FROM analytics.{view} AS row ORDER BY row::text COLLATE \"C\""),
    )
}

/// Runs statements that may fail as statements of people do.
fn run_tolerantly(client: &mut Client, statements: &str) {
    let _ = client.simple_query(statements);
}
