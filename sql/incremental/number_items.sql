-- Stock items as facts: the groups that they are in by number instead of by key, and how many units their orders have taken. :items
-- is where they come from.
SELECT
    i.item_id,
    product.id      AS product,
    supplier.id     AS supplier,
    brand.id        AS brand,
    i.size_id,
    i.purchase_date,
    i.purchase_price,
    i.price,
    i.quantity,
    i.is_in_stock,
    :units_sold     AS units_sold,
    :units_departed AS units_departed
FROM :items AS i
LEFT JOIN metabase_internal.product_rollup AS product ON product.product_id = i.product_id
LEFT JOIN metabase_internal.supplier_rollup AS supplier ON supplier.supplier_id = i.supplier_id
LEFT JOIN metabase_internal.brand_rollup AS brand ON brand.brand_id = i.brand_id
