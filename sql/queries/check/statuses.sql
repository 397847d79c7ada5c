-- The statuses that most orders have: how many, whether these count, and their share of all orders, in percent.
SELECT
    left(status, 201)                                         AS status,
    count(*)                                                  AS orders,
    count(*) FILTER (WHERE is_completed)                      AS counted,
    round(100.0 * count(*) / sum(count(*)) OVER (), 2)::text  AS share
FROM metabase_internal.orders
GROUP BY status
ORDER BY count(*) DESC, status COLLATE "C"
LIMIT 20
