-- Sales by platform, all time: what comes in, what it costs, how long the money takes.
-- :'time_zone' is the zone that months are cut in.

CREATE MATERIALIZED VIEW analytics.metabase_platform_performance AS
WITH sale AS (
    SELECT
        platform_id,
        count(*)                                                              AS total_orders,
        count(DISTINCT date_trunc('month', sold_at AT TIME ZONE :'time_zone')) AS active_months,
        metabase_internal.amount(sum(gross_sale))                             AS total_revenue,
        metabase_internal.mean(sum(gross_sale), count(gross_sale))            AS avg_order_value,
        metabase_internal.amount(min(gross_sale))                             AS min_order_value,
        metabase_internal.amount(max(gross_sale))                             AS max_order_value,
        metabase_internal.amount(sum(platform_fee))                           AS total_fees,
        metabase_internal.mean(sum(platform_fee), count(platform_fee))        AS avg_fee,
        -- Quotients to 16 decimals: their sum is then exact, in whatever order it is made.
        avg(round(platform_fee / nullif(gross_sale, 0) * 100, 16))            AS avg_fee_pct,
        metabase_internal.amount(sum(shipping_cost))                          AS total_shipping,
        metabase_internal.mean(sum(shipping_cost), count(shipping_cost))      AS avg_shipping,
        metabase_internal.amount(sum(net_proceeds))                           AS total_proceeds,
        metabase_internal.amount(sum(net_profit))                             AS total_profit,
        metabase_internal.mean(sum(roi), count(roi))                          AS avg_roi,
        avg(round(net_profit / nullif(gross_sale, 0) * 100, 16))              AS avg_profit_margin,
        count(*) FILTER (WHERE payout_received)                               AS payouts_received,
        avg(extract(epoch FROM payout_date - sold_at)) / 86400                AS avg_payout_days,
        min(sold_at)                                                          AS first_sale,
        max(sold_at)                                                          AS last_sale
    FROM metabase_internal.orders
    WHERE is_completed
    GROUP BY platform_id
),
reach AS (
    SELECT
        platform_id,
        count(DISTINCT country) AS countries_served,
        -- The places are distinct already: a Paris in Texas is not the Paris in France.
        count(city)             AS cities_served
    FROM (
        SELECT DISTINCT
            platform_id,
            country,
            city
        FROM metabase_internal.orders
        WHERE is_completed
    ) AS place
    GROUP BY platform_id
)
SELECT
    sale.platform_id,
    p.name                           AS platform_name,
    p.slug                           AS platform_slug,
    sale.total_orders,
    sale.active_months,
    sale.total_revenue,
    round(sale.avg_order_value, 4)   AS avg_order_value,
    sale.min_order_value,
    sale.max_order_value,
    sale.total_fees,
    round(sale.avg_fee, 4)           AS avg_fee,
    round(sale.avg_fee_pct, 2)       AS avg_fee_pct,
    sale.total_shipping,
    round(sale.avg_shipping, 4)      AS avg_shipping,
    sale.total_proceeds,
    sale.total_profit,
    round(sale.avg_roi, 4)           AS avg_roi,
    round(sale.avg_profit_margin, 4) AS avg_profit_margin,
    sale.payouts_received,
    round(sale.avg_payout_days, 4)   AS avg_payout_days,
    reach.countries_served,
    reach.cities_served,
    sale.first_sale,
    sale.last_sale
FROM sale
-- Orders of no platform are a row of their own, so that the totals agree across views.
JOIN reach ON reach.platform_id IS NOT DISTINCT FROM sale.platform_id
LEFT JOIN metabase_internal.platforms AS p ON p.id = sale.platform_id;

CREATE UNIQUE INDEX uq_metabase_platform_performance
    ON analytics.metabase_platform_performance (platform_id) NULLS NOT DISTINCT;
-- On the column of the key, too: users are promised an index of this name.
CREATE INDEX idx_platform_perf_id
    ON analytics.metabase_platform_performance (platform_id);
CREATE INDEX idx_platform_perf_revenue
    ON analytics.metabase_platform_performance (total_revenue DESC);
CREATE INDEX idx_platform_perf_orders
    ON analytics.metabase_platform_performance (total_orders DESC);

COMMENT ON MATERIALIZED VIEW analytics.metabase_platform_performance IS
    'Platforms with a completed sale: revenue, fees, shipping, profit, payouts and reach, all time.';
COMMENT ON COLUMN analytics.metabase_platform_performance.platform_id IS
    'Key of the platform; NULL for orders of no platform.';
COMMENT ON COLUMN analytics.metabase_platform_performance.platform_name IS
    'Name of the platform.';
COMMENT ON COLUMN analytics.metabase_platform_performance.platform_slug IS
    'Short name of the platform.';
COMMENT ON COLUMN analytics.metabase_platform_performance.total_orders IS
    'Number of completed orders.';
COMMENT ON COLUMN analytics.metabase_platform_performance.active_months IS
    'Number of calendar months with a sale, in the configured time zone.';
COMMENT ON COLUMN analytics.metabase_platform_performance.total_revenue IS
    'Sum of gross sales, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_platform_performance.avg_order_value IS
    'Mean gross sale, in the shop''s currency, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_platform_performance.min_order_value IS
    'Lowest gross sale, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_platform_performance.max_order_value IS
    'Highest gross sale, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_platform_performance.total_fees IS
    'Sum of platform fees, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_platform_performance.avg_fee IS
    'Mean platform fee, in the shop''s currency, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_platform_performance.avg_fee_pct IS
    'Mean over orders of the fee as a percentage of the gross sale, to 2 decimals; orders with a gross sale of 0 have none.';
COMMENT ON COLUMN analytics.metabase_platform_performance.total_shipping IS
    'Sum of shipping costs, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_platform_performance.avg_shipping IS
    'Mean shipping cost, in the shop''s currency, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_platform_performance.total_proceeds IS
    'Sum of net proceeds, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_platform_performance.total_profit IS
    'Sum of net profits, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_platform_performance.avg_roi IS
    'Mean return on investment of the orders, in percent, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_platform_performance.avg_profit_margin IS
    'Mean over orders of the net profit as a percentage of the gross sale, to 4 decimals; a refund''s loss over its negative sale counts as positive.';
COMMENT ON COLUMN analytics.metabase_platform_performance.payouts_received IS
    'Number of orders that the platform has paid out.';
COMMENT ON COLUMN analytics.metabase_platform_performance.avg_payout_days IS
    'Mean number of days from sale to payout, over orders with both dates, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_platform_performance.countries_served IS
    'Number of countries sent to, as the shop writes them.';
COMMENT ON COLUMN analytics.metabase_platform_performance.cities_served IS
    'Number of cities sent to; cities of one name in two countries are two.';
COMMENT ON COLUMN analytics.metabase_platform_performance.first_sale IS
    'Time of the first sale.';
COMMENT ON COLUMN analytics.metabase_platform_performance.last_sale IS
    'Time of the last sale.';
