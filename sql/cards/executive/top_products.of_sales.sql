WITH best AS (
    SELECT
        product_id,
        sum(units)                AS units,
        sum(gross_sale)           AS revenue,
        round(avg(gross_sale), 4) AS mean_price,
        sum(net_profit)           AS profit,
        round(avg(roi), 4)        AS roi
    FROM analytics.metabase_sales
    WHERE product_id IS NOT NULL
        [[AND {{date}}]]
    GROUP BY product_id
    ORDER BY
        revenue DESC NULLS LAST,
        product_id
    LIMIT 10
)
SELECT
    product_name AS "Product",
    brand_name   AS "Brand",
    units        AS "Units",
    revenue      AS "Revenue",
    mean_price   AS "Avg price",
    profit       AS "Profit",
    roi          AS "ROI"
FROM best
-- What a product is called is on all of its sales.
CROSS JOIN LATERAL (
    SELECT
        product_name,
        brand_name
    FROM analytics.metabase_sales AS sale
    WHERE sale.product_id = best.product_id
    LIMIT 1
) AS label
ORDER BY
    revenue DESC NULLS LAST,
    product_id
LIMIT 10
