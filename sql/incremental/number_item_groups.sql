-- Numbers for the groups of stock items that have none yet. :items is where stock items come from.

-- @run when :items
INSERT INTO metabase_internal.product_rollup (product_id, brand_id, category_id)
SELECT
    key.product_id,
    p.brand_id,
    p.category_id
FROM (SELECT DISTINCT product_id FROM :items AS item WHERE product_id IS NOT NULL) AS key
LEFT JOIN metabase_internal.products AS p ON p.id = key.product_id
WHERE NOT EXISTS (SELECT FROM metabase_internal.product_rollup AS r WHERE r.product_id = key.product_id);

-- @run when :items
INSERT INTO metabase_internal.supplier_rollup (supplier_id)
SELECT DISTINCT item.supplier_id
FROM :items AS item
WHERE item.supplier_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.supplier_rollup AS r WHERE r.supplier_id = item.supplier_id);

-- @run when :items
INSERT INTO metabase_internal.brand_rollup (brand_id)
SELECT DISTINCT item.brand_id
FROM :items AS item
WHERE item.brand_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.brand_rollup AS r WHERE r.brand_id = item.brand_id);
