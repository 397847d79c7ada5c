//! What the generated SQL must be like, whichever shop it is for, and all of it for the hand-worked shop.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{create_dir_all, read_to_string, write};
use std::path::Path;

use super::build::KEY_OF_ORDERS;
use super::program::{Program, TABLES, queues};
use super::script::{Step, Verb};
use super::target::{Portion, TARGETS};
use crate::pg::capture::QUEUES;
use crate::source::entity::{ENTITIES, Entity};
use crate::view::catalog::VIEWS;

/// The SQL for the shop in tests/hand_worked/, whose keys are uuids.
fn program() -> Program {
    let uuid = || "uuid".to_owned();
    Program {
        zone: "Europe/Berlin".into(),
        order: uuid(),
        stock_item: uuid(),
        product: uuid(),
        brand: uuid(),
        category: uuid(),
        platform: uuid(),
        supplier: uuid(),
        size: uuid(),
        links: BTreeMap::new(),
    }
}

/// The SQL for a shop whose orders have the key of a second table.
fn linked_program() -> Program {
    Program {
        links: BTreeMap::from([("order".to_owned(), "bigint".to_owned())]),
        ..program()
    }
}

/// What apply does, from the queues on.
fn apply() -> Vec<Step> {
    [program().take(), program().apply()].concat()
}

/// The same for that shop.
fn linked_apply() -> Vec<Step> {
    [linked_program().take(), linked_program().apply()].concat()
}

/// What the flush of each view does, with the query for what is written into it.
fn flushes() -> Vec<(&'static str, Vec<Step>, String)> {
    TARGETS
        .iter()
        .map(|target| {
            let (steps, changes) = target.changes(&program()).expect("it has rows");
            let steps = [target.take_groups(false, Portion::All).to_vec(), steps].concat();
            (target.view, steps, changes)
        })
        .collect()
}

/// All steps there are, script by script.
fn scripts() -> Vec<Vec<Step>> {
    let flushes = flushes().into_iter().map(|(_, steps, changes)| {
        let changes = Step::always(Verb::Read, "changes", changes);
        [steps, vec![changes]].concat()
    });
    [apply(), linked_apply(), program().build()]
        .into_iter()
        .chain(flushes)
        .collect()
}

/// A file of `tests/generated/` has this content. With METABASE_VIEWS_GENERATE set, it is written anew.
fn assert_generated(file: &str, about: &str, steps: &[Step]) {
    let steps: Vec<String> = steps.iter().map(Step::to_string).collect();
    let content = format!(
        "-- {about}\n--\n-- Generated for the hand-worked shop: METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew. What a step \
         keeps (@keep,\n-- @read, @take), later ones read by its name: to EXPLAIN these, make a temporary table of each.\n\n{}",
        steps.join("\n")
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/generated");
    let path = folder.join(file);
    if std::env::var_os("METABASE_VIEWS_GENERATE").is_some() {
        create_dir_all(&folder).expect("the folder");
        write(&path, &content).expect("the file is written");
    }
    let written = read_to_string(&path).unwrap_or_default();
    let first = written
        .lines()
        .zip(content.lines())
        .position(|(old, new)| old != new);
    assert!(
        written == content,
        "{} is not what is generated now, from line {} on; METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew",
        path.display(),
        first.unwrap_or_else(|| written.lines().count().min(content.lines().count())) + 1
    );
}

#[test]
fn a_build_has_one_step_that_finds_orders_that_stand_twice() {
    let steps = program().build();
    let of_key = steps.iter().filter(|step| step.statement.contains(KEY_OF_ORDERS));
    assert_eq!(of_key.count(), 1);
}

#[test]
fn triggers_know_the_queues_of_all_entities() {
    let queues: Vec<String> = queues().collect();
    let known: Vec<&str> = QUEUES
        .iter()
        .map(|name| name.to_str().expect("it is ASCII"))
        .collect();
    assert_eq!(known, queues);
}

#[test]
fn the_keys_of_second_tables_become_those_of_the_orders_that_have_them() {
    let steps = linked_apply();
    let step = |name: &str| steps.iter().find(|step| step.name == name).expect(name);
    assert_eq!(step("taken_order").verb, Verb::Take);
    assert_eq!(
        step("linked_order").to_string(),
        "-- @read linked_order when queued_joined\nSELECT s.id AS key\nFROM queued_joined AS q\nJOIN metabase_internal.orders AS s ON \
         s.joined_key = q.key_integer;\n"
    );
    assert_eq!(step("queued_order").when, ["taken_order", "linked_order"]);
    assert!(steps.iter().all(|step| step.name != "linked_product"));
}

#[test]
fn what_is_generated_stands_where_people_read_it() {
    assert_generated(
        "apply.sql",
        "From the queues to facts, rollups and the groups that have changed (dirty_…).",
        &apply(),
    );
    assert_generated(
        "build.sql",
        "From all of the sources to facts and rollups.",
        &program().build(),
    );
    for (view, steps, changes) in flushes() {
        let steps = [steps, vec![Step::always(Verb::Read, "changes", changes)]].concat();
        assert_generated(
            &format!("flush_{view}.sql"),
            &format!("From the groups that have changed to the rows of {view} that are written."),
            &steps,
        );
    }
}

/// Whether a statement still has a placeholder.
fn is_unfilled(statement: &str) -> bool {
    let without_casts = statement.replace("::", "");
    without_casts
        .split(':')
        .skip(1)
        .any(|after| after.starts_with(|first: char| first.is_ascii_lowercase()))
}

#[test]
fn nothing_is_left_to_be_filled_in() {
    for step in scripts().concat() {
        assert!(!is_unfilled(&step.statement), "{step}");
    }
    let target = &TARGETS[0];
    assert!(!is_unfilled(&target.differences("SELECT 1")));
}

#[test]
fn a_step_depends_on_rows_that_an_earlier_one_has_kept() {
    for steps in [apply(), linked_apply(), program().build()] {
        let mut kept = Vec::new();
        for step in steps {
            for name in &step.when {
                assert!(kept.contains(name), "{name} is not kept before {step}");
            }
            kept.push(step.name);
        }
    }
}

/// What stands in `metabase_internal` and is named in a statement.
fn relations(statement: &str) -> Vec<&str> {
    statement
        .split("metabase_internal.")
        .skip(1)
        .map(|after| {
            let end = after
                .find(|next: char| next != '_' && !next.is_ascii_lowercase())
                .unwrap_or(after.len());
            &after[..end]
        })
        .filter(|name| !["country_code", "amount", "mean", "variance", "units_in_stock"].contains(name))
        .collect()
}

#[test]
fn what_reads_the_shop_reads_no_table_of_ours_and_all_else_nothing_but_these() {
    let adapters: Vec<&str> = ENTITIES.iter().map(|spec| spec.adapter).collect();
    let queues: Vec<String> = queues().collect();
    for step in scripts().concat() {
        for name in relations(&step.statement) {
            let is_right = match step.verb {
                Verb::Read => adapters.contains(&name),
                Verb::Take => TABLES.contains(&name) || queues.iter().any(|queue| queue == name),
                Verb::Keep | Verb::Run => TABLES.contains(&name),
            };
            assert!(is_right, "{name} in {step}");
        }
    }
}

#[test]
fn a_flush_keeps_groups_and_then_reads_rows() {
    for (view, steps, _) in flushes() {
        let shape: Vec<(Verb, &str)> = steps.iter().map(|step| (step.verb, step.name.as_str())).collect();
        assert_eq!(
            shape,
            [
                (Verb::Take, "noted"),
                (Verb::Keep, "flush_key"),
                (Verb::Keep, "flush_group")
            ],
            "{view}"
        );
    }
}

#[test]
fn each_table_is_made_by_the_build_and_has_a_comment() {
    let build = program().build();
    for table in TABLES {
        let (create, comment) = (
            format!("CREATE TABLE metabase_internal.{table} ("),
            format!("COMMENT ON TABLE metabase_internal.{table} IS"),
        );
        for expected in [create, comment] {
            assert!(
                build.iter().any(|step| step.statement.starts_with(&expected)),
                "{expected}"
            );
        }
    }
}

/// The columns of a table of the state, as the build makes it.
fn table_columns(table: &str) -> Vec<String> {
    let create = format!("CREATE TABLE metabase_internal.{table} (\n");
    let build = program().build();
    let statement = build.iter().find_map(|step| step.statement.strip_prefix(&create));
    // A column a line; constraints are in capitals.
    statement
        .unwrap_or_else(|| panic!("no step makes {table}"))
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
        .map(str::to_owned)
        .collect()
}

/// The columns that a statement reads of what it calls `alias`.
fn columns_of<'a>(alias: &str, statement: &'a str) -> Vec<&'a str> {
    let prefix = format!("{alias}.");
    statement
        .split(|letter: char| !letter.is_ascii_alphanumeric() && !['_', '.'].contains(&letter))
        .filter_map(|word| word.strip_prefix(&prefix))
        .filter(|column| !column.is_empty())
        .collect()
}

/// The tables of the state that a statement reads, with what it calls them.
fn aliases(statement: &str) -> Vec<(&str, &str)> {
    statement
        .split("metabase_internal.")
        .skip(1)
        .filter_map(|after| {
            let mut words = after.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some(table), Some("AS"), Some(alias)) if TABLES.contains(&table) => {
                    Some((table, alias.trim_end_matches(',')))
                }
                _ => None,
            }
        })
        .collect()
}

/// A contract: a flush reads what rollups keep. A measure that is missing in src/incremental/rollup.rs would otherwise be an error
/// of a refresh.
#[test]
fn a_flush_reads_columns_that_its_rollup_has() {
    let mut of_rollups = 0;
    for target in &TARGETS {
        let (steps, rows) = target.rows(&program()).expect("it has rows");
        let mut kept = Vec::new();
        for step in &steps {
            kept.extend(result_columns(&step.statement));
            for (table, alias) in aliases(&step.statement) {
                let columns = table_columns(table);
                for column in columns_of(alias, &step.statement) {
                    assert!(
                        columns.iter().any(|known| known == column),
                        "the flush of {} reads {column} of {table}, which has no such measure or column",
                        target.view
                    );
                }
                if step.statement.contains(&format!("{alias}.*")) {
                    kept.extend(columns);
                }
            }
        }
        // What is kept of a rollup is called r in all flushes.
        for column in columns_of("r", &rows.statement) {
            of_rollups += 1;
            assert!(
                kept.iter().any(|known| known == column),
                "the flush of {} reads {column}, and its rollup has no such measure or column",
                target.view
            );
        }
    }
    assert!(of_rollups > 100, "{of_rollups}");
}

#[test]
fn columns_and_tables_are_found_in_a_flush() {
    let statement = "SELECT r.*, r.a::numeric, (r.b_1) FROM metabase_internal.day_rollup AS r, other.r.c";
    assert_eq!(columns_of("r", statement), ["a", "b_1"]);
    assert_eq!(aliases(statement), [("day_rollup", "r")]);
}

/// What may be kept, by the script, when keys of an entity are queued.
fn reached(entity: Entity) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([format!("queued_{}", entity.name())]);
    for step in program().apply() {
        if step.when.iter().any(|name| reached.contains(name)) {
            reached.insert(step.name);
        }
    }
    reached
}

#[test]
fn a_view_is_made_of_the_entities_whose_keys_make_its_groups_dirty() {
    for spec in &ENTITIES {
        let reached = reached(spec.entity);
        for target in &TARGETS {
            // The sales of a product that gets another brand are other facts, but neither a day nor a platform shows brands.
            let is_in_vain = spec.entity == Entity::Product
                && ["dirty_executive", "dirty_platform"].contains(&target.dirty);
            assert_eq!(
                target.entities.contains(&spec.entity),
                reached.contains(target.dirty) && !is_in_vain,
                "{} in {}",
                spec.name,
                target.view
            );
        }
    }
}

/// The names of the columns that a query returns: those of its last SELECT that no parenthesis encloses.
fn result_columns(query: &str) -> Vec<String> {
    let mut depth = 0;
    let mut columns = vec![String::new()];
    let mut is_in_list = false;
    for word in words(query) {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            "SELECT" if depth == 0 => {
                columns = vec![String::new()];
                is_in_list = true;
            }
            "FROM" if depth == 0 => is_in_list = false,
            "," if depth == 0 && is_in_list => columns.push(String::new()),
            // The last word of an expression is the name: of a column, or behind AS.
            word if depth == 0 && is_in_list => {
                let end = columns.len() - 1;
                columns[end] = word.rsplit('.').next().unwrap_or_default().to_owned();
            }
            _ => {}
        }
    }
    columns
}

/// The words of a statement: names, strings, parentheses and commas; comments are none.
fn words(statement: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_string = false;
    for line in statement
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
    {
        for letter in line.chars().chain(['\n']) {
            if letter == '\'' {
                is_string = !is_string;
            }
            match letter {
                letter if is_string => words.last_mut().expect("a word").push(letter),
                '(' | ')' | ',' | ';' => words.extend([letter.to_string(), String::new()]),
                letter if letter.is_whitespace() => words.push(String::new()),
                letter => words.last_mut().expect("a word").push(letter),
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Columns are those that a view's definition has, in their order; if they are not, the message says in what they differ.
fn assert_same_columns(what: &str, found: &[impl AsRef<str>], defined: &[String]) {
    let found: Vec<&str> = found.iter().map(AsRef::as_ref).collect();
    let missing: Vec<&String> = defined
        .iter()
        .filter(|name| !found.contains(&name.as_str()))
        .collect();
    let superfluous: Vec<&&str> = found
        .iter()
        .filter(|name| !defined.iter().any(|defined| defined == *name))
        .collect();
    let misplaced = found
        .iter()
        .zip(defined)
        .position(|(found, defined)| found != defined);
    assert!(
        found == defined,
        "{what} and its definition differ: missing {missing:?}, superfluous {superfluous:?}, the first at another place {:?}",
        misplaced.map(|position| &defined[position])
    );
}

/// A contract: what a view shows stands in its definition, its comments, its flush and its key, and all of these agree.
#[test]
fn definition_comments_flush_and_key_of_a_view_have_the_same_columns() {
    for (view, target) in VIEWS.iter().zip(&TARGETS) {
        assert_eq!(view.name, target.view);
        let (_, query) = view.definition.split_once(" AS\n").expect("a query");
        let query = query.split(';').next().unwrap_or_default();
        let defined = result_columns(query);
        assert_same_columns(
            &format!("the comments of {}", view.name),
            &view.columns(),
            &defined,
        );

        let (_, flush) = target.rows(&program()).expect("it has rows");
        let (present, flushed) = {
            let mut columns = result_columns(&flush.statement);
            (columns.remove(0), columns)
        };
        assert_eq!(present, "present", "the flush of {}", view.name);
        assert_same_columns(&format!("the flush of {}", view.name), &flushed, &defined);

        let key = view.key();
        assert!(!key.is_empty(), "{}", view.name);
        for column in key.iter().chain(target.nullable) {
            assert!(
                defined.iter().any(|defined| defined == column),
                "{column} of {}",
                view.name
            );
        }
        for column in target.nullable {
            assert!(key.contains(column), "{column} is no key of {}", view.name);
        }
    }
}

#[test]
fn columns_are_found_in_a_query() {
    let query = "WITH a AS (SELECT 1 AS b FROM c)
        SELECT
            -- FROM here on
            x.d,
            sum(e) FILTER (WHERE f > 0) AS g, -- not h
            CASE WHEN 'FROM, ' = i THEN (SELECT j FROM k) END AS l
        FROM a";
    let without_comment = query.replace(" -- not h", "");
    assert_eq!(result_columns(&without_comment), ["d", "g", "l"]);
}
