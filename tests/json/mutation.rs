//! JSON that is almost what it should be. Several crates' tests try what their code makes of it.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// This many cases, or as many as PROPTEST_CASES says.
pub fn cases(usual: u32) -> ProptestConfig {
    match std::env::var("PROPTEST_CASES") {
        Ok(_) => ProptestConfig::default(),
        Err(_) => ProptestConfig::with_cases(usual),
    }
}

/// What is done to JSON. A place is a fraction of the way through all values in it, from the top to the deepest ones.
#[derive(Clone, Debug)]
pub enum Mutation {
    Remove(f64),
    Replace(f64, Value),
    /// One value takes the place of another.
    Copy(f64, f64),
    /// An element of an array stands twice.
    Repeat(f64, usize),
}

impl Mutation {
    pub fn apply(&self, json: &mut Value) {
        let mut places = places(json);
        places.sort_by_key(|place| place.matches('/').count());
        let place = |fraction: f64| places[(fraction * places.len() as f64) as usize].as_str();
        match self {
            Mutation::Remove(at) => {
                if let Some((parent, key)) = place(*at).rsplit_once('/')
                    && let Some(parent) = json.pointer_mut(parent)
                {
                    match parent {
                        Value::Object(object) => {
                            _ = object.remove(&key.replace("~1", "/").replace("~0", "~"))
                        }
                        Value::Array(array) => _ = array.remove(key.parse().expect("it is a place")),
                        _ => {}
                    }
                }
            }
            Mutation::Replace(at, value) => put(json, place(*at), value),
            Mutation::Copy(from, to) => {
                let value = json.pointer(place(*from)).expect("it is a place").clone();
                put(json, place(*to), &value);
            }
            Mutation::Repeat(at, number) => {
                if let Some(Value::Array(array)) = json.pointer_mut(place(*at))
                    && !array.is_empty()
                {
                    array.push(array[number % array.len()].clone());
                }
            }
        }
    }
}

fn put(json: &mut Value, place: &str, value: &Value) {
    *json.pointer_mut(place).expect("it is a place") = value.clone();
}

/// The JSON pointers to all values.
fn places(value: &Value) -> Vec<String> {
    let mut places = vec![String::new()];
    let mut add = |key: &str, inner: &Value| {
        let key = key.replace('~', "~0").replace('/', "~1");
        places.extend(
            self::places(inner)
                .into_iter()
                .map(|place| format!("/{key}{place}")),
        );
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(key, inner)| add(key, inner)),
        Value::Array(array) => {
            for (key, inner) in array.iter().enumerate() {
                add(&key.to_string(), inner);
            }
        }
        _ => {}
    }
    places
}

/// Any mutation. What is put in the place of a value is another one of the same JSON, or one of these.
pub fn mutation(odd_values: Vec<Value>) -> impl Strategy<Value = Mutation> {
    // What is on top means more than what is deep inside, and is taken more often.
    let place = || (0.0..1.0_f64).prop_map(|fraction| fraction * fraction);
    prop_oneof![
        1 => place().prop_map(Mutation::Remove),
        2 => (place(), select(odd_values)).prop_map(|(at, value)| Mutation::Replace(at, value)),
        2 => (place(), place()).prop_map(|(from, to)| Mutation::Copy(from, to)),
        1 => (place(), any::<usize>()).prop_map(|(at, number)| Mutation::Repeat(at, number)),
    ]
}
