-- Who owns what adapters $1 read, directly or through other views, but for superusers, and may not call what is for the tables' owners.
WITH RECURSIVE reads AS (
    SELECT
        rule.ev_class AS view,
        depend.refobjid AS relation
    FROM pg_catalog.pg_rewrite AS rule
    JOIN pg_catalog.pg_depend AS depend
        ON depend.classid = 'pg_catalog.pg_rewrite'::regclass
        AND depend.objid = rule.oid
        AND depend.refclassid = 'pg_catalog.pg_class'::regclass
        AND depend.refobjid <> rule.ev_class
    -- What a rule for writes mentions is not read.
    WHERE rule.ev_type = '1'
),
source AS (
    SELECT reads.relation
    FROM reads
    JOIN pg_catalog.pg_class AS adapter ON adapter.oid = reads.view
    WHERE adapter.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
        AND adapter.relkind = 'v'
        AND adapter.relname = ANY ($1::text[])
    UNION
    SELECT reads.relation
    FROM source
    JOIN reads ON reads.view = source.relation
)
SELECT DISTINCT owner.rolname
FROM source
JOIN pg_catalog.pg_class AS relation ON relation.oid = source.relation
JOIN pg_catalog.pg_roles AS owner ON owner.oid = relation.relowner
WHERE NOT owner.rolsuper
    AND NOT (
        pg_catalog.has_schema_privilege(owner.oid, 'metabase', 'USAGE')
        AND pg_catalog.has_function_privilege(owner.oid, 'metabase.before_migration()', 'EXECUTE')
        AND pg_catalog.has_function_privilege(owner.oid, 'metabase.after_migration(boolean)', 'EXECUTE')
    )
ORDER BY owner.rolname
