-- The rows of some orders: flush_key has their keys.

-- @keep flush_group
SELECT
    k.order_id,
    f.order_id IS NOT NULL AS present,
    f.item_id,
    f.sold_at,
    platform.platform_id,
    platform.name          AS platform_name,
    platform.slug          AS platform_slug,
    place.country,
    place.city,
    f.units,
    f.gross_sale,
    f.net_proceeds,
    f.net_profit,
    f.roi,
    f.platform_fee,
    f.shipping_cost,
    f.payout_received,
    f.payout_date
FROM flush_key AS k
LEFT JOIN metabase_internal.sale_fact AS f ON f.order_id = k.order_id
LEFT JOIN metabase_internal.platform_rollup AS platform ON platform.id = f.platform
LEFT JOIN metabase_internal.place_rollup AS place ON place.id = f.place;

-- @read flush_row
SELECT
    r.present,
    r.order_id,
    r.sold_at,
    (r.sold_at AT TIME ZONE :zone)::date                       AS sale_date,
    r.platform_id,
    r.platform_name,
    r.platform_slug,
    r.item_id                                                  AS stock_item_id,
    i.product_id,
    p.name                                                     AS product_name,
    p.sku                                                      AS product_sku,
    c.name                                                     AS category_name,
    p.brand_id,
    b.name                                                     AS brand_name,
    coalesce(i.size, size.value)                               AS size,
    i.condition,
    i.supplier_id,
    s.name                                                     AS supplier_name,
    r.country,
    metabase_internal.country_code(r.country)                  AS country_code,
    r.city,
    r.units::bigint                                            AS units,
    metabase_internal.amount(r.gross_sale)                     AS gross_sale,
    metabase_internal.amount(r.net_proceeds)                   AS net_proceeds,
    metabase_internal.amount(r.net_profit)                     AS net_profit,
    metabase_internal.amount(r.roi)                            AS roi,
    metabase_internal.amount(r.platform_fee)                   AS platform_fee,
    metabase_internal.amount(r.shipping_cost)                  AS shipping_cost,
    metabase_internal.amount(i.purchase_price)                 AS purchase_price,
    i.purchase_date,
    (r.sold_at AT TIME ZONE :zone)::date
        - (i.purchase_date AT TIME ZONE :zone)::date           AS days_to_sell,
    r.payout_received,
    r.payout_date,
    round(extract(epoch FROM r.payout_date - r.sold_at) / 86400, 4) AS payout_days
FROM flush_group AS r
LEFT JOIN metabase_internal.stock_items AS i ON i.id = r.item_id
LEFT JOIN metabase_internal.products AS p ON p.id = i.product_id
LEFT JOIN metabase_internal.brands AS b ON b.id = p.brand_id
LEFT JOIN metabase_internal.categories AS c ON c.id = p.category_id
LEFT JOIN metabase_internal.suppliers AS s ON s.id = i.supplier_id
LEFT JOIN metabase_internal.sizes AS size ON size.id = i.size_id;
