-- Stock items that were last sold in the period, with what they brought in.
WITH product AS (
    SELECT
        coalesce(product_name, sku, 'Unnamed product') AS name,
        sku,
        sum(total_revenue)                             AS total_revenue
    FROM analytics.metabase_inventory_status
    WHERE times_sold > 0
        [[AND {{date}}]]
        [[AND {{brand}}]]
    GROUP BY
        product_id,
        product_name,
        sku
    ORDER BY
        total_revenue DESC NULLS LAST,
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
    total_revenue AS "Revenue"
FROM product
ORDER BY
    total_revenue DESC NULLS LAST,
    "Product",
    sku
LIMIT 10
