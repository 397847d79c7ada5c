WITH product AS (
    SELECT
        product_id,
        -- A product has one name, which is on all of its sales.
        min(product_name COLLATE "C") AS name,
        min(product_sku COLLATE "C")  AS sku,
        sum(units)                    AS units_sold
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
        units_sold
    FROM product
    ORDER BY
        units_sold DESC NULLS LAST,
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
    units_sold AS "Units sold"
FROM best
ORDER BY
    units_sold DESC NULLS LAST,
    "Product",
    sku
LIMIT 10
