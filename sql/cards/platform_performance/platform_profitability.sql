SELECT
    coalesce(platform_name, platform_slug, 'No platform')              AS platform,
    sum(total_orders)                                                  AS total_orders,
    sum(total_revenue)                                                 AS total_revenue,
    round(sum(total_revenue) / nullif(sum(total_orders), 0), 4)        AS avg_order_value,
    sum(total_fees)                                                    AS total_fees,
    round(100 * sum(total_fees) / nullif(sum(total_revenue), 0), 2)   AS fee_pct,
    sum(total_shipping)                                                AS total_shipping,
    sum(total_net_proceeds)                                            AS total_net_proceeds,
    sum(total_profit)                                                  AS total_profit,
    round(100 * sum(total_profit) / nullif(sum(total_revenue), 0), 2) AS profit_margin_pct,
    -- The days' means, each with the weight of its orders.
    round(
        sum(avg_roi * total_orders) / nullif(sum(total_orders) FILTER (WHERE avg_roi IS NOT NULL), 0),
        4
    )                                                                  AS avg_roi
FROM analytics.metabase_executive_metrics
WHERE true
    [[AND {{date}}]]
    [[AND {{platform}}]]
GROUP BY platform
ORDER BY
    total_profit DESC NULLS LAST,
    platform
LIMIT 50
