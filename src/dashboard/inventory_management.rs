//! For inventory managers and buyers: what lies in stock, and whom it came from.

use super::spec::Format::{Count, Day, Days, Money, Percent, Price, Score, Text};
use super::spec::{DashboardSpec, Filter, FilterKind, GridRow, column, question};

pub static INVENTORY_MANAGEMENT: DashboardSpec = DashboardSpec {
    key: "inventory_management",
    name: "Inventory management",
    description: "What lies in stock, how long it has been there, what it is worth, and whom it came from.",
    audience: "Inventory managers, buyers",
    filters: &[
        Filter {
            tag: "stock_category",
            name: "Stock category",
            kind: FilterKind::Value,
            columns: &["metabase_inventory_status.stock_category"],
        },
        Filter {
            tag: "supplier",
            name: "Supplier",
            kind: FilterKind::Value,
            columns: &[
                "metabase_inventory_status.supplier_name",
                "metabase_supplier_performance.supplier_name",
            ],
        },
    ],
    rows: &[
        GridRow {
            heading: "What lies in stock",
            height: 3,
            questions: &[
                (
                    6,
                    question!(
                        "inventory_management" / "current_stock_value",
                        Number,
                        "Current stock value",
                        "What the unsold items were bought for.",
                        &[column("stock_value", "Stock value", Money)],
                    ),
                ),
                (
                    6,
                    question!(
                        "inventory_management" / "dead_stock_count",
                        Number,
                        "Dead stock count",
                        "Unsold items that were bought more than 180 days ago.",
                        &[column("dead_stock_items", "Items", Count)],
                    ),
                ),
                (
                    6,
                    question!(
                        "inventory_management" / "avg_days_in_stock",
                        Number,
                        "Average days in stock",
                        "Days since the unsold items were bought, on average.",
                        &[column("avg_days_in_stock", "Days", Days)],
                    ),
                ),
                (
                    6,
                    question!(
                        "inventory_management" / "slow_moving_items",
                        Number,
                        "Slow-moving items",
                        "Unsold items that were bought 91 to 180 days ago.",
                        &[column("slow_moving_items", "Items", Count)],
                    ),
                ),
            ],
        },
        GridRow {
            heading: "How old is it?",
            height: 8,
            questions: &[
                (
                    12,
                    question!(
                        "inventory_management" / "ageing_distribution",
                        Bar,
                        "Ageing distribution",
                        "Unsold items by the days since they were bought.",
                        &[
                            column("days", "Days in stock", Text),
                            column("items", "Items", Count),
                        ],
                    ),
                ),
                (
                    12,
                    question!(
                        "inventory_management" / "stock_status_by_category",
                        Pie,
                        "Stock status by category",
                        "Unsold items by stock category: fast moving up to 30 days, normal up to 90, slow moving up to 180, then dead stock.",
                        &[
                            column("stock_category", "Stock category", Text),
                            column("items", "Items", Count),
                        ],
                    ),
                ),
            ],
        },
        GridRow {
            heading: "Each item in figures",
            height: 10,
            questions: &[(
                24,
                question!(
                    "inventory_management" / "inventory_status",
                    Table,
                    "Inventory status",
                    "Every stock item, the unsold ones first, and the oldest of them at the top; the first 2,000.",
                    &[
                        column("product_name", "Product", Text),
                        column("sku", "SKU", Text),
                        column("brand_name", "Brand", Text),
                        column("category_name", "Category", Text),
                        column("size", "Size", Text),
                        column("condition", "Condition", Text),
                        column("inventory_status", "Status", Text),
                        column("supplier_name", "Supplier", Text),
                        column("purchase_date", "Bought", Day),
                        column("purchase_price", "Cost", Price),
                        column("days_in_stock", "Days in stock", Count),
                        column("stock_category", "Stock category", Text),
                        column("current_inventory_value", "Value", Price),
                        column("times_sold", "Times sold", Count),
                        column("total_revenue", "Revenue", Price),
                        column("total_profit", "Profit", Price),
                    ],
                ),
            )],
        },
        GridRow {
            heading: "Whom it came from",
            height: 8,
            questions: &[(
                24,
                question!(
                    "inventory_management" / "supplier_performance",
                    Table,
                    "Supplier performance, all time",
                    "What was bought from each supplier and what became of it, the most profitable first.",
                    &[
                        column("supplier_name", "Supplier", Text),
                        column("country", "Country", Text),
                        column("rating", "Rating", Score),
                        column("total_purchases", "Items bought", Count),
                        column("total_spent", "Spent", Money),
                        column("unique_products", "Products", Count),
                        column("units_sold", "Units sold", Count),
                        column("sell_through_rate", "Sell-through", Percent),
                        column("total_revenue_generated", "Revenue", Money),
                        column("total_profit_generated", "Profit", Money),
                        column("avg_roi", "Average ROI", Percent),
                        column("avg_days_to_sell", "Days to sell", Days),
                        column("unsold_units", "Unsold items", Count),
                        column("unsold_value", "Unsold value", Money),
                    ],
                ),
            )],
        },
    ],
    meaning: "An item **ages** from the day it was bought, in calendar days, until it is sold. Its **value** is its gross purchase price, else the \
              net one. The four numbers, the ageing and the categories are of **unsold items only**. The supplier reaches all cards, the stock \
              category all but the suppliers' own.",
};
