-- Rows in which a canonical column is NULL, among those with a value in the column that nothing reads; of orders, those that count.
SELECT
    id         AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM (
    :rows
) AS entity
WHERE :column IS NULL
    AND :condition
