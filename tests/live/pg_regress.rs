//! The scripts of `tests/pg_regress`: SQL as users write it in psql, with all that psql answers.
//!
//! The layout is that of PostgreSQL's own regression tests. `PG_REGRESS_UPDATE=1` writes the expected files anew.

use std::process::Command;

use crate::cluster::Database;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pg_regress");

#[test]
fn quick_start() {
    compare("quick_start");
}

#[test]
fn own_view() {
    compare("own_view");
}

#[test]
fn sources() {
    compare("sources");
}

#[test]
fn dashboards() {
    compare("dashboards");
}

fn compare(script: &str) {
    let database = Database::with_layout_a();
    database.run_file("tests/hand_worked/shop.sql");
    let answer = psql(&database, &format!("{FOLDER}/sql/{script}.sql"));
    let expected_file = format!("{FOLDER}/expected/{script}.out");
    if std::env::var_os("PG_REGRESS_UPDATE").is_some() {
        std::fs::write(&expected_file, &answer).unwrap_or_else(|error| panic!("{expected_file}: {error}"));
    }
    let expected =
        std::fs::read_to_string(&expected_file).unwrap_or_else(|error| panic!("{expected_file}: {error}"));
    // Line by line, so that a failure shows where.
    for (number, (answered, expected)) in answer.lines().zip(expected.lines()).enumerate() {
        assert_eq!(answered, expected, "{expected_file}, line {}", number + 1);
    }
    assert_eq!(
        answer.lines().count(),
        expected.lines().count(),
        "lines of {expected_file}"
    );
}

/// All that psql prints for a script, errors included, in their place.
fn psql(database: &Database, script: &str) -> String {
    let bin =
        std::env::var("PG_BIN").expect("PG_BIN names PostgreSQL's programs; run the tests with: make test");
    let output = Command::new("sh")
        .args([
            "-c",
            "exec \"$0\" -X -a -q -v HIDE_TABLEAM=on -v HIDE_TOAST_COMPRESSION=on -f \"$1\" 2>&1",
        ])
        .args([&format!("{bin}/psql"), script])
        .env("PGHOST", database.socket())
        .env("PGUSER", "postgres")
        .env("PGDATABASE", database.name())
        .output()
        .expect("psql runs");
    // psql says in which file an error is; the file's folder is nobody's business.
    String::from_utf8(output.stdout)
        .expect("psql prints UTF-8")
        .replace(&format!("psql:{script}:"), "psql:")
}
