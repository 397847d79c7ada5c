SELECT
    coalesce(sum(units_in_stock), 0)::bigint AS "Items"
FROM analytics.metabase_inventory_status
WHERE is_in_stock
    AND stock_category = 'Dead Stock'
    [[AND {{stock_category}}]]
    [[AND {{supplier}}]]
