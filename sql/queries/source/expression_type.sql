-- The type that a query's first column has: $1 is the oid that it reports, $2 that of its collation, which is 0 where it has none.
WITH RECURSIVE type AS (
    SELECT t.oid, t.typtype, t.typbasetype, t.typcategory
    FROM pg_catalog.pg_type AS t
    WHERE t.oid = $1::oid
    UNION ALL
    SELECT t.oid, t.typtype, t.typbasetype, t.typcategory
    FROM type
    JOIN pg_catalog.pg_type AS t ON t.oid = type.typbasetype
    WHERE type.typtype = 'd'
)
SELECT
    pg_catalog.format_type($1::oid, NULL) AS type,
    pg_catalog.format_type(type.oid, NULL) AS base,
    type.typcategory AS category,
    coalesce(
        (SELECT "collation".collisdeterministic FROM pg_catalog.pg_collation AS "collation" WHERE "collation".oid = $2::oid),
        true
    ) AS is_deterministic
FROM type
WHERE type.typtype <> 'd'
