-- Completed orders in which one column is NULL.
SELECT
    id         AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM metabase_internal.orders
WHERE is_completed
    AND :column IS NULL
