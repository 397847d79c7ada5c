-- The relations that each adapter reads, its own among them.
SELECT
    view.relname AS adapter,
    pg_catalog.array_agg(DISTINCT depend.refobjid::bigint) AS relations
FROM pg_catalog.pg_class AS view
JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid
JOIN pg_catalog.pg_depend AS depend
    ON depend.classid = 'pg_catalog.pg_rewrite'::regclass
    AND depend.objid = rule.oid
    AND depend.refclassid = 'pg_catalog.pg_class'::regclass
WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relkind = 'v'
GROUP BY view.relname
