//! docs/security.md lists each place that changes role: one that is new has to be thought about there.

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::Path;

/// The calls that change role, and what the table of docs/security.md calls the role that they change to.
const CALLS: [(&str, &str); 5] = [
    ("as_extension_owner(", "the extension's owner"),
    ("as_role(", "the views' owner, restricted"),
    ("acting_as(", "the views' owner"),
    ("restricted(", "the caller, restricted"),
    ("SetUserIdAndSecContext(", "whoever it is told"),
];

fn path(of: &str) -> String {
    format!("{}/{of}", env!("CARGO_MANIFEST_DIR"))
}

/// File, function and role of each place, from the source.
fn places() -> BTreeSet<(String, String, &'static str)> {
    let mut files = Vec::new();
    collect(Path::new(&path("src")), &mut files);
    let mut places = BTreeSet::new();
    for file in files {
        let source = read_to_string(path(&file)).expect("a source can be read");
        let mut function = String::new();
        // Tests stand at the end of a file.
        for line in source.lines().take_while(|line| *line != "#[cfg(test)]") {
            let line = line.trim_start();
            if line.starts_with("//") {
                continue;
            }
            if let Some(name) = defined_function(line) {
                function = name.to_owned();
            }
            for (call, role) in CALLS {
                let is_called = line.match_indices(call).any(|(at, _)| {
                    // Another word that ends like this one is another word; so is the definition.
                    !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
                        && !line[..at].ends_with("fn ")
                });
                if is_called {
                    places.insert((file.clone(), function.clone(), role));
                }
            }
        }
    }
    places
}

fn collect(folder: &Path, files: &mut Vec<String>) {
    for entry in read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let relative = path
            .strip_prefix(env!("CARGO_MANIFEST_DIR"))
            .expect("below the project")
            .display()
            .to_string();
        if path.is_dir() {
            collect(&path, files);
        } else if relative.ends_with(".rs") && relative != "src/pg/tests.rs" {
            files.push(relative);
        }
    }
}

/// The name of the function whose definition begins on a line.
fn defined_function(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_definition = before
        .split_whitespace()
        .all(|word| word.starts_with("pub") || ["unsafe", "extern", "\"C-unwind\"", "const"].contains(&word));
    let end = after.find(|next: char| !next.is_alphanumeric() && next != '_')?;
    is_definition.then(|| &after[..end])
}

/// The same from the table: a row has a file, functions, and a role.
fn documented() -> BTreeSet<(String, String, &'static str)> {
    let page = read_to_string(path("docs/security.md")).expect("the page can be read");
    page.lines()
        .filter(|line| line.starts_with("| `src/"))
        .flat_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let file = cells[0].trim_matches('`').to_owned();
            let role = CALLS
                .iter()
                .map(|(_, role)| *role)
                .find(|role| *role == cells[2])
                .unwrap_or_else(|| panic!("no role is called {:?}: {line}", cells[2]));
            let functions: Vec<String> = cells[1]
                .split(", ")
                .map(|function| function.trim_matches('`').to_owned())
                .collect();
            functions
                .into_iter()
                .map(move |function| (file.clone(), function, role))
        })
        .collect()
}

#[test]
fn each_place_that_changes_role_is_in_the_table() {
    let (places, documented) = (places(), documented());
    let missing: Vec<_> = places.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&places).collect();
    assert!(missing.is_empty(), "docs/security.md lacks: {missing:#?}");
    assert!(gone.is_empty(), "docs/security.md has too much: {gone:#?}");
    assert!(places.len() > 50, "{places:?}");
}
