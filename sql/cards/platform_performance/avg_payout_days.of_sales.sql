-- A shop may have the days of payouts without saying which were received; where it says that one was not, its day is only expected.
WITH mean AS (
    SELECT avg(payout_days) AS days
    FROM analytics.metabase_sales
    WHERE payout_received IS NOT FALSE
        [[AND {{date}}]]
        [[AND {{platform}}]]
)
SELECT
    days AS "Days to the payout"
FROM mean
WHERE days IS NOT NULL
