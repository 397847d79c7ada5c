-- Adds runs $1 to the log, which role $2 has asked for while the schedule's clock is $3 seconds ahead.
INSERT INTO metabase_internal.refresh_log (
    view_name,
    status,
    started_at,
    completed_at,
    mode,
    mode_reason,
    rows_changed,
    seen_until,
    view_oid,
    sqlstate,
    error_message,
    requested_by,
    clock_offset
)
SELECT
    run.view_name,
    run.status,
    run.started_at,
    run.completed_at,
    run.mode,
    run.mode_reason,
    run.rows_changed,
    run.seen_until,
    (
        SELECT view.oid
        FROM pg_catalog.pg_class AS view
        JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = view.relnamespace
        WHERE namespace.nspname = 'analytics'
            AND view.relname = run.view_name
            AND run.status = 'completed'
    ),
    run.sqlstate,
    run.error_message,
    $2,
    $3
FROM pg_catalog.jsonb_to_recordset($1) AS run (
    view_name     text,
    status        text,
    started_at    timestamptz,
    completed_at  timestamptz,
    mode          text,
    mode_reason   text,
    rows_changed  bigint,
    seen_until    timestamptz,
    sqlstate      text,
    error_message text
)
