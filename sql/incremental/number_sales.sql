-- Sales as facts: the groups that they are in by number instead of by key. :sales is where they come from.
SELECT
    s.order_id,
    s.item_id,
    platform.id AS platform,
    place.id    AS place,
    product.id  AS product,
    supplier.id AS supplier,
    brand.id    AS brand,
    s.sold_at,
    s.payout_date,
    s.purchase_date,
    s.payout_received,
    s.gross_sale,
    s.net_proceeds,
    s.net_profit,
    s.roi,
    s.platform_fee,
    s.shipping_cost,
    s.purchase_price
FROM :sales AS s
JOIN metabase_internal.platform_rollup AS platform ON platform.key = coalesce('=' || s.platform_id::text, '')
JOIN metabase_internal.place_rollup AS place
    ON place.country_key = coalesce('=' || s.country, '')
    AND place.city_key = coalesce('=' || s.city, '')
LEFT JOIN metabase_internal.product_rollup AS product ON product.product_id = s.product_id
LEFT JOIN metabase_internal.supplier_rollup AS supplier ON supplier.supplier_id = s.supplier_id
LEFT JOIN metabase_internal.brand_rollup AS brand ON brand.brand_id = s.brand_id
