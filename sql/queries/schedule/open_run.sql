-- Adds a run of view $1 that begins now to the log, for the cause $2, on behalf of role $3, while the
-- schedule's clock is $4 seconds ahead. Answers its number.
INSERT INTO metabase_internal.refresh_log (view_name, status, started_at, requested_by, cause, clock_offset)
VALUES ($1, 'running', clock_timestamp(), pg_catalog.pg_get_userbyid($3::oid), $2, $4)
RETURNING id::text
