-- The rows of some products: flush_key has their numbers.

-- @keep flush_group
SELECT r.*
FROM flush_key AS k
JOIN metabase_internal.product_rollup AS r ON r.id = k.id;

-- @read flush_row
SELECT
    r.orders > 0                                                      AS present,
    r.product_id,
    p.name                                                            AS product_name,
    p.sku                                                             AS product_sku,
    p.category_id,
    c.name                                                            AS category_name,
    p.brand_id,
    b.name                                                            AS brand_name,
    b.segment                                                         AS brand_segment,
    b.price_tier,
    b.is_collaboration,
    r.units                                                           AS units_sold,
    metabase_internal.amount(CASE WHEN r.gross_sale_count > 0 THEN r.gross_sale_sum END) AS total_revenue,
    round(metabase_internal.mean(r.gross_sale_sum, r.gross_sale_count), 4) AS avg_sale_price,
    metabase_internal.amount(r.min_gross_sale)                        AS min_sale_price,
    metabase_internal.amount(r.max_gross_sale)                        AS max_sale_price,
    round(
        sqrt(metabase_internal.variance(r.gross_sale_count, r.gross_sale_sum, r.gross_sale_squares)),
        4
    )                                                                 AS price_volatility,
    metabase_internal.amount(CASE WHEN r.net_profit_count > 0 THEN r.net_profit_sum END) AS total_profit,
    round(metabase_internal.mean(r.roi_sum, r.roi_count), 4)          AS avg_roi,
    metabase_internal.amount(CASE WHEN r.platform_fee_count > 0 THEN r.platform_fee_sum END) AS total_fees_paid,
    round(metabase_internal.mean(r.purchase_price_sum, r.priced_units), 4) AS avg_purchase_price,
    r.suppliers                                                       AS supplier_count,
    r.first_sale                                                      AS first_sale_date,
    r.last_sale                                                       AS last_sale_date,
    round(extract(epoch FROM r.last_sale - r.first_sale) / 86400, 2)  AS sales_duration_days
FROM flush_group AS r
LEFT JOIN metabase_internal.products AS p ON p.id = r.product_id
LEFT JOIN metabase_internal.categories AS c ON c.id = p.category_id
LEFT JOIN metabase_internal.brands AS b ON b.id = p.brand_id;
