-- How many changes are captured and not applied yet, since when the oldest waits, and for how many seconds.
SELECT
    count(*)                                                         AS length,
    min(captured_at)                                                 AS oldest,
    extract(epoch FROM clock_timestamp() - min(captured_at))::float8 AS age_seconds
FROM metabase_internal.queue
