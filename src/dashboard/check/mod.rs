//! What is wrong with a dashboard: by itself, and against the views that there are.

mod clicks;
mod problem;
mod questions;
mod wiring;

pub use problem::Problem;
use problem::Problems;

use super::model::Dashboard;
use crate::error::Error;

/// Each is compared with all others: nobody could read more of them, on a dashboard or in a list of problems.
const MOST_PARTS: usize = 500;

/// All that is wrong with a dashboard; nothing where all is well.
pub fn check(dashboard: &Dashboard) -> Result<Vec<Problem>, Error> {
    let mut problems = Problems::default();
    if dashboard.ordered_cards.len() + dashboard.parameters.len() > MOST_PARTS {
        problems.dashboard(format!(
            "it has more than {MOST_PARTS} cards, texts and filters, and was not looked at"
        ));
        return Ok(problems.found);
    }
    wiring::check(dashboard, &mut problems);
    questions::check(dashboard, &mut problems)?;
    Ok(problems.found)
}

#[cfg(test)]
#[path = "../../../tests/json/mutation.rs"]
mod mutation;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::mutation::{Mutation, cases};
    use super::*;
    use crate::dashboard::catalog::DASHBOARDS;
    use crate::dashboard::shop::ShopSettings;

    #[test]
    fn the_four_are_well_wired() {
        for spec in DASHBOARDS {
            for shop in [ShopSettings::in_berlin(), ShopSettings::without_sales()] {
                let mut problems = Problems::default();
                wiring::check(&spec.assemble(&shop), &mut problems);
                let problems: Vec<String> = problems.found.into_iter().map(|it| it.problem).collect();
                assert_eq!(problems, Vec::<String>::new(), "{}", spec.key);
            }
        }
    }

    /// Something that somebody could do to a dashboard's JSON.
    fn edit() -> impl Strategy<Value = Mutation> {
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
        mutation::mutation(odd)
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
        #![proptest_config(cases(60))]

        #[test]
        fn whatever_is_wrong_is_said_of_a_card_that_is_there(
            spec in 0..DASHBOARDS.len(),
            edits in vec(edit(), 1..20),
        ) {
            let mut json = json!(DASHBOARDS[spec].assemble(&ShopSettings::in_berlin()));
            let mut dashboard = Dashboard::read(json.clone()).expect("it is well");
            for edit in edits {
                let mut edited = json.clone();
                edit.apply(&mut edited);
                // What is told to be no dashboard is not edited any further.
                if let Ok(read) = Dashboard::read(edited.clone()) {
                    (json, dashboard) = (edited, read);
                }
            }
            let mut problems = Problems::default();
            wiring::check(&dashboard, &mut problems);
            for problem in problems.found {
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
        let mut json = json!(DASHBOARDS[0].assemble(&ShopSettings::in_berlin()));
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
