-- Remembers that operator $1, a known role, may have the changes of a source captured: $2 schema, $3 name.
INSERT INTO metabase_internal.capture_grant (operator, relation_schema, relation_name)
VALUES ($1::uuid, $2, $3)
ON CONFLICT DO NOTHING
