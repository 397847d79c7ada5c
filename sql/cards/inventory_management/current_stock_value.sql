SELECT
    coalesce(sum(current_inventory_value), 0) AS stock_value
FROM analytics.metabase_inventory_status
WHERE times_sold = 0
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
