-- Runs that a crash or an interrupted worker has left open: they have failed ($2 SQLSTATE, $3 message), and their views are tried
-- again. The first time that is at $1, then later and later: a view that brings down the server or its worker with each of its
-- refreshes must not do so all the time. One whose schedule another transaction has to itself is due at its next time.
WITH free AS MATERIALIZED (
    SELECT view_name
    FROM metabase_internal.schedule_state
    WHERE view_name IN (SELECT log.view_name FROM metabase_internal.refresh_log AS log WHERE log.status = 'running')
    FOR NO KEY UPDATE SKIP LOCKED
),
lost AS (
    UPDATE metabase_internal.refresh_log
    SET
        status        = 'failed',
        completed_at  = clock_timestamp(),
        sqlstate      = $2,
        error_message = $3
    WHERE status = 'running'
    RETURNING view_name
)
INSERT INTO metabase_internal.schedule_state (view_name, failures, retry_at)
SELECT DISTINCT
    view_name,
    1,
    $1::timestamptz
FROM lost
WHERE view_name IN (SELECT free.view_name FROM free)
    OR NOT EXISTS (SELECT FROM metabase_internal.schedule_state AS state WHERE state.view_name = lost.view_name)
ON CONFLICT (view_name) DO UPDATE
SET
    failures = schedule_state.failures + 1,
    retry_at = EXCLUDED.retry_at + CASE schedule_state.failures
        WHEN 0 THEN interval '0'
        ELSE least(interval '30 seconds' * 2 ^ least(schedule_state.failures - 1, 20), interval '1 hour')
    END
