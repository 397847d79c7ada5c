-- Stores a mapping of known role $7, in the place of an earlier one: of a table of known role $8, behind which are $9.
INSERT INTO metabase_internal.source_mapping (
    entity, relation_schema, relation_name, columns, filter, joined, mapped_by, relation_owner, owners_behind
)
VALUES ($1, $2, $3, $4, $5, $6, $7::uuid, $8::uuid, $9::uuid[])
ON CONFLICT (entity) DO UPDATE SET
    relation_schema = excluded.relation_schema,
    relation_name   = excluded.relation_name,
    columns         = excluded.columns,
    filter          = excluded.filter,
    joined          = excluded.joined,
    mapped_by       = excluded.mapped_by,
    mapped_at       = excluded.mapped_at,
    relation_owner  = excluded.relation_owner,
    owners_behind   = excluded.owners_behind
