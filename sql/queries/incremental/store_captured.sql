-- Remembers that the triggers of the relations with the oids $1 note changes, and no others. What was in before stays as it is: a trigger that
-- looks meanwhile must not miss it.
WITH gone AS (
    DELETE FROM metabase_internal.captured_relation
    WHERE relation <> ALL ($1::bigint[]::oid[])
)
INSERT INTO metabase_internal.captured_relation (relation)
SELECT DISTINCT source.relation::oid
FROM pg_catalog.unnest($1::bigint[]) AS source (relation)
WHERE NOT EXISTS (
    SELECT
    FROM metabase_internal.captured_relation AS captured
    WHERE captured.relation = source.relation::oid
)
