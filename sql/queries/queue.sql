-- How many changes are captured and not applied yet, since when the oldest waits, and for how many seconds.
SELECT
    count(*)                                                        AS length,
    min(captured_at)                                                AS oldest,
    extract(epoch FROM clock_timestamp() - min(captured_at))::float8 AS age_seconds
FROM (
    SELECT captured_at FROM metabase_internal.order_queue
    UNION ALL
    SELECT captured_at FROM metabase_internal.stock_item_queue
    UNION ALL
    SELECT captured_at FROM metabase_internal.product_queue
    UNION ALL
    SELECT captured_at FROM metabase_internal.brand_queue
    UNION ALL
    SELECT captured_at FROM metabase_internal.category_queue
    UNION ALL
    SELECT captured_at FROM metabase_internal.platform_queue
    UNION ALL
    SELECT captured_at FROM metabase_internal.supplier_queue
    UNION ALL
    SELECT captured_at FROM metabase_internal.size_queue
) AS queued
