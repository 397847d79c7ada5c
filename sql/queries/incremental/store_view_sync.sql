-- Remembers that view $1 is up to date with what is applied, on the day $2.
INSERT INTO metabase_internal.view_sync (view_name, relation, day, dirty_since)
SELECT
    view.relname,
    pg_catalog.format('%s %s %s %s', view.oid, view.xmin, view.relfilenode, rule.xmin),
    $2::date,
    NULL
FROM pg_catalog.pg_class AS view
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = view.relnamespace
JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid
WHERE namespace.nspname = 'analytics'
    AND view.relkind = 'm'
    AND view.relname = $1
ON CONFLICT (view_name) DO UPDATE SET
    relation    = excluded.relation,
    day         = excluded.day,
    dirty_since = excluded.dirty_since
