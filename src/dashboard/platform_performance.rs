//! For operations and finance: what each platform brings and costs.

use super::spec::Drawing::{Bar, Map, Number, Table};
use super::spec::Format::{Count, Day, Days, Money, Percent, Price, Text};
use super::spec::{
    DashboardSpec, Filter, FilterKind, GridRow, Meaning, column, question, sets, text, with_bars,
};

pub static PLATFORM_PERFORMANCE: DashboardSpec = DashboardSpec {
    key: "platform_performance",
    name: "Platform performance",
    description: "What each platform brings and what it costs: orders, revenue, fees, payouts, reach.",
    audience: "Operations, finance",
    filters: &[
        Filter {
            tag: "date",
            name: "Date range",
            kind: FilterKind::Date {
                default: "past30days",
            },
            columns: &["metabase_executive_metrics.sale_date", "metabase_sales.sale_date"],
        },
        Filter {
            tag: "platform",
            name: "Platform",
            kind: FilterKind::Value,
            columns: &[
                "metabase_executive_metrics.platform_name",
                "metabase_platform_performance.platform_name",
                "metabase_sales.platform_name",
            ],
        },
    ],
    clicks: &[sets("Platform", "platform")],
    rows: &[
        GridRow {
            heading: "The platforms together",
            height: 3,
            questions: &[
                (
                    5,
                    question!(
                        "platform_performance" / "total_orders",
                        Number,
                        "Total orders",
                        "Completed orders in the chosen period.",
                        &[column("Orders", Count)],
                    ),
                ),
                (
                    7,
                    question!(
                        "platform_performance" / "total_revenue",
                        Number,
                        "Total revenue",
                        "Gross sales in the chosen period.",
                        &[column("Revenue", Money)],
                    ),
                ),
                (
                    6,
                    question!(
                        "platform_performance" / "avg_fee",
                        Number,
                        "Average fee",
                        "Platform fees per completed order of the chosen period.",
                        &[column("Average fee", Price)],
                    ),
                ),
                (
                    6,
                    question!(
                        "platform_performance" / "avg_payout_days",
                        Number,
                        "Average payout days, all time",
                        "Days from the sale to the payout, mean of all orders that have both dates.",
                        &[column("Days to the payout", Days)],
                        of_sales: "Average payout days",
                        "Days from the sale to the payout, mean of the chosen period's sales that have both dates and are not said to be unpaid.",
                    ),
                ),
            ],
        },
        GridRow {
            heading: "What they bring and what they take",
            height: 7,
            questions: &[
                (
                    12,
                    question!(
                        "platform_performance" / "revenue_by_platform",
                        Bar,
                        "Revenue by platform",
                        "Gross sales of each platform in the chosen period; of more than twelve, the least are together.",
                        &[column("Platform", Text), column("Revenue", Money)],
                    ),
                ),
                (
                    12,
                    question!(
                        "platform_performance" / "fee_comparison",
                        Bar,
                        "Fee comparison",
                        "Platform fees of the chosen period in percent of its gross sales; of more than twelve platforms, the least are together.",
                        &[column("Platform", Text), column("Fee rate", Percent)],
                    ),
                ),
            ],
        },
        GridRow {
            heading: "Each platform in figures",
            height: 8,
            questions: &[(
                24,
                question!(
                    "platform_performance" / "platform_profitability",
                    Table,
                    "Platform profitability",
                    "Orders, revenue, costs and profit of each platform in the chosen period.",
                    &[
                        text("Platform", 100),
                        column("Orders", Count),
                        with_bars("Revenue", Money),
                        column("Profit", Money),
                        column("Margin", Percent),
                        column("ROI", Percent),
                        column("Fees", Money),
                        column("Fee rate", Percent),
                        column("Shipping", Money),
                        column("Proceeds", Money),
                        column("Avg order", Price),
                    ],
                ),
            )],
        },
        GridRow {
            heading: "What they still owe",
            height: 8,
            questions: &[(
                24,
                question!(
                    of_sales "platform_performance" / "unpaid_payouts",
                    Table,
                    "Unpaid payouts, all time",
                    "Net proceeds of completed orders that are not paid out yet, by the days since the sale.",
                    &[
                        text("Platform", 100),
                        with_bars("Unpaid", Money),
                        column("Orders", Count),
                        column("0–7 days", Money),
                        column("8–30 days", Money),
                        column("31–90 days", Money),
                        column("Over 90 days", Money),
                        column("No date", Money),
                        column("Oldest sale", Day),
                    ],
                ),
            )],
        },
        GridRow {
            heading: "Where they sell",
            height: 9,
            questions: &[(
                24,
                question!(
                    "platform_performance" / "countries_served",
                    Map,
                    "Countries served by platform, all time",
                    "Number of the chosen platforms that have sold into each country; countries that are not recognised are left out.",
                    &[column("Country", Text), column("Platforms", Count)],
                    of_sales: "Countries served by platform",
                    "Number of the chosen platforms that sold into each country in the chosen period; countries that are not recognised are left out.",
                ),
            )],
        },
    ],
    meaning: Meaning {
        of_views: "Completed orders only. **Fees** are what the platforms keep, **net proceeds** what they pay out, **profit** what is left of it after \
                   the item's cost; **profit margin** is profit over revenue, both of the whole period. The date range reaches every card whose \
                   title does not say *all time*, the platform reaches all cards.",
        of_sales: None,
    },
};
