SELECT
    coalesce(sum(total_revenue), 0) AS "Revenue"
FROM analytics.metabase_executive_metrics
WHERE true
    [[AND {{date}}]]
    [[AND {{platform}}]]
