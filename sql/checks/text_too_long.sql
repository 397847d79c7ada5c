-- Rows with a text that an index may not be able to hold: 2,704 bytes are the most that it has room for, with all else of its entry.
SELECT
    id         AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM metabase_internal.:adapter
WHERE :condition
    AND octet_length(concat(:columns)) > 2000
