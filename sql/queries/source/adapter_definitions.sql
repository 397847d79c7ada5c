-- Adapters $1 as PostgreSQL tells them, with the types of their columns: the same words can stand for other types.
SELECT pg_catalog.string_agg(
    pg_catalog.concat(
        view.relname,
        ' (',
        (
            SELECT pg_catalog.string_agg(pg_catalog.format_type(column_.atttypid, column_.atttypmod), ', ' ORDER BY column_.attnum)
            FROM pg_catalog.pg_attribute AS column_
            WHERE column_.attrelid = view.oid
                AND column_.attnum > 0
        ),
        E')\n',
        pg_catalog.pg_get_viewdef(view.oid)
    ),
    E'\n'
    ORDER BY view.relname
) AS definitions
FROM pg_catalog.pg_class AS view
WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relkind = 'v'
    AND view.relname = ANY ($1)
