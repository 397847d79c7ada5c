-- Remembers of view $1 that its last run completed ($3 is NULL), or how often it has failed ($2) and when it is tried again.
INSERT INTO metabase_internal.schedule_state (view_name, failures, retry_at)
VALUES ($1, $2, $3::timestamptz)
ON CONFLICT (view_name) DO UPDATE
SET
    failures = EXCLUDED.failures,
    retry_at = EXCLUDED.retry_at
