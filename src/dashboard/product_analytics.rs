//! For buyers: what sells, and at which price.

use super::spec::Format::{Count, Day, Money, Percent, Price, Text};
use super::spec::{DashboardSpec, Filter, FilterKind, GridRow, column, question};

pub static PRODUCT_ANALYTICS: DashboardSpec = DashboardSpec {
    key: "product_analytics",
    name: "Product analytics",
    description: "What sells and at which price, by product, brand and category.",
    audience: "Product managers, buyers",
    filters: &[
        Filter {
            tag: "date",
            name: "Date range",
            kind: FilterKind::Date {
                default: "past90days",
            },
            columns: &["metabase_inventory_status.last_sold_at"],
        },
        Filter {
            tag: "brand",
            name: "Brand",
            kind: FilterKind::Value,
            columns: &[
                "metabase_inventory_status.brand_name",
                "metabase_product_performance.brand_name",
            ],
        },
    ],
    rows: &[
        GridRow {
            heading: "What sells best?",
            height: 8,
            questions: &[
                (
                    12,
                    question!(
                        "product_analytics" / "top_products_by_revenue",
                        Row,
                        "Top products by revenue",
                        "The ten products that brought in most: gross sales of the stock items that were last sold in the chosen period.",
                        &[
                            column("product", "Product", Text),
                            column("total_revenue", "Revenue", Money),
                        ],
                    ),
                ),
                (
                    12,
                    question!(
                        "product_analytics" / "top_products_by_units",
                        Row,
                        "Top products by units",
                        "The ten products of which most units were sold: completed orders of the stock items that were last sold in the chosen period.",
                        &[
                            column("product", "Product", Text),
                            column("units_sold", "Units sold", Count),
                        ],
                    ),
                ),
            ],
        },
        GridRow {
            heading: "How is it spread?",
            height: 8,
            questions: &[
                (
                    12,
                    question!(
                        "product_analytics" / "brand_performance",
                        Pie,
                        "Brand performance",
                        "Share of each brand in the gross sales of the chosen period.",
                        &[
                            column("brand", "Brand", Text),
                            column("total_revenue", "Revenue", Money),
                        ],
                    ),
                ),
                (
                    12,
                    question!(
                        "product_analytics" / "category_distribution",
                        Pie,
                        "Category distribution",
                        "Share of each category in the units that were sold in the chosen period.",
                        &[
                            column("category", "Category", Text),
                            column("units_sold", "Units sold", Count),
                        ],
                    ),
                ),
            ],
        },
        GridRow {
            heading: "Each product in figures",
            height: 10,
            questions: &[(
                24,
                question!(
                    "product_analytics" / "product_performance",
                    Table,
                    "Product performance, all time",
                    "Every figure of each product with a completed sale, the 2,000 that brought in most.",
                    &[
                        column("product_name", "Product", Text),
                        column("product_sku", "SKU", Text),
                        column("brand_name", "Brand", Text),
                        column("category_name", "Category", Text),
                        column("units_sold", "Units sold", Count),
                        column("total_revenue", "Revenue", Money),
                        column("avg_sale_price", "Average price", Price),
                        column("min_sale_price", "Lowest price", Price),
                        column("max_sale_price", "Highest price", Price),
                        column("price_volatility", "Price volatility", Price),
                        column("total_profit", "Profit", Money),
                        column("avg_roi", "Average ROI", Percent),
                        column("total_fees_paid", "Fees", Money),
                        column("avg_purchase_price", "Average cost", Price),
                        column("supplier_count", "Suppliers", Count),
                        column("last_sale_date", "Last sold", Day),
                    ],
                ),
            )],
        },
        GridRow {
            heading: "Prices and sell-through",
            height: 8,
            questions: &[
                (
                    12,
                    question!(
                        "product_analytics" / "price_distribution",
                        Histogram,
                        "Price distribution",
                        "Units that were sold in the chosen period, by classes of their price; a class is named by its lower end, the last one holds all that is dearer, and what was given away is in none.",
                        &[
                            column("price_from", "Price from", Money),
                            column("units_sold", "Units sold", Count),
                        ],
                    ),
                ),
                (
                    12,
                    question!(
                        "product_analytics" / "sell_through_by_brand",
                        Bar,
                        "Sell-through rate by brand, all time",
                        "Stock items with a completed sale out of all stock items of the brand, in percent: the twenty brands with the most items.",
                        &[
                            column("brand", "Brand", Text),
                            column("sell_through_rate", "Sell-through", Percent),
                        ],
                    ),
                ),
            ],
        },
    ],
    meaning: "Figures of a period are those of the **stock items that were last sold in it**. **Revenue** is the sum of gross sales and **units** \
              the number of completed orders; **price volatility** is the standard deviation of the sale prices. The date range reaches every \
              card whose title does not say *all time*, the brand reaches all cards.",
};
