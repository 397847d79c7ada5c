-- Remembers that view $1 lacks changes that are applied, the oldest of which was captured at $2.
UPDATE metabase_internal.view_sync
SET dirty_since = coalesce(least(dirty_since, $2::timestamptz), clock_timestamp())
WHERE view_name = $1
