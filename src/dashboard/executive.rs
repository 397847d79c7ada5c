//! For owners: how the business is doing.

use super::spec::Format::{Count, Money, Month, Percent, Price, Text};
use super::spec::{DashboardSpec, Filter, FilterKind, GridRow, column, question};

pub static EXECUTIVE: DashboardSpec = DashboardSpec {
    key: "executive",
    name: "Executive dashboard",
    description: "How the business is doing: revenue, profit, return on investment, and where they come from.",
    audience: "Executives, business owners",
    filters: &[Filter {
        tag: "date",
        name: "Date range",
        kind: FilterKind::Date {
            default: "past30days",
        },
        columns: &["metabase_executive_metrics.sale_date"],
    }],
    rows: &[
        GridRow {
            heading: "How are we doing?",
            height: 4,
            questions: &[
                (
                    6,
                    question!(
                        "executive" / "total_revenue",
                        Trend,
                        "Total revenue of the month",
                        "Gross sales of the month of the last sale in the chosen period, up to now, against the whole month before it.",
                        &[
                            column("sale_month", "Month", Month),
                            column("total_revenue", "Revenue", Money),
                        ],
                    ),
                ),
                (
                    6,
                    question!(
                        "executive" / "total_profit",
                        Trend,
                        "Total profit of the month",
                        "Net profit of the month of the last sale in the chosen period, up to now, against the whole month before it.",
                        &[
                            column("sale_month", "Month", Month),
                            column("total_profit", "Profit", Money),
                        ],
                    ),
                ),
                (
                    6,
                    question!(
                        "executive" / "avg_roi",
                        Number,
                        "Average ROI",
                        "Mean return on investment of the orders in the chosen period, in percent.",
                        &[column("avg_roi", "Average ROI", Percent)],
                    ),
                ),
                (
                    6,
                    question!(
                        "executive" / "active_orders",
                        Number,
                        "Active orders",
                        "Completed orders in the chosen period.",
                        &[column("active_orders", "Orders", Count)],
                    ),
                ),
            ],
        },
        GridRow {
            heading: "Where is it going?",
            height: 7,
            questions: &[(
                24,
                question!(
                    "executive" / "revenue_trend",
                    Line,
                    "Revenue trend, 12 months",
                    "Gross sales and net profit of the twelve months up to that of the last sale in the chosen period.",
                    &[
                        column("sale_month", "Month", Month),
                        column("total_revenue", "Revenue", Money),
                        column("total_profit", "Profit", Money),
                    ],
                ),
            )],
        },
        GridRow {
            heading: "What does it come from?",
            height: 8,
            questions: &[
                (
                    8,
                    question!(
                        "executive" / "platform_performance",
                        Bar,
                        "Platform performance",
                        "Gross sales and net profit of each platform in the chosen period.",
                        &[
                            column("platform", "Platform", Text),
                            column("total_revenue", "Revenue", Money),
                            column("total_profit", "Profit", Money),
                        ],
                    ),
                ),
                (
                    16,
                    question!(
                        "executive" / "top_products",
                        Table,
                        "Top 10 products by revenue, all time",
                        "The ten products that have brought in most, over all completed orders.",
                        &[
                            column("product_name", "Product", Text),
                            column("brand_name", "Brand", Text),
                            column("units_sold", "Units sold", Count),
                            column("total_revenue", "Revenue", Money),
                            column("avg_sale_price", "Average price", Price),
                            column("total_profit", "Profit", Money),
                            column("avg_roi", "Average ROI", Percent),
                        ],
                    ),
                ),
            ],
        },
        GridRow {
            heading: "Where do we sell?",
            height: 9,
            questions: &[(
                24,
                question!(
                    "executive" / "sales_by_country",
                    Map,
                    "Sales by country, all time",
                    "Gross sales by the country that they were sent to, over all completed orders; countries that are not recognised are left out.",
                    &[
                        column("country_code", "Country", Text),
                        column("total_revenue", "Revenue", Money),
                        column("total_orders", "Orders", Count),
                    ],
                ),
            )],
        },
    ],
    meaning: "**Revenue** is the sum of gross sales, **profit** that of net profits, of completed orders only. **ROI** is profit over what \
              the item cost, in percent. The date range reaches every card whose title does not say *all time*; revenue and profit of the \
              month, and the trend, show whole months, up to that of the last sale in the range.",
};
