-- What is unsold first, the oldest of it at the top.
SELECT
    product_name,
    sku,
    brand_name,
    category_name,
    size,
    condition,
    inventory_status,
    supplier_name,
    purchase_date,
    coalesce(gross_purchase_price, purchase_price) AS purchase_price,
    days_in_stock,
    stock_category,
    current_inventory_value,
    times_sold,
    total_revenue,
    total_profit
FROM analytics.metabase_inventory_status
WHERE true
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
ORDER BY
    times_sold > 0,
    days_in_stock DESC NULLS LAST,
    inventory_id
LIMIT 2000
