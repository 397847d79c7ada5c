-- Rows that refer to nothing.
SELECT
    id         AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM metabase_internal.:adapter
WHERE :column IS NULL
