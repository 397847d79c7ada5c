//! For inventory managers and buyers: what lies in stock, and whom it came from.

use super::color::{BLUE, GRAY, GREEN, RED, YELLOW};
use super::product_analytics::PRODUCT_ANALYTICS;
use super::spec::Carried::Value;
use super::spec::Drawing::{Bar, Number, OrderedPie, Table};
use super::spec::Format::{Count, Day, Days, Money, Percent, Price, Score, Text};
use super::spec::{
    DashboardSpec, Filter, FilterKind, GridRow, Meaning, column, opens, question, sets, text, with_bars,
};

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
    clicks: &[
        sets("Stock category", "stock_category"),
        sets("Supplier", "supplier"),
        opens("Product", &PRODUCT_ANALYTICS, &[Value("Brand", "brand")]),
        opens("Brand", &PRODUCT_ANALYTICS, &[Value("Brand", "brand")]),
    ],
    rows: &[
        GridRow {
            heading: "What lies in stock",
            height: 3,
            questions: &[
                (
                    7,
                    question!(
                        "inventory_management" / "current_stock_value",
                        Number,
                        "Current stock value",
                        "What the items in stock were bought for.",
                        &[column("Stock value", Money)],
                    ),
                ),
                (
                    5,
                    question!(
                        "inventory_management" / "dead_stock_count",
                        Number,
                        "Dead stock count",
                        "Items in stock that were bought more than 180 days ago; two pairs in one row are two.",
                        &[column("Items", Count)],
                    ),
                ),
                (
                    6,
                    question!(
                        "inventory_management" / "avg_days_in_stock",
                        Number,
                        "Average days in stock",
                        "Days since the items in stock were bought, on average.",
                        &[column("Days in stock", Days)],
                    ),
                ),
                (
                    6,
                    question!(
                        "inventory_management" / "slow_moving_items",
                        Number,
                        "Slow-moving items",
                        "Items in stock that were bought 91 to 180 days ago.",
                        &[column("Items", Count)],
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
                        "Items in stock by the days since they were bought.",
                        &[column("Days in stock", Text), column("Items", Count)],
                    ),
                ),
                (
                    12,
                    question!(
                        "inventory_management" / "stock_status_by_category",
                        OrderedPie(&[
                            ("Fast Moving", GREEN),
                            ("Normal", BLUE),
                            ("Slow Moving", YELLOW),
                            ("Dead Stock", RED),
                            ("Unknown", GRAY),
                        ]),
                        "Stock status by category",
                        "Items in stock by stock category: fast moving up to 30 days, normal up to 90, slow moving up to 180, then dead stock.",
                        &[column("Stock category", Text), column("Items", Count)],
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
                    "Every stock item, what is in stock first, and the oldest of that at the top; the first 2,000.",
                    &[
                        text("Product", 308),
                        text("Size", 80),
                        column("Days", Count),
                        text("Stock category", 138),
                        column("Value", Price),
                        text("Supplier", 190),
                        column("Bought", Day),
                        text("Status", 90),
                        column("In stock", Count),
                        column("Cost", Price),
                        text("Brand", 120),
                        text("Category", 150),
                        text("SKU", 110),
                        text("Condition", 103),
                        column("Times sold", Count),
                        column("Revenue", Price),
                        column("Profit", Price),
                    ],
                ),
            )],
        },
        GridRow {
            heading: "Whom it came from",
            height: 9,
            questions: &[(
                24,
                question!(
                    "inventory_management" / "supplier_performance",
                    Table,
                    "Supplier performance, all time",
                    "What was bought from each supplier and what became of it, the most profitable first.",
                    &[
                        text("Supplier", 190),
                        column("Profit", Money),
                        column("ROI", Percent),
                        with_bars("Unsold value", Money),
                        column("Unsold", Count),
                        column("Sell-through", Percent),
                        column("Revenue", Money),
                        column("Days to sell", Days),
                        column("Bought", Count),
                        column("Spent", Money),
                        column("Units sold", Count),
                        column("Products", Count),
                        column("Rating", Score),
                        text("Country", 120),
                    ],
                ),
            )],
        },
    ],
    meaning: Meaning {
        of_views: "An item **ages** from the day it was bought, in calendar days, until nothing is left of it. Its **value** is its gross purchase \
                   price, else the net one, of each unit left. The four numbers, the ageing and the categories are of **items in stock only**: what is \
                   sold or gone is in none, and several pairs in one row are several items. The supplier reaches all cards, the stock category all \
                   but the suppliers' own.",
        of_sales: None,
    },
};
