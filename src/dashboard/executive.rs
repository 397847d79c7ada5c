//! For owners: how the business is doing.

use super::platform_performance::PLATFORM_PERFORMANCE;
use super::product_analytics::PRODUCT_ANALYTICS;
use super::spec::Carried::{Setting, Value};
use super::spec::Drawing::{Bar, LineToGoal, Map, Number, Table, Trend};
use super::spec::Format::{Count, Money, Month, Percent, Price, Text};
use super::spec::{
    DashboardSpec, Filter, FilterKind, GridRow, Meaning, column, opens, question, text, with_bars,
};

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
        columns: &["metabase_executive_metrics.sale_date", "metabase_sales.sale_date"],
    }],
    clicks: &[
        opens(
            "Platform",
            &PLATFORM_PERFORMANCE,
            &[Value("Platform", "platform"), Setting("date")],
        ),
        opens(
            "Product",
            &PRODUCT_ANALYTICS,
            &[Value("Brand", "brand"), Setting("date")],
        ),
        opens(
            "Brand",
            &PRODUCT_ANALYTICS,
            &[Value("Brand", "brand"), Setting("date")],
        ),
    ],
    rows: &[
        GridRow {
            heading: "How are we doing?",
            height: 4,
            questions: &[
                (
                    7,
                    question!(
                        "executive" / "total_revenue",
                        Trend,
                        "Monthly revenue",
                        "Gross sales of the month of the last sale in the chosen period, up to now, against the whole month before it.",
                        &[column("Month", Month), column("Revenue", Money)],
                    ),
                ),
                (
                    7,
                    question!(
                        "executive" / "total_profit",
                        Trend,
                        "Monthly profit",
                        "Net profit of the month of the last sale in the chosen period, up to now, against the whole month before it.",
                        &[column("Month", Month), column("Profit", Money)],
                    ),
                ),
                (
                    5,
                    question!(
                        "executive" / "avg_roi",
                        Number,
                        "Average ROI",
                        "Mean return on investment of the orders in the chosen period, in percent.",
                        &[column("Average ROI", Percent)],
                    ),
                ),
                (
                    5,
                    question!(
                        "executive" / "active_orders",
                        Number,
                        "Active orders",
                        "Completed orders in the chosen period.",
                        &[column("Orders", Count)],
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
                    LineToGoal,
                    "Revenue trend, 12 months",
                    "Gross sales and net profit of the twelve months up to that of the last sale in the chosen period.",
                    &[
                        column("Month", Month),
                        column("Revenue", Money),
                        column("Profit", Money),
                    ],
                ),
            )],
        },
        GridRow {
            heading: "Where do we sell?",
            height: 8,
            questions: &[
                (
                    9,
                    question!(
                        "executive" / "platform_performance",
                        Bar,
                        "Platform performance",
                        "Gross sales and net profit of each platform in the chosen period; of more than twelve, the least are together.",
                        &[
                            column("Platform", Text),
                            column("Revenue", Money),
                            column("Profit", Money),
                        ],
                    ),
                ),
                (
                    15,
                    question!(
                        "executive" / "sales_by_country",
                        Map,
                        "Sales by country, all time",
                        "Gross sales by the country that they were sent to, over all completed orders; countries that are not recognised are left out.",
                        &[
                            column("Country", Text),
                            column("Revenue", Money),
                            column("Orders", Count),
                        ],
                        of_sales: "Sales by country",
                        "Gross sales of the chosen period by the country that they were sent to; countries that are not recognised are left out.",
                    ),
                ),
            ],
        },
        GridRow {
            heading: "What sells best?",
            height: 11,
            questions: &[(
                24,
                question!(
                    "executive" / "top_products",
                    Table,
                    "Top 10 products by revenue, all time",
                    "The ten products that have brought in most, over all completed orders.",
                    &[
                        text("Product", 260),
                        text("Brand", 140),
                        column("Units", Count),
                        with_bars("Revenue", Money),
                        column("Avg price", Price),
                        column("Profit", Money),
                        column("ROI", Percent),
                    ],
                    of_sales: "Top 10 products by revenue",
                    "The ten products that brought in most in the chosen period.",
                ),
            )],
        },
    ],
    meaning: Meaning {
        of_views: "**Revenue** is the sum of gross sales, **profit** that of net profits, of completed orders only. **ROI** is profit over what \
                   the item cost, in percent. The date range reaches every card whose title does not say *all time*; revenue and profit of the \
                   month, and the trend, show whole months, up to that of the last sale in the range.",
        of_sales: Some(
            "**Revenue** is the sum of gross sales, **profit** that of net profits, of completed orders only. **ROI** is profit over what the item \
             cost, in percent. The date range reaches all cards; revenue and profit of the month, and the trend, show whole months, up to that of \
             the last sale in the range.",
        ),
    },
};
