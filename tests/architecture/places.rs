//! docs/security.md lists each place that changes role: one that is new has to be thought about there.

use std::collections::BTreeSet;
use std::fs::read_to_string;

use crate::root;
use crate::sources::sources;

/// The calls that change role, and what the table of docs/security.md calls the role that they change to.
const CALLS: [(&str, &str); 5] = [
    ("as_extension_owner(", "the extension's owner"),
    ("as_role(", "the views' owner, restricted"),
    ("acting_as(", "the views' owner"),
    ("restricted(", "the caller, restricted"),
    ("SetUserIdAndSecContext(", "whoever it is told"),
];

/// File, function and role of each place, from the source.
fn places() -> BTreeSet<(String, String, &'static str)> {
    let mut places = BTreeSet::new();
    for (file, code) in sources() {
        let mut function = String::new();
        // Tests stand at the end of a file.
        for line in code.iter().take_while(|line| *line != "#[cfg(test)]") {
            if let Some(name) = defined_function(line.trim_start()) {
                function = name.to_owned();
            }
            for (call, role) in CALLS {
                let is_called = line.match_indices(call).any(|(at, _)| {
                    // Another word that ends like this one is another word; so is the definition.
                    !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
                        && !line[..at].ends_with("fn ")
                });
                if is_called && file != "src/pg/tests.rs" {
                    places.insert((file.clone(), function.clone(), role));
                }
            }
        }
    }
    places
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
    let page = read_to_string(root().join("docs/security.md")).expect("the page can be read");
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
