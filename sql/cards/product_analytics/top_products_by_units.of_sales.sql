WITH best AS (
    SELECT
        product_id,
        sum(units) AS units_sold
    FROM analytics.metabase_sales
    WHERE product_id IS NOT NULL
        [[AND {{date}}]]
        [[AND {{brand}}]]
    GROUP BY product_id
    ORDER BY
        units_sold DESC NULLS LAST,
        product_id
    LIMIT 10
),
named AS (
    SELECT
        coalesce(product_name, product_sku, 'Unnamed product') AS name,
        product_sku,
        units_sold
    FROM best
    -- What a product is called is on all of its sales.
    CROSS JOIN LATERAL (
        SELECT
            product_name,
            product_sku
        FROM analytics.metabase_sales AS sale
        WHERE sale.product_id = best.product_id
        LIMIT 1
    ) AS label
)
SELECT
    -- Bars of one name would be one bar.
    CASE
        WHEN count(*) OVER (PARTITION BY name) > 1 THEN concat_ws(' · ', name, product_sku)
        ELSE name
    END AS "Product",
    units_sold AS "Units sold"
FROM named
ORDER BY
    units_sold DESC NULLS LAST,
    "Product",
    product_sku
LIMIT 10
