-- Remembers known role $1 as a reader.
INSERT INTO metabase_internal.reader (role)
VALUES ($1::uuid)
ON CONFLICT DO NOTHING
