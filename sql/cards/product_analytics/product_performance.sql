SELECT
    product_name,
    product_sku,
    brand_name,
    category_name,
    units_sold,
    total_revenue,
    avg_sale_price,
    min_sale_price,
    max_sale_price,
    price_volatility,
    total_profit,
    avg_roi,
    total_fees_paid,
    avg_purchase_price,
    supplier_count,
    last_sale_date
FROM analytics.metabase_product_performance
WHERE true
    [[AND {{brand}}]]
ORDER BY
    total_revenue DESC NULLS LAST,
    product_id
LIMIT 2000
