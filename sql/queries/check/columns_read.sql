-- The numbers of the columns of relation $2 that the adapter $1 reads.
SELECT DISTINCT depend.refobjsubid
FROM pg_catalog.pg_class AS view
JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid
JOIN pg_catalog.pg_depend AS depend
    ON depend.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    AND depend.objid = rule.oid
    AND depend.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND depend.refobjid = $2::oid
    AND depend.refobjsubid > 0
WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relname = $1
