-- Remembers a view or adapter that a migration takes away: $1 schema, $2 name, $3 known role that owns it, $4 what is kept of it.
INSERT INTO metabase_internal.migrated_relation (schema_name, relation_name, owner, kept)
VALUES ($1, $2, $3::uuid, $4)
