-- Orders that do not count as sales and have taken units out of stock all the same. :orders is where the orders come from.
SELECT
    o.id            AS order_id,
    o.stock_item_id AS item_id,
    o.quantity      AS units
FROM :orders
WHERE o.is_gone
    AND o.is_completed IS NOT TRUE
    AND o.stock_item_id IS NOT NULL
