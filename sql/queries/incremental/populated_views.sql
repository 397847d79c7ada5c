-- Each view of this extension that is populated: what its entry in the catalog looks like, and what is known of its rows.
SELECT
    view.oid::bigint AS oid,
    view.relname AS name,
    view.relowner::bigint AS owner,
    pg_catalog.format('%s %s %s %s', view.oid, view.xmin, view.relfilenode, rule.xmin) AS relation_now,
    sync.relation,
    sync.day::text AS day,
    coalesce(created.is_outdated, false) AS is_outdated,
    EXISTS (
        -- What a row is found by, and what keeps two of them from having one key.
        SELECT
        FROM pg_catalog.pg_index AS index
        WHERE index.indrelid = view.oid
            AND index.indisunique
            AND index.indisvalid
            AND index.indimmediate
            AND index.indpred IS NULL
            AND index.indexprs IS NULL
    ) AS has_unique_index
FROM pg_catalog.pg_class AS view
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = view.relnamespace
JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid
LEFT JOIN metabase_internal.view_sync AS sync ON sync.view_name = view.relname
LEFT JOIN metabase_internal.view_definition AS created ON created.view_name = view.relname
WHERE namespace.nspname = 'analytics'
    AND view.relkind = 'm'
    AND view.relispopulated
    AND view.relname = ANY (:views)
