-- What there is in this session's temporary schema, which a REFRESH … CONCURRENTLY leaves empty.
SELECT
FROM pg_catalog.pg_depend
WHERE refclassid = 'pg_catalog.pg_namespace'::regclass
    AND refobjid = pg_catalog.pg_my_temp_schema()
