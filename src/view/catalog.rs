//! The seven views, as data.

use crate::calendar::Strategy;
/// One of the seven.
pub struct View {
    pub name: &'static str,
    pub strategy: Strategy,
    /// The statements that make it, with its indexes and comments. psql's variables stand for the settings.
    pub definition: &'static str,
}

macro_rules! view {
    ($name:literal, $strategy:ident) => {
        View {
            name: $name,
            strategy: Strategy::$strategy,
            definition: include_str!(concat!("../../sql/definitions/", $name, ".sql")),
        }
    };
}

pub static VIEWS: [View; 7] = [
    view!("metabase_executive_metrics", Hourly),
    view!("metabase_product_performance", Daily),
    view!("metabase_brand_analytics", Daily),
    view!("metabase_platform_performance", Hourly),
    view!("metabase_inventory_status", Hourly),
    view!("metabase_customer_geography", Daily),
    view!("metabase_supplier_performance", Weekly),
];

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
