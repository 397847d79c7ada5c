-- Completed orders that bring in nothing, or less, but for the refunds of what an order of the same item has brought in.
WITH low AS (
    SELECT
        id,
        stock_item_id,
        gross_sale
    FROM metabase_internal.orders
    WHERE is_completed
        AND gross_sale <= 0
),
refund AS (
    SELECT low.id
    FROM low
    JOIN metabase_internal.orders AS sale
        ON sale.stock_item_id = low.stock_item_id
        -- One whose amount is not known may have brought in as much.
        AND coalesce(sale.gross_sale >= -low.gross_sale, true)
    WHERE sale.is_completed
        AND low.gross_sale < 0
)
SELECT
    low.id     AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM low
WHERE low.id NOT IN (SELECT id FROM refund WHERE id IS NOT NULL)
    OR low.id IS NULL
