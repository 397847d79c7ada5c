-- The columns of the materialized view with oid $1, in their order, and whether their types are PostgreSQL's own.
SELECT
    attname         AS name,
    atttypid < 16384 AS is_plain
FROM pg_catalog.pg_attribute
WHERE attrelid = $1::oid
    AND attnum > 0
    AND NOT attisdropped
ORDER BY attnum
