-- Remembers that view $1 lacks nothing that is applied, on the day $2.
UPDATE metabase_internal.view_sync
SET
    day         = $2::date,
    dirty_since = NULL
WHERE view_name = $1
