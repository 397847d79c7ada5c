-- Where more than twelve platforms have sold, all but the eleven of most revenue are one bar.
WITH platform AS (
    SELECT
        -- In quotes where a platform is really called so.
        coalesce(regexp_replace(coalesce(platform_name, platform_slug), '^(No|Other) platforms?$', '"\&"'), 'No platform') AS name,
        max(platform_name)                                                                                                 AS platform_name,
        sum(total_fees)                                                                                                    AS fees,
        sum(total_revenue)                                                                                                 AS revenue
    FROM analytics.metabase_executive_metrics
    WHERE true
        [[AND {{date}}]]
        [[AND {{platform}}]]
    GROUP BY coalesce(platform_name, platform_slug)
),
ranked AS (
    SELECT
        platform.*,
        count(*) OVER () > 12
            AND row_number() OVER (ORDER BY revenue DESC NULLS LAST, name) > 11 AS is_other
    FROM platform
)
SELECT
    CASE WHEN is_other THEN 'Other platforms' ELSE name END AS "Platform",
    round(100 * sum(fees) / nullif(sum(revenue), 0), 2)    AS "Fee rate",
    max(platform_name) FILTER (WHERE NOT is_other)          AS "Platform filter"
FROM ranked
GROUP BY "Platform"
ORDER BY
    bool_or(is_other),
    "Fee rate" DESC NULLS LAST,
    "Platform"
LIMIT 12
