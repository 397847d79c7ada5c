-- Completed orders that stand twice.
SELECT
FROM metabase_internal.orders
WHERE is_completed
GROUP BY id
HAVING count(*) > 1
