-- Numbers for the groups of the stock items in item_read that have none yet.

-- @run when item_read
INSERT INTO metabase_internal.product_rollup (product_id, brand_id, category_id)
SELECT
    item.product_id,
    item.brand_id,
    item.category_id
FROM item_read AS item
WHERE item.product_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.product_rollup AS r WHERE r.product_id = item.product_id)
GROUP BY
    item.product_id,
    item.brand_id,
    item.category_id;

-- @run when item_read
INSERT INTO metabase_internal.supplier_rollup (supplier_id)
SELECT DISTINCT item.supplier_id
FROM item_read AS item
WHERE item.supplier_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.supplier_rollup AS r WHERE r.supplier_id = item.supplier_id);

-- @run when item_read
INSERT INTO metabase_internal.brand_rollup (brand_id)
SELECT DISTINCT item.brand_id
FROM item_read AS item
WHERE item.brand_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.brand_rollup AS r WHERE r.brand_id = item.brand_id);
