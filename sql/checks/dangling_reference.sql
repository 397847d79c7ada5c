-- Rows that refer to what is not there; of orders, those that count.
SELECT
    referring.id AS key,
    NULL::text   AS value,
    NULL::text   AS detail
FROM metabase_internal.:adapter AS referring
LEFT JOIN metabase_internal.:target AS target ON target.id = referring.:column
WHERE referring.:column IS NOT NULL
    AND target.id IS NULL
    AND :condition
