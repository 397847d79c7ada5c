//! What releases have left behind never changes: databases are upgraded from it.

use std::fs::read_to_string;
use std::process::Command;

use crate::root;

#[test]
fn what_a_release_has_left_is_as_it_was() {
    let sums = read_to_string(root().join("releases/SHA256SUMS")).expect("the sums");
    assert!(sums.lines().count() >= 2, "{sums}");
    let checked = Command::new("sha256sum")
        .args(["--check", "--quiet", "SHA256SUMS"])
        .current_dir(root().join("releases"))
        .output()
        .expect("sha256sum can be run");
    assert!(checked.status.success(), "{checked:?}");
}

#[test]
fn each_release_has_its_sums_and_a_way_to_the_next_version() {
    let sums = read_to_string(root().join("releases/SHA256SUMS")).expect("the sums");
    let manifest = read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let this = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .expect("a version");
    let released: Vec<&str> = sums
        .lines()
        .filter_map(|line| line.split_once("metabase_views--")?.1.strip_suffix(".sql"))
        .collect();
    let later = released.iter().skip(1).copied().chain([this]);
    for (version, next) in released
        .iter()
        .zip(later)
        .filter(|(version, next)| version != &next)
    {
        let script = format!("sql/metabase_views--{version}--{next}.sql");
        assert!(root().join(&script).exists(), "{script}");
    }
    for file in root().join("releases").read_dir().expect("a folder").flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        assert!(name == "SHA256SUMS" || sums.contains(&name), "{name}");
    }
}
