-- Completed orders, with what they have from their stock item and its product. :orders is where the orders come from.
SELECT
    o.id            AS order_id,
    o.stock_item_id AS item_id,
    o.platform_id,
    o.country,
    o.city,
    i.product_id,
    i.supplier_id,
    p.brand_id,
    o.sold_at,
    o.payout_date,
    i.purchase_date,
    o.payout_received,
    o.gross_sale,
    o.net_proceeds,
    o.net_profit,
    o.roi,
    o.platform_fee,
    o.shipping_cost,
    i.purchase_price
FROM :orders
LEFT JOIN metabase_internal.stock_items AS i ON i.id = o.stock_item_id
LEFT JOIN metabase_internal.products AS p ON p.id = i.product_id
WHERE o.is_completed
