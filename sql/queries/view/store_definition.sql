-- Remembers the definition that view $1 has, which version $2 has for it, too.
INSERT INTO metabase_internal.view_definition (view_name, definition, server_major, version)
SELECT
    view.relname,
    pg_catalog.pg_get_viewdef(view.oid),
    pg_catalog.current_setting('server_version_num')::integer / 10000,
    $2
FROM pg_catalog.pg_class AS view
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = view.relnamespace
WHERE namespace.nspname = 'analytics'
    AND view.relkind = 'm'
    AND view.relname = $1
ON CONFLICT (view_name) DO UPDATE SET
    definition   = excluded.definition,
    server_major = excluded.server_major,
    version      = excluded.version,
    is_outdated  = false
