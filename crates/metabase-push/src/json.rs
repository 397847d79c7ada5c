//! Reads and merges JSON of others, which need not have the shape that it should have.

use serde_json::Value;

/// Returns the elements of an array in an object, or none where there is no array.
pub fn array<'a>(object: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    object.get(key).and_then(Value::as_array).into_iter().flatten()
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

/// The key of what a click does, which is one thing: half of one and half of another would be neither.
pub const CLICK: &str = "click_behavior";

/// Returns `theirs` with `ours` laid over it. Keys that only they have stay.
pub fn overlay(theirs: &Value, ours: &Value) -> Value {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let mut both = theirs.clone();
            for (key, value) in ours {
                let there = both
                    .get(key)
                    .filter(|_| key != CLICK)
                    .cloned()
                    .unwrap_or_default();
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
        let theirs = json!({"click_behavior": {"type": "link", "linkType": "url"}, "more": 1});
        let ours = json!({"click_behavior": {"type": "crossfilter"}});
        assert_eq!(
            overlay(&theirs, &ours),
            json!({"click_behavior": {"type": "crossfilter"}, "more": 1})
        );
    }
}
