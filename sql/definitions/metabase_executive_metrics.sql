-- Sales by day and platform, for the figures that executives look at first.
-- :'time_zone' is the zone that days are cut in.

-- Room on each page, so that a row that changes can stay where its indexes find it.
CREATE MATERIALIZED VIEW analytics.metabase_executive_metrics WITH (fillfactor = 90) AS
WITH sale AS (
    SELECT
        (o.sold_at AT TIME ZONE :'time_zone')::date AS sale_date,
        p.name                                      AS platform_name,
        p.slug                                      AS platform_slug,
        o.sold_at,
        o.gross_sale,
        o.net_proceeds,
        o.net_profit,
        o.platform_fee,
        o.shipping_cost,
        o.roi
    FROM metabase_internal.orders AS o
    LEFT JOIN metabase_internal.platforms AS p ON p.id = o.platform_id
    WHERE o.is_completed
)
SELECT
    sale_date,
    date_trunc('week', sale_date::timestamp)::date    AS sale_week,
    date_trunc('month', sale_date::timestamp)::date   AS sale_month,
    date_trunc('quarter', sale_date::timestamp)::date AS sale_quarter,
    date_trunc('year', sale_date::timestamp)::date    AS sale_year,
    -- Platforms that share a slug share its rows, and no name is true of them all.
    CASE
        WHEN min(platform_name COLLATE "C") = max(platform_name COLLATE "C")
            THEN min(platform_name COLLATE "C")
    END COLLATE "default"                             AS platform_name,
    platform_slug,
    count(*)                                          AS total_orders,
    -- A row is one day, unless it holds the orders whose day is not known.
    count(DISTINCT sale_date)                         AS active_days,
    metabase_internal.amount(sum(gross_sale))         AS total_revenue,
    metabase_internal.amount(sum(net_proceeds))       AS total_net_proceeds,
    metabase_internal.amount(sum(net_profit))         AS total_profit,
    metabase_internal.amount(sum(platform_fee))       AS total_fees,
    metabase_internal.amount(sum(shipping_cost))      AS total_shipping,
    round(metabase_internal.mean(sum(roi), count(roi)), 4) AS avg_roi,
    round(metabase_internal.mean(sum(gross_sale), count(gross_sale)), 4) AS avg_order_value,
    min(sold_at)                                      AS first_sale,
    max(sold_at)                                      AS last_sale
FROM sale
GROUP BY
    sale_date,
    platform_slug;

CREATE UNIQUE INDEX uq_metabase_executive_metrics
    ON analytics.metabase_executive_metrics (sale_date, platform_slug) NULLS NOT DISTINCT;
CREATE INDEX idx_exec_metrics_date
    ON analytics.metabase_executive_metrics (sale_date DESC);
CREATE INDEX idx_exec_metrics_month
    ON analytics.metabase_executive_metrics (sale_month DESC);
CREATE INDEX idx_exec_metrics_platform
    ON analytics.metabase_executive_metrics (platform_slug);
CREATE INDEX idx_exec_metrics_date_platform
    ON analytics.metabase_executive_metrics (sale_date DESC, platform_slug);

COMMENT ON MATERIALIZED VIEW analytics.metabase_executive_metrics IS
    'Completed sales by day and platform: orders, revenue, proceeds, profit, fees, shipping. Orders without a date are one row per platform with NULL dates.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.sale_date IS
    'Day of the sales, in the configured time zone; NULL for orders without a date.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.sale_week IS
    'Monday of the ISO week that the day is in.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.sale_month IS
    'First day of the month that the day is in.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.sale_quarter IS
    'First day of the quarter that the day is in.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.sale_year IS
    'First day of the year that the day is in.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.platform_name IS
    'Name of the platform; NULL where platforms of different names share the slug.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.platform_slug IS
    'Short name of the platform.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.total_orders IS
    'Number of completed orders.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.active_days IS
    'Number of days with a sale: 1, or 0 in the row of orders without a date; sum it over rows of one platform.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.total_revenue IS
    'Sum of gross sales, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.total_net_proceeds IS
    'Sum of net proceeds, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.total_profit IS
    'Sum of net profits, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.total_fees IS
    'Sum of platform fees, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.total_shipping IS
    'Sum of shipping costs, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.avg_roi IS
    'Mean return on investment of the orders, in percent, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.avg_order_value IS
    'Mean gross sale of the orders, in the shop''s currency, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.first_sale IS
    'Time of the first of the sales.';
COMMENT ON COLUMN analytics.metabase_executive_metrics.last_sale IS
    'Time of the last of the sales.';
