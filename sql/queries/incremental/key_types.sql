-- The type of each entity's key, as the adapters show it: one of the built-in types that keys have, or NULL.
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
    CASE key.atttypid
        WHEN 'pg_catalog.uuid'::pg_catalog.regtype THEN 'uuid'
        WHEN 'pg_catalog.int2'::pg_catalog.regtype THEN 'smallint'
        WHEN 'pg_catalog.int4'::pg_catalog.regtype THEN 'integer'
        WHEN 'pg_catalog.int8'::pg_catalog.regtype THEN 'bigint'
        WHEN 'pg_catalog.text'::pg_catalog.regtype THEN 'text'
    END
) AS types
FROM pg_catalog.pg_class AS view
JOIN pg_catalog.pg_attribute AS key ON key.attrelid = view.oid AND key.attname = 'id'
WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relkind = 'v'
    AND view.relname IN (
        'orders', 'stock_items', 'products', 'brands', 'categories', 'platforms', 'suppliers', 'sizes'
    )
