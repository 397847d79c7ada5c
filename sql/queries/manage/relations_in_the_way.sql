-- The adapters ($1) and views ($2) that there are. What bears the name of a view, and belongs to nobody who owns an adapter, is none, unless it
-- reads one.
WITH adapters AS (
    SELECT
        adapter.oid,
        adapter.relowner
    FROM pg_catalog.pg_class AS adapter
    WHERE adapter.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
        AND adapter.relkind = 'v'
        AND adapter.relname = ANY ($1::text[])
)
SELECT
    namespace.nspname AS schema_name,
    relation.relname AS relation_name,
    relation.oid::bigint AS oid,
    pg_catalog.pg_get_userbyid(relation.relowner) AS owner_name,
    relation.relowner::bigint AS owner
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE (namespace.nspname = 'metabase_internal' AND relation.relkind = 'v' AND relation.relname = ANY ($1::text[]))
    OR (
        namespace.nspname = 'analytics'
        AND relation.relkind = 'm'
        AND relation.relname = ANY ($2::text[])
        AND (
            NOT EXISTS (SELECT FROM adapters)
            OR relation.relowner IN (SELECT adapters.relowner FROM adapters)
            OR EXISTS (
                SELECT
                FROM pg_catalog.pg_rewrite AS rule
                JOIN pg_catalog.pg_depend AS depend
                    ON depend.classid = 'pg_catalog.pg_rewrite'::regclass
                    AND depend.objid = rule.oid
                    AND depend.refclassid = 'pg_catalog.pg_class'::regclass
                JOIN adapters ON adapters.oid = depend.refobjid
                WHERE rule.ev_class = relation.oid
            )
        )
    )
ORDER BY namespace.nspname, relation.relname COLLATE "C"
