//! The pages of documentation against a live server: the SQL that they show runs and answers as they say, and what they tell of
//! functions, settings, parameters, views and dashboards is what the catalog has.
//!
//! Blocks of SQL run in psql, page by page from the top, as the operator `metabase_operator`. One that begins with a comment
//! "-- As a superuser" or "-- As ROLE" runs as that. What a block needs and no reader has to see stands before it in a block within
//! an HTML comment. A block that is followed by an answer shows the columns of that answer, or fails with its error; one that is
//! followed by an answer in the language "text" answers with that, word by word. "illustration" behind the language marks what cannot
//! be run as it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use postgres::Client;

use crate::available::has_extension;
use crate::cluster::{Cluster, Database, PRELOADED, create_all_views, refresh_all, run_file};
use crate::pages::{Block, Page, quoted};
use crate::rows::rows;
use crate::shop::{column, run};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(path: &str) -> Page {
    Page::read(root(), path)
}

// The SQL of the pages

/// The worker and pg_cron are both there, and both serve a database of this name.
const PRELOADED_WITH_PG_CRON: &[&str] = &[
    "fsync=off",
    "shared_preload_libraries=metabase_views,pg_cron",
    "cron.database_name=shop",
    "cron.use_background_workers=on",
    "max_worker_processes=30",
];

#[test]
fn the_sql_of_each_page_runs_as_the_page_says() {
    let settings = match has_extension("pg_cron") {
        true => PRELOADED_WITH_PG_CRON,
        false => PRELOADED,
    };
    let cluster = Cluster::make("docs", settings);
    let mut failures = Vec::new();
    for page in Page::all(root()) {
        let blocks = page.blocks();
        if !blocks.iter().any(is_run) || page.path == FROM_NOTHING {
            continue;
        }
        let mut client = cluster.create_database("shop");
        prepare(&mut client, &page);
        drop(client);
        failures.extend(failures_of(&cluster, &page, &blocks));
        let mut client = cluster.connect("postgres");
        run(&mut client, "DROP DATABASE shop WITH (FORCE)");
        run(
            &mut client,
            "DROP ROLE IF EXISTS metabase_operator; DROP ROLE IF EXISTS metabase",
        );
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The page that a new user follows, on a cluster in which there is nothing.
const FROM_NOTHING: &str = "docs/your-own-shop.md";

#[test]
fn a_new_user_gets_from_nothing_to_views_as_the_page_says() {
    let cluster = Cluster::make("docs-from-nothing", &["fsync=off"]);
    drop(cluster.create_database("shop"));
    let page = page(FROM_NOTHING);
    let failures = failures_of(&cluster, &page, &page.blocks());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn is_run(block: &Block) -> bool {
    let needs_pg_cron = block.code.contains("CREATE EXTENSION pg_cron") || block.code.contains("cron.job");
    block.info == "sql" && (!needs_pg_cron || has_extension("pg_cron"))
}

/// The shop of `tests/hand_worked`, with all that a page does not make itself.
fn prepare(client: &mut Client, page: &Page) {
    run_file(client, "demo/schema.sql");
    run_file(client, "tests/hand_worked/shop.sql");
    if page.path == "README.md" {
        return;
    }
    if page.path == "docs/sources.md" {
        // The shop that is mapped there.
        run(
            client,
            "CREATE SCHEMA shop;
             CREATE TABLE shop.addresses (id int PRIMARY KEY, country text);
             CREATE TABLE shop.sales (
                 id int PRIMARY KEY, article uuid, paid_on timestamptz, amount_cents int, state int, address_id int, is_test bool
             );
             CREATE TABLE shop.payments (sale_id int UNIQUE, fee_cents int, land text)",
        );
    }
    run(
        client,
        "CREATE EXTENSION metabase_views;
         CREATE ROLE metabase_operator LOGIN;
         SELECT metabase.grant_operator('metabase_operator');
         SET ROLE metabase_operator",
    );
    create_all_views(client);
    refresh_all(client);
}

/// Stands in what psql prints before what a block prints.
const MARK: &str = "==> block ";

/// The blocks of a page that did not do what the page says, each with what it answered.
fn failures_of(cluster: &Cluster, page: &Page, blocks: &[Block]) -> Vec<String> {
    let mut script = String::new();
    for (number, block) in blocks.iter().enumerate().filter(|(_, block)| is_run(block)) {
        let stops = match blocks.get(number + 1) {
            Some(next) if is_error(next) => "off",
            _ => "on",
        };
        script += &format!(
            "\\echo {MARK}{number}\n\\set ON_ERROR_STOP {stops}\n\\c - {}\n",
            role(block)
        );
        script += &block.code;
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.sql", page.path.replace('/', "-")));
    std::fs::write(&file, &script).expect("a script can be written");
    let bin =
        std::env::var("PG_BIN").expect("PG_BIN names PostgreSQL's programs; run the tests with: make test");
    let output = Command::new("sh")
        .args(["-c", "exec \"$0\" -X -q -v ON_ERROR_STOP=1 -f \"$1\" 2>&1"])
        .arg(format!("{bin}/psql"))
        .arg(&file)
        .env("PGHOST", cluster.socket())
        .env("PGUSER", "postgres")
        .env("PGDATABASE", "shop")
        .current_dir(root())
        .output()
        .expect("psql runs");
    let output = String::from_utf8(output.stdout).expect("psql prints UTF-8");
    let answers: BTreeMap<usize, &str> = output
        .split(MARK)
        .filter_map(|answer| {
            let (number, answer) = answer.split_once('\n')?;
            Some((number.parse().ok()?, answer))
        })
        .collect();
    let failure = |number: usize, reason: &str, answer: &str| {
        let code = &blocks[number].code;
        let before = page.text.split(code.as_str()).next().unwrap_or_default();
        let line = before.lines().count() + 1;
        format!("{}, line {line}: {reason}\n{code}\n{answer}", page.path)
    };
    let run = blocks.iter().enumerate().filter(|(_, block)| is_run(block));
    run.filter_map(|(number, block)| match answers.get(&number) {
        None => Some(failure(number, "this block was not reached:", "")),
        Some(answer) => difference(
            block,
            blocks.get(number + 1),
            expected_error(blocks, number),
            answer,
        )
        .map(|reason| failure(number, &reason, answer)),
    })
    .collect()
}

/// Whom a block runs as.
fn role(block: &Block) -> &str {
    let named = block
        .code
        .trim_start()
        .strip_prefix("-- As ")
        .unwrap_or("metabase_operator");
    match named.split([':', ',', '\n']).next().unwrap_or_default().trim() {
        "a superuser" => "postgres",
        role => role,
    }
}

/// Whether an answer that a page shows is an error, or ends with one.
fn is_error(answer: &Block) -> bool {
    match answer.info.as_str() {
        "" => answer.code.starts_with("ERROR:"),
        "text" => answer.code.lines().any(|line| line.starts_with("ERROR:")),
        _ => false,
    }
}

/// The error that a page shows right after a block: its lines, as psql prints them.
fn expected_error(blocks: &[Block], number: usize) -> Option<Vec<&str>> {
    let next = blocks.get(number + 1)?;
    (next.info.is_empty() && is_error(next)).then(|| next.code.lines().collect())
}

/// What psql prints in a session: without the blanks at the ends of lines, and without the file and line that it names before a message
/// where it reads a script.
fn printed(answer: &str) -> String {
    let lines = answer.trim_end().lines().map(|line| {
        let message = line.strip_prefix("psql:").and_then(|line| line.split_once(": "));
        message.map_or(line, |(_, message)| message).trim_end()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// In what way the answer to a block is not what the page shows behind it, if it is not.
fn difference(block: &Block, next: Option<&Block>, error: Option<Vec<&str>>, answer: &str) -> Option<String> {
    if let Some(next) = next.filter(|next| next.info == "text") {
        return (printed(answer) != printed(&next.code)).then(|| "this block answers something else:".into());
    }
    if let Some(lines) = error {
        let unsaid = lines.into_iter().find(|line| !answer.contains(line))?;
        return Some(format!("this block does not say: {unsaid}"));
    }
    if answer.contains("ERROR:  ") || answer.contains(": error: ") {
        return Some("this block fails:".into());
    }
    let shown = next
        .filter(|next| next.info.is_empty())
        .map_or("", |next| &next.code);
    // A row that tells of an error has its SQLSTATE. The history may tell of those of other blocks.
    match shown.split_once("(SQLSTATE ").map(|(_, after)| &after[..5]) {
        Some(sqlstate) if !answer.contains(sqlstate) => {
            return Some(format!("this block does not say {sqlstate}:"));
        }
        None if answer.contains("(SQLSTATE ") && !block.code.contains("refresh_history") => {
            return Some("this block fails in a row:".into());
        }
        _ => {}
    }
    let answered: BTreeSet<String> = heads(answer).into_iter().collect();
    if let Some(head) = heads(shown).into_iter().find(|head| !answered.contains(head)) {
        return Some(format!("this block answers no table of {head}:"));
    }
    if shown.trim_start().starts_with('{') {
        let answered: BTreeSet<&str> = keys(answer).collect();
        let missing = keys(shown).find(|key| !answered.contains(key))?;
        return Some(format!("this block answers JSON without \"{missing}\":"));
    }
    None
}

/// The keys of a JSON object, or of what is shown of one.
fn keys(json: &str) -> impl Iterator<Item = &str> {
    json.match_indices("\":")
        .filter_map(|(end, _)| json[..end].rsplit('"').next())
}

/// The heads of the tables that psql has printed: the names of their columns.
fn heads(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .filter(|lines| {
            lines[1].starts_with("---") && lines[1].chars().all(|next| next == '-' || next == '+')
        })
        .map(|lines| lines[0].split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn few_blocks_are_illustrations() {
    let illustrations: usize = Page::all(root())
        .iter()
        .flat_map(Page::blocks)
        .filter(|block| block.info.starts_with("sql") && !is_run(block))
        .count();
    assert!(illustrations <= 2, "{illustrations}");
}

// The API

/// The functions of schema metabase, as docs/reference.md writes their calls: arguments by name, with their defaults.
fn functions(client: &mut Client) -> BTreeSet<String> {
    let functions = "SELECT proname, pg_get_function_arguments(oid) FROM pg_proc
                     WHERE pronamespace = 'metabase'::regnamespace";
    rows(client, functions)
        .iter()
        .map(|row| {
            let (name, arguments) = row.split_once(" | ").expect("two columns");
            let arguments: Vec<String> = arguments
                .split(", ")
                .filter(|argument| !argument.is_empty())
                .map(|argument| {
                    // A word of SQL is quoted there.
                    let name = argument.split(' ').next().unwrap_or_default().trim_matches('"');
                    match argument.split_once(" DEFAULT ") {
                        None => name.to_owned(),
                        Some((_, default)) => {
                            format!("{name} => {}", default.split("::").next().unwrap_or_default())
                        }
                    }
                })
                .collect();
            format!("{name}({})", arguments.join(", "))
        })
        .collect()
}

#[test]
fn the_reference_has_each_function_with_its_arguments() {
    let database = Database::with_extension();
    let mut client = database.connect();
    let mut expected = functions(&mut client);
    expected.extend(column(
        &mut client,
        "SELECT relname FROM pg_class WHERE relnamespace = 'metabase'::regnamespace AND relkind IN ('r', 'v')",
    ));
    let rows = page("docs/reference.md").rows("# Reference");
    let named: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| quoted(&row[0]))
        .map(|call| call.strip_prefix("metabase.").unwrap_or(call).to_owned())
        .collect();
    assert_eq!(named, expected);
}

#[test]
fn what_the_reference_names_stands_in_the_comments() {
    let database = Database::with_extension();
    let mut client = database.connect();
    for row in page("docs/reference.md").rows("# Reference") {
        let names: Vec<String> = quoted(&row[0])
            .iter()
            .filter_map(|call| call.strip_prefix("metabase.").unwrap_or(call).split_once('('))
            .map(|(name, _)| format!("'{name}'"))
            .collect();
        if names.is_empty() {
            continue;
        }
        let comments = column(
            &mut client,
            &format!(
                "SELECT obj_description(oid, 'pg_proc') FROM pg_proc
                 WHERE pronamespace = 'metabase'::regnamespace AND proname IN ({})",
                names.join(", ")
            ),
        )
        .join("\n");
        for word in quoted(&row[1]) {
            assert!(
                comments.contains(word.trim_matches('\'')),
                "{word} is not in: {comments}"
            );
        }
    }
}

#[test]
fn whatever_pages_call_in_schema_metabase_is_there() {
    let database = Database::with_extension();
    let known: BTreeSet<String> = column(
        &mut database.connect(),
        "SELECT proname FROM pg_proc WHERE pronamespace = 'metabase'::regnamespace
         UNION SELECT relname FROM pg_class WHERE relnamespace = 'metabase'::regnamespace",
    )
    .into_iter()
    .collect();
    let forms = ["bug", "question"].map(|form| page(&format!(".github/ISSUE_TEMPLATE/{form}.yml")));
    let mut count = 0;
    for page in Page::all(root()).into_iter().chain(forms) {
        for after in page.text.split("metabase.").skip(1) {
            let name: String = after
                .chars()
                .take_while(|next| next.is_ascii_lowercase() || *next == '_')
                .collect();
            // A host, a folder, a page.
            if name.is_empty() || ["com", "example", "md"].contains(&name.as_str()) {
                continue;
            }
            count += 1;
            assert!(
                known.contains(&name),
                "{}: there is no metabase.{name}",
                page.path
            );
        }
    }
    assert!(count > 100, "{count}");
}

// Settings, parameters, views, dashboards

#[test]
fn the_table_of_settings_is_that_of_the_extension() {
    let database = Database::with_extension();
    let expected: Vec<Vec<String>> = database
        .connect()
        .query("SELECT name, value, description FROM metabase.settings", &[])
        .expect("settings can be read")
        .iter()
        .map(|row| {
            let (name, value, description): (String, String, String) = (row.get(0), row.get(1), row.get(2));
            // "What it is. Default: so. What else there is to say."
            let (before, after) = description.split_once(" Default: ").expect("a default");
            let (default, after) = after
                .split_once(". ")
                .unwrap_or((after.trim_end_matches('.'), ""));
            let default = match name.as_str() {
                "time_zone" | "currency" | "monthly_revenue_goal" => default.to_owned(),
                _ => {
                    assert_eq!(default, value, "{name}");
                    format!("`{default}`")
                }
            };
            vec![
                format!("`{name}`"),
                default,
                format!("{before} {after}").trim().to_owned(),
            ]
        })
        .collect();
    assert_eq!(page("docs/operating.md").rows("## Settings"), expected);
}

#[test]
fn the_table_of_parameters_is_that_of_the_server() {
    let database = Database::with_extension();
    let mut client = database.connect();
    run(&mut client, "LOAD 'metabase_views'");
    // As they are where nobody has set them.
    let mut expected = rows(
        &mut client,
        "SELECT format('`%s`', name), current_setting(name), context FROM pg_settings WHERE name LIKE 'metabase\\_views.%'",
    );
    let mut named: Vec<String> = page("docs/scheduling.md")
        .rows("### Parameters")
        .iter()
        .map(|row| row[..3].join(" | "))
        .collect();
    expected.sort();
    named.sort();
    assert_eq!(named, expected);
}

/// A view's name in words: "brand analytics".
const IN_WORDS: &str = "replace(substr(view_name, length('metabase_') + 1), '_', ' ')";

#[test]
fn strategies_of_views_are_those_that_pages_name() {
    let database = Database::with_extension();
    let mut client = database.connect();
    let views = rows(
        &mut client,
        "SELECT format('`%s`', view_name), strategy FROM metabase.view_status()",
    );
    let named: Vec<String> = page("README.md")
        .rows("## What you get")
        .iter()
        .filter(|row| row.len() == 3)
        .map(|row| format!("{} | {}", row[0], row[2]))
        .collect();
    assert_eq!(named, views);

    let mut strategies = BTreeMap::new();
    for row in page("docs/scheduling.md").rows("## The background worker") {
        let [strategy, _, views] = &row[..] else { continue };
        let name = strategy.trim_matches('`').to_owned();
        strategies.extend(
            views
                .split(", ")
                .filter(|view| !view.is_empty())
                .map(|view| (view.to_owned(), name.clone())),
        );
    }
    let expected = format!("SELECT {IN_WORDS}, strategy FROM metabase.view_status() ORDER BY 1");
    let named: Vec<String> = strategies
        .iter()
        .map(|(view, strategy)| format!("{view} | {strategy}"))
        .collect();
    assert_eq!(named, rows(&mut client, &expected));
}

#[test]
fn numbers_of_cards_and_fields_are_those_that_there_are() {
    let database = Database::with_layout_a();
    let mut client = database.connect();
    create_all_views(&mut client);
    let cards = column(&mut client, "SELECT sum(cards) FROM metabase.dashboards()").remove(0);
    let fields = column(
        &mut client,
        "SELECT count(*) FROM pg_attribute WHERE attnum > 0 AND attrelid IN
             (SELECT oid FROM pg_class WHERE relnamespace = 'analytics'::regnamespace AND relkind = 'm')",
    )
    .remove(0);
    assert!(page("README.md").text.contains(&format!("{cards} cards")));
    assert!(
        page("docs/dashboards.md")
            .text
            .contains(&format!("{cards} cards"))
    );
    let pushed = page("docs/metabase.md").text;
    assert!(
        pushed.contains(&format!("8 tables, {fields} fields, 1 collection, {cards} cards")),
        "{cards}, {fields}"
    );
}

#[test]
fn the_tables_of_dashboards_are_those_of_the_extension() {
    let database = Database::with_extension();
    let mut client = database.connect();
    let page = page("docs/dashboards.md");
    let named: Vec<String> = page
        .rows("# Dashboards")
        .iter()
        .filter(|row| row.len() == 4 && row[3].parse::<i32>().is_ok())
        .map(|row| {
            // Without what the filters are at first, in parentheses.
            let filters: String = row[2]
                .split(')')
                .map(|part| part.split(" (").next().unwrap_or_default())
                .collect();
            format!("{} | {filters} | {}", row[0], row[3])
        })
        .collect();
    let dashboards = "SELECT format('`%s`', name), lower(array_to_string(filters, ', ')), cards FROM metabase.dashboards()";
    assert_eq!(named, rows(&mut client, dashboards));

    for name in column(&mut client, "SELECT name FROM metabase.dashboards()") {
        // Cards by name, each with the views that its SQL reads, in words.
        let cards: BTreeMap<String, BTreeSet<String>> = rows(
            &mut client,
            &format!(
                "SELECT card.name, string_agg({IN_WORDS}, ', ')
                 FROM jsonb_array_elements(metabase.dashboard_json('{name}')->'ordered_cards') AS place,
                     jsonb_to_record(place->'card') AS card (name text, dataset_query jsonb),
                     metabase.view_status()
                 WHERE card.dataset_query->'native'->>'query' LIKE '%analytics.' || view_name || '%'
                 GROUP BY card.name"
            ),
        )
        .iter()
        .filter_map(|row| row.split_once(" | "))
        .map(|(card, views)| (card.to_owned(), views.split(", ").map(str::to_owned).collect()))
        .collect();
        let mut named = BTreeMap::new();
        for row in page.rows(&format!("### {name}")) {
            // "in stock" is no view, but which rows of one are read.
            let views: BTreeSet<String> = row[2]
                .split(", ")
                .filter(|view| *view != "in stock")
                .map(str::to_owned)
                .collect();
            for card in row[0].split(" · ") {
                // Of cards that begin alike, all but the first are named by how they go on.
                let full = cards
                    .keys()
                    .find(|full| *full == card || full.ends_with(&format!(" {card}")));
                let full = full.unwrap_or_else(|| panic!("{name} has no card {card}: {cards:?}"));
                named.insert(full.clone(), views.clone());
            }
        }
        assert_eq!(named, cards, "{name}");
    }
}
