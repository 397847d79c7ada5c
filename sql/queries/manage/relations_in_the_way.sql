-- The adapters ($1) and views ($2) that there are.
SELECT
    namespace.nspname AS schema_name,
    relation.relname AS relation_name,
    relation.oid::bigint AS oid,
    pg_catalog.pg_get_userbyid(relation.relowner) AS owner_name,
    relation.relowner::bigint AS owner
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE (namespace.nspname = 'metabase_internal' AND relation.relkind = 'v' AND relation.relname = ANY ($1::text[]))
    OR (namespace.nspname = 'analytics' AND relation.relkind = 'm' AND relation.relname = ANY ($2::text[]))
ORDER BY namespace.nspname, relation.relname COLLATE "C"
