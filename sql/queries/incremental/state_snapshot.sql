-- How incremental refresh is doing, and whether the sources are still what they were when the facts were read. A source whose
-- rows can have changed unseen looks different: a trigger was dropped, disabled or enabled, the table was rewritten or
-- truncated, a partition or a policy has come or gone, an adapter was changed. The xmin of an entry in the catalog tells that it was written.
WITH source AS MATERIALIZED (
    SELECT DISTINCT depend.refobjid AS relation
    FROM pg_catalog.pg_class AS view
    JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid
    JOIN pg_catalog.pg_depend AS depend
        ON depend.classid = 'pg_catalog.pg_rewrite'::regclass
        AND depend.objid = rule.oid
        AND depend.refclassid = 'pg_catalog.pg_class'::regclass
    WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
        AND view.relkind = 'v'
        AND view.relname = ANY (:adapters)
),
captured AS (
    SELECT
        trigger.tgrelid,
        trigger.tgname,
        trigger.tgenabled,
        trigger.xmin AS trigger_xmin,
        relation.relfilenode,
        relation.relkind,
        relation.relpersistence,
        relation.relowner,
        relation.relrowsecurity,
        relation.relforcerowsecurity,
        (
            SELECT pg_catalog.string_agg(pg_catalog.concat(child.inhrelid, '/', child.xmin), ' ' ORDER BY child.inhrelid)
            FROM pg_catalog.pg_inherits AS child
            WHERE child.inhparent = relation.oid
        ) AS children,
        relation.xmin AS class_xmin,
        parent.xmin AS parent_xmin,
        (
            SELECT pg_catalog.string_agg(policy.xmin::text, ' ' ORDER BY policy.oid)
            FROM pg_catalog.pg_policy AS policy
            WHERE policy.polrelid = relation.oid
        ) AS policies_xmin
    FROM pg_catalog.pg_trigger AS trigger
    JOIN pg_catalog.pg_class AS relation ON relation.oid = trigger.tgrelid
    LEFT JOIN pg_catalog.pg_inherits AS parent ON parent.inhrelid = trigger.tgrelid
    WHERE trigger.tgfoid IN (
        pg_catalog.to_regprocedure('metabase_internal.capture_row()'),
        pg_catalog.to_regprocedure('metabase_internal.capture_truncate()')
    )
        -- Anybody may put such a trigger on a table that is no source.
        AND (
            trigger.tgrelid IN (SELECT relation FROM source)
            OR (
                relation.relispartition
                AND EXISTS (
                    SELECT
                    FROM pg_catalog.pg_partition_ancestors(trigger.tgrelid) AS ancestor
                    JOIN source ON source.relation = ancestor.relid
                )
            )
        )
),
adapter AS (
    SELECT
        view.oid,
        view.relname,
        view.relowner,
        view.xmin AS view_xmin,
        rule.xmin AS rule_xmin,
        (
            SELECT pg_catalog.string_agg(
                pg_catalog.concat(depend.refobjid, '.', attribute.attname),
                ' '
                ORDER BY depend.refobjid, depend.refobjsubid
            )
            FROM pg_catalog.pg_depend AS depend
            JOIN pg_catalog.pg_attribute AS attribute
                ON attribute.attrelid = depend.refobjid
                AND attribute.attnum = depend.refobjsubid
            WHERE depend.classid = 'pg_catalog.pg_rewrite'::regclass
                AND depend.objid = rule.oid
                AND depend.refclassid = 'pg_catalog.pg_class'::regclass
        ) AS columns
    FROM pg_catalog.pg_class AS view
    JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid
    WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
        AND view.relkind = 'v'
        AND view.relname = ANY (:adapters)
)
SELECT
    incremental.is_wanted,
    incremental.generation::text AS generation,
    incremental.sources,
    incremental.reason,
    incremental.installed_by = pg_catalog.pg_current_xact_id_if_assigned() AS is_installed_now,
    incremental.retry_at > clock_timestamp() AS has_just_failed,
    incremental.build_seconds,
    incremental.seconds_per_change,
    pg_catalog.substring(made.making, E'^time zone ([^\n]*)\n') AS zone,
    (now() AT TIME ZONE pg_catalog.substring(made.making, E'^time zone ([^\n]*)\n'))::date::text AS day,
    (SELECT max(relowner::bigint) FROM adapter HAVING count(DISTINCT relowner) = 1) AS owner,
    coalesce(
            (
                SELECT pg_catalog.string_agg(
                    (pg_catalog.to_jsonb(captured) - 'class_xmin')::text,
                    E'\n'
                    ORDER BY captured.tgrelid, captured.tgname
                )
                FROM captured
            ),
            ''
        )
        || coalesce(
            (
                SELECT pg_catalog.string_agg(
                    (pg_catalog.to_jsonb(adapter) - 'view_xmin')::text,
                    E'\n'
                    ORDER BY adapter.relname
                )
                FROM adapter
            ),
            ''
        ) AS sources_now,
    -- Also what changes none of that, such as a name that was given to another one and taken back.
    (
        SELECT pg_catalog.string_agg(pg_catalog.concat(adapter.oid, '/', adapter.view_xmin), ' ' ORDER BY adapter.oid)
        FROM adapter
    ) AS adapters_now,
    (
        SELECT pg_catalog.bool_or(
            pg_catalog.pg_current_xact_id_if_assigned()::xid IN (captured.trigger_xmin, captured.parent_xmin, captured.class_xmin)
        )
        FROM captured
    ) AS is_altered_now,
    queue.changes,
    queue.oldest,
    queue.unknown
FROM metabase_internal.incremental
LEFT JOIN metabase_internal.made_from AS made ON true
CROSS JOIN (
    SELECT
        count(*)         AS changes,
        min(captured_at) AS oldest,
        coalesce(bool_or(is_unknown), false) AS unknown
    FROM metabase_internal.queue
) AS queue
