-- The indexes of the materialized view analytics.$1: names, definitions, and whether they are unique.
SELECT
    index_relation.relname AS name,
    pg_catalog.pg_get_indexdef(index.indexrelid) AS definition,
    index.indisunique AS is_unique
FROM pg_catalog.pg_index AS index
JOIN pg_catalog.pg_class AS index_relation ON index_relation.oid = index.indexrelid
JOIN pg_catalog.pg_class AS relation ON relation.oid = index.indrelid
WHERE relation.relnamespace = pg_catalog.to_regnamespace('analytics')
    AND relation.relname = $1
ORDER BY index_relation.relname COLLATE "C"
