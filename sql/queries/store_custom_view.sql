-- Remembers a view of the role with oid $6, which is known, in the place of an earlier one of that name.
INSERT INTO metabase_internal.custom_view (view_name, query, key_columns, strategy, indexes, created_by)
SELECT $1, $2, $3, $4, $5, known.id
FROM metabase_internal.known_roles() AS known
WHERE known.role_oid = $6::oid
ORDER BY known.id
LIMIT 1
ON CONFLICT (view_name) DO UPDATE SET
    query       = excluded.query,
    key_columns = excluded.key_columns,
    strategy    = excluded.strategy,
    indexes     = excluded.indexes,
    created_by  = excluded.created_by,
    created_at  = excluded.created_at
