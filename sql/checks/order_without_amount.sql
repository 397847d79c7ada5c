-- Completed orders without an amount. One in a currency that has no rate for its day has one: what it is worth is not known. :'currency' is the
-- shop's currency, :'time_zone' the zone that days are counted in.
SELECT
    orders.id  AS key,
    NULL::text AS value,
    NULL::text AS detail
FROM metabase_internal.orders AS orders
LEFT JOIN :rated_from AS rated ON rated.currency = orders.currency
WHERE orders.is_completed
    AND orders.gross_sale IS NULL
    AND :is_rated
