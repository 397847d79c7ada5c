-- The definition of the materialized view with oid $1, and whether it is the one that this extension gave it.
SELECT
    definition.now AS definition,
    coalesce(created.definition = definition.now, false) AS is_own
FROM pg_catalog.pg_class AS view
CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_viewdef(view.oid) AS now) AS definition
LEFT JOIN metabase_internal.view_definition AS created ON created.view_name = view.relname
WHERE view.oid = $1::oid
