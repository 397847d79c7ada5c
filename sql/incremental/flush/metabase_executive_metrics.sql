-- The rows of some days on some platforms: flush_key has day ('-infinity' where it is not known) and slug.

-- @keep flush_group
SELECT
    k.day  AS group_day,
    k.slug AS group_slug,
    p.name,
    r.*
FROM flush_key AS k
LEFT JOIN metabase_internal.platform_rollup AS p ON p.slug_key = coalesce('=' || k.slug, '')
LEFT JOIN metabase_internal.day_rollup AS r
    ON r.platform = p.id
    AND r.day = k.day
    AND r.orders > 0;

-- @read flush_row
SELECT
    coalesce(sum(r.orders), 0) > 0                          AS present,
    nullif(r.group_day, '-infinity')                        AS sale_date,
    date_trunc('week', known.day::timestamp)::date          AS sale_week,
    date_trunc('month', known.day::timestamp)::date         AS sale_month,
    date_trunc('quarter', known.day::timestamp)::date       AS sale_quarter,
    date_trunc('year', known.day::timestamp)::date          AS sale_year,
    CASE
        WHEN min(r.name COLLATE "C") FILTER (WHERE r.orders > 0) = max(r.name COLLATE "C") FILTER (WHERE r.orders > 0)
            THEN min(r.name COLLATE "C") FILTER (WHERE r.orders > 0)
    END COLLATE "default"                                   AS platform_name,
    r.group_slug                                            AS platform_slug,
    sum(r.orders)::bigint                                   AS total_orders,
    CASE WHEN known.day IS NULL THEN 0 ELSE 1 END::bigint   AS active_days,
    metabase_internal.amount(CASE WHEN sum(r.gross_sale_count) > 0 THEN sum(r.gross_sale_sum) END) AS total_revenue,
    metabase_internal.amount(CASE WHEN sum(r.net_proceeds_count) > 0 THEN sum(r.net_proceeds_sum) END) AS total_net_proceeds,
    metabase_internal.amount(CASE WHEN sum(r.net_profit_count) > 0 THEN sum(r.net_profit_sum) END) AS total_profit,
    metabase_internal.amount(CASE WHEN sum(r.platform_fee_count) > 0 THEN sum(r.platform_fee_sum) END) AS total_fees,
    metabase_internal.amount(CASE WHEN sum(r.shipping_cost_count) > 0 THEN sum(r.shipping_cost_sum) END) AS total_shipping,
    round(metabase_internal.mean(sum(r.roi_sum), sum(r.roi_count)), 4) AS avg_roi,
    round(metabase_internal.mean(sum(r.gross_sale_sum), sum(r.gross_sale_count)), 4) AS avg_order_value,
    min(r.first_sale)                                       AS first_sale,
    max(r.last_sale)                                        AS last_sale
FROM flush_group AS r
CROSS JOIN LATERAL (SELECT nullif(r.group_day, '-infinity') AS day) AS known
GROUP BY
    r.group_day,
    known.day,
    r.group_slug;
