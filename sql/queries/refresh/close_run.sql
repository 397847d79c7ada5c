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
    seen_until    = $8
WHERE id = $1
