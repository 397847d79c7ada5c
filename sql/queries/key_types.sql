-- The type of each entity's key, as the adapters show it.
SELECT pg_catalog.jsonb_object_agg(
    CASE view.relname
        WHEN 'orders'      THEN 'order'
        WHEN 'stock_items' THEN 'stock_item'
        WHEN 'products'    THEN 'product'
        WHEN 'brands'      THEN 'brand'
        WHEN 'categories'  THEN 'category'
        WHEN 'platforms'   THEN 'platform'
        WHEN 'suppliers'   THEN 'supplier'
        ELSE 'size'
    END,
    pg_catalog.format_type(key.atttypid, NULL)
) AS types
FROM pg_catalog.pg_class AS view
JOIN pg_catalog.pg_attribute AS key ON key.attrelid = view.oid AND key.attname = 'id'
WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relkind = 'v'
    AND view.relname IN (
        'orders', 'stock_items', 'products', 'brands', 'categories', 'platforms', 'suppliers', 'sizes'
    )
