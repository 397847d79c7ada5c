-- Those of the names $1 that no schema bears, as JSON. The schemas of the others can be neither renamed nor dropped until the transaction ends; to
-- grant on one changes nothing of its key. The subquery is an array, so that all of its rows are locked.
SELECT coalesce(pg_catalog.json_agg(wanted.name), '[]')::text
FROM pg_catalog.unnest($1::text[]) AS wanted (name)
WHERE wanted.name <> ALL (
    ARRAY(
        SELECT namespace.nspname::text
        FROM pg_catalog.pg_namespace AS namespace
        WHERE namespace.nspname = ANY ($1::name[])
        ORDER BY namespace.nspname
        FOR KEY SHARE
    )
)
