-- The comments on views of schema analytics and on their columns, by names. $1: the views.
SELECT
    'analytics.' || c.relname || coalesce('.' || a.attname, '') AS name,
    d.description                                               AS comment
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_description AS d
    ON d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objoid = c.oid
LEFT JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = c.oid
    AND a.attnum = d.objsubid
    AND d.objsubid > 0
WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'analytics')
    AND c.relname = ANY ($1)
