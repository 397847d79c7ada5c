-- Remembers how long it took to apply some changes: $1 seconds, $2 keys.
UPDATE metabase_internal.incremental
SET
    applied_at    = clock_timestamp(),
    apply_seconds = $1,
    apply_changes = $2
