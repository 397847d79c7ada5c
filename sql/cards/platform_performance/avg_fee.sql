SELECT
    sum(total_fees) / nullif(sum(total_orders), 0) AS avg_fee
FROM analytics.metabase_executive_metrics
WHERE true
    [[AND {{date}}]]
    [[AND {{platform}}]]
