-- The functions and operators that the view with oid $1 calls, and the types that it names, by oids; none of PostgreSQL's own.
SELECT DISTINCT depend.refobjid::bigint
FROM pg_catalog.pg_rewrite AS rule
JOIN pg_catalog.pg_depend AS depend
    ON depend.classid = 'pg_catalog.pg_rewrite'::regclass
    AND depend.objid = rule.oid
WHERE rule.ev_class = $1::oid
    AND depend.refclassid IN (
        'pg_catalog.pg_proc'::regclass,
        'pg_catalog.pg_operator'::regclass,
        'pg_catalog.pg_type'::regclass
    )
