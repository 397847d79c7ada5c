-- How many views but $1 are of the role with oid $2.
SELECT pg_catalog.count(*)
FROM metabase_internal.custom_view AS view
JOIN metabase_internal.known_roles() AS author ON author.id = view.created_by
WHERE view.view_name <> $1
    AND author.role_oid = $2::oid
