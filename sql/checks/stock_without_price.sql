-- Stock items of which nothing is sold or gone, and that have no price. What one in a currency without a rate was bought for is not known.
-- :'currency' is the shop's currency.
SELECT
    item.id    AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM metabase_internal.stock_items AS item
WHERE item.purchase_price IS NULL
    AND item.is_in_stock IS NOT FALSE
    AND coalesce(item.currency = :'currency', true)
    AND NOT EXISTS (
        SELECT
        FROM metabase_internal.orders AS sale
        WHERE (sale.is_completed OR sale.is_gone)
            AND sale.stock_item_id = item.id
    )
