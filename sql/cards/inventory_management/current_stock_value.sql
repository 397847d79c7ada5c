SELECT
    coalesce(sum(current_inventory_value), 0) AS "Stock value"
FROM analytics.metabase_inventory_status
WHERE is_in_stock
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
