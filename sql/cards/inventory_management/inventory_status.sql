-- What is in stock first, the oldest of it at the top.
SELECT
    product_name                                   AS "Product",
    size                                           AS "Size",
    days_in_stock                                  AS "Days",
    stock_category                                 AS "Stock category",
    current_inventory_value                        AS "Value",
    supplier_name                                  AS "Supplier",
    purchase_date                                  AS "Bought",
    inventory_status                               AS "Status",
    units_in_stock                                 AS "In stock",
    coalesce(gross_purchase_price, purchase_price) AS "Cost",
    brand_name                                     AS "Brand",
    category_name                                  AS "Category",
    sku                                            AS "SKU",
    condition                                      AS "Condition",
    times_sold                                     AS "Times sold",
    total_revenue                                  AS "Revenue",
    total_profit                                   AS "Profit"
FROM analytics.metabase_inventory_status
WHERE true
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
ORDER BY
    NOT is_in_stock,
    days_in_stock DESC NULLS LAST,
    inventory_id
LIMIT 2000
