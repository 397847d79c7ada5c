-- The definition of the materialized view with oid $1.
SELECT
    relation.relowner::bigint AS owner,
    pg_catalog.format('%I.%I', namespace.nspname, relation.relname) AS name,
    pg_catalog.pg_get_viewdef(relation.oid) AS definition
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE relation.oid = $1::oid
