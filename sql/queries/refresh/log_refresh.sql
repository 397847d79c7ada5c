-- Adds a run to the log.
INSERT INTO metabase_internal.refresh_log (
    view_name,
    status,
    started_at,
    completed_at,
    mode,
    mode_reason,
    rows_changed,
    sqlstate,
    error_message,
    requested_by,
    clock_offset
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
