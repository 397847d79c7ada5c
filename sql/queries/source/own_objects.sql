-- What there is in schema metabase_internal, but for the view $1: relations by their names, all else by its number.
SELECT pg_catalog.format('relation %s (%s)', class.relname, class.oid) AS object
FROM pg_catalog.pg_class AS class
WHERE class.relnamespace = 'metabase_internal'::pg_catalog.regnamespace
    AND NOT (class.relname = $1 AND class.relkind = 'v')
UNION ALL
SELECT pg_catalog.pg_describe_object(depend.classid, depend.objid, 0)
FROM pg_catalog.pg_depend AS depend
WHERE depend.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
    AND depend.refobjid = 'metabase_internal'::pg_catalog.regnamespace
    AND depend.classid <> 'pg_catalog.pg_class'::pg_catalog.regclass
