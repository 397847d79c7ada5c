//! What of ours differs from what Metabase has.

use serde_json::Value;

use crate::item::Change;
use crate::json::{covers, overlay};
use crate::source::Object;

/// The outcome of a comparison.
#[derive(Debug, Default)]
pub struct Difference {
    /// What is to be sent.
    pub send: Object,
    /// The same for people to read, with what is there now.
    pub changes: Vec<Change>,
    /// What differs and stays as people wrote it.
    pub kept: Vec<Change>,
}

/// The objects to which people add keys of their own. In all others, keys that are not ours are Metabase's.
const SETTINGS: [&str; 2] = ["settings", "visualization_settings"];

/// Compares key by key. A value stays where `is_written` says that a person may have written it. With `replace` none stays,
/// and settings are to be ours alone.
pub fn compare(
    ours: &Object,
    theirs: &Value,
    replace: bool,
    is_written: impl Fn(&str, &Value) -> bool,
) -> Difference {
    let mut difference = Difference::default();
    for (key, value) in ours {
        let there = &theirs[key];
        let changes = changes(key, there, value, replace && SETTINGS.contains(&key.as_str()));
        if changes.is_empty() {
            continue;
        }
        if !replace && is_written(key, there) {
            difference.kept.push(Change::new(key, there, value));
            continue;
        }
        difference.changes.extend(changes);
        let value = if replace {
            value.clone()
        } else {
            overlay(there, value)
        };
        difference.send.insert(key.clone(), value);
    }
    difference
}

/// Returns what of ours is not in theirs, each with the path to it. Where ours is to be `alone`, that includes what only they
/// have.
pub fn changes(key: &str, theirs: &Value, ours: &Value, alone: bool) -> Vec<Change> {
    match (theirs, ours) {
        _ if covers(theirs, ours) && (!alone || covers(ours, theirs)) => Vec::new(),
        (Value::Object(theirs), Value::Object(ours)) if !theirs.is_empty() => {
            let only_theirs = theirs.keys().filter(|inner| alone && !ours.contains_key(*inner));
            ours.keys()
                .chain(only_theirs)
                .flat_map(|inner| {
                    let of = |object: &Object| object.get(inner).cloned().unwrap_or_default();
                    changes(&format!("{key}.{inner}"), &of(theirs), &of(ours), alone)
                })
                .collect()
        }
        _ => vec![Change::new(key, theirs, ours)],
    }
}

/// Whether this key holds a text that people read, and Metabase has one there.
pub fn is_text(key: &str, theirs: &Value) -> bool {
    matches!(key, "name" | "description") && theirs.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_shown_where_it_is() {
        let theirs = json!({"a": {"b": 1, "c": [2]}, "d": 3});
        let ours = json!({"a": {"b": 1, "c": [4]}, "e": {"f": 5}});
        let shown = |alone| -> Vec<_> {
            changes("x", &theirs, &ours, alone)
                .into_iter()
                .map(|one| (one.key, one.old, one.new))
                .collect()
        };
        let mut expected = vec![
            ("x.a.c".to_owned(), json!([2]), json!([4])),
            ("x.e".to_owned(), json!(null), json!({"f": 5})),
        ];
        assert_eq!(shown(false), expected);
        expected.push(("x.d".to_owned(), json!(3), json!(null)));
        assert_eq!(shown(true), expected);
    }

    #[test]
    fn texts_of_people_stay_unless_replaced() {
        let ours = json!({"name": "Revenue", "description": "In euros", "display": "line"});
        let ours = ours.as_object().unwrap();
        let theirs = json!({"name": "Our revenue", "description": " ", "display": "bar"});
        let difference = compare(ours, &theirs, false, is_text);
        assert_eq!(
            json!(difference.send),
            json!({"description": "In euros", "display": "line"})
        );
        assert_eq!(difference.kept.len(), 1);
        let difference = compare(ours, &theirs, true, is_text);
        assert_eq!(&difference.send, ours);
        assert!(difference.kept.is_empty());
    }
}
