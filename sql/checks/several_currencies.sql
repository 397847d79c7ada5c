-- Completed orders in another currency than the shop's, :'currency', and how many there are in each.
WITH counted AS (
    SELECT
        coalesce(currency, :'currency') AS code,
        count(*)                        AS orders
    FROM metabase_internal.orders
    WHERE is_completed
    GROUP BY coalesce(currency, :'currency')
    ORDER BY count(*) DESC, coalesce(currency, :'currency') COLLATE "C"
    LIMIT 10
)
SELECT
    id         AS key,
    NULL::text AS value,
    (
        SELECT string_agg(format('%s (%s)', left(code, 20), orders), ', ' ORDER BY orders DESC, code COLLATE "C")
        FROM counted
    )          AS detail
FROM metabase_internal.orders
WHERE is_completed
    AND currency <> :'currency'
