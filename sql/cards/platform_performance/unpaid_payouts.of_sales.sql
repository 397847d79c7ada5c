-- What platforms have not paid out yet, by the days since the sale, as the shop's calendar has them.
WITH unpaid AS (
    SELECT
        coalesce(platform_name, platform_slug, 'No platform') AS platform,
        platform_name,
        net_proceeds,
        sale_date,
        (now() AT TIME ZONE :'time_zone')::date - sale_date   AS days
    FROM analytics.metabase_sales
    WHERE NOT payout_received
        [[AND {{platform}}]]
)
SELECT
    platform                                                    AS "Platform",
    sum(net_proceeds)                                           AS "Unpaid",
    count(*)                                                    AS "Orders",
    sum(net_proceeds) FILTER (WHERE days <= 7)                  AS "Up to 7 days",
    sum(net_proceeds) FILTER (WHERE days BETWEEN 8 AND 30)      AS "8 to 30 days",
    sum(net_proceeds) FILTER (WHERE days BETWEEN 31 AND 90)     AS "31 to 90 days",
    sum(net_proceeds) FILTER (WHERE days > 90)                  AS "Over 90 days",
    min(sale_date)                                              AS "Oldest sale",
    max(platform_name)                                          AS "Platform filter"
FROM unpaid
GROUP BY platform
ORDER BY
    "Unpaid" DESC NULLS LAST,
    platform
LIMIT 50
