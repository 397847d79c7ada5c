-- The indexes and statistics of the materialized view with oid $1 that have expressions or predicates: these as PostgreSQL tells them, and the
-- functions, operators and types that they name, by oids; none of PostgreSQL's own.
WITH part AS (
    SELECT
        relation.relname AS name,
        'pg_catalog.pg_class'::regclass AS class,
        index.indexrelid AS oid,
        ARRAY(
            SELECT pg_catalog.pg_get_indexdef(index.indexrelid, number, false)
            FROM pg_catalog.generate_series(1, index.indnatts) AS number
            WHERE index.indkey[number - 1] = 0
        ) || pg_catalog.pg_get_expr(index.indpred, index.indrelid) AS expressions
    FROM pg_catalog.pg_index AS index
    JOIN pg_catalog.pg_class AS relation ON relation.oid = index.indexrelid
    WHERE index.indrelid = $1::oid
    UNION ALL
    SELECT
        statistics.stxname,
        'pg_catalog.pg_statistic_ext'::regclass,
        statistics.oid,
        pg_catalog.pg_get_statisticsobjdef_expressions(statistics.oid)
    FROM pg_catalog.pg_statistic_ext AS statistics
    WHERE statistics.stxrelid = $1::oid
)
SELECT
    part.name,
    pg_catalog.array_remove(part.expressions, NULL) AS expressions,
    ARRAY(
        SELECT DISTINCT depend.refobjid::bigint
        FROM pg_catalog.pg_depend AS depend
        WHERE depend.classid = part.class
            AND depend.objid = part.oid
            AND depend.refclassid IN (
                'pg_catalog.pg_proc'::regclass,
                'pg_catalog.pg_operator'::regclass,
                'pg_catalog.pg_type'::regclass
            )
    ) AS calls
FROM part
WHERE pg_catalog.array_remove(part.expressions, NULL) <> '{}'
