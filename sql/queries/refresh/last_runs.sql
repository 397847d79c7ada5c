-- The last completed run of view $1, up to when the view that has this name now shows what was committed, as far as runs of it have, and the error
-- of its last run that has ended, if that failed.
SELECT
    completed.completed_at AS last_refresh,
    seen.seen_until        AS last_seen,
    completed.mode,
    completed.mode_reason,
    last.error_message AS last_error,
    last.sqlstate      AS last_sqlstate
FROM (SELECT) AS one_row
LEFT JOIN LATERAL (
    SELECT log.completed_at, log.mode, log.mode_reason
    FROM metabase_internal.refresh_log AS log
    WHERE log.view_name = $1
        AND log.status = 'completed'
    ORDER BY log.id DESC
    LIMIT 1
) AS completed ON true
LEFT JOIN LATERAL (
    SELECT log.seen_until
    FROM metabase_internal.refresh_log AS log
    JOIN pg_catalog.pg_class AS view ON view.oid = log.view_oid
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = view.relnamespace
    WHERE log.view_name = $1
        AND log.status = 'completed'
        AND log.seen_until IS NOT NULL
        AND namespace.nspname = 'analytics'
        AND view.relname = log.view_name
    ORDER BY log.id DESC
    LIMIT 1
) AS seen ON true
LEFT JOIN LATERAL (
    SELECT log.error_message, log.sqlstate
    FROM metabase_internal.refresh_log AS log
    WHERE log.view_name = $1
        AND log.status <> 'running'
    ORDER BY log.id DESC
    LIMIT 1
) AS last ON true
