//! The scripts of `tests/pg_regress`: SQL as users write it in psql, with all that psql answers.
//!
//! The layout is that of PostgreSQL's own regression tests. `PG_REGRESS_UPDATE=1` writes the expected files anew.

use std::io::{Read, pipe};

use crate::cluster::Database;
use crate::shop::shop;

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
    let database = shop();
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
    let (mut reader, writer) = pipe().expect("a pipe");
    let mut psql = database
        .program("psql")
        .args([
            "-X",
            "-a",
            "-q",
            "-v",
            "HIDE_TABLEAM=on",
            "-v",
            "HIDE_TOAST_COMPRESSION=on",
            "-f",
            script,
        ])
        .stdout(writer.try_clone().expect("a pipe"))
        .stderr(writer)
        .spawn()
        .expect("psql runs");
    let mut printed = String::new();
    reader.read_to_string(&mut printed).expect("psql prints UTF-8");
    psql.wait().expect("psql ends");
    // psql says in which file an error is; the file's folder is nobody's business.
    printed.replace(&format!("psql:{script}:"), "psql:")
}
