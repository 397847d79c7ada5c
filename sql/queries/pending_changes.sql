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
    FROM (
        SELECT captured_at FROM metabase_internal.order_queue
        UNION ALL
        SELECT captured_at FROM metabase_internal.stock_item_queue
        UNION ALL
        SELECT captured_at FROM metabase_internal.platform_queue
        WHERE $1 IN ('metabase_executive_metrics', 'metabase_platform_performance', 'metabase_customer_geography')
        UNION ALL
        SELECT captured_at FROM metabase_internal.product_queue
        WHERE $1 NOT IN ('metabase_executive_metrics', 'metabase_platform_performance')
        UNION ALL
        SELECT captured_at FROM metabase_internal.brand_queue
        WHERE $1 IN (
            'metabase_product_performance', 'metabase_brand_analytics', 'metabase_inventory_status',
            'metabase_supplier_performance'
        )
        UNION ALL
        SELECT captured_at FROM metabase_internal.category_queue
        WHERE $1 IN ('metabase_product_performance', 'metabase_inventory_status')
        UNION ALL
        SELECT captured_at FROM metabase_internal.supplier_queue
        WHERE $1 IN ('metabase_inventory_status', 'metabase_supplier_performance')
        UNION ALL
        SELECT captured_at FROM metabase_internal.size_queue
        WHERE $1 = 'metabase_inventory_status'
    ) AS queued
) AS queue
LEFT JOIN metabase_internal.view_sync AS sync ON sync.view_name = $1
WHERE incremental.generation IS NOT NULL
    AND $1 LIKE 'metabase\_%'
