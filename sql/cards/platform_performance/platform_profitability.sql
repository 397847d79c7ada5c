SELECT
    -- In quotes where a platform is really called so.
    coalesce(regexp_replace(coalesce(platform_name, platform_slug), '^(No|Other) platforms?$', '"\&"'), 'No platform')
                                                                       AS "Platform",
    sum(total_orders)                                                  AS "Orders",
    sum(total_revenue)                                                 AS "Revenue",
    sum(total_profit)                                                  AS "Profit",
    round(100 * sum(total_profit) / nullif(sum(total_revenue), 0), 2) AS "Margin",
    -- The days' means, each with the weight of its orders.
    round(
        sum(avg_roi * total_orders) / nullif(sum(total_orders) FILTER (WHERE avg_roi IS NOT NULL), 0),
        4
    )                                                                  AS "ROI",
    sum(total_fees)                                                    AS "Fees",
    round(100 * sum(total_fees) / nullif(sum(total_revenue), 0), 2)   AS "Fee rate",
    sum(total_shipping)                                                AS "Shipping",
    sum(total_net_proceeds)                                            AS "Proceeds",
    round(sum(total_revenue) / nullif(sum(total_orders), 0), 4)        AS "Avg order",
    max(platform_name)                                                 AS "Platform filter"
FROM analytics.metabase_executive_metrics
WHERE true
    [[AND {{date}}]]
    [[AND {{platform}}]]
GROUP BY coalesce(platform_name, platform_slug)
ORDER BY
    "Profit" DESC NULLS LAST,
    "Platform"
LIMIT 50
