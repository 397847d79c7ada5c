-- The adapters ($1) and views ($2) that belong to a superuser.
SELECT
    relation.oid::bigint AS oid,
    namespace.nspname AS schema,
    relation.relname AS name,
    CASE relation.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END AS kind
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
JOIN pg_catalog.pg_roles AS owner ON owner.oid = relation.relowner
WHERE owner.rolsuper
    AND (
        (namespace.nspname = 'metabase_internal' AND relation.relkind = 'v' AND relation.relname = ANY ($1::text[]))
        OR (namespace.nspname = 'analytics' AND relation.relkind = 'm' AND relation.relname = ANY ($2::text[]))
    )
ORDER BY relation.relkind, relation.relname
