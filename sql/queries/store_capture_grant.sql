-- Remembers that operator $1 may have the changes of a source captured: $2 schema, $3 name.
INSERT INTO metabase_internal.capture_grant (role_name, relation_schema, relation_name)
VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
