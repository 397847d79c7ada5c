WITH best AS (
    SELECT
        product_id,
        sum(units)                        AS units,
        sum(gross_sale)                   AS revenue,
        sum(net_profit)                   AS profit,
        round(avg(roi), 4)                AS roi,
        round(avg(gross_sale), 4)         AS mean_price,
        max(sold_at)                      AS last_sold,
        min(gross_sale)                   AS lowest_price,
        max(gross_sale)                   AS highest_price,
        round(stddev_samp(gross_sale), 4) AS volatility,
        round(
            sum(purchase_price * units) / nullif(sum(units) FILTER (WHERE purchase_price IS NOT NULL), 0),
            4
        )                                 AS mean_cost,
        sum(platform_fee)                 AS fees,
        count(DISTINCT supplier_id)       AS suppliers
    FROM analytics.metabase_sales
    WHERE product_id IS NOT NULL
        [[AND {{date}}]]
        [[AND {{brand}}]]
    GROUP BY product_id
    ORDER BY
        revenue DESC NULLS LAST,
        product_id
    LIMIT 2000
)
SELECT
    product_name  AS "Product",
    brand_name    AS "Brand",
    units         AS "Units",
    revenue       AS "Revenue",
    profit        AS "Profit",
    roi           AS "ROI",
    mean_price    AS "Avg price",
    last_sold     AS "Last sold",
    lowest_price  AS "Lowest price",
    highest_price AS "Highest price",
    volatility    AS "Price volatility",
    mean_cost     AS "Avg cost",
    fees          AS "Fees",
    suppliers     AS "Suppliers",
    category_name AS "Category",
    product_sku   AS "SKU"
FROM best
-- What a product is called is on all of its sales.
CROSS JOIN LATERAL (
    SELECT
        product_name,
        product_sku,
        brand_name,
        category_name
    FROM analytics.metabase_sales AS sale
    WHERE sale.product_id = best.product_id
    LIMIT 1
) AS label
ORDER BY
    revenue DESC NULLS LAST,
    product_id
LIMIT 2000
