-- Remembers that operator $1, a known role, may have the changes of a source captured: $2 schema, $3 name, $4 the known role that it
-- belongs to.
INSERT INTO metabase_internal.capture_grant (operator, relation_schema, relation_name, relation_owner)
VALUES ($1::uuid, $2, $3, $4::uuid)
ON CONFLICT (operator, relation_schema, relation_name) DO UPDATE SET
    relation_owner = excluded.relation_owner
