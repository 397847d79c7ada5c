-- Stock items that were bought for less than nothing.
SELECT
    id         AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM metabase_internal.stock_items
WHERE purchase_price < 0
    OR gross_purchase_price < 0
