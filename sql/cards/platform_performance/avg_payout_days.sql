-- The platforms' means, each with the weight of its payouts.
SELECT
    sum(avg_payout_days * payouts_received)
        / nullif(sum(payouts_received) FILTER (WHERE avg_payout_days IS NOT NULL), 0) AS avg_payout_days
FROM analytics.metabase_platform_performance
WHERE true
    [[AND {{platform}}]]
