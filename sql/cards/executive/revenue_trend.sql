-- Twelve months up to that of the last sale in the chosen period; a month without a sale is a zero, not a gap.
WITH period AS (
    SELECT max(sale_month) AS last_month
    FROM analytics.metabase_executive_metrics
    WHERE sale_date IS NOT NULL
        [[AND {{date}}]]
)
SELECT
    month::date                     AS "Month",
    coalesce(sum(total_revenue), 0) AS "Revenue",
    coalesce(sum(total_profit), 0)  AS "Profit"
FROM period
CROSS JOIN generate_series(last_month - interval '11 months', last_month, interval '1 month') AS month
LEFT JOIN analytics.metabase_executive_metrics ON sale_month = month
GROUP BY month
ORDER BY month
