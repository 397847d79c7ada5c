-- What view $1, whose author's oid is $2, is made of.
SELECT
    view.query,
    view.key_columns,
    view.indexes
FROM metabase_internal.custom_view AS view
JOIN metabase_internal.known_roles() AS author ON author.id = view.created_by
WHERE view.view_name = $1
    AND author.role_oid = $2::oid
