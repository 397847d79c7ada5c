-- Remembers of a mapped entity, $1, that its table belongs to known role $2, or, where $3 says so, what that reads.
INSERT INTO metabase_internal.source_mapping_owner (entity, owner, is_behind)
VALUES ($1, $2::uuid, $3)
ON CONFLICT DO NOTHING
