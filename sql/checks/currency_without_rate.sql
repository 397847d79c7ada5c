-- Rows in a currency that has no rate for their day, so that their amounts are NULL, and the first of these days. :'currency' is the shop's
-- currency, :'time_zone' the zone that days are counted in.
WITH dated AS (
    SELECT
        id,
        currency,
        (:day AT TIME ZONE :'time_zone')::date AS day
    FROM metabase_internal.:adapter
    WHERE :condition
        AND currency <> :'currency'
)
SELECT
    dated.id                  AS key,
    left(dated.currency, 201) AS value,
    coalesce(
        to_char(min(dated.day) OVER (PARTITION BY dated.currency), 'YYYY-MM-DD'),
        'none'
    )                         AS detail
FROM dated
LEFT JOIN :rated_from AS rated ON rated.currency = dated.currency
WHERE (rated.first_day <= dated.day) IS NOT TRUE
