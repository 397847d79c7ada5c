-- Remembers that known role $1 has begun a migration of views of known role $2, which were made from $3.
INSERT INTO metabase_internal.migration (begun_by, owner, found)
VALUES ($1::uuid, $2::uuid, $3)
ON CONFLICT (one_row) DO UPDATE SET
    began_at = excluded.began_at,
    begun_by = excluded.begun_by,
    owner    = excluded.owner,
    found    = excluded.found
