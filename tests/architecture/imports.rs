//! What imports what: files as nodes, `use`s and paths as edges. Read from the tokens of the source.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{read_dir, read_to_string};
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Modules by their path (`source::entity`; the crate's root is ""), each with the modules that it imports.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// The imports of a crate's folder `src`. `name` is what the crate's own binaries call it.
pub fn imports(src: &Path, name: &str) -> Imports {
    let mut sources = BTreeMap::new();
    read_modules(src, "", &mut sources);
    let modules: BTreeSet<String> = sources.keys().cloned().collect();
    sources
        .into_iter()
        .map(|(module, source)| {
            let tokens: TokenStream = source.parse().unwrap_or_else(|_| panic!("{module} has no Rust"));
            let mut reader = Reader {
                crate_name: name,
                modules: &modules,
                module: &module,
                found: BTreeSet::new(),
            };
            reader.read(tokens);
            let mut found = reader.found;
            found.remove(&module);
            (module, found)
        })
        .collect()
}

fn read_modules(folder: &Path, path: &str, sources: &mut BTreeMap<String, String>) {
    for entry in read_dir(folder).expect("a folder") {
        let file = entry.expect("an entry").path();
        let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        let module = match (path, stem) {
            (_, "mod" | "lib") => path.to_owned(),
            ("", _) => stem.to_owned(),
            _ => format!("{path}::{stem}"),
        };
        if file.is_dir() {
            read_modules(&file, &module, sources);
        } else if file.extension().is_some_and(|extension| extension == "rs") {
            sources.insert(module, read_to_string(&file).expect("a file"));
        }
    }
}

struct Reader<'a> {
    crate_name: &'a str,
    modules: &'a BTreeSet<String>,
    module: &'a str,
    found: BTreeSet<String>,
}

impl Reader<'_> {
    /// Finds the paths in tokens, also in those of a macro. What is for tests alone may import anything.
    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) if is_for_tests(group) => {
                    at += tokens[at..].iter().position(ends_item).unwrap_or(tokens.len());
                }
                TokenTree::Group(group) => self.read(group.stream()),
                TokenTree::Ident(first) if is_path(&tokens, at) => {
                    if let Some(base) = self.base(&first.to_string()) {
                        self.follow(base, &tokens[at + 3..]);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// The module that a path begins in; None where the path leads out of the crate.
    fn base(&self, first: &str) -> Option<String> {
        let child = join(self.module, first);
        match first {
            "crate" => Some(String::new()),
            "super" => Some(parent(self.module).to_owned()),
            "self" => Some(self.module.to_owned()),
            _ if first == self.crate_name => Some(String::new()),
            _ => self.modules.contains(&child).then_some(child),
        }
    }

    /// Goes on from a module, as far as there are modules, into each branch of a group.
    fn follow(&mut self, base: String, rest: &[TokenTree]) {
        match rest.first() {
            Some(TokenTree::Ident(next)) => {
                let next = next.to_string();
                let module = match next.as_str() {
                    "super" => parent(&base).to_owned(),
                    _ => join(&base, &next),
                };
                if !self.modules.contains(&module) {
                    self.found.insert(base);
                } else if is_path(rest, 0) {
                    self.follow(module, &rest[3..]);
                } else {
                    self.found.insert(module);
                }
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let branches: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in branches.split(|token| is_punct(token, ',')) {
                    self.follow(base.clone(), branch);
                }
            }
            Some(_) => {
                self.found.insert(base);
            }
            None => {}
        }
    }
}

/// Whether a word stands at the beginning of a path: `word::`, and nothing such before it.
fn is_path(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |at: usize| tokens.get(at).is_some_and(|token| is_punct(token, ':'));
    is_colon(at + 1) && is_colon(at + 2) && !(at > 0 && is_colon(at - 1))
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// Whether this is the inside of `#[cfg(test)]` or `#[cfg(any(test, …))]`.
fn is_for_tests(group: &proc_macro2::Group) -> bool {
    let text = group.stream().to_string().replace(' ', "");
    group.delimiter() == Delimiter::Bracket && (text == "cfg(test)" || text.starts_with("cfg(any(test,"))
}

/// Whether an item ends here: with its block, or with a semicolon.
fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        other => is_punct(other, ';'),
    }
}

fn join(module: &str, name: &str) -> String {
    match module {
        "" => name.to_owned(),
        _ => format!("{module}::{name}"),
    }
}

fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or("", |(parent, _)| parent)
}

/// A way through the graph that comes back to where it began, if there is one.
pub fn circle(imports: &Imports) -> Option<Vec<String>> {
    fn walk(imports: &Imports, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        let here = way.last().expect("a module").clone();
        for next in imports.get(&here).into_iter().flatten() {
            if let Some(at) = way.iter().position(|module| module == next) {
                way.drain(..at);
                way.push(next.clone());
                return true;
            }
            if done.contains(next) {
                continue;
            }
            way.push(next.clone());
            if walk(imports, way, done) {
                return true;
            }
            way.pop();
        }
        done.insert(here);
        false
    }
    let mut done = BTreeSet::new();
    imports.keys().find_map(|module| {
        let mut way = vec![module.clone()];
        (!done.contains(module) && walk(imports, &mut way, &mut done)).then_some(way)
    })
}

/// The same graph between the parts of a folder: a file is a part, and so is a folder with all that it has.
pub fn between_parts(imports: &Imports, folder: &str) -> Imports {
    let part = |module: &str| -> Option<String> {
        let inside = match folder {
            "" => module,
            _ if module == folder => "",
            _ => module.strip_prefix(folder)?.strip_prefix("::")?,
        };
        Some(inside.split("::").next().unwrap_or_default().to_owned())
    };
    let mut parts = Imports::new();
    for (module, imported) in imports {
        let Some(from) = part(module) else { continue };
        let into = parts.entry(from.clone()).or_default();
        into.extend(
            imported
                .iter()
                .filter_map(|module| part(module))
                .filter(|to| *to != from),
        );
    }
    parts
}
