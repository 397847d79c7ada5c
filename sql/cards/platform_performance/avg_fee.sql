WITH mean AS (
    SELECT sum(total_fees) / nullif(sum(total_orders), 0) AS fee
    FROM analytics.metabase_executive_metrics
    WHERE true
        [[AND {{date}}]]
        [[AND {{platform}}]]
)
SELECT
    fee AS "Average fee"
FROM mean
WHERE fee IS NOT NULL
