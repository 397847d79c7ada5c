-- Sales by country and city of the buyer, all time.
-- :'time_zone' is the zone that months are cut in.

CREATE MATERIALIZED VIEW analytics.metabase_customer_geography AS
SELECT
    o.country,
    o.city,
    metabase_internal.country_code(o.country)                                  AS country_code,
    count(*)                                                                   AS total_orders,
    count(DISTINCT date_trunc('month', o.sold_at AT TIME ZONE :'time_zone'))   AS active_months,
    metabase_internal.amount(sum(o.gross_sale))                                AS total_revenue,
    round(metabase_internal.mean(sum(o.gross_sale), count(o.gross_sale)), 4)   AS avg_order_value,
    metabase_internal.amount(sum(o.net_profit))                                AS total_profit,
    round(metabase_internal.mean(sum(o.roi), count(o.roi)), 4)                 AS avg_roi,
    round(metabase_internal.mean(sum(o.shipping_cost), count(o.shipping_cost)), 4) AS avg_shipping_cost,
    count(DISTINCT o.platform_id)                                              AS platforms_used,
    string_agg(DISTINCT pl.name COLLATE "C", ', ' ORDER BY pl.name COLLATE "C")
        COLLATE "default"                                                      AS platform_names,
    count(DISTINCT i.product_id)                                               AS unique_products,
    count(DISTINCT p.brand_id)                                                 AS unique_brands,
    min(o.sold_at)                                                             AS first_order,
    max(o.sold_at)                                                             AS last_order
FROM metabase_internal.orders AS o
LEFT JOIN metabase_internal.platforms AS pl ON pl.id = o.platform_id
LEFT JOIN metabase_internal.stock_items AS i ON i.id = o.stock_item_id
LEFT JOIN metabase_internal.products AS p ON p.id = i.product_id
WHERE o.is_completed
    AND o.country IS NOT NULL
GROUP BY
    o.country,
    o.city;

CREATE UNIQUE INDEX uq_metabase_customer_geography
    ON analytics.metabase_customer_geography (country, city) NULLS NOT DISTINCT;
CREATE INDEX idx_cust_geo_country
    ON analytics.metabase_customer_geography (country);
CREATE INDEX idx_cust_geo_city
    ON analytics.metabase_customer_geography (city);
CREATE INDEX idx_cust_geo_revenue
    ON analytics.metabase_customer_geography (total_revenue DESC);

COMMENT ON MATERIALIZED VIEW analytics.metabase_customer_geography IS
    'Completed sales by country and city of the buyer, all time; orders without a country are left out.';
COMMENT ON COLUMN analytics.metabase_customer_geography.country IS
    'Country, as the shop writes it.';
COMMENT ON COLUMN analytics.metabase_customer_geography.city IS
    'City, as the shop writes it; NULL for orders without one.';
COMMENT ON COLUMN analytics.metabase_customer_geography.country_code IS
    'ISO 3166-1 alpha-2 code of the country, in upper case; NULL where it is not known.';
COMMENT ON COLUMN analytics.metabase_customer_geography.total_orders IS
    'Number of completed orders.';
COMMENT ON COLUMN analytics.metabase_customer_geography.active_months IS
    'Number of calendar months with a sale, in the configured time zone.';
COMMENT ON COLUMN analytics.metabase_customer_geography.total_revenue IS
    'Sum of gross sales, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_customer_geography.avg_order_value IS
    'Mean gross sale, in the shop''s currency, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_customer_geography.total_profit IS
    'Sum of net profits, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_customer_geography.avg_roi IS
    'Mean return on investment of the orders, in percent, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_customer_geography.avg_shipping_cost IS
    'Mean shipping cost, in the shop''s currency, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_customer_geography.platforms_used IS
    'Number of platforms that the orders came through.';
COMMENT ON COLUMN analytics.metabase_customer_geography.platform_names IS
    'Names of these platforms, each once, sorted, separated by commas.';
COMMENT ON COLUMN analytics.metabase_customer_geography.unique_products IS
    'Number of products sold there.';
COMMENT ON COLUMN analytics.metabase_customer_geography.unique_brands IS
    'Number of brands sold there.';
COMMENT ON COLUMN analytics.metabase_customer_geography.first_order IS
    'Time of the first sale.';
COMMENT ON COLUMN analytics.metabase_customer_geography.last_order IS
    'Time of the last sale.';
