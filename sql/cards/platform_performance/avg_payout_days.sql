-- The platforms' means, each with the weight of its payouts; a shop may have the days of payouts without having marked them as received.
WITH mean AS (
    SELECT
        sum(avg_payout_days * greatest(payouts_received, 1))
            / sum(greatest(payouts_received, 1)) FILTER (WHERE avg_payout_days IS NOT NULL) AS days
    FROM analytics.metabase_platform_performance
    WHERE true
        [[AND {{platform}}]]
)
SELECT
    days AS "Days to the payout"
FROM mean
WHERE days IS NOT NULL
