-- Remembers that operator $1, a known role whose oid is $5, may have the changes of a source captured, if it may read it: $2 schema,
-- $3 name, $4 the known role that it belongs to.
INSERT INTO metabase_internal.capture_grant (operator, relation_schema, relation_name, relation_owner)
SELECT $1::uuid, $2, $3, $4::uuid
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE namespace.nspname = $2
    AND relation.relname = $3
    AND pg_catalog.has_schema_privilege($5::oid, namespace.oid, 'USAGE')
    AND pg_catalog.has_table_privilege($5::oid, relation.oid, 'SELECT')
ON CONFLICT (operator, relation_schema, relation_name) DO UPDATE SET
    relation_owner = excluded.relation_owner
