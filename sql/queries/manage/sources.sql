-- What adapters $1 read, directly or through other views: source.relation, for the query that stands behind this.
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
        -- Exchange rates are the extension's own.
        AND NOT EXISTS (
            SELECT
            FROM pg_catalog.pg_class AS rates
            WHERE rates.oid = depend.refobjid
                AND rates.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
                AND rates.relname IN ('exchange_currency', 'exchange_day')
        )
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
