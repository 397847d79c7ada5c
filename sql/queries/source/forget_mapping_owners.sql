-- Forgets whose the table of a mapped entity, $1, was.
DELETE FROM metabase_internal.source_mapping_owner WHERE entity = $1
