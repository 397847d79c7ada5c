SELECT
    -- A product has one name, which is on all of its sales.
    min(product_name COLLATE "C") AS "Product",
    min(brand_name COLLATE "C")   AS "Brand",
    sum(units)                    AS "Units",
    sum(gross_sale)               AS "Revenue",
    round(avg(gross_sale), 4)     AS "Avg price",
    sum(net_profit)               AS "Profit",
    round(avg(roi), 4)            AS "ROI"
FROM analytics.metabase_sales
WHERE product_id IS NOT NULL
    [[AND {{date}}]]
GROUP BY product_id
ORDER BY
    "Revenue" DESC NULLS LAST,
    product_id
LIMIT 10
