-- The views of the user's own, by name.
SELECT
    view.view_name,
    view.query,
    view.key_columns,
    view.strategy,
    view.indexes,
    author.role_name AS created_by,
    author.role_oid::bigint AS author
FROM metabase_internal.custom_view AS view
JOIN metabase_internal.known_roles() AS author ON author.id = view.created_by
ORDER BY view.view_name COLLATE "C"
