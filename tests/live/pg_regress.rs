//! The scripts of `tests/pg_regress`: SQL as users write it in psql, with all that psql prints.
//!
//! The layout is that of PostgreSQL's own regression tests. `PG_REGRESS_UPDATE=1` writes the expected files anew.

use std::fs::File;
use std::io::{Read, pipe};
use std::path::Path;

use crate::cluster::{Database, server_major};
use crate::shop::{history, refreshed_shop, shop, snapshot};

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

#[test]
fn errors_of_calls() {
    compare_errors("errors_of_calls", &refreshed_shop().0);
}

#[test]
fn errors_of_sources() {
    compare_errors("errors_of_sources", &shop());
}

#[test]
fn errors_of_own_views() {
    compare_errors("errors_of_own_views", &shop());
}

fn compare(script: &str) {
    compare_in(&shop(), script, &[]);
}

/// The same for calls that fail: with their SQLSTATE, and nothing is left behind.
fn compare_errors(script: &str, database: &Database) {
    let mut client = database.connect();
    let before = (snapshot(&mut client), history(&mut client));
    compare_in(database, script, &["-v", "VERBOSITY=verbose"]);
    assert_eq!((snapshot(&mut client), history(&mut client)), before);
}

fn compare_in(database: &Database, script: &str, options: &[&str]) {
    let printed = psql(database, &format!("{FOLDER}/sql/{script}.sql"), options);
    let expected_file = expected_file(script);
    if std::env::var_os("PG_REGRESS_UPDATE").is_some() {
        std::fs::write(&expected_file, &printed).unwrap_or_else(|error| panic!("{expected_file}: {error}"));
    }
    let expected =
        std::fs::read_to_string(&expected_file).unwrap_or_else(|error| panic!("{expected_file}: {error}"));
    // Line by line, so that a failure shows where.
    for (number, (printed, expected)) in printed.lines().zip(expected.lines()).enumerate() {
        assert_eq!(printed, expected, "{expected_file}, line {}", number + 1);
    }
    assert_eq!(
        printed.lines().count(),
        expected.lines().count(),
        "lines of {expected_file}"
    );
}

/// What a script has to print on this major: the file that names it, where PostgreSQL's own words are others there, or the one for all.
fn expected_file(script: &str) -> String {
    let of_major = format!("{FOLDER}/expected/{script}_{}.out", server_major());
    match Path::new(&of_major).exists() {
        true => of_major,
        false => format!("{FOLDER}/expected/{script}.out"),
    }
}

/// All that psql prints for a script, errors included, in their place.
fn psql(database: &Database, script: &str, options: &[&str]) -> String {
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
        ])
        .args(options)
        // From stdin, because with -f psql puts the name of the file and the line before each error.
        .stdin(File::open(script).unwrap_or_else(|error| panic!("{script}: {error}")))
        .stdout(writer.try_clone().expect("a pipe"))
        .stderr(writer)
        .spawn()
        .expect("psql runs");
    let mut printed = String::new();
    reader.read_to_string(&mut printed).expect("psql prints UTF-8");
    psql.wait().expect("psql ends");
    // LOCATION has lines of our source, which change.
    printed
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("LOCATION:  "))
        .collect()
}
