//! What of ours differs from what Metabase has.

use serde_json::Value;

use crate::plan::Change;
use crate::source::Object;

/// The outcome of a comparison.
#[derive(Debug, Default)]
pub struct Difference {
    /// What is to be sent.
    pub send: Object,
    /// The same for people, with what is there now.
    pub changes: Vec<Change>,
    /// What differs and stays as people wrote it.
    pub kept: Vec<Change>,
}

/// Compares key by key. Where `is_written` says that a person may have written what Metabase has, it stays unless
/// everything is to be replaced.
pub fn compare(
    ours: &Object,
    theirs: &Value,
    replace: bool,
    is_written: impl Fn(&str, &Value) -> bool,
) -> Difference {
    let mut difference = Difference::default();
    for (key, value) in ours {
        let there = &theirs[key];
        if covers(there, value) {
            continue;
        }
        let change = Change::new(key, there, value);
        if !replace && is_written(key, there) {
            difference.kept.push(change);
            continue;
        }
        difference.changes.push(change);
        let value = if replace {
            value.clone()
        } else {
            overlay(there, value)
        };
        difference.send.insert(key.clone(), value);
    }
    difference
}

/// Whether this key holds a text that people read, and Metabase has one there.
pub fn is_text(key: &str, theirs: &Value) -> bool {
    matches!(key, "name" | "description") && theirs.as_str().is_some_and(|text| !text.trim().is_empty())
}

/// Whether all of `ours` is in `theirs`, which may have more keys. What is empty may as well be absent.
pub fn covers(theirs: &Value, ours: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => ours
            .iter()
            .all(|(key, value)| covers(theirs.get(key).unwrap_or(&Value::Null), value)),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| covers(theirs, ours))
        }
        (Value::Number(ours), Value::Number(theirs)) => ours == theirs || ours.as_f64() == theirs.as_f64(),
        (ours, theirs) => ours == theirs || is_empty(ours) && is_empty(theirs),
    }
}

/// `theirs` with `ours` laid over it: keys that only they have stay.
pub fn overlay(theirs: &Value, ours: &Value) -> Value {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let mut both = theirs.clone();
            for (key, value) in ours {
                let there = both.get(key).cloned().unwrap_or_default();
                both.insert(key.clone(), overlay(&there, value));
            }
            Value::Object(both)
        }
        _ => ours.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(object) => object.values().all(is_empty),
        Value::Array(array) => array.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn more_keys_are_no_difference_and_other_values_are() {
        let ours = json!({"a": 1, "b": {"c": ["x", {"d": true}]}, "e": null, "f": {}});
        assert!(covers(
            &json!({"a": 1.0, "b": {"c": ["x", {"d": true, "more": 1}]}, "z": 2}),
            &ours
        ));
        assert!(!covers(&json!({"a": 1, "b": {"c": ["x"]}}), &ours));
        assert!(!covers(&json!({"a": 2, "b": {"c": ["x", {"d": true}]}}), &ours));
        assert!(!covers(&json!({"e": 1}), &json!({"e": null})));
        assert!(!covers(&json!("nonsense"), &ours));
    }

    #[test]
    fn an_overlay_keeps_what_only_they_have() {
        let theirs = json!({"a": {"b": 1, "c": 2}, "d": [1, 2]});
        let ours = json!({"a": {"c": 3}, "d": [4]});
        assert_eq!(overlay(&theirs, &ours), json!({"a": {"b": 1, "c": 3}, "d": [4]}));
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
