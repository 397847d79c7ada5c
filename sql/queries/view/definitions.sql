-- The digests of the queries that views were created with, of those views that are there; NULL where a version before 0.2.0 created one.
SELECT
    created.view_name,
    created.query AS digest
FROM metabase_internal.view_definition AS created
JOIN pg_catalog.pg_class AS view ON view.relname = created.view_name
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = view.relnamespace
WHERE namespace.nspname = 'analytics'
    AND view.relkind = 'm'
