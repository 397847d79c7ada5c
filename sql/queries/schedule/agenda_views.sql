-- The views of names $1 that exist, with what the schedule knows of them. Nothing is refreshed by itself that its owner could not have
-- refreshed by a call: whoever was given nothing here may own something of such a name all the same.
SELECT
    relation.relname::text        AS view_name,
    relation.relowner::bigint     AS owner,
    state.timetable,
    state.next_due,
    -- Whoever has refreshed it meanwhile has ended the failures.
    CASE WHEN last.status = 'completed' THEN 0 ELSE coalesce(state.failures, 0) END AS failures,
    CASE WHEN last.status = 'completed' THEN NULL ELSE state.retry_at END           AS retry_at,
    sync.view_name IS NOT NULL    AS is_captured,
    sync.dirty_since IS NOT NULL  AS is_dirty,
    -- Whether it shows what the sources were before the adapters have followed them, or other exchange rates.
    coalesce(
        greatest(
            (SELECT source_names.followed_at FROM metabase_internal.source_names),
            :rates_changed
        ) > coalesce(
            (
                SELECT log.completed_at
                FROM metabase_internal.refresh_log AS log
                WHERE log.view_name = relation.relname
                    AND log.status = 'completed'
                ORDER BY log.id DESC
                LIMIT 1
            ),
            '-infinity'
        ),
        false
    )                             AS is_behind,
    (
        SELECT log.started_at + make_interval(secs => log.clock_offset)
        FROM metabase_internal.refresh_log AS log
        WHERE log.view_name = relation.relname
            AND log.status = 'completed'
        ORDER BY log.id DESC
        LIMIT 1
    )                             AS last_run,
    last.started_at               AS last_begun
FROM pg_catalog.pg_class AS relation
LEFT JOIN metabase_internal.schedule_state AS state ON state.view_name = relation.relname
LEFT JOIN metabase_internal.view_sync AS sync ON sync.view_name = relation.relname
LEFT JOIN LATERAL (
    SELECT log.status, log.started_at
    FROM metabase_internal.refresh_log AS log
    WHERE log.view_name = relation.relname
    ORDER BY log.id DESC
    LIMIT 1
) AS last ON true
WHERE relation.relnamespace = pg_catalog.to_regnamespace('analytics')
    AND relation.relkind = 'm'
    AND relation.relname = ANY ($1)
    AND pg_catalog.has_schema_privilege(relation.relowner, 'metabase', 'USAGE')
    AND pg_catalog.has_function_privilege(relation.relowner, 'metabase.refresh_view(text, text)', 'EXECUTE')
