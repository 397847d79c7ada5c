-- Sales by product, all time.

CREATE MATERIALIZED VIEW analytics.metabase_product_performance AS
WITH sale AS (
    SELECT
        i.product_id,
        sum(o.quantity)                 AS units_sold,
        metabase_internal.amount(sum(o.gross_sale)) AS total_revenue,
        metabase_internal.mean(sum(o.gross_sale), count(o.gross_sale)) AS avg_sale_price,
        metabase_internal.amount(min(o.gross_sale)) AS min_sale_price,
        metabase_internal.amount(max(o.gross_sale)) AS max_sale_price,
        sqrt(
            metabase_internal.variance(count(o.gross_sale), sum(o.gross_sale), sum(o.gross_sale * o.gross_sale))
        )                               AS price_volatility,
        metabase_internal.amount(sum(o.net_profit)) AS total_profit,
        metabase_internal.mean(sum(o.roi), count(o.roi)) AS avg_roi,
        metabase_internal.amount(sum(o.platform_fee)) AS total_fees_paid,
        metabase_internal.mean(
            sum(i.purchase_price * o.quantity),
            sum(o.quantity) FILTER (WHERE i.purchase_price IS NOT NULL)
        )                               AS avg_purchase_price,
        count(DISTINCT i.supplier_id)   AS supplier_count,
        min(o.sold_at)                  AS first_sale_date,
        max(o.sold_at)                  AS last_sale_date
    FROM metabase_internal.orders AS o
    JOIN metabase_internal.stock_items AS i ON i.id = o.stock_item_id
    WHERE o.is_completed
        AND i.product_id IS NOT NULL
    GROUP BY i.product_id
)
SELECT
    sale.product_id,
    p.name                          AS product_name,
    p.sku                           AS product_sku,
    p.category_id,
    c.name                          AS category_name,
    p.brand_id,
    b.name                          AS brand_name,
    b.segment                       AS brand_segment,
    b.price_tier,
    b.is_collaboration,
    sale.units_sold,
    sale.total_revenue,
    round(sale.avg_sale_price, 4)   AS avg_sale_price,
    sale.min_sale_price,
    sale.max_sale_price,
    round(sale.price_volatility, 4) AS price_volatility,
    sale.total_profit,
    round(sale.avg_roi, 4)          AS avg_roi,
    sale.total_fees_paid,
    round(sale.avg_purchase_price, 4) AS avg_purchase_price,
    sale.supplier_count,
    sale.first_sale_date,
    sale.last_sale_date,
    round(extract(epoch FROM sale.last_sale_date - sale.first_sale_date) / 86400, 2) AS sales_duration_days
FROM sale
LEFT JOIN metabase_internal.products AS p ON p.id = sale.product_id
LEFT JOIN metabase_internal.categories AS c ON c.id = p.category_id
LEFT JOIN metabase_internal.brands AS b ON b.id = p.brand_id;

CREATE UNIQUE INDEX uq_metabase_product_performance
    ON analytics.metabase_product_performance (product_id) NULLS NOT DISTINCT;
-- On the column of the key, too: users are promised an index of this name.
CREATE INDEX idx_prod_perf_product
    ON analytics.metabase_product_performance (product_id);
CREATE INDEX idx_prod_perf_brand
    ON analytics.metabase_product_performance (brand_id);
CREATE INDEX idx_prod_perf_revenue
    ON analytics.metabase_product_performance (total_revenue DESC);
CREATE INDEX idx_prod_perf_units
    ON analytics.metabase_product_performance (units_sold DESC);

COMMENT ON MATERIALIZED VIEW analytics.metabase_product_performance IS
    'Products with a completed sale: units, revenue, prices, profit and suppliers, all time.';
COMMENT ON COLUMN analytics.metabase_product_performance.product_id IS
    'Key of the product.';
COMMENT ON COLUMN analytics.metabase_product_performance.product_name IS
    'Name of the product.';
COMMENT ON COLUMN analytics.metabase_product_performance.product_sku IS
    'Stock keeping unit of the product.';
COMMENT ON COLUMN analytics.metabase_product_performance.category_id IS
    'Key of the product''s category.';
COMMENT ON COLUMN analytics.metabase_product_performance.category_name IS
    'Name of the product''s category.';
COMMENT ON COLUMN analytics.metabase_product_performance.brand_id IS
    'Key of the product''s brand.';
COMMENT ON COLUMN analytics.metabase_product_performance.brand_name IS
    'Name of the product''s brand.';
COMMENT ON COLUMN analytics.metabase_product_performance.brand_segment IS
    'Market segment of the brand.';
COMMENT ON COLUMN analytics.metabase_product_performance.price_tier IS
    'Price tier of the brand.';
COMMENT ON COLUMN analytics.metabase_product_performance.is_collaboration IS
    'Whether the brand is a collaboration.';
COMMENT ON COLUMN analytics.metabase_product_performance.units_sold IS
    'Number of units in completed orders.';
COMMENT ON COLUMN analytics.metabase_product_performance.total_revenue IS
    'Sum of gross sales, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_product_performance.avg_sale_price IS
    'Mean gross sale of an order, however many units it has, in the shop''s currency, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_product_performance.min_sale_price IS
    'Lowest gross sale of an order, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_product_performance.max_sale_price IS
    'Highest gross sale of an order, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_product_performance.price_volatility IS
    'Sample standard deviation of the orders'' gross sales, in the shop''s currency, to 4 decimals; NULL for fewer than two.';
COMMENT ON COLUMN analytics.metabase_product_performance.total_profit IS
    'Sum of net profits, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_product_performance.avg_roi IS
    'Mean return on investment of the orders, in percent, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_product_performance.total_fees_paid IS
    'Sum of platform fees, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_product_performance.avg_purchase_price IS
    'Mean net purchase price of the units sold, in the shop''s currency, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_product_performance.supplier_count IS
    'Number of suppliers that the units sold came from.';
COMMENT ON COLUMN analytics.metabase_product_performance.first_sale_date IS
    'Time of the first sale.';
COMMENT ON COLUMN analytics.metabase_product_performance.last_sale_date IS
    'Time of the last sale.';
COMMENT ON COLUMN analytics.metabase_product_performance.sales_duration_days IS
    'Days from the first sale to the last, to 2 decimals.';
