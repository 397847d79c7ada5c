-- Stores the rate $3 of currency $1 in currency $4 from the day $2 on in the place of an earlier one. One that is the same again has no facts
-- built anew.
INSERT INTO metabase_internal.exchange_rate AS held (base, currency, valid_from, rate)
SELECT $4, $1, $2, $3
WHERE NOT EXISTS (
    SELECT
    FROM metabase_internal.exchange_rate AS held
    -- Where rates were restored without triggers, the days do not know of them yet.
    JOIN metabase_internal.exchange_day AS spread
        ON spread.base = held.base
        AND spread.currency = held.currency
        AND spread.day = held.valid_from
        AND spread.rate = held.rate
    WHERE held.base = $4
        AND held.currency = $1
        AND held.valid_from = $2
        AND held.rate = $3
)
-- Another session may have set it meanwhile.
ON CONFLICT (base, currency, valid_from) DO UPDATE SET
    rate = excluded.rate
