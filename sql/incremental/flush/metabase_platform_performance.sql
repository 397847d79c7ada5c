-- The rows of some platforms: flush_key has their numbers.

-- @keep flush_group
SELECT r.*
FROM flush_key AS k
JOIN metabase_internal.platform_rollup AS r ON r.id = k.id;

-- @read flush_row
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
FROM flush_group AS r;
