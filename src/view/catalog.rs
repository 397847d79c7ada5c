//! The seven views, and the one of single sales beside them, as data.

use crate::calendar::Strategy;
use crate::sql;

/// One of the views that this extension brings.
pub struct View {
    pub name: &'static str,
    /// Whether a shop may do without it. Each has the seven.
    pub is_optional: bool,
    pub strategy: Strategy,
    /// What it is refreshed for at once.
    pub events: &'static [Event],
    /// The statements that make it, with its indexes and comments. psql's variables stand for the settings.
    pub definition: &'static str,
}

impl View {
    /// The statements that make it, for a zone.
    pub fn statements(&self, time_zone: &str) -> String {
        sql::fill(self.definition, &[(":'time_zone'", &sql::literal(time_zone))])
    }

    /// The SELECT that it shows, for a zone.
    pub fn query(&self, time_zone: &str) -> String {
        let statements = self.statements(time_zone);
        let query = statements
            .split_once(" AS\n")
            .and_then(|(_, rest)| rest.split_once(";\n"));
        query.map_or_else(String::new, |(query, _)| query.to_owned())
    }

    /// Its columns, in their order: each has a comment.
    pub fn columns(&self) -> Vec<&'static str> {
        let comment = format!("COMMENT ON COLUMN analytics.{}.", self.name);
        self.definition
            .lines()
            .filter_map(|line| line.strip_prefix(&comment)?.strip_suffix(" IS"))
            .collect()
    }

    /// The columns of its key: those of its unique index.
    pub fn key(&self) -> Vec<&'static str> {
        let index = format!(
            "CREATE UNIQUE INDEX uq_{}\n    ON analytics.{} (",
            self.name, self.name
        );
        let columns = self
            .definition
            .split_once(&index)
            .and_then(|(_, rest)| rest.split_once(')'));
        columns.map_or_else(Vec::new, |(columns, _)| columns.split(", ").collect())
    }
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
            is_optional: false,
            strategy: Strategy::$strategy,
            events: &[$(Event::$event),*],
            definition: include_str!(concat!("../../sql/definitions/", $name, ".sql")),
        }
    };
}

pub static VIEWS: [View; 8] = [
    view!("metabase_executive_metrics", Hourly, [Order]),
    view!("metabase_product_performance", Daily, [Order, StockItem]),
    view!("metabase_brand_analytics", Daily, []),
    view!("metabase_platform_performance", Hourly, [Order]),
    view!("metabase_inventory_status", Hourly, [StockItem]),
    view!("metabase_customer_geography", Daily, []),
    view!("metabase_supplier_performance", Weekly, [StockItem]),
    View {
        is_optional: true,
        ..view!("metabase_sales", Hourly, [Order, StockItem])
    },
];

/// Whether a view of this name is the one that a shop may do without: that of single sales.
pub fn is_optional(name: &str) -> bool {
    VIEWS.iter().any(|view| view.name == name && view.is_optional)
}

/// Their names, as an argument of a query that is about them.
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
            let query = view.query("UTC");
            assert!(
                query.starts_with("SELECT") || query.starts_with("WITH"),
                "{}",
                view.name
            );
            assert!(!query.contains(';'), "{}", view.name);
            assert!(view.definition.contains(&unique), "{}", view.name);
        }
    }
}
