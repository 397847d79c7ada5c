SELECT
    coalesce(platform_name, platform_slug, 'No platform') AS platform,
    sum(total_revenue)                                    AS total_revenue
FROM analytics.metabase_executive_metrics
WHERE true
    [[AND {{date}}]]
    [[AND {{platform}}]]
GROUP BY platform
ORDER BY
    total_revenue DESC NULLS LAST,
    platform
LIMIT 50
