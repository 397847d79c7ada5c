//! What of the shop stands in its dashboards.

use crate::error::Error;
use crate::settings;
use crate::view::registry::all_views;

/// What of the shop stands in its dashboards.
pub struct ShopSettings {
    pub currency: iso_currency::Currency,
    /// Zone that days are cut in.
    pub time_zone: String,
    /// How often each of the views is refreshed: its name and strategy.
    pub strategies: Vec<(String, String)>,
}

impl ShopSettings {
    /// The shop in this database, as it is now.
    pub fn current() -> Result<ShopSettings, Error> {
        let settings = settings::of_views()?;
        let currency = settings.currency;
        Ok(ShopSettings {
            currency: iso_currency::Currency::from_code(&currency)
                .ok_or_else(|| Error::Internal(format!("{currency} is no currency")))?,
            time_zone: settings.time_zone,
            strategies: all_views()?
                .iter()
                .filter(|view| view.is_ours())
                .map(|view| (view.name().to_owned(), view.strategy().to_owned()))
                .collect(),
        })
    }

    /// A shop for tests.
    #[cfg(test)]
    pub fn in_berlin() -> ShopSettings {
        ShopSettings {
            currency: iso_currency::Currency::EUR,
            time_zone: "Europe/Berlin".to_owned(),
            strategies: Vec::new(),
        }
    }
}
