-- The adapters as PostgreSQL tells them.
SELECT pg_catalog.string_agg(
    pg_catalog.concat(view.relname, E'\n', pg_catalog.pg_get_viewdef(view.oid)),
    E'\n'
    ORDER BY view.relname
) AS definitions
FROM pg_catalog.pg_class AS view
WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relkind = 'v'
    AND view.relname IN (
        'orders', 'stock_items', 'products', 'brands', 'categories', 'platforms', 'suppliers', 'sizes'
    )
