SELECT
    coalesce(platform_name, platform_slug, 'No platform') AS platform,
    sum(total_revenue)                                    AS total_revenue,
    sum(total_profit)                                     AS total_profit
FROM analytics.metabase_executive_metrics
WHERE true
    [[AND {{date}}]]
GROUP BY platform
ORDER BY
    total_revenue DESC NULLS LAST,
    platform
LIMIT 50
