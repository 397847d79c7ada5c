-- The transactions that have written what the catalog says of view $1.
SELECT writer.xmin::text::bigint
FROM pg_catalog.pg_class AS view
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = view.relnamespace
JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid
CROSS JOIN LATERAL (VALUES (view.xmin), (rule.xmin)) AS writer (xmin)
WHERE namespace.nspname = 'analytics'
    AND view.relkind = 'm'
    AND view.relname = $1
