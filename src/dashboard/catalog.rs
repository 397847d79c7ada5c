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
    use super::*;
    use crate::dashboard::model::GRID_WIDTH;

    #[test]
    fn together_they_have_31_cards() {
        let cards = |spec: &&DashboardSpec| spec.assemble(&ShopSettings::in_berlin()).cards().count();
        assert_eq!(DASHBOARDS.iter().map(cards).collect::<Vec<_>>(), [8, 7, 8, 8]);
    }

    #[test]
    fn the_rows_of_each_are_as_wide_as_the_grid() {
        for row in DASHBOARDS.iter().flat_map(|spec| spec.rows) {
            let width: u32 = row.questions.iter().map(|(width, _)| width).sum();
            assert_eq!(width, GRID_WIDTH, "{}", row.heading);
        }
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
