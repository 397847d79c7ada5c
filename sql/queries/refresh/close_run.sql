-- Writes into the log how run $1 has ended.
UPDATE metabase_internal.refresh_log
SET
    status        = $2,
    completed_at  = clock_timestamp(),
    mode          = $3,
    mode_reason   = $4,
    rows_changed  = $5,
    sqlstate      = $6,
    error_message = $7,
    seen_until    = $8,
    view_oid      = (
        SELECT view.oid
        FROM pg_catalog.pg_class AS view
        JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = view.relnamespace
        WHERE namespace.nspname = 'analytics'
            AND view.relname = refresh_log.view_name
            AND $2 = 'completed'
    )
WHERE id = $1
