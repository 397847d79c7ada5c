SELECT
    coalesce(platform_name, platform_slug, 'No platform')            AS platform,
    round(100 * sum(total_fees) / nullif(sum(total_revenue), 0), 2) AS fee_pct
FROM analytics.metabase_executive_metrics
WHERE true
    [[AND {{date}}]]
    [[AND {{platform}}]]
GROUP BY platform
ORDER BY
    fee_pct DESC NULLS LAST,
    platform
LIMIT 50
