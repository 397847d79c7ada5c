//! The four, by their names.

use super::executive::EXECUTIVE;
use super::inventory_management::INVENTORY_MANAGEMENT;
use super::model::Dashboard;
use super::platform_performance::PLATFORM_PERFORMANCE;
use super::product_analytics::PRODUCT_ANALYTICS;
use super::shop::ShopSettings;
use super::spec::DashboardSpec;
use crate::error::Error;

pub static DASHBOARDS: [&DashboardSpec; 4] = [
    &EXECUTIVE,
    &PRODUCT_ANALYTICS,
    &PLATFORM_PERFORMANCE,
    &INVENTORY_MANAGEMENT,
];

/// The dashboard of a name, as this shop has it.
pub fn find(name: &str) -> Result<Dashboard, Error> {
    match DASHBOARDS.iter().find(|spec| spec.key == name) {
        Some(spec) => Ok(spec.assemble(&ShopSettings::current()?)),
        None => Err(Error::UnknownDashboard {
            name: name.to_owned(),
            known: DASHBOARDS.iter().map(|spec| spec.key).collect(),
        }),
    }
}

/// All four, in their order.
pub fn all() -> Result<Vec<Dashboard>, Error> {
    let shop = ShopSettings::current()?;
    Ok(DASHBOARDS.iter().map(|spec| spec.assemble(&shop)).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use uuid::Uuid;

    use super::*;
    use crate::dashboard::model::GRID_WIDTH;

    #[test]
    fn together_they_have_38_cards_and_35_without_single_sales() {
        let cards = |shop: ShopSettings| DASHBOARDS.map(|spec| spec.assemble(&shop).cards().count());
        assert_eq!(cards(ShopSettings::in_berlin()), [9, 10, 10, 9]);
        assert_eq!(cards(ShopSettings::without_sales()), [9, 8, 9, 9]);
    }

    #[test]
    fn only_where_single_sales_are_asked_a_card_reads_them() {
        for spec in DASHBOARDS {
            let reads = |shop: ShopSettings| spec.assemble(&shop).source_views().contains(&"metabase_sales");
            assert!(!reads(ShopSettings::without_sales()), "{}", spec.key);
            assert_eq!(
                reads(ShopSettings::in_berlin()),
                spec.key != "inventory_management"
            );
        }
    }

    #[test]
    fn the_rows_of_each_are_as_wide_as_the_grid() {
        for row in DASHBOARDS.iter().flat_map(|spec| spec.rows) {
            for has_sales in [true, false] {
                let width: u32 = row.asked(has_sales).map(|(width, ..)| width).sum();
                assert!([0, GRID_WIDTH].contains(&width), "{}", row.heading);
            }
        }
    }

    #[test]
    fn each_tag_of_a_card_has_an_id_of_its_own_that_stays() {
        let ids = || -> BTreeMap<(String, String), String> {
            DASHBOARDS
                .iter()
                .map(|spec| spec.assemble(&ShopSettings::in_berlin()))
                .flat_map(|dashboard| {
                    let cards = dashboard.cards().map(|(_, card)| card.clone());
                    cards.collect::<Vec<_>>()
                })
                .flat_map(|card| {
                    let card_key = card.sql().lines().next().unwrap_or_default().to_owned();
                    let tags = card.dataset_query.native.template_tags.into_iter();
                    tags.map(move |(name, tag)| ((card_key.clone(), name), tag.id))
                })
                .collect()
        };
        let all = ids();
        assert_eq!(all, ids());
        assert_eq!(all.values().collect::<BTreeSet<_>>().len(), all.len());
        for id in all.values() {
            let parsed = Uuid::parse_str(id).expect("it is a UUID");
            assert_eq!(parsed.to_string(), *id);
        }
        let key = (
            "-- metabase_views: executive/total_revenue".to_owned(),
            "date".to_owned(),
        );
        // Another one would be another tag to a Metabase that has this card.
        assert_eq!(all[&key], "6b7df4d5-9503-5ecf-a275-084e3293b886");
    }

    #[test]
    fn what_is_written_as_json_is_read_again() {
        for spec in DASHBOARDS {
            let written =
                serde_json::to_value(spec.assemble(&ShopSettings::in_berlin())).expect("it has a JSON form");
            let read = Dashboard::read(written.clone()).expect("it is what was written");
            let again = serde_json::to_value(read).expect("it has a JSON form");
            assert!(again == written, "{}", spec.key);
        }
    }

    #[test]
    fn a_setting_that_nobody_knows_is_refused() {
        let mut json =
            serde_json::to_value(EXECUTIVE.assemble(&ShopSettings::in_berlin())).expect("it has a JSON form");
        json["ordered_cards"][1]["card"]["visualization_settings"]["graph.colour"] = "red".into();
        let refused = Dashboard::read(json).expect_err("it has an unknown setting");
        assert!(refused.to_string().contains("graph.colour"), "{refused}");
    }
}
