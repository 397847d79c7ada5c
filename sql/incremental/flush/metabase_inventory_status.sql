-- The rows of some stock items: flush_key has their keys.

-- @keep flush_group
SELECT
    k.item_id,
    coalesce(item.units_sold, 0)     AS units_sold,
    coalesce(item.units_departed, 0) AS units_departed,
    sale.*
FROM flush_key AS k
LEFT JOIN metabase_internal.item_fact AS item ON item.item_id = k.item_id
CROSS JOIN LATERAL (
    SELECT
        count(*)          AS times_sold,
        max(f.sold_at)    AS last_sold_at,
        sum(f.gross_sale) AS total_revenue,
        sum(f.net_profit) AS total_profit
    FROM metabase_internal.sale_fact AS f
    WHERE f.item_id = k.item_id
) AS sale;

-- @read flush_row
WITH item AS (
    SELECT
        sale.*,
        i.*,
        metabase_internal.units_in_stock(i.quantity, sale.units_sold + sale.units_departed, i.is_in_stock) AS units_in_stock
    FROM flush_group AS sale
    LEFT JOIN metabase_internal.stock_items AS i ON i.id = sale.item_id
),
aged AS (
    SELECT
        item.*,
        CASE
            WHEN item.units_in_stock > 0
                THEN (now() AT TIME ZONE :zone)::date
            ELSE (item.last_sold_at AT TIME ZONE :zone)::date
        END - (item.purchase_date AT TIME ZONE :zone)::date AS days_in_stock
    FROM item
)
SELECT
    item.id IS NOT NULL                                            AS present,
    item.item_id                                                   AS inventory_id,
    item.product_id,
    p.name                                                         AS product_name,
    p.sku,
    b.name                                                         AS brand_name,
    c.name                                                         AS category_name,
    metabase_internal.amount(item.purchase_price)                  AS purchase_price,
    metabase_internal.amount(item.gross_purchase_price)            AS gross_purchase_price,
    metabase_internal.amount(item.vat_amount)                      AS vat_amount,
    item.purchase_date,
    s.name                                                         AS supplier_name,
    item.status                                                    AS inventory_status,
    item.condition,
    coalesce(item.size, size.value)                                AS size,
    item.color,
    item.times_sold,
    item.last_sold_at,
    metabase_internal.amount(item.total_revenue)                   AS total_revenue,
    metabase_internal.amount(item.total_profit)                    AS total_profit,
    item.days_in_stock,
    CASE
        WHEN item.days_in_stock IS NULL THEN 'Unknown'
        WHEN item.days_in_stock > 180 THEN 'Dead Stock'
        WHEN item.days_in_stock > 90 THEN 'Slow Moving'
        WHEN item.days_in_stock > 30 THEN 'Normal'
        ELSE 'Fast Moving'
    END                                                            AS stock_category,
    CASE
        WHEN item.units_in_stock > 0
            THEN metabase_internal.amount(coalesce(item.gross_purchase_price, item.purchase_price) * item.units_in_stock)
        ELSE 0
    END                                                            AS current_inventory_value,
    item.created_at,
    item.updated_at,
    item.quantity::bigint                                          AS quantity,
    item.units_sold,
    item.units_in_stock,
    item.units_in_stock > 0                                        AS is_in_stock
FROM aged AS item
LEFT JOIN metabase_internal.products AS p ON p.id = item.product_id
LEFT JOIN metabase_internal.brands AS b ON b.id = p.brand_id
LEFT JOIN metabase_internal.categories AS c ON c.id = p.category_id
LEFT JOIN metabase_internal.suppliers AS s ON s.id = item.supplier_id
LEFT JOIN metabase_internal.sizes AS size ON size.id = item.size_id;
