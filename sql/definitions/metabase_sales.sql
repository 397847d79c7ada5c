-- Every completed order: what was sold, to where, what it brought in and how long that took.
-- :'time_zone' is the zone that days are cut in.

-- Room on each page, so that a row that changes can stay where its indexes find it.
CREATE MATERIALIZED VIEW analytics.metabase_sales WITH (fillfactor = 90) AS
SELECT
    o.id                                                       AS order_id,
    o.sold_at,
    (o.sold_at AT TIME ZONE :'time_zone')::date                AS sale_date,
    o.platform_id,
    pl.name                                                    AS platform_name,
    pl.slug                                                    AS platform_slug,
    o.stock_item_id,
    i.product_id,
    p.name                                                     AS product_name,
    p.sku                                                      AS product_sku,
    c.name                                                     AS category_name,
    p.brand_id,
    b.name                                                     AS brand_name,
    coalesce(i.size, size.value)                               AS size,
    i.condition,
    i.supplier_id,
    s.name                                                     AS supplier_name,
    o.country,
    metabase_internal.country_code(o.country)                  AS country_code,
    o.city,
    o.quantity::bigint                                         AS units,
    metabase_internal.amount(o.gross_sale)                     AS gross_sale,
    metabase_internal.amount(o.net_proceeds)                   AS net_proceeds,
    metabase_internal.amount(o.net_profit)                     AS net_profit,
    metabase_internal.amount(o.roi)                            AS roi,
    metabase_internal.amount(o.platform_fee)                   AS platform_fee,
    metabase_internal.amount(o.shipping_cost)                  AS shipping_cost,
    metabase_internal.amount(i.purchase_price)                 AS purchase_price,
    i.purchase_date,
    (o.sold_at AT TIME ZONE :'time_zone')::date
        - (i.purchase_date AT TIME ZONE :'time_zone')::date    AS days_to_sell,
    o.payout_received,
    o.payout_date,
    round(extract(epoch FROM o.payout_date - o.sold_at) / 86400, 4) AS payout_days
FROM metabase_internal.orders AS o
LEFT JOIN metabase_internal.platforms AS pl ON pl.id = o.platform_id
LEFT JOIN metabase_internal.stock_items AS i ON i.id = o.stock_item_id
LEFT JOIN metabase_internal.products AS p ON p.id = i.product_id
LEFT JOIN metabase_internal.brands AS b ON b.id = p.brand_id
LEFT JOIN metabase_internal.categories AS c ON c.id = p.category_id
LEFT JOIN metabase_internal.suppliers AS s ON s.id = i.supplier_id
LEFT JOIN metabase_internal.sizes AS size ON size.id = i.size_id
WHERE o.is_completed;

CREATE UNIQUE INDEX uq_metabase_sales
    ON analytics.metabase_sales (order_id) NULLS NOT DISTINCT;
CREATE INDEX idx_sales_date
    ON analytics.metabase_sales (sale_date DESC);
CREATE INDEX idx_sales_product
    ON analytics.metabase_sales (product_id);
CREATE INDEX idx_sales_brand
    ON analytics.metabase_sales (brand_name);
CREATE INDEX idx_sales_platform
    ON analytics.metabase_sales (platform_slug);
CREATE INDEX idx_sales_country
    ON analytics.metabase_sales (country_code);

COMMENT ON MATERIALIZED VIEW analytics.metabase_sales IS
    'Every completed order, with what was sold, to where, what it brought in and how long that took.';
COMMENT ON COLUMN analytics.metabase_sales.order_id IS
    'Key of the order.';
COMMENT ON COLUMN analytics.metabase_sales.sold_at IS
    'Time of the sale; NULL where it is not known.';
COMMENT ON COLUMN analytics.metabase_sales.sale_date IS
    'Day of the sale, in the configured time zone; NULL where it is not known.';
COMMENT ON COLUMN analytics.metabase_sales.platform_id IS
    'Key of the platform; NULL for orders of no platform.';
COMMENT ON COLUMN analytics.metabase_sales.platform_name IS
    'Name of the platform.';
COMMENT ON COLUMN analytics.metabase_sales.platform_slug IS
    'Short name of the platform.';
COMMENT ON COLUMN analytics.metabase_sales.stock_item_id IS
    'Key of the stock item that was sold, as the order has it; NULL where it has none.';
COMMENT ON COLUMN analytics.metabase_sales.product_id IS
    'Key of the stock item''s product.';
COMMENT ON COLUMN analytics.metabase_sales.product_name IS
    'Name of the product.';
COMMENT ON COLUMN analytics.metabase_sales.product_sku IS
    'Stock keeping unit of the product.';
COMMENT ON COLUMN analytics.metabase_sales.category_name IS
    'Name of the product''s category.';
COMMENT ON COLUMN analytics.metabase_sales.brand_id IS
    'Key of the product''s brand.';
COMMENT ON COLUMN analytics.metabase_sales.brand_name IS
    'Name of the product''s brand.';
COMMENT ON COLUMN analytics.metabase_sales.size IS
    'Size of the stock item.';
COMMENT ON COLUMN analytics.metabase_sales.condition IS
    'Condition of the stock item.';
COMMENT ON COLUMN analytics.metabase_sales.supplier_id IS
    'Key of the supplier that the stock item came from.';
COMMENT ON COLUMN analytics.metabase_sales.supplier_name IS
    'Name of the supplier.';
COMMENT ON COLUMN analytics.metabase_sales.country IS
    'Country of the buyer, as the shop writes it; NULL where it is not known.';
COMMENT ON COLUMN analytics.metabase_sales.country_code IS
    'ISO 3166-1 alpha-2 code of the country, in upper case; NULL where it is not known.';
COMMENT ON COLUMN analytics.metabase_sales.city IS
    'City of the buyer, as the shop writes it; NULL where it is not known.';
COMMENT ON COLUMN analytics.metabase_sales.units IS
    'Number of units that the order sold; 1 unless the shop says otherwise.';
COMMENT ON COLUMN analytics.metabase_sales.gross_sale IS
    'What the buyer paid for all units, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_sales.net_proceeds IS
    'What the platform pays out, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_sales.net_profit IS
    'Profit of the sale, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_sales.roi IS
    'Return on investment of the sale, in percent.';
COMMENT ON COLUMN analytics.metabase_sales.platform_fee IS
    'What the platform took, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_sales.shipping_cost IS
    'What shipping cost, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_sales.purchase_price IS
    'Net price that one unit of the stock item was bought for, in the shop''s currency; amounts of the sale are those of all its units.';
COMMENT ON COLUMN analytics.metabase_sales.purchase_date IS
    'Time at which the stock item was bought.';
COMMENT ON COLUMN analytics.metabase_sales.days_to_sell IS
    'Calendar days from purchase to sale, in the configured time zone; NULL where either day is not known.';
COMMENT ON COLUMN analytics.metabase_sales.payout_received IS
    'Whether the platform has paid out.';
COMMENT ON COLUMN analytics.metabase_sales.payout_date IS
    'Time of the payout.';
COMMENT ON COLUMN analytics.metabase_sales.payout_days IS
    'Days from sale to payout, to 4 decimals; NULL where either time is not known.';
