-- Which queues hold anything, and whether refreshes can be incremental at all.
SELECT
    EXISTS (SELECT FROM metabase_internal.order_queue)      AS orders,
    EXISTS (SELECT FROM metabase_internal.stock_item_queue) AS stock_items,
    EXISTS (SELECT FROM metabase_internal.queue)            AS anything,
    incremental.is_wanted AND incremental.reason IS NULL    AS can_be_applied
FROM metabase_internal.incremental
