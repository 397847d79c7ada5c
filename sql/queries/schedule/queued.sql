-- Which queues hold anything, whether refreshes can be incremental at all, and whether views have to follow their sources. Keys of second
-- tables are of orders or of stock items, which is not known before they are applied.
SELECT
    EXISTS (SELECT FROM metabase_internal.order_queue) OR joined.has_keys      AS orders,
    EXISTS (SELECT FROM metabase_internal.stock_item_queue) OR joined.has_keys AS stock_items,
    EXISTS (SELECT FROM metabase_internal.queue)                               AS anything,
    incremental.is_wanted AND incremental.reason IS NULL                       AS can_be_applied,
    EXISTS (
        SELECT
        FROM metabase_internal.made_from
        WHERE source_names.meanings IS DISTINCT FROM (
            :meanings
        )
            -- As in incremental/fingerprint.sql
            OR made_from.server_major <> pg_catalog.current_setting('server_version_num')::integer / 10000
    )                                                                          AS has_other_names
FROM metabase_internal.incremental
CROSS JOIN (SELECT EXISTS (SELECT FROM metabase_internal.joined_queue) AS has_keys) AS joined
LEFT JOIN metabase_internal.source_names ON true
