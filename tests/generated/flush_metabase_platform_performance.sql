-- From the groups that have changed to the rows of metabase_platform_performance that are written.
--
-- Generated for the hand-worked shop: METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew. What a step keeps (@keep,
-- @read, @take), later ones read by its name: to EXPLAIN these, make a temporary table of each.

-- @take noted
DELETE FROM metabase_internal.dirty_platform
RETURNING id;

-- @keep flush_key
SELECT id
FROM dirty_platform
UNION
SELECT id
FROM noted;

-- @keep flush_group
SELECT r.*
FROM flush_key AS k
JOIN metabase_internal.platform_rollup AS r ON r.id = k.id;

-- @read changes
SELECT
    held.place,
    computed.present,
    computed.platform_id,
    computed.platform_name,
    computed.platform_slug,
    computed.total_orders,
    computed.active_months,
    computed.total_revenue,
    computed.avg_order_value,
    computed.min_order_value,
    computed.max_order_value,
    computed.total_fees,
    computed.avg_fee,
    computed.avg_fee_pct,
    computed.total_shipping,
    computed.avg_shipping,
    computed.total_proceeds,
    computed.total_profit,
    computed.avg_roi,
    computed.avg_profit_margin,
    computed.payouts_received,
    computed.avg_payout_days,
    computed.countries_served,
    computed.cities_served,
    computed.first_sale,
    computed.last_sale
FROM (
    SELECT
        r.orders > 0                                                       AS present,
        r.platform_id,
        r.name                                                             AS platform_name,
        r.slug                                                             AS platform_slug,
        r.orders                                                           AS total_orders,
        r.months                                                           AS active_months,
        metabase_internal.amount(CASE WHEN r.gross_sale_count > 0 THEN r.gross_sale_sum END) AS total_revenue,
        round(metabase_internal.mean(r.gross_sale_sum, r.gross_sale_count), 4) AS avg_order_value,
        metabase_internal.amount(r.min_gross_sale)                         AS min_order_value,
        metabase_internal.amount(r.max_gross_sale)                         AS max_order_value,
        metabase_internal.amount(CASE WHEN r.platform_fee_count > 0 THEN r.platform_fee_sum END) AS total_fees,
        round(metabase_internal.mean(r.platform_fee_sum, r.platform_fee_count), 4) AS avg_fee,
        round(r.fee_pct_sum / nullif(r.fee_pct_count, 0), 2)               AS avg_fee_pct,
        metabase_internal.amount(CASE WHEN r.shipping_cost_count > 0 THEN r.shipping_cost_sum END) AS total_shipping,
        round(metabase_internal.mean(r.shipping_cost_sum, r.shipping_cost_count), 4) AS avg_shipping,
        metabase_internal.amount(CASE WHEN r.net_proceeds_count > 0 THEN r.net_proceeds_sum END) AS total_proceeds,
        metabase_internal.amount(CASE WHEN r.net_profit_count > 0 THEN r.net_profit_sum END) AS total_profit,
        round(metabase_internal.mean(r.roi_sum, r.roi_count), 4)           AS avg_roi,
        round(r.margin_sum / nullif(r.margin_count, 0), 4)                 AS avg_profit_margin,
        r.payouts                                                          AS payouts_received,
        round(r.payout_seconds_sum / nullif(r.payout_seconds_count, 0) / 86400, 4) AS avg_payout_days,
        r.countries                                                        AS countries_served,
        r.cities                                                           AS cities_served,
        r.first_sale,
        r.last_sale
    FROM flush_group AS r
) AS computed (
    present,
    platform_id,
    platform_name,
    platform_slug,
    total_orders,
    active_months,
    total_revenue,
    avg_order_value,
    min_order_value,
    max_order_value,
    total_fees,
    avg_fee,
    avg_fee_pct,
    total_shipping,
    avg_shipping,
    total_proceeds,
    total_profit,
    avg_roi,
    avg_profit_margin,
    payouts_received,
    avg_payout_days,
    countries_served,
    cities_served,
    first_sale,
    last_sale
)
LEFT JOIN LATERAL (
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_platform_performance AS v (
        platform_id,
        platform_name,
        platform_slug,
        total_orders,
        active_months,
        total_revenue,
        avg_order_value,
        min_order_value,
        max_order_value,
        total_fees,
        avg_fee,
        avg_fee_pct,
        total_shipping,
        avg_shipping,
        total_proceeds,
        total_profit,
        avg_roi,
        avg_profit_margin,
        payouts_received,
        avg_payout_days,
        countries_served,
        cities_served,
        first_sale,
        last_sale
    )
    WHERE v.platform_id = computed.platform_id
    UNION ALL
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_platform_performance AS v (
        platform_id,
        platform_name,
        platform_slug,
        total_orders,
        active_months,
        total_revenue,
        avg_order_value,
        min_order_value,
        max_order_value,
        total_fees,
        avg_fee,
        avg_fee_pct,
        total_shipping,
        avg_shipping,
        total_proceeds,
        total_profit,
        avg_roi,
        avg_profit_margin,
        payouts_received,
        avg_payout_days,
        countries_served,
        cities_served,
        first_sale,
        last_sale
    )
    WHERE v.platform_id IS NULL
        AND computed.platform_id IS NULL
) AS held (
    place,
    platform_id,
    platform_name,
    platform_slug,
    total_orders,
    active_months,
    total_revenue,
    avg_order_value,
    min_order_value,
    max_order_value,
    total_fees,
    avg_fee,
    avg_fee_pct,
    total_shipping,
    avg_shipping,
    total_proceeds,
    total_profit,
    avg_roi,
    avg_profit_margin,
    payouts_received,
    avg_payout_days,
    countries_served,
    cities_served,
    first_sale,
    last_sale
) ON true
WHERE CASE
    WHEN computed.present
        THEN held.place IS NULL
            OR ROW(
                computed.platform_id,
                computed.platform_name,
                computed.platform_slug,
                computed.total_orders,
                computed.active_months,
                computed.total_revenue,
                computed.avg_order_value,
                computed.min_order_value,
                computed.max_order_value,
                computed.total_fees,
                computed.avg_fee,
                computed.avg_fee_pct,
                computed.total_shipping,
                computed.avg_shipping,
                computed.total_proceeds,
                computed.total_profit,
                computed.avg_roi,
                computed.avg_profit_margin,
                computed.payouts_received,
                computed.avg_payout_days,
                computed.countries_served,
                computed.cities_served,
                computed.first_sale,
                computed.last_sale
            ) IS DISTINCT FROM ROW(
                held.platform_id,
                held.platform_name,
                held.platform_slug,
                held.total_orders,
                held.active_months,
                held.total_revenue,
                held.avg_order_value,
                held.min_order_value,
                held.max_order_value,
                held.total_fees,
                held.avg_fee,
                held.avg_fee_pct,
                held.total_shipping,
                held.avg_shipping,
                held.total_proceeds,
                held.total_profit,
                held.avg_roi,
                held.avg_profit_margin,
                held.payouts_received,
                held.avg_payout_days,
                held.countries_served,
                held.cities_served,
                held.first_sale,
                held.last_sale
            )
    ELSE held.place IS NOT NULL
END;
