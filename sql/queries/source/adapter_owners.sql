-- To whom belongs what each adapter calls, reads and names: roles by oid, but for superusers.
SELECT
    view.relname AS adapter,
    pg_catalog.array_agg(DISTINCT owner.oid::bigint) AS owners
FROM pg_catalog.pg_class AS view
JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid
JOIN pg_catalog.pg_depend AS depend
    ON depend.classid = 'pg_catalog.pg_rewrite'::regclass
    AND depend.objid = rule.oid
    AND NOT (
        depend.refclassid = 'pg_catalog.pg_class'::regclass
        AND depend.refobjid IN (
            view.oid,
            'metabase_internal.exchange_currency'::regclass,
            'metabase_internal.exchange_day'::regclass
        )
    )
LEFT JOIN pg_catalog.pg_proc AS function
    ON depend.refclassid = 'pg_catalog.pg_proc'::regclass
    AND function.oid = depend.refobjid
LEFT JOIN pg_catalog.pg_operator AS operator
    ON depend.refclassid = 'pg_catalog.pg_operator'::regclass
    AND operator.oid = depend.refobjid
LEFT JOIN pg_catalog.pg_type AS type
    ON depend.refclassid = 'pg_catalog.pg_type'::regclass
    AND type.oid = depend.refobjid
LEFT JOIN pg_catalog.pg_class AS relation
    ON depend.refclassid = 'pg_catalog.pg_class'::regclass
    AND relation.oid = depend.refobjid
JOIN pg_catalog.pg_roles AS owner
    ON owner.oid = coalesce(function.proowner, operator.oprowner, type.typowner, relation.relowner)
    AND NOT owner.rolsuper
WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relkind = 'v'
GROUP BY view.relname
