-- Stock items that were last sold in the period, with what they brought in.
WITH product AS (
    SELECT
        coalesce(product_name, sku, 'Unnamed product') AS product,
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
        product,
        product_id
    LIMIT 10
)
SELECT
    -- Bars of one name would be one bar.
    CASE
        WHEN count(*) OVER (PARTITION BY product) > 1 THEN concat_ws(' · ', product, sku)
        ELSE product
    END AS product,
    total_revenue
FROM product
ORDER BY
    total_revenue DESC NULLS LAST,
    product,
    sku
