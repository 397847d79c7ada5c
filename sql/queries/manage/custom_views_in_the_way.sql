-- Views of users' own, $3, that can be in the way of a migration that the current role makes: those that read an adapter ($1), one of
-- this extension's views ($2), or a relation that the current role owns, directly or through other views; and its own. Whoever may act as the owner of
-- the adapters makes room for the owners of what these read: those of all that they read.
WITH RECURSIVE reads AS (
    SELECT DISTINCT
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
own AS (
    SELECT
        relation.oid,
        relation.relowner
    FROM pg_catalog.pg_class AS relation
    WHERE (
        relation.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
        AND relation.relkind = 'v'
        AND relation.relname = ANY ($1::text[])
    )
    OR (
        relation.relnamespace = pg_catalog.to_regnamespace('analytics')
        AND relation.relkind = 'm'
        AND relation.relname = ANY ($2::text[])
    )
),
source AS (
    SELECT reads.relation
    FROM own
    JOIN reads ON reads.view = own.oid
    WHERE pg_catalog.pg_has_role(own.relowner, 'USAGE')
    UNION
    SELECT reads.relation
    FROM source
    JOIN reads ON reads.view = source.relation
),
custom AS (
    SELECT
        relation.oid,
        relation.relname,
        relation.relowner
    FROM pg_catalog.pg_class AS relation
    WHERE relation.relnamespace = pg_catalog.to_regnamespace('analytics')
        AND relation.relkind = 'm'
        AND relation.relname = ANY ($3::text[])
),
read AS (
    SELECT
        custom.oid AS view,
        reads.relation
    FROM custom
    JOIN reads ON reads.view = custom.oid
    UNION
    SELECT
        read.view,
        reads.relation
    FROM read
    JOIN reads ON reads.view = read.relation
)
SELECT
    'analytics' AS schema_name,
    custom.relname AS relation_name,
    custom.oid::bigint AS oid,
    pg_catalog.pg_get_userbyid(custom.relowner) AS owner_name,
    custom.relowner::bigint AS owner
FROM custom
WHERE pg_catalog.pg_has_role(custom.relowner, 'USAGE')
    OR EXISTS (
        SELECT
        FROM read
        JOIN pg_catalog.pg_class AS relation ON relation.oid = read.relation
        WHERE read.view = custom.oid
            AND (
                relation.oid IN (SELECT own.oid FROM own)
                OR relation.oid IN (SELECT source.relation FROM source)
                OR pg_catalog.pg_has_role(relation.relowner, 'USAGE')
            )
    )
ORDER BY custom.relname COLLATE "C"
