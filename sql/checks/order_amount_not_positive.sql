-- Completed orders that bring in nothing, or less, but for the refunds of what an order of the same item has brought in.
WITH low AS (
    SELECT
        id,
        stock_item_id,
        gross_sale,
        currency
    FROM metabase_internal.orders
    WHERE is_completed
        AND gross_sale <= 0
),
-- What each item has brought in at most. An amount that is not known may have been as much.
brought_in AS (
    SELECT
        sale.stock_item_id,
        max(sale.gross_sale)              AS most,
        bool_or(sale.gross_sale IS NULL)  AS is_unknown,
        bool_or(sale.gross_sale > 0)      AS is_sold
    FROM metabase_internal.orders AS sale
    WHERE sale.is_completed
        AND sale.stock_item_id IN (SELECT low.stock_item_id FROM low WHERE low.gross_sale < 0)
    GROUP BY sale.stock_item_id
)
SELECT
    low.id     AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM low
LEFT JOIN brought_in ON brought_in.stock_item_id = low.stock_item_id
WHERE (
    low.gross_sale < 0
    AND (
        brought_in.is_unknown
        OR brought_in.most >= -low.gross_sale
        -- The rate may be another one by now.
        OR (low.currency <> :'currency' AND brought_in.is_sold)
    )
) IS NOT TRUE
