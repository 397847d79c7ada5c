SELECT
    stock_category,
    count(*) AS items
FROM analytics.metabase_inventory_status
WHERE times_sold = 0
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
GROUP BY stock_category
ORDER BY min(days_in_stock) NULLS LAST
