WITH product AS (
    SELECT
        product_id,
        -- A product has one name, which is on all of its sales.
        min(product_name COLLATE "C") AS name,
        min(product_sku COLLATE "C")  AS sku,
        sum(gross_sale)               AS total_revenue
    FROM analytics.metabase_sales
    WHERE product_id IS NOT NULL
        [[AND {{date}}]]
        [[AND {{brand}}]]
    GROUP BY product_id
),
best AS (
    SELECT
        coalesce(name, sku, 'Unnamed product') AS name,
        sku,
        total_revenue
    FROM product
    ORDER BY
        total_revenue DESC NULLS LAST,
        coalesce(name, sku, 'Unnamed product'),
        product_id
    LIMIT 10
)
SELECT
    -- Bars of one name would be one bar.
    CASE
        WHEN count(*) OVER (PARTITION BY name) > 1 THEN concat_ws(' · ', name, sku)
        ELSE name
    END AS "Product",
    total_revenue AS "Revenue"
FROM best
ORDER BY
    total_revenue DESC NULLS LAST,
    "Product",
    sku
LIMIT 10
