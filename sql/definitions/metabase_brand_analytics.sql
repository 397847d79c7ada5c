-- Sales by brand, all time, with each brand's share of all branded sales.
-- :'time_zone' is the zone that months are cut in.

CREATE MATERIALIZED VIEW analytics.metabase_brand_analytics AS
WITH sale AS (
    SELECT
        p.brand_id,
        count(*)                                                                AS total_sales,
        metabase_internal.amount(sum(o.gross_sale))                             AS total_revenue,
        round(metabase_internal.mean(sum(o.gross_sale), count(o.gross_sale)), 4) AS avg_price,
        round(
            metabase_internal.variance(count(o.gross_sale), sum(o.gross_sale), sum(o.gross_sale * o.gross_sale)),
            4
        )                                                                       AS price_variance,
        metabase_internal.amount(sum(o.net_profit))                             AS total_profit,
        round(metabase_internal.mean(sum(o.roi), count(o.roi)), 4)              AS avg_roi,
        count(DISTINCT i.product_id)                                            AS product_variety,
        count(DISTINCT date_trunc('month', o.sold_at AT TIME ZONE :'time_zone')) AS active_months,
        min(o.sold_at)                                                          AS first_sale,
        max(o.sold_at)                                                          AS last_sale
    FROM metabase_internal.orders AS o
    JOIN metabase_internal.stock_items AS i ON i.id = o.stock_item_id
    JOIN metabase_internal.products AS p ON p.id = i.product_id
    WHERE o.is_completed
        AND p.brand_id IS NOT NULL
    GROUP BY p.brand_id
)
SELECT
    sale.brand_id,
    b.name                                                                          AS brand_name,
    b.segment,
    b.price_tier,
    b.target_demographic,
    b.is_collaboration,
    parent.name                                                                     AS parent_brand_name,
    sale.total_sales,
    sale.total_revenue,
    sale.avg_price,
    sale.price_variance,
    sale.total_profit,
    sale.avg_roi,
    sale.product_variety,
    sale.active_months,
    sale.first_sale,
    sale.last_sale,
    round(100 * sale.total_revenue / nullif(sum(sale.total_revenue) OVER (), 0), 2) AS market_share_pct,
    round(100 * sale.total_sales / nullif(sum(sale.total_sales) OVER (), 0), 2)     AS sales_share_pct,
    CASE
        WHEN sale.avg_price > 200 THEN 'Premium'
        WHEN sale.avg_price > 100 THEN 'Mid-Range'
        ELSE 'Entry-Level'
    END                                                                             AS price_positioning,
    CASE
        WHEN sale.total_sales > 100 THEN 'High Volume'
        WHEN sale.total_sales > 50 THEN 'Medium Volume'
        ELSE 'Low Volume'
    END                                                                             AS volume_tier
FROM sale
LEFT JOIN metabase_internal.brands AS b ON b.id = sale.brand_id
LEFT JOIN metabase_internal.brands AS parent ON parent.id = b.parent_brand_id;

CREATE UNIQUE INDEX uq_metabase_brand_analytics
    ON analytics.metabase_brand_analytics (brand_id) NULLS NOT DISTINCT;
-- On the column of the key, too: users are promised an index of this name.
CREATE INDEX idx_brand_analytics_id
    ON analytics.metabase_brand_analytics (brand_id);
CREATE INDEX idx_brand_analytics_revenue
    ON analytics.metabase_brand_analytics (total_revenue DESC);
CREATE INDEX idx_brand_analytics_share
    ON analytics.metabase_brand_analytics (market_share_pct DESC);

COMMENT ON MATERIALIZED VIEW analytics.metabase_brand_analytics IS
    'Brands with a completed sale: sales, revenue, profit, market share and positioning, all time.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.brand_id IS
    'Key of the brand.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.brand_name IS
    'Name of the brand.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.segment IS
    'Market segment of the brand.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.price_tier IS
    'Price tier of the brand.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.target_demographic IS
    'Whom the brand is made for.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.is_collaboration IS
    'Whether the brand is a collaboration.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.parent_brand_name IS
    'Name of the brand that a collaboration belongs to.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.total_sales IS
    'Number of completed orders.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.total_revenue IS
    'Sum of gross sales, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.avg_price IS
    'Mean gross sale, in the shop''s currency, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.price_variance IS
    'Sample variance of gross sales, in the square of the shop''s currency, to 4 decimals; NULL for fewer than two.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.total_profit IS
    'Sum of net profits, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.avg_roi IS
    'Mean return on investment of the orders, in percent, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.product_variety IS
    'Number of products sold.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.active_months IS
    'Number of calendar months with a sale, in the configured time zone.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.first_sale IS
    'Time of the first sale.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.last_sale IS
    'Time of the last sale.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.market_share_pct IS
    'Revenue as a percentage of the revenue of all branded sales, to 2 decimals.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.sales_share_pct IS
    'Number of sales as a percentage of all branded sales, to 2 decimals.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.price_positioning IS
    'Premium for an average price over 200, Mid-Range over 100, else Entry-Level.';
COMMENT ON COLUMN analytics.metabase_brand_analytics.volume_tier IS
    'High Volume for over 100 sales, Medium Volume for over 50, else Low Volume.';
