SELECT
    coalesce(sum(total_orders), 0) AS "Orders"
FROM analytics.metabase_executive_metrics
WHERE true
    [[AND {{date}}]]
    [[AND {{platform}}]]
