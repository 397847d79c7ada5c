SELECT
    product_name   AS "Product",
    brand_name     AS "Brand",
    units_sold     AS "Units",
    total_revenue  AS "Revenue",
    avg_sale_price AS "Avg price",
    total_profit   AS "Profit",
    avg_roi        AS "ROI"
FROM analytics.metabase_product_performance
ORDER BY
    total_revenue DESC NULLS LAST,
    product_id
LIMIT 10
