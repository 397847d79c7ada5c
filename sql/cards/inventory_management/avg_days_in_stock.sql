SELECT
    avg(days_in_stock) AS avg_days_in_stock
FROM analytics.metabase_inventory_status
WHERE times_sold = 0
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
