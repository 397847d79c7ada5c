-- Changes that are captured and not in view $1 yet, and since when the oldest of them waits: keys in the queues of the entities
-- that the view is made of, and whether there are groups that are applied and not flushed. No row where changes are not captured.
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
    WHERE CASE entity
        WHEN 'platform' THEN
            $1 IN ('metabase_executive_metrics', 'metabase_platform_performance', 'metabase_customer_geography')
        WHEN 'product' THEN
            $1 NOT IN ('metabase_executive_metrics', 'metabase_platform_performance')
        WHEN 'brand' THEN
            $1 IN (
                'metabase_product_performance', 'metabase_brand_analytics', 'metabase_inventory_status',
                'metabase_supplier_performance'
            )
        WHEN 'category' THEN $1 IN ('metabase_product_performance', 'metabase_inventory_status')
        WHEN 'supplier' THEN $1 IN ('metabase_inventory_status', 'metabase_supplier_performance')
        WHEN 'size' THEN $1 = 'metabase_inventory_status'
        ELSE true
    END
) AS queue
LEFT JOIN metabase_internal.view_sync AS sync ON sync.view_name = $1
WHERE incremental.generation IS NOT NULL
    AND $1 LIKE 'metabase\_%'
