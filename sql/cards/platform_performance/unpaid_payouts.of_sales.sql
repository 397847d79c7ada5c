-- What platforms have not paid out yet, by the days since the sale, as the shop's calendar has them.
WITH unpaid AS (
    SELECT
        coalesce(platform_name, platform_slug)              AS platform,
        platform_name,
        net_proceeds,
        sale_date,
        (now() AT TIME ZONE :'time_zone')::date - sale_date AS days
    FROM analytics.metabase_sales
    WHERE NOT payout_received
        [[AND {{platform}}]]
)
SELECT
    -- In quotes where a platform is really called so.
    coalesce(regexp_replace(platform, '^(No|Other) platforms?$', '"\&"'), 'No platform')
                                                            AS "Platform",
    sum(net_proceeds)                                       AS "Unpaid",
    count(*)                                                AS "Orders",
    sum(net_proceeds) FILTER (WHERE days <= 7)              AS "0–7 days",
    sum(net_proceeds) FILTER (WHERE days BETWEEN 8 AND 30)  AS "8–30 days",
    sum(net_proceeds) FILTER (WHERE days BETWEEN 31 AND 90) AS "31–90 days",
    sum(net_proceeds) FILTER (WHERE days > 90)              AS "Over 90 days",
    sum(net_proceeds) FILTER (WHERE days IS NULL)           AS "No date",
    min(sale_date)                                          AS "Oldest sale",
    max(platform_name)                                      AS "Platform filter"
FROM unpaid
GROUP BY platform
ORDER BY
    "Unpaid" DESC NULLS LAST,
    "Platform"
LIMIT 50
