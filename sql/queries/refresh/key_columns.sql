-- The columns that REFRESH CONCURRENTLY tells the rows of the materialized view with oid $1 apart by.
SELECT attribute.attname::text
FROM pg_catalog.pg_attribute AS attribute
WHERE attribute.attrelid = $1::oid
    AND EXISTS (
        SELECT
        FROM pg_catalog.pg_index AS index
        WHERE index.indrelid = attribute.attrelid
            AND index.indisunique
            AND index.indisvalid
            AND index.indimmediate
            AND index.indpred IS NULL
            AND index.indexprs IS NULL
            AND attribute.attnum = ANY (index.indkey[0:index.indnkeyatts - 1])
    )
ORDER BY attribute.attnum
