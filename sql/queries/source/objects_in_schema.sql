-- What there is in schema $1.
SELECT pg_catalog.pg_describe_object(depend.classid, depend.objid, 0)
FROM pg_catalog.pg_depend AS depend
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = depend.refobjid
WHERE depend.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
    AND namespace.nspname = $1
ORDER BY depend.objid
