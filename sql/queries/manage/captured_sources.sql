-- The sources that operator $1, a known role, may have the changes of captured.
SELECT pg_catalog.format('%I.%I', relation_schema, relation_name) AS relation
FROM metabase_internal.capture_grant
WHERE operator = $1::uuid
ORDER BY relation
