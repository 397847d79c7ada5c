-- The days' means, each with the weight of its orders.
WITH mean AS (
    SELECT
        sum(avg_roi * total_orders) / nullif(sum(total_orders) FILTER (WHERE avg_roi IS NOT NULL), 0) AS roi
    FROM analytics.metabase_executive_metrics
    WHERE true
        [[AND {{date}}]]
)
SELECT
    roi AS "Average ROI"
FROM mean
WHERE roi IS NOT NULL
