-- Stock items with a status that says something else than their completed orders: "sold" without one, "in stock" with one.
WITH sale AS (
    SELECT
        stock_item_id,
        -- A refund, which is an order with a negative amount, takes a sale back.
        sum(CASE WHEN gross_sale < 0 THEN -1 ELSE 1 END) > 0 AS is_gone
    FROM metabase_internal.orders
    WHERE is_completed
        AND stock_item_id IS NOT NULL
    GROUP BY stock_item_id
),
word AS MATERIALIZED (
    SELECT
        status,
        translate(lower(status COLLATE "C"), '_-./', '    ') AS words
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
    -- What says two things, or one with a "not", is not judged.
    WHERE words !~ '\m(not|no|never|cancelled|canceled|returned|refunded|pending|ready|awaiting|to be|until|un)\M'
)
SELECT
    item.id                AS key,
    left(item.status, 201) AS value,
    CASE
        WHEN meaning.says_gone THEN 'no completed order'
        ELSE 'a completed order'
    END                    AS detail
FROM metabase_internal.stock_items AS item
JOIN meaning
    ON meaning.status = item.status
    AND meaning.says_gone <> meaning.says_there
LEFT JOIN sale ON sale.stock_item_id = item.id
-- Where no order counts, that is what is wrong.
WHERE EXISTS (
        SELECT
        FROM metabase_internal.orders
        WHERE is_completed
    )
    AND CASE
        WHEN meaning.says_gone THEN sale.stock_item_id IS NULL
        ELSE sale.is_gone
    END
