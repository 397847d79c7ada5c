SELECT
    count(*) AS dead_stock_items
FROM analytics.metabase_inventory_status
WHERE times_sold = 0
    AND stock_category = 'Dead Stock'
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
