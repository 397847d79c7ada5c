-- The views of the user's own, by name, without what they are made of: their texts can be long, and all calls read this.
SELECT
    view.view_name,
    view.strategy,
    author.role_name AS created_by,
    author.role_oid::bigint AS author
FROM metabase_internal.custom_view AS view
JOIN metabase_internal.known_roles() AS author ON author.id = view.created_by
ORDER BY view.view_name COLLATE "C"
