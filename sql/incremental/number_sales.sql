-- The sales in sale_read as facts: the groups that they are in by number instead of by key, and what they have from their stock
-- item.
SELECT
    s.order_id,
    s.item_id,
    platform.id AS platform,
    place.id    AS place,
    i.product,
    i.supplier,
    i.brand,
    s.sold_at,
    s.payout_date,
    i.purchase_date,
    s.payout_received,
    s.gross_sale,
    s.net_proceeds,
    s.net_profit,
    s.roi,
    s.platform_fee,
    s.shipping_cost,
    i.purchase_price,
    s.units
FROM sale_read AS s
JOIN metabase_internal.platform_rollup AS platform ON platform.key = coalesce('=' || s.platform_id::text, '')
JOIN metabase_internal.place_rollup AS place
    ON place.country_key = coalesce('=' || s.country, '')
    AND place.city_key = coalesce('=' || s.city, '')
LEFT JOIN metabase_internal.item_fact AS i ON i.item_id = s.item_id
