-- Completed orders on a day before that on which their item was bought. :'time_zone' is the zone that days are counted in.
SELECT
    orders.id  AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM metabase_internal.orders AS orders
JOIN metabase_internal.stock_items AS item ON item.id = orders.stock_item_id
WHERE orders.is_completed
    AND orders.sold_at < item.purchase_date
    -- One of the two may be known to the day only.
    AND (orders.sold_at AT TIME ZONE :'time_zone')::date < (item.purchase_date AT TIME ZONE :'time_zone')::date
