-- Remembers that building the facts failed: $1 why, $2 after how many seconds. It is tried again after ten times as long, so that
-- trying in vain takes a tenth of the time at most.
UPDATE metabase_internal.incremental
SET
    reason   = $1,
    retry_at = clock_timestamp() + 10 * pg_catalog.make_interval(secs => $2)
