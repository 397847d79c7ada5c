-- The currencies that can be the shop's: those that rates were set in, the last one first, and those that completed orders are in, those of
-- the most orders first.
SELECT currency
FROM (
    SELECT
        base            AS currency,
        max(changed_at) AS changed_at,
        NULL::bigint    AS orders
    FROM metabase_internal.exchange_currency
    WHERE last_day IS NOT NULL
    GROUP BY base
    UNION ALL
    SELECT
        currency,
        NULL,
        count(*)
    FROM metabase_internal.orders
    WHERE is_completed
        AND currency ~ '^[A-Z]{3}$'
    GROUP BY currency
) AS candidate
ORDER BY changed_at DESC NULLS LAST, orders DESC, currency COLLATE "C"
