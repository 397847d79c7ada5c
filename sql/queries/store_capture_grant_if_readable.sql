-- Remembers that the operator with oid $1, which is known, may have the changes of a source captured, if it may read it: $2 schema,
-- $3 name.
INSERT INTO metabase_internal.capture_grant (operator, relation_schema, relation_name)
SELECT known.id, $2, $3
FROM metabase_internal.known_roles() AS known
CROSS JOIN pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE known.role_oid = $1::oid
    AND namespace.nspname = $2
    AND relation.relname = $3
    AND pg_catalog.has_schema_privilege($1::oid, namespace.oid, 'USAGE')
    AND pg_catalog.has_table_privilege($1::oid, relation.oid, 'SELECT')
ORDER BY known.id
LIMIT 1
ON CONFLICT DO NOTHING
