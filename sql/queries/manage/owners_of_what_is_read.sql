-- The owners of the relations that the view with oid $1 reads.
SELECT DISTINCT
    relation.relowner::bigint                     AS oid,
    pg_catalog.pg_get_userbyid(relation.relowner) AS name
FROM pg_catalog.pg_rewrite AS rule
JOIN pg_catalog.pg_depend AS depend
    ON depend.classid = 'pg_catalog.pg_rewrite'::regclass
    AND depend.objid = rule.oid
    AND depend.refclassid = 'pg_catalog.pg_class'::regclass
    AND depend.refobjid <> rule.ev_class
JOIN pg_catalog.pg_class AS relation ON relation.oid = depend.refobjid
WHERE rule.ev_class = $1::oid
