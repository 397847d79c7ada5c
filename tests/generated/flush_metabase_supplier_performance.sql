-- From the groups that have changed to the rows of metabase_supplier_performance that are written.
--
-- Generated for the hand-worked shop: METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew. What a step keeps (@keep,
-- @read, @take), later ones read by its name: to EXPLAIN these, make a temporary table of each.

-- @take noted
DELETE FROM metabase_internal.dirty_supplier
RETURNING id;

-- @keep flush_key
SELECT id
FROM dirty_supplier
UNION
SELECT id
FROM noted;

-- @keep flush_group
SELECT r.*
FROM flush_key AS k
JOIN metabase_internal.supplier_rollup AS r ON r.id = k.id;

-- @read changes
SELECT
    held.place,
    computed.present,
    computed.supplier_id,
    computed.supplier_name,
    computed.contact_email,
    computed.phone,
    computed.country,
    computed.rating,
    computed.total_purchases,
    computed.total_spent,
    computed.avg_purchase_price,
    computed.unique_products,
    computed.unique_brands,
    computed.brand_list,
    computed.units_sold,
    computed.sell_through_rate,
    computed.total_revenue_generated,
    computed.total_profit_generated,
    computed.avg_roi,
    computed.avg_days_to_sell,
    computed.unsold_units,
    computed.unsold_value,
    computed.first_purchase,
    computed.last_purchase
FROM (
    SELECT
        r.items > 0                                                           AS present,
        r.supplier_id,
        s.name                                                                AS supplier_name,
        s.contact_email,
        s.phone,
        s.country,
        metabase_internal.amount(s.rating)                                    AS rating,
        r.units                                                               AS total_purchases,
        metabase_internal.amount(CASE WHEN r.spent_count > 0 THEN r.spent_sum END) AS total_spent,
        round(metabase_internal.mean(r.spent_sum, r.priced_units), 4)         AS avg_purchase_price,
        r.products                                                            AS unique_products,
        r.brands                                                              AS unique_brands,
        r.brand_list,
        r.units_sold,
        round(100 * r.units_sold_through::numeric / nullif(r.units, 0), 2)    AS sell_through_rate,
        metabase_internal.amount(CASE WHEN r.gross_sale_count > 0 THEN r.gross_sale_sum END) AS total_revenue_generated,
        metabase_internal.amount(CASE WHEN r.net_profit_count > 0 THEN r.net_profit_sum END) AS total_profit_generated,
        round(metabase_internal.mean(r.roi_sum, r.roi_count), 4)              AS avg_roi,
        round(r.sell_seconds_sum / nullif(r.sell_seconds_count, 0) / 86400, 4) AS avg_days_to_sell,
        r.units_in_stock                                                      AS unsold_units,
        CASE WHEN r.stock_value_count > 0 THEN metabase_internal.amount(r.stock_value_sum) ELSE 0 END AS unsold_value,
        r.first_purchase,
        r.last_purchase
    FROM flush_group AS r
    LEFT JOIN metabase_internal.suppliers AS s ON s.id = r.supplier_id
) AS computed (
    present,
    supplier_id,
    supplier_name,
    contact_email,
    phone,
    country,
    rating,
    total_purchases,
    total_spent,
    avg_purchase_price,
    unique_products,
    unique_brands,
    brand_list,
    units_sold,
    sell_through_rate,
    total_revenue_generated,
    total_profit_generated,
    avg_roi,
    avg_days_to_sell,
    unsold_units,
    unsold_value,
    first_purchase,
    last_purchase
)
LEFT JOIN LATERAL (
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_supplier_performance AS v (
        supplier_id,
        supplier_name,
        contact_email,
        phone,
        country,
        rating,
        total_purchases,
        total_spent,
        avg_purchase_price,
        unique_products,
        unique_brands,
        brand_list,
        units_sold,
        sell_through_rate,
        total_revenue_generated,
        total_profit_generated,
        avg_roi,
        avg_days_to_sell,
        unsold_units,
        unsold_value,
        first_purchase,
        last_purchase
    )
    WHERE v.supplier_id = computed.supplier_id
) AS held (
    place,
    supplier_id,
    supplier_name,
    contact_email,
    phone,
    country,
    rating,
    total_purchases,
    total_spent,
    avg_purchase_price,
    unique_products,
    unique_brands,
    brand_list,
    units_sold,
    sell_through_rate,
    total_revenue_generated,
    total_profit_generated,
    avg_roi,
    avg_days_to_sell,
    unsold_units,
    unsold_value,
    first_purchase,
    last_purchase
) ON true
WHERE CASE
    WHEN computed.present
        THEN held.place IS NULL
            OR ROW(
                computed.supplier_id,
                computed.supplier_name,
                computed.contact_email,
                computed.phone,
                computed.country,
                computed.rating,
                computed.total_purchases,
                computed.total_spent,
                computed.avg_purchase_price,
                computed.unique_products,
                computed.unique_brands,
                computed.brand_list,
                computed.units_sold,
                computed.sell_through_rate,
                computed.total_revenue_generated,
                computed.total_profit_generated,
                computed.avg_roi,
                computed.avg_days_to_sell,
                computed.unsold_units,
                computed.unsold_value,
                computed.first_purchase,
                computed.last_purchase
            ) IS DISTINCT FROM ROW(
                held.supplier_id,
                held.supplier_name,
                held.contact_email,
                held.phone,
                held.country,
                held.rating,
                held.total_purchases,
                held.total_spent,
                held.avg_purchase_price,
                held.unique_products,
                held.unique_brands,
                held.brand_list,
                held.units_sold,
                held.sell_through_rate,
                held.total_revenue_generated,
                held.total_profit_generated,
                held.avg_roi,
                held.avg_days_to_sell,
                held.unsold_units,
                held.unsold_value,
                held.first_purchase,
                held.last_purchase
            )
    ELSE held.place IS NOT NULL
END;
