//! What of the shop stands in its dashboards.

use crate::error::Error;
use crate::settings::{self, Settings};
use crate::view::catalog::VIEWS;
use crate::view::registry::all_views;
use crate::view::state::ViewState;

/// What of the shop stands in its dashboards.
pub struct ShopSettings {
    pub currency: iso_currency::Currency,
    /// Zone that days are cut in.
    pub time_zone: String,
    /// Whether it has a view of its single sales, or is to have one with its other views.
    pub has_sales: bool,
    /// What each month is to bring in, where the shop has said so.
    pub monthly_revenue_goal: Option<f64>,
    /// How often each of the views is refreshed: its name and strategy.
    pub strategies: Vec<(String, String)>,
}

impl ShopSettings {
    /// The shop in this database, as it is now.
    pub fn current() -> Result<ShopSettings, Error> {
        let settings = settings::of_views()?;
        let has_sales = has_sales(&settings)?;
        let currency = settings.currency;
        Ok(ShopSettings {
            currency: iso_currency::Currency::from_code(&currency)
                .ok_or_else(|| Error::Internal(format!("{currency} is no currency")))?,
            time_zone: settings.time_zone,
            has_sales,
            monthly_revenue_goal: settings.monthly_revenue_goal,
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
            has_sales: true,
            monthly_revenue_goal: None,
            strategies: Vec::new(),
        }
    }

    /// The same without a view of its single sales.
    #[cfg(test)]
    pub fn without_sales() -> ShopSettings {
        ShopSettings {
            has_sales: false,
            ..ShopSettings::in_berlin()
        }
    }
}

/// Whether cards ask the view of single sales: not where a shop wants none, nor where one that was set up before there was such a view has the
/// others alone.
fn has_sales(settings: &Settings) -> Result<bool, Error> {
    if !settings.sales_view {
        return Ok(false);
    }
    let mut has_others = false;
    for view in &VIEWS {
        let exists = ViewState::find(view.name)?.is_some();
        if exists && view.is_optional {
            return Ok(true);
        }
        has_others |= exists;
    }
    Ok(!has_others)
}
