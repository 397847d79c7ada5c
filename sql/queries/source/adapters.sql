-- The views in metabase_internal, with their owners.
SELECT
    relation.relname AS name,
    pg_catalog.pg_get_userbyid(relation.relowner) AS owner
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE namespace.nspname = 'metabase_internal'
    AND relation.relkind = 'v'
