-- Rows without a key among those that an adapter chooses from.
SELECT
    id         AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM (
    :rows
) AS entity
WHERE id IS NULL
