-- Takes back the rate of currency $1 in currency $3 from the day $2 on. Returns how many that were.
WITH removed AS (
    DELETE FROM metabase_internal.exchange_rate
    WHERE base = $3
        AND currency = $1
        AND valid_from = $2
    RETURNING currency
)
SELECT count(*)::text
FROM removed
