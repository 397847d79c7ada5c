WITH mean AS (
    SELECT avg(payout_days) AS days
    FROM analytics.metabase_sales
    WHERE true
        [[AND {{date}}]]
        [[AND {{platform}}]]
)
SELECT
    days AS "Days to the payout"
FROM mean
WHERE days IS NOT NULL
