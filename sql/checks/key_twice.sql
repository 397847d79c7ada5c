-- Keys that stand twice among the rows that an adapter chooses from.
SELECT
    id         AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM (
    :rows
) AS entity
WHERE id IS NOT NULL
GROUP BY id
HAVING count(:what) > 1
