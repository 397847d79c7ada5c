-- Stores a mapping of the role with oid $6, which is known, in the place of an earlier one.
INSERT INTO metabase_internal.source_mapping (entity, relation_schema, relation_name, columns, filter, mapped_by)
SELECT $1, $2, $3, $4, $5, known.id
FROM metabase_internal.known_roles() AS known
WHERE known.role_oid = $6::oid
ORDER BY known.id
LIMIT 1
ON CONFLICT (entity) DO UPDATE SET
    relation_schema = excluded.relation_schema,
    relation_name   = excluded.relation_name,
    columns         = excluded.columns,
    filter          = excluded.filter,
    mapped_by       = excluded.mapped_by,
    mapped_at       = excluded.mapped_at
