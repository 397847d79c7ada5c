//! The seven views, as data.

use crate::calendar::Strategy;

/// One of the seven.
pub struct View {
    pub name: &'static str,
    pub strategy: Strategy,
    /// What it is refreshed for at once.
    pub events: &'static [Event],
    /// The statements that make it, with its indexes and comments. psql's variables stand for the settings.
    pub definition: &'static str,
}

/// What happens in the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An order comes or changes.
    Order,
    /// A stock item comes or changes.
    StockItem,
}

macro_rules! view {
    ($name:literal, $strategy:ident, [$($event:ident),*]) => {
        View {
            name: $name,
            strategy: Strategy::$strategy,
            events: &[$(Event::$event),*],
            definition: include_str!(concat!("../../sql/definitions/", $name, ".sql")),
        }
    };
}

pub static VIEWS: [View; 7] = [
    view!("metabase_executive_metrics", Hourly, [Order]),
    view!("metabase_product_performance", Daily, [Order, StockItem]),
    view!("metabase_brand_analytics", Daily, []),
    view!("metabase_platform_performance", Hourly, [Order]),
    view!("metabase_inventory_status", Hourly, [StockItem]),
    view!("metabase_customer_geography", Daily, []),
    view!("metabase_supplier_performance", Weekly, [StockItem]),
];

/// The names of the seven, as an argument of a query that is about them.
pub fn names() -> Vec<String> {
    VIEWS.iter().map(|view| view.name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_definition_makes_its_own_view_with_its_unique_index() {
        for view in &VIEWS {
            let create = format!("CREATE MATERIALIZED VIEW analytics.{} ", view.name);
            let unique = format!(
                "CREATE UNIQUE INDEX uq_{}\n    ON analytics.{} (",
                view.name, view.name
            );
            assert!(view.definition.contains(&create), "{}", view.name);
            assert!(view.definition.contains(&unique), "{}", view.name);
        }
    }
}
