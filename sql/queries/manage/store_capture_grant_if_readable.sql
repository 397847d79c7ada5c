-- Remembers that operator $1, a known role whose oid is $4, may have the changes of a source captured, if it may read it: $2 schema,
-- $3 name.
INSERT INTO metabase_internal.capture_grant (operator, relation_schema, relation_name)
SELECT $1::uuid, $2, $3
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE namespace.nspname = $2
    AND relation.relname = $3
    AND pg_catalog.has_schema_privilege($4::oid, namespace.oid, 'USAGE')
    AND pg_catalog.has_table_privilege($4::oid, relation.oid, 'SELECT')
ON CONFLICT DO NOTHING
