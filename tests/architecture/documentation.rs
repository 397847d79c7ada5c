//! What the pages say of the source is so: entities and their columns, messages, paths, links, variables.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{read_dir, read_to_string};
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::pages::{Page, quoted};
use crate::root;

// Entities

/// A list of tokens, cut at its commas.
fn arguments(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    tokens
        .split(is_comma)
        .map(<[TokenTree]>::to_vec)
        .filter(|argument| !argument.is_empty())
        .collect()
}

/// The text of each string literal among tokens and in their groups, in order.
fn literals(tokens: &[TokenTree]) -> Vec<String> {
    tokens
        .iter()
        .flat_map(|token| match token {
            TokenTree::Group(group) => literals(&group.stream().into_iter().collect::<Vec<_>>()),
            TokenTree::Literal(literal) => text(&literal.to_string()).into_iter().collect(),
            _ => Vec::new(),
        })
        .collect()
}

/// What a string literal means; None for another literal.
fn text(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        return Some(raw.trim_matches('#').trim_matches('"').to_owned());
    }
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut rest = inner.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\\' => match rest.next() {
                Some('n') => text.push('\n'),
                // The line goes on with the first word of the next one.
                Some('\n') => while rest.next_if(|next| next.is_whitespace()).is_some() {},
                Some(escaped) => text.push(escaped),
                None => {}
            },
            other => text.push(other),
        }
    }
    Some(text)
}

/// The last word among tokens, which is what a path ends with.
fn last_word(tokens: &[TokenTree]) -> String {
    let mut words = tokens.iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    });
    words.next_back().unwrap_or_default()
}

/// The group that a list of tokens ends with.
fn last_group(tokens: &[TokenTree]) -> TokenStream {
    match tokens.last() {
        Some(TokenTree::Group(group)) => group.stream(),
        other => panic!("no group: {other:?}"),
    }
}

/// Every struct literal of a name in a source, by its fields.
fn struct_literals(tokens: TokenStream, name: &str) -> Vec<BTreeMap<String, Vec<TokenTree>>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let is_named = at > 0 && tokens[at - 1].to_string() == name && group.delimiter() == Delimiter::Brace;
        // A definition of the struct and its impl have a word before the name.
        let is_item = at > 1
            && matches!(&tokens[at - 2], TokenTree::Ident(word) if ["struct", "impl"].contains(&word.to_string().as_str()));
        if is_named && !is_item {
            let fields = arguments(group.stream()).into_iter().map(|field| {
                let value = field.get(2..).unwrap_or_default().to_vec();
                (field[0].to_string(), value)
            });
            found.push(fields.collect());
        } else {
            found.extend(struct_literals(group.stream(), name));
        }
    }
    found
}

fn source(path: &str) -> TokenStream {
    let source = read_to_string(root().join(path)).expect("a source");
    source.parse().unwrap_or_else(|_| panic!("{path} has no Rust"))
}

/// A cell with words in backticks.
fn in_backticks(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn bold_if(is_bold: bool, word: &str) -> String {
    match is_bold {
        true => format!("**{word}**"),
        false => word.to_owned(),
    }
}

#[test]
fn the_table_of_sources_is_that_of_the_code() {
    let entities: Vec<_> = struct_literals(source("src/source/entity.rs"), "EntitySpec")
        .into_iter()
        .filter(|fields| fields.contains_key("tables"))
        .collect();
    let names: BTreeMap<String, String> = entities
        .iter()
        .map(|fields| (last_word(&fields["entity"]), literals(&fields["name"]).remove(0)))
        .collect();
    let mut expected = Vec::new();
    for fields in &entities {
        let tables: Vec<String> = literals(&fields["tables"])
            .chunks(2)
            .map(|table| table.join("."))
            .collect();
        let is_required = last_word(&fields["required"]) == "true";
        let name = bold_if(is_required, &literals(&fields["name"])[0]);
        expected.push([name, String::new(), String::new(), in_backticks(&tables)].to_vec());
        for column in arguments(last_group(&fields["columns"])) {
            let is_required = column[0].to_string() == "required";
            let column = match is_required {
                true => arguments(last_group(&column)).remove(0),
                false => column,
            };
            let [name, kind, detected, _] = &arguments(last_group(&column))[..] else {
                panic!("not a column: {column:?}");
            };
            let kind = match kind[0].to_string().as_str() {
                "Id" => "key".to_owned(),
                "Reference" => format!(
                    "key of {}",
                    names[&last_word(&arguments(last_group(kind)).remove(0))]
                ),
                "Text" => "text".to_owned(),
                "Number" => "number".to_owned(),
                "Units" => "units".to_owned(),
                "Amount" => "amount".to_owned(),
                "Currency" => "currency".to_owned(),
                "Flag" => "boolean".to_owned(),
                "Time" => "point in time".to_owned(),
                other => panic!("the page has no word for {other}"),
            };
            let detected = match &literals(detected)[..] {
                [] => "from the status".to_owned(),
                names => in_backticks(names),
            };
            expected.push(
                [
                    String::new(),
                    bold_if(is_required, &literals(name)[0]),
                    kind,
                    detected,
                ]
                .to_vec(),
            );
        }
    }
    assert!(entities.len() > 5 && expected.len() > 40, "{expected:?}");
    let page = Page::read(root(), "docs/sources.md").rows("## Columns");
    // Row by row, so that a failure shows where.
    for (row, expected) in page.iter().zip(&expected) {
        assert_eq!(row, expected, "docs/sources.md");
    }
    assert_eq!(page.len(), expected.len(), "rows of docs/sources.md");
}

// Messages

/// Stands in a message for what differs from time to time.
const ANYTHING: char = '\u{1}';

/// A message of the source: what is filled in may be anything.
fn pattern(message: &str) -> Vec<char> {
    let mut pattern = Vec::new();
    let mut depth = 0;
    for next in message.replace("{{", "\u{2}").replace("}}", "\u{3}").chars() {
        match next {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                pattern.push(ANYTHING);
            }
            '\u{2}' => pattern.push('{'),
            '\u{3}' => pattern.push('}'),
            other if depth == 0 => pattern.push(other),
            _ => {}
        }
    }
    pattern
}

/// A message as a page quotes it: an ellipsis stands for anything.
fn quotation(message: &str) -> Vec<char> {
    message
        .chars()
        .map(|next| if next == '…' { ANYTHING } else { next })
        .collect()
}

/// Whether there is a text that both mean.
fn agree(one: &[char], other: &[char]) -> bool {
    // reached[j]: the characters of `one` so far can be the first j of `other`.
    let mut reached = vec![false; other.len() + 1];
    reached[0] = true;
    for j in 0..other.len() {
        reached[j + 1] = reached[j] && other[j] == ANYTHING;
    }
    for &next in one {
        let mut after = vec![false; other.len() + 1];
        after[0] = reached[0] && next == ANYTHING;
        for j in 0..other.len() {
            after[j + 1] = (reached[j] && next == other[j])
                || (next == ANYTHING && (reached[j + 1] || after[j]))
                || (other[j] == ANYTHING && (after[j] || reached[j + 1]));
        }
        reached = after;
    }
    reached[other.len()]
}

/// The texts in a folder of sources, as patterns. One that is hardly more than what is filled in agrees with anything, and is
/// left out.
fn messages(folder: &Path) -> Vec<Vec<char>> {
    let mut found = Vec::new();
    for entry in read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(messages(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let code = read_to_string(&path).expect("a source");
            let tokens: TokenStream = code.parse().expect("Rust");
            let texts = literals(&tokens.into_iter().collect::<Vec<_>>());
            found.extend(texts.iter().map(|text| pattern(text)));
        }
    }
    found.retain(|pattern| pattern.iter().filter(|next| next.is_alphabetic()).count() > 10);
    found
}

/// Messages that pages quote and that PostgreSQL makes itself.
const POSTGRESQL: [&str; 4] = [
    "relation \"analytics.metabase_executive_metrics\" does not exist",
    "cannot refresh materialized view \"analytics.metabase_executive_metrics\" concurrently",
    "cannot alter type of a column used by a view or rule",
    "rule _RETURN on view metabase_internal.orders depends on column \"gross_sale\"",
];

/// The messages that a page quotes: after ERROR, DETAIL and HINT, as a symptom right after a heading of the page of
/// troubleshooting, and in the first column of a table of what one sees.
fn quoted_messages(page: &Page) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for block in page.blocks().iter().filter(|block| block.info.is_empty()) {
        for label in ["ERROR:  ", "DETAIL:  ", "HINT:  "] {
            found.extend(
                block
                    .code
                    .lines()
                    .filter_map(|line| line.strip_prefix(label))
                    .map(str::to_owned),
            );
        }
    }
    let lines: Vec<&str> = page.text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let is_after_heading =
            at > 1 && lines[at - 2].starts_with("## ") && page.path.ends_with("troubleshooting.md");
        if is_after_heading && line.starts_with('`') && !line.starts_with("```") {
            found.push(quoted(line)[0].to_owned());
        }
    }
    if lines.contains(&"## When something is wrong") {
        let symptoms = page.rows("## When something is wrong").into_iter();
        // Single words there are names of columns.
        let messages = symptoms.filter(|row| row[0].starts_with('`') && quoted(&row[0])[0].contains(' '));
        found.extend(messages.map(|row| quoted(&row[0])[0].to_owned()));
    }
    found
}

#[test]
fn messages_that_pages_quote_are_messages_that_there_are() {
    let known = messages(&root().join("src"));
    let (mut count, mut foreign, mut unsaid) = (0, BTreeSet::new(), Vec::new());
    for page in Page::all(root()) {
        for message in quoted_messages(&page) {
            count += 1;
            match POSTGRESQL.iter().find(|known| **known == message) {
                Some(known) => {
                    foreign.insert(*known);
                }
                None if known.iter().any(|known| agree(known, &quotation(&message))) => {}
                None => unsaid.push(format!("{}: {message}", page.path)),
            }
        }
    }
    assert!(count > 10, "{count}");
    assert!(unsaid.is_empty(), "nothing says: {unsaid:#?}");
    assert_eq!(
        foreign.len(),
        POSTGRESQL.len(),
        "of PostgreSQL, only {foreign:?} are quoted"
    );
}

#[test]
fn sqlstates_that_pages_name_are_those_of_errors() {
    let known = literals(&source("src/sqlstate.rs").into_iter().collect::<Vec<_>>());
    for page in Page::all(root()) {
        for after in page.text.split("SQLSTATE ").skip(1) {
            let code: String = after.chars().take_while(char::is_ascii_alphanumeric).collect();
            if code.len() == 5 && code.starts_with(|first: char| first.is_ascii_digit()) {
                assert!(known.contains(&code), "{}: {code}", page.path);
            }
        }
    }
}

/// What the table of docs/metabase.md quotes of others than metabase-push.
const OF_LIBRARIES: [&str; 1] = ["invalid peer certificate"];

#[test]
fn messages_of_metabase_push_are_messages_that_there_are() {
    let known: Vec<String> = messages(&root().join("crates/metabase-push/src"))
        .into_iter()
        .map(String::from_iter)
        .collect();
    let page = Page::read(root(), "docs/metabase.md");
    let rows = page.rows("## Troubleshooting");
    let (mut count, mut unsaid) = (0, Vec::new());
    for row in &rows {
        // What begins with a slash is a path of Metabase's API.
        for message in quoted(&row[0])
            .into_iter()
            .filter(|quoted| !quoted.starts_with('/'))
        {
            // A message is quoted in part, and its status is put behind it.
            for part in message.split('…').flat_map(|part| part.split(" (status ")) {
                let part = part.trim_matches([' ', ',', '"']).trim_end_matches(" 5");
                if !part.contains(char::is_alphabetic) {
                    continue;
                }
                let is_said = known.iter().any(|known| known.contains(part));
                count += 1;
                if !is_said && !OF_LIBRARIES.contains(&message) {
                    unsaid.push(part);
                }
            }
        }
    }
    assert!(count > 30, "{count}");
    assert!(unsaid.is_empty(), "nothing says: {unsaid:#?}");
}

#[test]
fn a_message_agrees_with_what_it_can_be() {
    let agrees = |message: &str, quoted: &str| agree(&pattern(message), &quotation(quoted));
    assert!(agrees("there is no view \"{name}\"", "there is no view \"a\""));
    assert!(agrees("there is no {what}", "… no view"));
    assert!(agrees("{{\"a\": 1}}", "{\"a\": 1}"));
    assert!(agrees("{a} and {b}", "one … two"));
    assert!(!agrees("there is no view \"{name}\"", "there is no view"));
    assert!(!agrees("there is no view", "there is a view"));
    assert!(!agrees("a {b}", "b …"));
}

// Paths, links and variables

/// Those that contributors read, too.
fn all_pages() -> Vec<Page> {
    let mut pages = Page::all(root());
    let others = ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];
    pages.extend(others.map(|path| Page::read(root(), path)));
    pages
}

#[test]
fn paths_that_pages_name_are_there() {
    let folders = [
        "src/", "sql/", "tests/", "docs/", "scripts/", "crates/", "demo/", "benches/",
    ];
    let (mut count, mut missing) = (0, Vec::new());
    for page in all_pages() {
        for path in page.text.split('`').flat_map(str::split_whitespace) {
            let path = path.trim_end_matches([',', ';', ':', '.', ')']);
            if !folders.iter().any(|folder| path.starts_with(folder)) {
                continue;
            }
            // A name in capitals, or with an asterisk, stands for any; what comes before it is there.
            let stands_for_any =
                |part: &str| part.contains('*') || part.starts_with(|first: char| first.is_ascii_uppercase());
            let named: Vec<&str> = path.split('/').take_while(|part| !stands_for_any(part)).collect();
            count += 1;
            if !root().join(named.join("/")).exists() {
                missing.push(format!("{}: {path}", page.path));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(count > 50, "{count}");
}

/// The name of a heading in links: in lower case, with hyphens for spaces, without signs.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words
        .chars()
        .filter(|next| next.is_alphanumeric() || [' ', '-', '_'].contains(next));
    kept.map(|next| if next == ' ' { '-' } else { next }).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut count = 0;
    for page in all_pages() {
        for after in page.text.split("](").skip(1) {
            let target = after.split(')').next().unwrap_or_default();
            if target.contains("://") {
                continue;
            }
            count += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let folder = Path::new(&page.path).parent().expect("a folder");
            let file = match file {
                "" => root().join(&page.path),
                _ => root().join(folder).join(file),
            };
            assert!(file.exists(), "{}: there is no {target}", page.path);
            if !heading.is_empty() {
                let text = read_to_string(&file).expect("a page");
                let found = text
                    .lines()
                    .any(|line| line.starts_with('#') && anchor(line) == heading);
                assert!(found, "{}: there is no heading {target}", page.path);
            }
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn the_variables_of_the_benchmark_are_those_of_its_script() {
    let script = read_to_string(root().join("scripts/bench.sh")).expect("the script");
    // Its head has a line for each: NAME=default, and what it is.
    let expected: Vec<[String; 2]> = script
        .lines()
        .filter_map(|line| line.strip_prefix("#   ")?.split_once('='))
        .map(|(name, rest)| {
            let default = match rest.strip_prefix('"') {
                Some(rest) => format!("`\"{}\"`", rest.split('"').next().unwrap_or_default()),
                None => rest.split(' ').next().unwrap_or_default().to_owned(),
            };
            [format!("`{name}`"), default]
        })
        .collect();
    let page = Page::read(root(), "docs/benchmarks.md");
    let rows: Vec<[String; 2]> = page
        .rows("# Benchmarks")
        .into_iter()
        .filter(|row| row.len() == 3 && row[0].starts_with('`') && row[0].to_uppercase() == row[0])
        .map(|row| [row[0].clone(), row[1].clone()])
        .collect();
    assert_eq!(rows, expected);
    for [name, _] in &expected {
        let taken = format!("{{{}:-", name.trim_matches('`'));
        assert!(script.contains(&taken), "the script does not read {name}");
    }
}
