-- The sources that operator $1, a known role, may have the changes of captured, as far as they are what it was granted.
SELECT pg_catalog.format('%I.%I', granted.relation_schema, granted.relation_name) AS relation
FROM metabase_internal.capture_grant AS granted
JOIN metabase_internal.known_roles() AS owner ON owner.id = granted.relation_owner
JOIN pg_catalog.pg_namespace AS namespace ON namespace.nspname = granted.relation_schema
JOIN pg_catalog.pg_class AS relation
    ON relation.relnamespace = namespace.oid
    AND relation.relname = granted.relation_name
    AND relation.relowner = owner.role_oid
WHERE granted.operator = $1::uuid
ORDER BY relation
