-- From the groups that have changed to the rows of metabase_inventory_status that are written.
--
-- Generated for the hand-worked shop: METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew. What a step keeps (@keep,
-- @read, @take), later ones read by its name: to EXPLAIN these, make a temporary table of each.

-- @take noted
DELETE FROM metabase_internal.dirty_inventory
RETURNING item_id;

-- @keep flush_key
SELECT item_id
FROM dirty_inventory
UNION
SELECT item_id
FROM noted;

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

-- @read changes
SELECT
    held.place,
    computed.present,
    computed.inventory_id,
    computed.product_id,
    computed.product_name,
    computed.sku,
    computed.brand_name,
    computed.category_name,
    computed.purchase_price,
    computed.gross_purchase_price,
    computed.vat_amount,
    computed.purchase_date,
    computed.supplier_name,
    computed.inventory_status,
    computed.condition,
    computed.size,
    computed.color,
    computed.times_sold,
    computed.last_sold_at,
    computed.total_revenue,
    computed.total_profit,
    computed.days_in_stock,
    computed.stock_category,
    computed.current_inventory_value,
    computed.created_at,
    computed.updated_at,
    computed.quantity,
    computed.units_sold,
    computed.units_in_stock,
    computed.is_in_stock
FROM (
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
                    THEN (now() AT TIME ZONE 'Europe/Berlin')::date
                ELSE (item.last_sold_at AT TIME ZONE 'Europe/Berlin')::date
            END - (item.purchase_date AT TIME ZONE 'Europe/Berlin')::date AS days_in_stock
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
    LEFT JOIN metabase_internal.sizes AS size ON size.id = item.size_id
) AS computed (
    present,
    inventory_id,
    product_id,
    product_name,
    sku,
    brand_name,
    category_name,
    purchase_price,
    gross_purchase_price,
    vat_amount,
    purchase_date,
    supplier_name,
    inventory_status,
    condition,
    size,
    color,
    times_sold,
    last_sold_at,
    total_revenue,
    total_profit,
    days_in_stock,
    stock_category,
    current_inventory_value,
    created_at,
    updated_at,
    quantity,
    units_sold,
    units_in_stock,
    is_in_stock
)
LEFT JOIN LATERAL (
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_inventory_status AS v (
        inventory_id,
        product_id,
        product_name,
        sku,
        brand_name,
        category_name,
        purchase_price,
        gross_purchase_price,
        vat_amount,
        purchase_date,
        supplier_name,
        inventory_status,
        condition,
        size,
        color,
        times_sold,
        last_sold_at,
        total_revenue,
        total_profit,
        days_in_stock,
        stock_category,
        current_inventory_value,
        created_at,
        updated_at,
        quantity,
        units_sold,
        units_in_stock,
        is_in_stock
    )
    WHERE v.inventory_id = computed.inventory_id
) AS held (
    place,
    inventory_id,
    product_id,
    product_name,
    sku,
    brand_name,
    category_name,
    purchase_price,
    gross_purchase_price,
    vat_amount,
    purchase_date,
    supplier_name,
    inventory_status,
    condition,
    size,
    color,
    times_sold,
    last_sold_at,
    total_revenue,
    total_profit,
    days_in_stock,
    stock_category,
    current_inventory_value,
    created_at,
    updated_at,
    quantity,
    units_sold,
    units_in_stock,
    is_in_stock
) ON true
WHERE CASE
    WHEN computed.present
        THEN held.place IS NULL
            OR ROW(
                computed.inventory_id,
                computed.product_id,
                computed.product_name,
                computed.sku,
                computed.brand_name,
                computed.category_name,
                computed.purchase_price,
                computed.gross_purchase_price,
                computed.vat_amount,
                computed.purchase_date,
                computed.supplier_name,
                computed.inventory_status,
                computed.condition,
                computed.size,
                computed.color,
                computed.times_sold,
                computed.last_sold_at,
                computed.total_revenue,
                computed.total_profit,
                computed.days_in_stock,
                computed.stock_category,
                computed.current_inventory_value,
                computed.created_at,
                computed.updated_at,
                computed.quantity,
                computed.units_sold,
                computed.units_in_stock,
                computed.is_in_stock
            ) IS DISTINCT FROM ROW(
                held.inventory_id,
                held.product_id,
                held.product_name,
                held.sku,
                held.brand_name,
                held.category_name,
                held.purchase_price,
                held.gross_purchase_price,
                held.vat_amount,
                held.purchase_date,
                held.supplier_name,
                held.inventory_status,
                held.condition,
                held.size,
                held.color,
                held.times_sold,
                held.last_sold_at,
                held.total_revenue,
                held.total_profit,
                held.days_in_stock,
                held.stock_category,
                held.current_inventory_value,
                held.created_at,
                held.updated_at,
                held.quantity,
                held.units_sold,
                held.units_in_stock,
                held.is_in_stock
            )
    ELSE held.place IS NOT NULL
END;
