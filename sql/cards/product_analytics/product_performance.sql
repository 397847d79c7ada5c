SELECT
    product_name       AS "Product",
    brand_name         AS "Brand",
    units_sold         AS "Units",
    total_revenue      AS "Revenue",
    total_profit       AS "Profit",
    avg_roi            AS "ROI",
    avg_sale_price     AS "Avg price",
    last_sale_date     AS "Last sold",
    min_sale_price     AS "Lowest price",
    max_sale_price     AS "Highest price",
    price_volatility   AS "Price volatility",
    avg_purchase_price AS "Avg cost",
    total_fees_paid    AS "Fees",
    supplier_count     AS "Suppliers",
    category_name      AS "Category",
    product_sku        AS "SKU"
FROM analytics.metabase_product_performance
WHERE true
    [[AND {{brand}}]]
ORDER BY
    total_revenue DESC NULLS LAST,
    product_id
LIMIT 2000
