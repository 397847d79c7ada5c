-- The adapters $1, in their order: how PostgreSQL tells them, with the types of their columns, because the same words can stand for other
-- types; and the relations that they read. $2 has the name of each adapter's source when it was made, $3 that of the table that was joined
-- to it, or NULL: whether that still means a relation, and which.
SELECT
    wanted.adapter,
    view.oid IS NOT NULL AS is_there,
    pg_catalog.pg_get_userbyid(view.relowner) AS owner,
    pg_catalog.concat(
        (
            SELECT pg_catalog.string_agg(pg_catalog.format_type(column_.atttypid, column_.atttypmod), ', ' ORDER BY column_.attnum)
            FROM pg_catalog.pg_attribute AS column_
            WHERE column_.attrelid = view.oid
                AND column_.attnum > 0
        ),
        E'\n',
        pg_catalog.pg_get_viewdef(view.oid)
    ) AS told,
    pg_catalog.to_regclass(wanted.relation)::oid::bigint AS named,
    pg_catalog.to_regclass(wanted.joined)::oid::bigint AS joined_named,
    coalesce(
        (
            SELECT pg_catalog.jsonb_agg(
                DISTINCT pg_catalog.jsonb_build_object(
                    'oid', relation.oid::bigint,
                    'schema', namespace.nspname,
                    'name', relation.relname,
                    'qualified', pg_catalog.format('%I.%I', namespace.nspname, relation.relname)
                )
            )
            FROM pg_catalog.pg_rewrite AS rule
            JOIN pg_catalog.pg_depend AS depend
                ON depend.classid = 'pg_catalog.pg_rewrite'::regclass
                AND depend.objid = rule.oid
                AND depend.refclassid = 'pg_catalog.pg_class'::regclass
                AND depend.refobjid <> view.oid
                -- Rates are the extension's own.
                AND depend.refobjid NOT IN (
                    'metabase_internal.exchange_currency'::regclass,
                    'metabase_internal.exchange_day'::regclass
                )
            JOIN pg_catalog.pg_class AS relation ON relation.oid = depend.refobjid
            JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
            WHERE rule.ev_class = view.oid
        ),
        '[]'
    ) AS reads
FROM ROWS FROM (
    pg_catalog.unnest($1::text[]),
    pg_catalog.unnest($2::text[]),
    pg_catalog.unnest($3::text[])
) WITH ORDINALITY AS wanted (adapter, relation, joined, position)
LEFT JOIN pg_catalog.pg_class AS view
    ON view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relkind = 'v'
    AND view.relname = wanted.adapter
ORDER BY wanted.position
