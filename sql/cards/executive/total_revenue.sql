-- The month of the last sale in the chosen period, after the month before it: whole months, the running one so far.
WITH period AS (
    SELECT max(sale_month) AS last_month
    FROM analytics.metabase_executive_metrics
    WHERE sale_date IS NOT NULL
        [[AND {{date}}]]
)
SELECT
    month::date                     AS "Month",
    coalesce(sum(total_revenue), 0) AS "Revenue"
FROM period
CROSS JOIN generate_series(last_month - interval '1 month', last_month, interval '1 month') AS month
LEFT JOIN analytics.metabase_executive_metrics ON sale_month = month
GROUP BY month
ORDER BY "Month"
