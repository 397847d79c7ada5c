-- Changes that are captured and not in view $1 yet, and since when the oldest of them waits: keys in the queues of entities $2, which
-- the view is made of, and whether there are groups that are applied and not flushed. No row where changes are not captured.
SELECT
    queue.changes,
    sync.dirty_since IS NOT NULL AS has_dirty_groups,
    least(queue.oldest, sync.dirty_since) AS since
FROM metabase_internal.incremental
CROSS JOIN LATERAL (
    SELECT
        count(*)         AS changes,
        min(captured_at) AS oldest
    FROM metabase_internal.queue
    WHERE entity = ANY ($2)
) AS queue
LEFT JOIN metabase_internal.view_sync AS sync ON sync.view_name = $1
WHERE incremental.generation IS NOT NULL
