-- Orders with a status that no order that counts has, although it sounds like that of a sale: "Sale completed", "delivered".
WITH silent AS MATERIALIZED (
    SELECT
        status,
        -- Of words, only A to Z decide: "sale_completed" is two of them.
        translate(lower(left(status, 200) COLLATE "C"), '_-./', '    ') AS words
    FROM metabase_internal.orders
    WHERE status IS NOT NULL
    GROUP BY status
    HAVING NOT coalesce(bool_or(is_completed), false)
),
sold AS MATERIALIZED (
    SELECT status
    FROM silent
    WHERE words ~ 'complet|\msold|\msale|\mpaid|deliver|\mship|success|payout|fulfil|\mclosed|\mdone\M'
        AND words !~ 'incomplet|uncomplet|unsuccess|undeliver|unfulfil|cancel|fail|refund|return|reject|declin|dispute|void|expire|draft|pending|await|waiting|ready|prepar|process|partial|lost|stolen|exception|error|unsold|revers|block|\mhold\M|without|chargeback|claim|\mout for\M|\mnot\M|\mno\M|\mto\M|\mfor sale'
)
SELECT
    orders.id               AS key,
    left(orders.status, 201) AS value,
    NULL::text              AS detail
FROM metabase_internal.orders AS orders
JOIN sold ON sold.status = orders.status
-- Where there is none, the orders are not read again.
WHERE EXISTS (SELECT FROM sold)
