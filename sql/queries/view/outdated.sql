-- The views that are there and were found to have another definition than this version has for them.
SELECT created.view_name
FROM metabase_internal.view_definition AS created
JOIN pg_catalog.pg_class AS view ON view.relname = created.view_name
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = view.relnamespace
WHERE created.is_outdated
    AND namespace.nspname = 'analytics'
    AND view.relkind = 'm'
ORDER BY created.view_name
