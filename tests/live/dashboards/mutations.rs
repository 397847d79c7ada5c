//! A dashboard that somebody has edited in any way is checked to its end: what is wrong is told of a card that is there, or the
//! whole is told to be no dashboard. PROPTEST_CASES=1000 tries more of them.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::card::{DASHBOARDS, dashboard};
use crate::mutation::{cases, mutation};
use crate::shop::shop_with_views;

/// The longest that anybody should wait for a dashboard of ten cards.
const LONGEST: Duration = Duration::from_secs(60);

fn odd_values() -> Vec<Value> {
    [
        json!(null),
        json!(""),
        json!(0),
        json!("SELECT 1"),
        json!("SELECT now() AS a, 1 AS a; SELECT 2"),
        json!("SELECT '[[' || $$ {{date}} $$ FROM analytics.metabase_brand_analytics [[WHERE {{date}}]]"),
        json!("TABLE analytics.metabase_brand_analytics"),
        json!("WITH a AS (DELETE FROM pg_class RETURNING 1) SELECT 1"),
        json!("analytics.metabase_brand_analytics.brand"),
        json!("analytics.metabase_executive_metrics.\"; DROP"),
        json!("a.b.c"),
        json!("date/all-options"),
        json!("\u{0}"),
        json!([]),
        json!({}),
    ]
    .into()
}

#[test]
fn an_edited_dashboard_is_checked_to_its_end() {
    let (database, _) = shop_with_views();
    let mut client = database.connect();
    let dashboards: Vec<Value> = DASHBOARDS
        .iter()
        .map(|name| dashboard(&mut client, name))
        .collect();
    proptest!(cases(30), |(original in select(dashboards), edits in vec(mutation(odd_values()), 1..5))| {
        let mut edited = original;
        edits.iter().for_each(|edit| edit.apply(&mut edited));
        let text = edited.to_string();
        let mut client = database.connect();
        let start = Instant::now();
        let answer = client.query(
            "SELECT card, problem FROM metabase.check_dashboard($1::text::jsonb)",
            &[&text],
        );
        prop_assert!(start.elapsed() < LONGEST, "{:?}: {}", start.elapsed(), text);
        match answer {
            Ok(problems) => {
                let cards = edited["ordered_cards"].as_array().expect("it was read").iter();
                let keys: Vec<&str> = cards.filter_map(|card| card["card"]["key"].as_str()).collect();
                for row in problems {
                    let (card, problem): (Option<String>, String) = (row.get(0), row.get(1));
                    prop_assert!(card.as_deref().is_none_or(|card| keys.contains(&card)), "{:?}: {}", card, problem);
                    prop_assert!(!problem.contains("panicked"), "{}", problem);
                }
            }
            Err(error) => {
                let error = error.as_db_error().expect("the server is there");
                // No dashboard, or no JSON of PostgreSQL's.
                let is_told = error.message().contains("dashboard") || error.code().code().starts_with("22");
                prop_assert!(is_told && error.code().code() != "XX000", "{:?}: {}", error, text);
            }
        }
    });
}
