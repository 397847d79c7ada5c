//! META.json, by which PGXN knows the project, says what Cargo.toml and the control file say.

use std::fs::read_to_string;

use serde_json::Value;

use crate::root;

fn meta() -> Value {
    let text = read_to_string(root().join("META.json")).expect("META.json can be read");
    serde_json::from_str(&text).expect("META.json is JSON")
}

/// The values of a key in a file of lines like `key = 'value'`, or with double quotes.
fn values(file: &str, key: &str) -> Vec<String> {
    let text = read_to_string(root().join(file)).expect("the file can be read");
    text.lines()
        .filter_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))
        .map(|value| value.trim().trim_matches(['\'', '"']).to_owned())
        .collect()
}

#[test]
fn it_agrees_with_cargo_and_the_control_file() {
    let meta = meta();
    let cargo = |key: &str| values("Cargo.toml", key).remove(0);
    assert_eq!(meta["name"], cargo("name"));
    assert_eq!(meta["version"], cargo("version"));
    assert_eq!(meta["abstract"], cargo("description"));
    assert_eq!(meta["license"], cargo("license").to_lowercase());
    let comment = values("metabase_views.control", "comment").remove(0);
    let comment = comment.replace("''", "'");
    assert!(comment.starts_with(meta["abstract"].as_str().expect("a text")));
    // The command that comes with it is of the same version.
    assert_eq!(
        values("crates/metabase-push/Cargo.toml", "version"),
        [cargo("version")]
    );

    let provided = meta["provides"].as_object().expect("what it provides");
    assert_eq!(provided.keys().collect::<Vec<_>>(), [&cargo("name")]);
    let extension = &provided["metabase_views"];
    assert_eq!(extension["version"], meta["version"]);
    assert_eq!(extension["abstract"], meta["abstract"]);
    for file in ["file", "docfile"] {
        let file = extension[file].as_str().expect("a path");
        assert!(root().join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn it_has_what_its_specification_requires() {
    let meta = meta();
    let required = [
        "name",
        "version",
        "abstract",
        "maintainer",
        "license",
        "provides",
        "meta-spec",
    ];
    for key in required {
        assert!(!meta[key].is_null(), "{key} is missing");
    }
    let known = ["description", "prereqs", "release_status", "tags"];
    for key in meta.as_object().expect("an object").keys() {
        assert!(
            required.contains(&key.as_str()) || known.contains(&key.as_str()),
            "{key} is unknown"
        );
    }
    assert_eq!(meta["meta-spec"]["version"], "1.0.0");
    assert!(
        ["stable", "testing", "unstable"]
            .map(Value::from)
            .contains(&meta["release_status"])
    );
    // Of the majors that are built for, the oldest.
    let oldest = values("Cargo.toml", "default").remove(0);
    let oldest = oldest.trim_matches(|digit: char| !digit.is_ascii_digit());
    assert_eq!(
        meta["prereqs"]["runtime"]["requires"]["PostgreSQL"],
        format!("{oldest}.0.0")
    );
}
