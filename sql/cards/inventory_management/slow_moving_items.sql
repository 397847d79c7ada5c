SELECT
    count(*) AS slow_moving_items
FROM analytics.metabase_inventory_status
WHERE times_sold = 0
    AND stock_category = 'Slow Moving'
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
