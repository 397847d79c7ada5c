-- When view $1 was last refreshed, to the minute, as TimeZone has it.
SELECT
    to_char(completed_at, 'FMDD Mon YYYY, HH24:MI') AS minute
FROM metabase_internal.refresh_log
WHERE view_name = $1
    AND status = 'completed'
ORDER BY id DESC
LIMIT 1
