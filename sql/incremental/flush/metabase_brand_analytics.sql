-- The rows of all brands: each one's share depends on all the others.

-- @keep flush_group
SELECT r.*
FROM metabase_internal.brand_rollup AS r;

-- @read flush_row
WITH sale AS (
    SELECT
        r.brand_id,
        r.orders                                                    AS total_sales,
        metabase_internal.amount(CASE WHEN r.gross_sale_count > 0 THEN r.gross_sale_sum END) AS total_revenue,
        round(metabase_internal.mean(r.gross_sale_sum, r.gross_sale_count), 4) AS avg_price,
        round(
            metabase_internal.variance(r.gross_sale_count, r.gross_sale_sum, r.gross_sale_squares),
            4
        )                                                           AS price_variance,
        metabase_internal.amount(CASE WHEN r.net_profit_count > 0 THEN r.net_profit_sum END) AS total_profit,
        round(metabase_internal.mean(r.roi_sum, r.roi_count), 4)    AS avg_roi,
        r.products                                                  AS product_variety,
        r.months                                                    AS active_months,
        r.first_sale,
        r.last_sale
    FROM flush_group AS r
)
SELECT
    sale.total_sales > 0                                                            AS present,
    sale.brand_id,
    b.name                                                                          AS brand_name,
    b.segment,
    b.price_tier,
    b.target_demographic,
    b.is_collaboration,
    parent.name                                                                     AS parent_brand_name,
    sale.total_sales,
    sale.total_revenue,
    sale.avg_price,
    sale.price_variance,
    sale.total_profit,
    sale.avg_roi,
    sale.product_variety,
    sale.active_months,
    sale.first_sale,
    sale.last_sale,
    round(100 * sale.total_revenue / nullif(sum(sale.total_revenue) OVER (), 0), 2) AS market_share_pct,
    round(100 * sale.total_sales / nullif(sum(sale.total_sales) OVER (), 0), 2)     AS sales_share_pct,
    CASE
        WHEN sale.avg_price > 200 THEN 'Premium'
        WHEN sale.avg_price > 100 THEN 'Mid-Range'
        ELSE 'Entry-Level'
    END                                                                             AS price_positioning,
    CASE
        WHEN sale.total_sales > 100 THEN 'High Volume'
        WHEN sale.total_sales > 50 THEN 'Medium Volume'
        ELSE 'Low Volume'
    END                                                                             AS volume_tier
FROM sale
LEFT JOIN metabase_internal.brands AS b ON b.id = sale.brand_id
LEFT JOIN metabase_internal.brands AS parent ON parent.id = b.parent_brand_id;
