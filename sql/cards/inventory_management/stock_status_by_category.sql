SELECT
    stock_category              AS "Stock category",
    sum(units_in_stock)::bigint AS "Items"
FROM analytics.metabase_inventory_status
WHERE is_in_stock
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
GROUP BY stock_category
ORDER BY min(days_in_stock) NULLS LAST
