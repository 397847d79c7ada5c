-- Remembers that the operator with oid $1, which is known, may have the changes of a source captured: $2 schema, $3 name.
INSERT INTO metabase_internal.capture_grant (operator, relation_schema, relation_name)
SELECT known.id, $2, $3
FROM metabase_internal.known_roles() AS known
WHERE known.role_oid = $1::oid
ORDER BY known.id
LIMIT 1
ON CONFLICT DO NOTHING
