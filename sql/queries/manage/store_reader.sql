-- Remembers that known role $2 has named known role $1 a reader.
INSERT INTO metabase_internal.reader (role, granted_by)
VALUES ($1::uuid, $2::uuid)
ON CONFLICT DO NOTHING
