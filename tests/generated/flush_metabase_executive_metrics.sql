-- From the groups that have changed to the rows of metabase_executive_metrics that are written.
--
-- Generated for the hand-worked shop: METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew. What a step keeps (@keep,
-- @read, @take), later ones read by its name: to EXPLAIN these, make a temporary table of each.

-- @take noted
DELETE FROM metabase_internal.dirty_executive
RETURNING day, slug;

-- @keep flush_key
SELECT day, slug
FROM dirty_executive
UNION
SELECT day, slug
FROM noted;

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

-- @read changes
SELECT
    held.place,
    computed.present,
    computed.sale_date,
    computed.sale_week,
    computed.sale_month,
    computed.sale_quarter,
    computed.sale_year,
    computed.platform_name,
    computed.platform_slug,
    computed.total_orders,
    computed.active_days,
    computed.total_revenue,
    computed.total_net_proceeds,
    computed.total_profit,
    computed.total_fees,
    computed.total_shipping,
    computed.avg_roi,
    computed.avg_order_value,
    computed.first_sale,
    computed.last_sale
FROM (
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
        r.group_slug
) AS computed (
    present,
    sale_date,
    sale_week,
    sale_month,
    sale_quarter,
    sale_year,
    platform_name,
    platform_slug,
    total_orders,
    active_days,
    total_revenue,
    total_net_proceeds,
    total_profit,
    total_fees,
    total_shipping,
    avg_roi,
    avg_order_value,
    first_sale,
    last_sale
)
LEFT JOIN LATERAL (
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_executive_metrics AS v (
        sale_date,
        sale_week,
        sale_month,
        sale_quarter,
        sale_year,
        platform_name,
        platform_slug,
        total_orders,
        active_days,
        total_revenue,
        total_net_proceeds,
        total_profit,
        total_fees,
        total_shipping,
        avg_roi,
        avg_order_value,
        first_sale,
        last_sale
    )
    WHERE v.sale_date = computed.sale_date
        AND v.platform_slug = computed.platform_slug
    UNION ALL
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_executive_metrics AS v (
        sale_date,
        sale_week,
        sale_month,
        sale_quarter,
        sale_year,
        platform_name,
        platform_slug,
        total_orders,
        active_days,
        total_revenue,
        total_net_proceeds,
        total_profit,
        total_fees,
        total_shipping,
        avg_roi,
        avg_order_value,
        first_sale,
        last_sale
    )
    WHERE v.sale_date = computed.sale_date
        AND v.platform_slug IS NULL
        AND computed.platform_slug IS NULL
    UNION ALL
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_executive_metrics AS v (
        sale_date,
        sale_week,
        sale_month,
        sale_quarter,
        sale_year,
        platform_name,
        platform_slug,
        total_orders,
        active_days,
        total_revenue,
        total_net_proceeds,
        total_profit,
        total_fees,
        total_shipping,
        avg_roi,
        avg_order_value,
        first_sale,
        last_sale
    )
    WHERE v.sale_date IS NULL
        AND computed.sale_date IS NULL
        AND v.platform_slug = computed.platform_slug
    UNION ALL
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_executive_metrics AS v (
        sale_date,
        sale_week,
        sale_month,
        sale_quarter,
        sale_year,
        platform_name,
        platform_slug,
        total_orders,
        active_days,
        total_revenue,
        total_net_proceeds,
        total_profit,
        total_fees,
        total_shipping,
        avg_roi,
        avg_order_value,
        first_sale,
        last_sale
    )
    WHERE v.sale_date IS NULL
        AND computed.sale_date IS NULL
        AND v.platform_slug IS NULL
        AND computed.platform_slug IS NULL
) AS held (
    place,
    sale_date,
    sale_week,
    sale_month,
    sale_quarter,
    sale_year,
    platform_name,
    platform_slug,
    total_orders,
    active_days,
    total_revenue,
    total_net_proceeds,
    total_profit,
    total_fees,
    total_shipping,
    avg_roi,
    avg_order_value,
    first_sale,
    last_sale
) ON true
WHERE CASE
    WHEN computed.present
        THEN held.place IS NULL
            OR ROW(
                computed.sale_date,
                computed.sale_week,
                computed.sale_month,
                computed.sale_quarter,
                computed.sale_year,
                computed.platform_name,
                computed.platform_slug,
                computed.total_orders,
                computed.active_days,
                computed.total_revenue,
                computed.total_net_proceeds,
                computed.total_profit,
                computed.total_fees,
                computed.total_shipping,
                computed.avg_roi,
                computed.avg_order_value,
                computed.first_sale,
                computed.last_sale
            ) IS DISTINCT FROM ROW(
                held.sale_date,
                held.sale_week,
                held.sale_month,
                held.sale_quarter,
                held.sale_year,
                held.platform_name,
                held.platform_slug,
                held.total_orders,
                held.active_days,
                held.total_revenue,
                held.total_net_proceeds,
                held.total_profit,
                held.total_fees,
                held.total_shipping,
                held.avg_roi,
                held.avg_order_value,
                held.first_sale,
                held.last_sale
            )
    ELSE held.place IS NOT NULL
END;
