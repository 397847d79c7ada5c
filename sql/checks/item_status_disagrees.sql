-- Stock items with a status that says something else than their orders: "sold" without one, "in stock" where nothing is left.
WITH word AS MATERIALIZED (
    SELECT
        status,
        translate(lower(left(status, 200) COLLATE "C"), '_-./', '    ') AS words
    FROM metabase_internal.stock_items
    WHERE status IS NOT NULL
    GROUP BY status
),
meaning AS MATERIALIZED (
    SELECT
        status,
        words ~ '\m(sold|shipped|delivered|dispatched|sale completed|payout completed)\M' AS says_gone,
        words ~ '\m(in stock|instock|available|listed|unsold|for sale)\M' AS says_there
    FROM word
    -- What has a "not" is not judged.
    WHERE words !~ '\m(not|no|never|cancelled|canceled|returned|refunded|pending|ready|awaiting|to be|until|un|pre|lost|stolen|exception|error|unsold|reversed|blocked|hold|without|chargeback|claim|out for)\M'
)
SELECT
    item.id                AS key,
    left(item.status, 201) AS value,
    CASE
        WHEN item.is_in_stock IS FALSE THEN 'no completed order'
        ELSE 'no completed order, and count as in stock'
    END                    AS detail
FROM metabase_internal.stock_items AS item
JOIN meaning ON meaning.status = item.status
WHERE meaning.says_gone
    AND NOT meaning.says_there
    AND NOT EXISTS (
        SELECT
        FROM metabase_internal.orders AS sale
        WHERE (sale.is_completed OR sale.is_gone)
            AND sale.stock_item_id = item.id
    )
    -- Where no order counts, that is what is wrong.
    AND EXISTS (
        SELECT
        FROM metabase_internal.orders
        WHERE is_completed
    )
UNION ALL
SELECT
    item.id,
    left(item.status, 201),
    'a completed order'
FROM metabase_internal.stock_items AS item
JOIN meaning ON meaning.status = item.status
JOIN metabase_internal.orders AS sale ON sale.stock_item_id = item.id
WHERE meaning.says_there
    AND NOT meaning.says_gone
    -- Or the shop says that it is there, and the views believe it.
    AND item.is_in_stock IS NOT TRUE
    AND sale.is_completed
GROUP BY
    item.id,
    item.status,
    item.quantity
-- A refund, which is an order with a negative amount, takes a sale back.
HAVING sum(CASE WHEN sale.gross_sale < 0 THEN -sale.quantity ELSE sale.quantity END) >= greatest(item.quantity, 1)
