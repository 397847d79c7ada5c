SELECT
    product_name,
    brand_name,
    units_sold,
    total_revenue,
    avg_sale_price,
    total_profit,
    avg_roi
FROM analytics.metabase_product_performance
ORDER BY
    total_revenue DESC NULLS LAST,
    product_id
LIMIT 10
