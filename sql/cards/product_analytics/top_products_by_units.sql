-- Stock items that were last sold in the period, with the units that were sold of them.
WITH product AS (
    SELECT
        coalesce(product_name, sku, 'Unnamed product') AS name,
        sku,
        sum(units_sold)                                AS units_sold
    FROM analytics.metabase_inventory_status
    WHERE times_sold > 0
        [[AND {{date}}]]
        [[AND {{brand}}]]
    GROUP BY
        product_id,
        product_name,
        sku
    ORDER BY
        units_sold DESC NULLS LAST,
        name,
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
FROM product
ORDER BY
    units_sold DESC NULLS LAST,
    "Product",
    sku
LIMIT 10
