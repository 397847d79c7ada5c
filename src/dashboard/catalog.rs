//! The four, by their names.

use super::assemble::Shop;
use super::executive::EXECUTIVE;
use super::inventory_management::INVENTORY_MANAGEMENT;
use super::model::Dashboard;
use super::platform_performance::PLATFORM_PERFORMANCE;
use super::product_analytics::PRODUCT_ANALYTICS;
use super::spec::Spec;
use crate::error::Error;
use crate::settings;
use crate::view::registry::{ViewEntry, all_views};

pub static DASHBOARDS: [&Spec; 4] = [
    &EXECUTIVE,
    &PRODUCT_ANALYTICS,
    &PLATFORM_PERFORMANCE,
    &INVENTORY_MANAGEMENT,
];

/// The dashboard of a name, as this shop has it.
pub fn find(name: &str) -> Result<Dashboard, Error> {
    match DASHBOARDS.iter().find(|spec| spec.key == name) {
        Some(spec) => Ok(spec.assemble(&shop()?)),
        None => Err(Error::UnknownDashboard {
            name: name.to_owned(),
            known: DASHBOARDS.iter().map(|spec| spec.key).collect(),
        }),
    }
}

/// All four, in their order.
pub fn all() -> Result<Vec<Dashboard>, Error> {
    let shop = shop()?;
    Ok(DASHBOARDS.iter().map(|spec| spec.assemble(&shop)).collect())
}

/// What of this shop stands in its dashboards.
pub fn shop() -> Result<Shop, Error> {
    let settings = settings::current()?;
    Ok(Shop {
        currency: iso_currency::Currency::from_code(&settings.currency)
            .ok_or_else(|| Error::Internal(format!("{} is no currency", settings.currency)))?,
        time_zone: settings.time_zone,
        strategies: all_views()?
            .iter()
            .filter(|view| view.is_of_the_seven())
            .map(|view: &ViewEntry| (view.name().to_owned(), view.strategy().to_owned()))
            .collect(),
    })
}
