-- The rows of some suppliers: flush_key has their numbers.

-- @keep flush_group
SELECT r.*
FROM flush_key AS k
JOIN metabase_internal.supplier_rollup AS r ON r.id = k.id;

-- @read flush_row
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
LEFT JOIN metabase_internal.suppliers AS s ON s.id = r.supplier_id;
