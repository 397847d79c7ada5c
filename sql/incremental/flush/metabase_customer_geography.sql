-- The rows of some places: flush_key has their numbers.

-- @keep flush_group
SELECT r.*
FROM flush_key AS k
JOIN metabase_internal.place_rollup AS r ON r.id = k.id;

-- @read flush_row
SELECT
    r.orders > 0 AND r.country IS NOT NULL                           AS present,
    r.country,
    r.city,
    metabase_internal.country_code(r.country)                        AS country_code,
    r.orders                                                         AS total_orders,
    r.months                                                         AS active_months,
    metabase_internal.amount(CASE WHEN r.gross_sale_count > 0 THEN r.gross_sale_sum END) AS total_revenue,
    round(metabase_internal.mean(r.gross_sale_sum, r.gross_sale_count), 4) AS avg_order_value,
    metabase_internal.amount(CASE WHEN r.net_profit_count > 0 THEN r.net_profit_sum END) AS total_profit,
    round(metabase_internal.mean(r.roi_sum, r.roi_count), 4)         AS avg_roi,
    round(metabase_internal.mean(r.shipping_cost_sum, r.shipping_cost_count), 4) AS avg_shipping_cost,
    r.platforms                                                      AS platforms_used,
    r.platform_names,
    r.products                                                       AS unique_products,
    r.brands                                                         AS unique_brands,
    r.first_sale                                                     AS first_order,
    r.last_sale                                                      AS last_order
FROM flush_group AS r;
