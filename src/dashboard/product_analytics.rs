//! For buyers: what sells, and at which price.

use super::spec::Drawing::{Bar, LinePerValue, Pie, Row, Table};
use super::spec::Format::{Count, Day, Money, Month, Percent, Price, PriceClass, Text};
use super::spec::{
    DashboardSpec, Filter, FilterKind, GridRow, Meaning, column, question, sets, text, with_bars,
};

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
            columns: &[
                "metabase_sales.sale_date",
                "metabase_inventory_status.last_sold_at",
            ],
        },
        Filter {
            tag: "brand",
            name: "Brand",
            kind: FilterKind::Value,
            columns: &[
                "metabase_inventory_status.brand_name",
                "metabase_product_performance.brand_name",
                "metabase_sales.brand_name",
            ],
        },
    ],
    clicks: &[sets("Brand", "brand")],
    rows: &[
        // Names of products are long.
        GridRow {
            heading: "What brings in most?",
            height: 7,
            questions: &[(
                24,
                question!(
                    "product_analytics" / "top_products_by_revenue",
                    Row,
                    "Top products by revenue",
                    "The ten products that brought in most: gross sales of the stock items that were last sold in the chosen period.",
                    &[column("Product", Text), column("Revenue", Money)],
                    of_sales: "Top products by revenue",
                    "The ten products that brought in most: gross sales of the chosen period.",
                ),
            )],
        },
        GridRow {
            heading: "What sells most often?",
            height: 7,
            questions: &[(
                24,
                question!(
                    "product_analytics" / "top_products_by_units",
                    Row,
                    "Top products by units",
                    "The ten products of which most units were sold: units in completed orders of the stock items that were last sold in the chosen period.",
                    &[column("Product", Text), column("Units sold", Count)],
                    of_sales: "Top products by units",
                    "The ten products of which most units were sold in the chosen period.",
                ),
            )],
        },
        GridRow {
            heading: "How is it spread?",
            height: 8,
            questions: &[
                (
                    11,
                    question!(
                        "product_analytics" / "brand_performance",
                        Row,
                        "Brand performance",
                        "Gross sales of the ten brands that brought in most in the chosen period.",
                        &[column("Brand", Text), column("Revenue", Money)],
                        of_sales,
                    ),
                ),
                (
                    13,
                    question!(
                        "product_analytics" / "category_distribution",
                        Pie,
                        "Category distribution",
                        "Share of each category in the units that were sold in the chosen period.",
                        &[column("Category", Text), column("Units sold", Count)],
                        of_sales,
                    ),
                ),
            ],
        },
        GridRow {
            heading: "How do brands develop?",
            height: 8,
            questions: &[(
                24,
                question!(
                    of_sales "product_analytics" / "brand_by_month",
                    LinePerValue,
                    "Brands by month, 12 months",
                    "Gross sales of the six biggest brands in the twelve months up to that of the last sale in the chosen period.",
                    &[
                        column("Month", Month),
                        column("Brand", Text),
                        column("Revenue", Money),
                    ],
                ),
            )],
        },
        GridRow {
            heading: "Which sizes sell?",
            height: 7,
            questions: &[(
                24,
                question!(
                    of_sales "product_analytics" / "size_distribution",
                    Bar,
                    "Size distribution",
                    "Units that were sold in the chosen period, by size; of more than thirty sizes, those of which most were sold.",
                    &[column("Size", Text), column("Units sold", Count)],
                ),
            )],
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
                        text("Product", 308),
                        text("Brand", 140),
                        column("Units", Count),
                        with_bars("Revenue", Money),
                        column("Profit", Money),
                        column("ROI", Percent),
                        column("Avg price", Price),
                        column("Last sold", Day),
                        column("Lowest price", Price),
                        column("Highest price", Price),
                        column("Price volatility", Price),
                        column("Avg cost", Price),
                        column("Fees", Money),
                        column("Suppliers", Count),
                        text("Category", 150),
                        text("SKU", 110),
                    ],
                    of_sales: "Product performance",
                    "Every figure of each product that was sold in the chosen period, the 2,000 that brought in most.",
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
                        Bar,
                        "Price distribution",
                        "Units that were sold in the chosen period, by classes of their price in the shop's currency; a class begins at its lower end and ends below its upper one, and what was given away is in none.",
                        &[column("Price", PriceClass), column("Units sold", Count)],
                        of_sales,
                    ),
                ),
                (
                    12,
                    question!(
                        "product_analytics" / "sell_through_by_brand",
                        Row,
                        "Sell-through rate by brand, all time",
                        "Units sold out of all units that were bought of the brand, in percent; of more than ten brands, all but the nine of which most were bought are together.",
                        &[column("Brand", Text), column("Sell-through", Percent)],
                        of_sales: "Sell-through rate by brand",
                        "Units sold in the chosen period out of all that were there to sell, in percent: these, and what was in stock at its last sale; of more than ten brands, all but the nine of which most was there are together.",
                    ),
                ),
            ],
        },
    ],
    meaning: Meaning {
        of_views: "Figures of a period are those of the **stock items that were last sold in it**. **Revenue** is the sum of gross sales and **units** \
                   how many completed orders sold, one each unless the shop says otherwise; **price volatility** is the standard deviation of the \
                   orders' gross sales. The date range reaches every card whose title does not say *all time*, the brand reaches all cards.",
        of_sales: Some(
            "Figures are those of the **completed orders of the chosen period**; one of no stock item has no product, brand or category. **Revenue** \
             is the sum of gross sales and **units** how many orders sold, one each unless the shop says otherwise; **price volatility** is the \
             standard deviation of the orders' gross sales. What was **there to sell** is what was sold in the period, and what was in stock at its \
             last sale. The date range and the brand reach all cards.",
        ),
    },
};
