SELECT
    -- A product has one name, which is on all of its sales.
    min(product_name COLLATE "C")     AS "Product",
    min(brand_name COLLATE "C")       AS "Brand",
    sum(units)                        AS "Units",
    sum(gross_sale)                   AS "Revenue",
    sum(net_profit)                   AS "Profit",
    round(avg(roi), 4)                AS "ROI",
    round(avg(gross_sale), 4)         AS "Avg price",
    max(sold_at)                      AS "Last sold",
    min(gross_sale)                   AS "Lowest price",
    max(gross_sale)                   AS "Highest price",
    round(stddev_samp(gross_sale), 4) AS "Price volatility",
    round(
        sum(purchase_price * units) / nullif(sum(units) FILTER (WHERE purchase_price IS NOT NULL), 0),
        4
    )                                 AS "Avg cost",
    sum(platform_fee)                 AS "Fees",
    count(DISTINCT supplier_id)       AS "Suppliers",
    min(category_name COLLATE "C")    AS "Category",
    min(product_sku COLLATE "C")      AS "SKU"
FROM analytics.metabase_sales
WHERE product_id IS NOT NULL
    [[AND {{date}}]]
    [[AND {{brand}}]]
GROUP BY product_id
ORDER BY
    "Revenue" DESC NULLS LAST,
    product_id
LIMIT 2000
