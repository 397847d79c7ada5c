-- From which day on a currency has a rate. :'currency' is the shop's.
(
    SELECT
        currency,
        min(day) AS first_day
    FROM metabase_internal.exchange_day
    WHERE base = :'currency'
    GROUP BY currency
)
