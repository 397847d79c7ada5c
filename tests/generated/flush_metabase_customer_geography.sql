-- From the groups that have changed to the rows of metabase_customer_geography that are written.
--
-- Generated for the hand-worked shop: METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew. What a step keeps (@keep,
-- @read, @take), later ones read by its name: to EXPLAIN these, make a temporary table of each.

-- @take noted
DELETE FROM metabase_internal.dirty_geography
RETURNING id;

-- @keep flush_key
SELECT id
FROM dirty_geography
UNION
SELECT id
FROM noted;

-- @keep flush_group
SELECT r.*
FROM flush_key AS k
JOIN metabase_internal.place_rollup AS r ON r.id = k.id;

-- @read changes
SELECT
    held.place,
    computed.present,
    computed.country,
    computed.city,
    computed.country_code,
    computed.total_orders,
    computed.active_months,
    computed.total_revenue,
    computed.avg_order_value,
    computed.total_profit,
    computed.avg_roi,
    computed.avg_shipping_cost,
    computed.platforms_used,
    computed.platform_names,
    computed.unique_products,
    computed.unique_brands,
    computed.first_order,
    computed.last_order
FROM (
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
    FROM flush_group AS r
) AS computed (
    present,
    country,
    city,
    country_code,
    total_orders,
    active_months,
    total_revenue,
    avg_order_value,
    total_profit,
    avg_roi,
    avg_shipping_cost,
    platforms_used,
    platform_names,
    unique_products,
    unique_brands,
    first_order,
    last_order
)
LEFT JOIN LATERAL (
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_customer_geography AS v (
        country,
        city,
        country_code,
        total_orders,
        active_months,
        total_revenue,
        avg_order_value,
        total_profit,
        avg_roi,
        avg_shipping_cost,
        platforms_used,
        platform_names,
        unique_products,
        unique_brands,
        first_order,
        last_order
    )
    WHERE v.country = computed.country
        AND v.city = computed.city
    UNION ALL
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_customer_geography AS v (
        country,
        city,
        country_code,
        total_orders,
        active_months,
        total_revenue,
        avg_order_value,
        total_profit,
        avg_roi,
        avg_shipping_cost,
        platforms_used,
        platform_names,
        unique_products,
        unique_brands,
        first_order,
        last_order
    )
    WHERE v.country = computed.country
        AND v.city IS NULL
        AND computed.city IS NULL
) AS held (
    place,
    country,
    city,
    country_code,
    total_orders,
    active_months,
    total_revenue,
    avg_order_value,
    total_profit,
    avg_roi,
    avg_shipping_cost,
    platforms_used,
    platform_names,
    unique_products,
    unique_brands,
    first_order,
    last_order
) ON true
WHERE CASE
    WHEN computed.present
        THEN held.place IS NULL
            OR ROW(
                computed.country,
                computed.city,
                computed.country_code,
                computed.total_orders,
                computed.active_months,
                computed.total_revenue,
                computed.avg_order_value,
                computed.total_profit,
                computed.avg_roi,
                computed.avg_shipping_cost,
                computed.platforms_used,
                computed.platform_names,
                computed.unique_products,
                computed.unique_brands,
                computed.first_order,
                computed.last_order
            ) IS DISTINCT FROM ROW(
                held.country,
                held.city,
                held.country_code,
                held.total_orders,
                held.active_months,
                held.total_revenue,
                held.avg_order_value,
                held.total_profit,
                held.avg_roi,
                held.avg_shipping_cost,
                held.platforms_used,
                held.platform_names,
                held.unique_products,
                held.unique_brands,
                held.first_order,
                held.last_order
            )
    ELSE held.place IS NOT NULL
END;
