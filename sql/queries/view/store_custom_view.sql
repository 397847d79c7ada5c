-- Remembers a view of known role $6, in the place of an earlier one of that name.
INSERT INTO metabase_internal.custom_view (view_name, query, key_columns, strategy, indexes, created_by)
VALUES ($1, $2, $3, $4, $5, $6::uuid)
ON CONFLICT (view_name) DO UPDATE SET
    query       = excluded.query,
    key_columns = excluded.key_columns,
    strategy    = excluded.strategy,
    indexes     = excluded.indexes,
    created_by  = excluded.created_by,
    created_at  = excluded.created_at
