-- Runs that a crash or an interrupted worker has left open: they have failed, and their views are tried again at $1.
WITH lost AS (
    UPDATE metabase_internal.refresh_log
    SET
        status        = 'failed',
        completed_at  = clock_timestamp(),
        sqlstate      = '57P01',
        error_message = 'the server or its background worker ended before the refresh did'
    WHERE status = 'running'
    RETURNING view_name
)
INSERT INTO metabase_internal.schedule_state (view_name, failures, retry_at)
SELECT DISTINCT
    view_name,
    1,
    $1::timestamptz
FROM lost
ON CONFLICT (view_name) DO UPDATE
SET
    failures = schedule_state.failures + 1,
    retry_at = EXCLUDED.retry_at
