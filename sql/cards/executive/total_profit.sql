-- The month of the last sale in the chosen period, after the month before it: whole months, the running one so far.
WITH period AS (
    SELECT max(sale_month) AS last_month
    FROM analytics.metabase_executive_metrics
    WHERE sale_date IS NOT NULL
        [[AND {{date}}]]
)
SELECT
    sale_month,
    sum(total_profit) AS total_profit
FROM analytics.metabase_executive_metrics
CROSS JOIN period
WHERE sale_month IN (last_month, last_month - interval '1 month')
GROUP BY sale_month
ORDER BY sale_month
