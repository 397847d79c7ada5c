//! A plan as people read it.

use std::fmt::Write;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::item::{Action, Change, Item, Kind};
use crate::text;

const ADDED: Style = AnsiColor::Green.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const DIMMED: Style = Style::new().dimmed();

/// The kinds, in the order in which they are counted.
const KINDS: [Kind; 5] = [
    Kind::Table,
    Kind::Field,
    Kind::Collection,
    Kind::Card,
    Kind::Dashboard,
];

/// Returns a plan, thing by thing, with colours that the output may strip.
pub fn plan<'a>(items: impl Iterator<Item = &'a Item> + Clone) -> String {
    let mut out = String::new();
    for item in items.clone() {
        match item.action {
            Action::Create => line(&mut out, ADDED, "+ create", item),
            Action::Change => {
                line(&mut out, CHANGED, "~ change", item);
                item.changes.iter().for_each(|one| change(&mut out, one));
            }
            Action::Unchanged => {}
        }
    }
    let unchanged = counts(items.clone().filter(|item| item.action == Action::Unchanged));
    if !unchanged.is_empty() {
        push(&mut out, DIMMED, &format!("= unchanged  {unchanged}"));
    }
    kept(&mut out, items);
    out
}

/// Returns how many there are of each kind, such as `1 collection, 8 cards`.
pub fn counts<'a>(items: impl Iterator<Item = &'a Item>) -> String {
    let mut numbers = [0; KINDS.len()];
    for item in items {
        for (kind, number) in KINDS.iter().zip(&mut numbers) {
            *number += usize::from(*kind == item.kind);
        }
    }
    let counted = KINDS.iter().zip(numbers).filter(|(_, number)| *number > 0);
    let words: Vec<String> = counted
        .map(|(kind, number)| {
            let plural = if number == 1 { "" } else { "s" };
            format!("{number} {}{plural}", name(*kind))
        })
        .collect();
    words.join(", ")
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Table => "table",
        Kind::Field => "field",
        Kind::Collection => "collection",
        Kind::Card => "card",
        Kind::Dashboard => "dashboard",
    }
}

fn line(out: &mut String, style: Style, action: &str, item: &Item) {
    let name = text::one_line(&item.name);
    push(
        out,
        style,
        &format!("{action:<11}  {:<10}  {name}", self::name(item.kind)),
    );
}

fn change(out: &mut String, change: &Change) {
    let key = text::one_line(&change.key);
    match (&change.old, &change.new) {
        (Value::String(old), Value::String(new)) if old.contains('\n') || new.contains('\n') => {
            push(out, CHANGED, &format!("    {key}:"));
            let mut config = TextDiff::configure();
            // A diff need not be the shortest one.
            config.timeout(Duration::from_secs(1));
            for line in config.diff_lines(old, new).iter_all_changes() {
                let (style, sign) = match line.tag() {
                    ChangeTag::Delete => (REMOVED, '-'),
                    ChangeTag::Insert => (ADDED, '+'),
                    ChangeTag::Equal => (Style::new(), ' '),
                };
                let words = text::one_line(line.value().trim_end_matches('\n'));
                push(out, style, &format!("      {sign} {words}"));
            }
        }
        (Value::Null, new) => push(out, ADDED, &format!("    {key}: + {}", value(new))),
        (old, Value::Null) => push(out, REMOVED, &format!("    {key}: - {}", value(old))),
        (old, new) => push(
            out,
            CHANGED,
            &format!("    {key}: {} → {}", value(old), value(new)),
        ),
    }
}

fn kept<'a>(out: &mut String, items: impl Iterator<Item = &'a Item>) {
    let mut any = false;
    for item in items {
        for one in &item.kept {
            any = true;
            let what = format!(
                "  kept       {:<10}  {}: {}: {} (ours: {})",
                name(item.kind),
                text::one_line(&item.name),
                text::one_line(&one.key),
                value(&one.old),
                value(&one.new)
            );
            push(out, DIMMED, &what);
        }
    }
    if any {
        push(
            out,
            DIMMED,
            "  What is kept differs from ours; --replace puts ours there.",
        );
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        value => text::beginning(&text::one_line(&value.to_string())),
    }
}

fn push(out: &mut String, style: Style, line: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(out, "{style}{line}{style:#}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_reads_like_a_diff() {
        let query = Change::new(
            "query",
            &json!("SELECT\n  1\nFROM a"),
            &json!("SELECT\n  2\nFROM a"),
        );
        let name = Change::new("name", &json!("Mine\u{1b}[2J"), &json!("Revenue"));
        let items = [
            Item::to_create(Kind::Collection, "shop analytics"),
            Item::existing(Kind::Card, "executive/revenue", 3, vec![query], vec![name]),
            Item::existing(Kind::Field, "a.b.c", 4, vec![], vec![]),
        ];
        let plain = anstream::adapter::strip_str(&plan(items.iter())).to_string();
        assert_eq!(
            plain,
            "+ create     collection  shop analytics\n\
             ~ change     card        executive/revenue\n\
             \x20   query:\n\
             \x20       SELECT\n\
             \x20     -   1\n\
             \x20     +   2\n\
             \x20       FROM a\n\
             = unchanged  1 field\n\
             \x20 kept       card        executive/revenue: name: \"Mine\\u001b[2J\" (ours: \"Revenue\")\n\
             \x20 What is kept differs from ours; --replace puts ours there.\n"
        );
    }
}
