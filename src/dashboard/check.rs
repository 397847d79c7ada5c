//! What is wrong with a dashboard: by itself, and against the views that there are.

mod questions;
mod wiring;

use super::model::Dashboard;
use crate::error::Error;

/// Something that is wrong, in a sentence.
pub struct Problem {
    /// The key of the card that it is about; None where it is about the dashboard.
    pub card: Option<String>,
    pub problem: String,
}

/// Each is compared with all others: nobody could read more of them, on a dashboard or in a list of problems.
const MOST_PARTS: usize = 500;

/// All that is wrong with a dashboard; nothing where all is well.
pub fn check(dashboard: &Dashboard) -> Result<Vec<Problem>, Error> {
    let mut problems = Problems::default();
    if dashboard.ordered_cards.len() + dashboard.parameters.len() > MOST_PARTS {
        problems.dashboard(format!(
            "it has more than {MOST_PARTS} cards, texts and filters, and was not looked at"
        ));
        return Ok(problems.0);
    }
    wiring::check(dashboard, &mut problems);
    questions::check(dashboard, &mut problems)?;
    Ok(problems.0)
}

/// The problems found so far.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn dashboard(&mut self, problem: impl Into<String>) {
        self.0.push(Problem {
            card: None,
            problem: problem.into(),
        });
    }

    fn card(&mut self, card: &str, problem: impl Into<String>) {
        self.0.push(Problem {
            card: Some(card.to_owned()),
            problem: problem.into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::{Value, json};

    use super::*;
    use crate::dashboard::catalog::DASHBOARDS;
    use crate::dashboard::shop::Shop;

    #[test]
    fn the_four_are_well_wired() {
        for spec in DASHBOARDS {
            let mut problems = Problems::default();
            wiring::check(&spec.assemble(&Shop::in_berlin()), &mut problems);
            let problems: Vec<String> = problems.0.into_iter().map(|it| it.problem).collect();
            assert_eq!(problems, Vec::<String>::new(), "{}", spec.key);
        }
    }

    /// What is done to the JSON of a dashboard. A place is a fraction of the way through all values in it, from the top to the
    /// deepest ones.
    #[derive(Clone, Debug)]
    enum Mutation {
        Remove(f64),
        Replace(f64, Value),
        Copy(f64, f64),
        Repeat(f64, usize),
    }

    impl Mutation {
        fn apply(&self, json: &mut Value) {
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
                            Value::Array(array) => _ = array.remove(key.parse().expect("a place")),
                            _ => {}
                        }
                    }
                }
                Mutation::Replace(at, value) => put(json, place(*at), value),
                Mutation::Copy(from, to) => {
                    let value = json.pointer(place(*from)).expect("a place").clone();
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
        *json.pointer_mut(place).expect("a place") = value.clone();
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

    fn mutation() -> impl Strategy<Value = Mutation> {
        let odd = vec![
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(4_294_967_295_u32),
            json!(1e300),
            json!(""),
            json!("all time"),
            json!("analytics.metabase_brand_analytics"),
            json!("a.b.c"),
            json!("[[{{date}}"),
            json!("{{date}} [[AND {{brand}}]]"),
            json!("string/="),
            json!("[\"name\", \"x\"]"),
            json!([]),
            json!({}),
            json!([null, {}, []]),
        ];
        let place = || (0.0..1.0_f64).prop_map(|fraction| fraction * fraction);
        prop_oneof![
            place().prop_map(Mutation::Remove),
            (place(), select(odd)).prop_map(|(at, value)| Mutation::Replace(at, value)),
            (place(), place()).prop_map(|(from, to)| Mutation::Copy(from, to)),
            (place(), any::<usize>()).prop_map(|(at, number)| Mutation::Repeat(at, number)),
        ]
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            let keys = "(key|name|parameters|ordered_cards|card|row|[a-c])";
            prop_oneof![
                vec(inner.clone(), 0..6).prop_map(Value::from),
                btree_map(keys, inner, 0..6).prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_wrong_is_said_of_a_card_that_is_there(
            spec in 0..DASHBOARDS.len(),
            mutations in vec(mutation(), 1..6),
        ) {
            let mut json = json!(DASHBOARDS[spec].assemble(&Shop::in_berlin()));
            mutations.iter().for_each(|mutation| mutation.apply(&mut json));
            let Ok(dashboard) = Dashboard::read(json.clone()) else {
                return Ok(());
            };
            let mut problems = Problems::default();
            wiring::check(&dashboard, &mut problems);
            for problem in problems.0 {
                let is_there = |key: &String| dashboard.cards().any(|(_, card)| card.key == *key);
                prop_assert!(problem.card.as_ref().is_none_or(is_there), "{:?}: {}", problem.card, problem.problem);
                prop_assert!(!problem.problem.is_empty());
            }
            // What was read is what is written.
            let written = json!(dashboard);
            let again = Dashboard::read(written.clone()).expect("it was one before");
            prop_assert_eq!(json!(again), written);
        }

        #[test]
        fn any_json_is_a_dashboard_or_is_told_to_be_none(json in any_json()) {
            if let Ok(dashboard) = Dashboard::read(json) {
                wiring::check(&dashboard, &mut Problems::default());
            }
        }
    }

    #[test]
    fn the_largest_dashboard_that_is_looked_at_takes_little_time() {
        let mut json = json!(DASHBOARDS[0].assemble(&Shop::in_berlin()));
        for list in ["ordered_cards", "parameters"] {
            let list = json[list].as_array_mut().expect("a list");
            let few = list.clone();
            list.extend(few.into_iter().cycle().take(MOST_PARTS / 2 - list.len()));
        }
        let dashboard = Dashboard::read(json).expect("a dashboard");
        let start = Instant::now();
        wiring::check(&dashboard, &mut Problems::default());
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}
