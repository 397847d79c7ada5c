-- Changes that are captured and not in view $1 yet, and since when the oldest of them waits: keys in the queues of entities $2, which
-- the view is made of, and whether there are groups that are applied and not flushed. What the view lacks of facts that were built anew since its
-- last refresh, at $3, nobody knows: NULL, since they were built. No row where changes are not captured.
SELECT
    CASE WHEN NOT unknown.is_so THEN queue.changes END AS changes,
    sync.dirty_since IS NOT NULL AS has_dirty_groups,
    least(
        queue.oldest,
        sync.dirty_since,
        CASE WHEN unknown.is_so THEN incremental.built_at END
    ) AS since
FROM metabase_internal.incremental
CROSS JOIN LATERAL (
    SELECT
        count(*)         AS changes,
        min(captured_at) AS oldest
    FROM metabase_internal.queue
    WHERE entity = ANY ($2)
        -- Which rows these complete is not known before they are applied.
        OR entity = 'joined'
) AS queue
LEFT JOIN metabase_internal.view_sync AS sync ON sync.view_name = $1
CROSS JOIN LATERAL (
    SELECT sync.view_name IS NULL AND coalesce($3 < incremental.built_at, false) AS is_so
) AS unknown
WHERE incremental.generation IS NOT NULL
