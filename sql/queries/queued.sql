-- Which queues hold anything, and whether refreshes can be incremental at all.
SELECT
    orders,
    stock_items,
    orders
        OR stock_items
        OR EXISTS (SELECT FROM metabase_internal.product_queue)
        OR EXISTS (SELECT FROM metabase_internal.brand_queue)
        OR EXISTS (SELECT FROM metabase_internal.category_queue)
        OR EXISTS (SELECT FROM metabase_internal.platform_queue)
        OR EXISTS (SELECT FROM metabase_internal.supplier_queue)
        OR EXISTS (SELECT FROM metabase_internal.size_queue) AS anything,
    (SELECT is_wanted AND reason IS NULL FROM metabase_internal.incremental) AS can_be_applied
FROM (
    SELECT
        EXISTS (SELECT FROM metabase_internal.order_queue)      AS orders,
        EXISTS (SELECT FROM metabase_internal.stock_item_queue) AS stock_items
) AS queued
