-- Stock items as facts: the groups that they are in by number instead of by key, and how often they were sold. :items is where
-- they come from.
SELECT
    i.item_id,
    product.id  AS product,
    supplier.id AS supplier,
    brand.id    AS brand,
    i.size_id,
    i.purchase_date,
    i.purchase_price,
    i.price,
    :times_sold AS times_sold
FROM :items AS i
LEFT JOIN metabase_internal.product_rollup AS product ON product.product_id = i.product_id
LEFT JOIN metabase_internal.supplier_rollup AS supplier ON supplier.supplier_id = i.supplier_id
LEFT JOIN metabase_internal.brand_rollup AS brand ON brand.brand_id = i.brand_id
