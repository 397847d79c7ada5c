//! Nothing imports upward, and there are no circles. `docs/architecture.md` names the layers.

use std::collections::BTreeSet;
use std::path::Path;

use crate::imports::{Imports, between_parts, circle, imports};
use crate::root;

fn extension() -> Imports {
    imports(&root().join("src"), "metabase_views")
}

fn metabase_push() -> Imports {
    imports(&root().join("crates/metabase-push/src"), "metabase_push")
}

/// The layers that docs/architecture.md has, the highest first: a row each.
fn layers() -> Vec<Vec<String>> {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).expect("the page");
    let (_, section) = page.split_once("\n## Layers\n").expect("a section of layers");
    let section = section.split("\n## ").next().unwrap_or_default();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let parts = line.split('|').nth(1).unwrap_or_default();
            parts
                .split(',')
                .map(|part| part.trim().trim_matches('`').to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn nothing_imports_upward() {
    let layers = layers();
    let row = |part: &str| {
        layers
            .iter()
            .position(|row| row.iter().any(|named| named == part))
    };
    let upward: Vec<String> = extension()
        .iter()
        .flat_map(|(module, imported)| imported.iter().map(move |imported| (module, imported)))
        .filter_map(|(module, imported)| {
            let part = |module: &str| match module.split("::").next() {
                Some("") | None => "lib".to_owned(),
                Some(part) => part.to_owned(),
            };
            let (from, to) = (part(module), part(imported));
            let is_down = from == to || row(&from).expect("a layer") < row(&to).expect("a layer");
            (!is_down).then(|| format!("{module} imports {imported}"))
        })
        .collect();
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn the_page_names_each_part_once() {
    let named: Vec<String> = layers().into_iter().flatten().collect();
    let parts: BTreeSet<String> = extension()
        .keys()
        .map(|module| module.split("::").next().unwrap_or_default())
        .map(|part| if part.is_empty() { "lib" } else { part }.to_owned())
        .collect();
    assert_eq!(named.iter().cloned().collect::<BTreeSet<_>>(), parts);
    assert_eq!(named.len(), parts.len());
}

#[test]
fn there_are_no_circles_between_files_or_folders() {
    for imports in [extension(), metabase_push()] {
        assert!(imports.len() > 20, "{imports:?}");
        assert_eq!(circle(&imports), None);
        let folders: BTreeSet<&str> = imports
            .keys()
            .filter_map(|module| Some(module.rsplit_once("::")?.0))
            .chain([""])
            .collect();
        for folder in folders {
            // A folder's own file may name what is in the folder, and be named by it, in one of the two directions only.
            assert_eq!(circle(&between_parts(&imports, folder)), None, "in {folder}");
        }
    }
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("imports");
    std::fs::create_dir_all(folder.join("b")).expect("a folder");
    let write = |file: &str, code: &str| std::fs::write(folder.join(file), code).expect("a file");
    write("lib.rs", "mod a; mod b; pub fn start() { a::run(); }");
    write(
        "a.rs",
        "use crate::b::{self, c::{One, Two}, d}; fn run() { format!(\"{}\", super::b::e()); }",
    );
    write("b/mod.rs", "pub mod c; pub mod d; pub fn e() {}");
    write(
        "b/c.rs",
        "use super::d::Three; #[cfg(test)] mod tests { use crate::a::run; }",
    );
    write(
        "b/d.rs",
        "use std::fmt::{self, Display}; // use crate::a::run;\nstruct Three(::std::string::String);",
    );
    let found = imports(&folder, "example");
    let of = |module: &str| found[module].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of(""), ["a"]);
    assert_eq!(of("a"), ["b", "b::c", "b::d"]);
    assert_eq!(of("b"), [""; 0]);
    assert_eq!(of("b::c"), ["b::d"]);
    assert_eq!(of("b::d"), [""; 0]);
    assert_eq!(circle(&found), None);

    write("b/d.rs", "use crate::a::run;");
    let way = circle(&imports(&folder, "example")).expect("a circle");
    assert_eq!(way.first(), way.last());
    assert!(way.len() > 2, "{way:?}");
}
