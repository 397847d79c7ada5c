-- Completed orders. :orders is where the orders come from.
SELECT
    o.id            AS order_id,
    o.stock_item_id AS item_id,
    o.platform_id,
    o.country,
    o.city,
    o.sold_at,
    o.payout_date,
    o.payout_received,
    o.gross_sale,
    o.net_proceeds,
    o.net_profit,
    o.roi,
    o.platform_fee,
    o.shipping_cost,
    o.quantity      AS units
FROM :orders
WHERE o.is_completed
