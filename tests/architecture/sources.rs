//! The project's own sources, for tests of what stands in them.

use std::fs::{read_dir, read_to_string};

use crate::root;

/// Each Rust file of `src/`: its path from the project's folder on, and its lines without those that are comments.
pub fn sources() -> Vec<(String, Vec<String>)> {
    let mut sources = Vec::new();
    collect("src", &mut sources);
    sources
}

fn collect(folder: &str, sources: &mut Vec<(String, Vec<String>)>) {
    for entry in read_dir(root().join(folder)).expect("a folder of sources") {
        let entry = entry.expect("an entry");
        let path = format!("{folder}/{}", entry.file_name().display());
        if entry.path().is_dir() {
            collect(&path, sources);
        } else if path.ends_with(".rs") {
            let source = read_to_string(entry.path()).unwrap_or_else(|error| panic!("{path}: {error}"));
            let code = source
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(str::to_owned)
                .collect();
            sources.push((path, code));
        }
    }
}
