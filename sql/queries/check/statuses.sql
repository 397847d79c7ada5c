-- The statuses that most orders have: how many, and whether these count.
SELECT
    left(status, 41)                     AS status,
    count(*)                             AS orders,
    count(*) FILTER (WHERE is_completed) AS counted
FROM metabase_internal.orders
GROUP BY status
ORDER BY count(*) DESC, status COLLATE "C"
LIMIT 10
