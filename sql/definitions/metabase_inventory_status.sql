-- Every stock item, sold or not: what it cost, how long it has been there, what it brought in, what is left of it.
-- :'time_zone' is the zone that days are counted in.

-- Room on each page, so that a row that changes can stay where its indexes find it.
CREATE MATERIALIZED VIEW analytics.metabase_inventory_status WITH (fillfactor = 90) AS
WITH sale AS (
    SELECT
        stock_item_id,
        count(*) FILTER (WHERE is_completed)        AS times_sold,
        sum(quantity) FILTER (WHERE is_completed)   AS units_sold,
        -- An order that is shipped has taken its units along, though it does not count yet.
        sum(quantity)                               AS units_gone,
        max(sold_at) FILTER (WHERE is_completed)    AS last_sold_at,
        sum(gross_sale) FILTER (WHERE is_completed) AS total_revenue,
        sum(net_profit) FILTER (WHERE is_completed) AS total_profit
    FROM metabase_internal.orders
    WHERE (is_completed OR is_gone)
        AND stock_item_id IS NOT NULL
    GROUP BY stock_item_id
),
item AS (
    SELECT
        i.*,
        coalesce(sale.times_sold, 0) AS times_sold,
        coalesce(sale.units_sold, 0) AS units_sold,
        sale.last_sold_at,
        sale.total_revenue,
        sale.total_profit,
        metabase_internal.units_in_stock(i.quantity, coalesce(sale.units_gone, 0), i.is_in_stock) AS units_in_stock
    FROM metabase_internal.stock_items AS i
    LEFT JOIN sale ON sale.stock_item_id = i.id
),
-- An item ages from its purchase until nothing is left of it, in calendar days. So a row changes at most once a day by the mere
-- passing of time, and only while something is in stock. When an item left that has gone without a sale, nobody knows.
aged AS (
    SELECT
        item.*,
        CASE
            WHEN item.units_in_stock > 0
                THEN (now() AT TIME ZONE :'time_zone')::date
            ELSE (item.last_sold_at AT TIME ZONE :'time_zone')::date
        END - (item.purchase_date AT TIME ZONE :'time_zone')::date AS days_in_stock
    FROM item
)
SELECT
    item.id                                                        AS inventory_id,
    item.product_id,
    p.name                                                         AS product_name,
    p.sku,
    b.name                                                         AS brand_name,
    c.name                                                         AS category_name,
    metabase_internal.amount(item.purchase_price)                  AS purchase_price,
    metabase_internal.amount(item.gross_purchase_price)            AS gross_purchase_price,
    metabase_internal.amount(item.vat_amount)                      AS vat_amount,
    item.purchase_date,
    s.name                                                         AS supplier_name,
    item.status                                                    AS inventory_status,
    item.condition,
    coalesce(item.size, size.value)                                AS size,
    item.color,
    item.times_sold,
    item.last_sold_at,
    metabase_internal.amount(item.total_revenue)                   AS total_revenue,
    metabase_internal.amount(item.total_profit)                    AS total_profit,
    item.days_in_stock,
    CASE
        WHEN item.days_in_stock IS NULL THEN 'Unknown'
        WHEN item.days_in_stock > 180 THEN 'Dead Stock'
        WHEN item.days_in_stock > 90 THEN 'Slow Moving'
        WHEN item.days_in_stock > 30 THEN 'Normal'
        ELSE 'Fast Moving'
    END                                                            AS stock_category,
    CASE
        WHEN item.units_in_stock > 0
            THEN metabase_internal.amount(coalesce(item.gross_purchase_price, item.purchase_price) * item.units_in_stock)
        ELSE 0
    END                                                            AS current_inventory_value,
    item.created_at,
    item.updated_at,
    item.quantity::bigint                                          AS quantity,
    item.units_sold,
    item.units_in_stock,
    item.units_in_stock > 0                                        AS is_in_stock
FROM aged AS item
LEFT JOIN metabase_internal.products AS p ON p.id = item.product_id
LEFT JOIN metabase_internal.brands AS b ON b.id = p.brand_id
LEFT JOIN metabase_internal.categories AS c ON c.id = p.category_id
LEFT JOIN metabase_internal.suppliers AS s ON s.id = item.supplier_id
LEFT JOIN metabase_internal.sizes AS size ON size.id = item.size_id;

CREATE UNIQUE INDEX uq_metabase_inventory_status
    ON analytics.metabase_inventory_status (inventory_id) NULLS NOT DISTINCT;
-- On the column of the key, too: users are promised an index of this name.
CREATE INDEX idx_inv_status_id
    ON analytics.metabase_inventory_status (inventory_id);
CREATE INDEX idx_inv_status_product
    ON analytics.metabase_inventory_status (product_id);
CREATE INDEX idx_inv_status_brand
    ON analytics.metabase_inventory_status (brand_name);
CREATE INDEX idx_inv_status_category
    ON analytics.metabase_inventory_status (stock_category);
CREATE INDEX idx_inv_status_aging
    ON analytics.metabase_inventory_status (days_in_stock DESC);

COMMENT ON MATERIALIZED VIEW analytics.metabase_inventory_status IS
    'Every stock item, sold or not: purchase, sales, age and value.';
COMMENT ON COLUMN analytics.metabase_inventory_status.inventory_id IS
    'Key of the stock item.';
COMMENT ON COLUMN analytics.metabase_inventory_status.product_id IS
    'Key of the product.';
COMMENT ON COLUMN analytics.metabase_inventory_status.product_name IS
    'Name of the product.';
COMMENT ON COLUMN analytics.metabase_inventory_status.sku IS
    'Stock keeping unit of the product.';
COMMENT ON COLUMN analytics.metabase_inventory_status.brand_name IS
    'Name of the product''s brand.';
COMMENT ON COLUMN analytics.metabase_inventory_status.category_name IS
    'Name of the product''s category.';
COMMENT ON COLUMN analytics.metabase_inventory_status.purchase_price IS
    'Net price that a unit was bought for, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_inventory_status.gross_purchase_price IS
    'Gross price that a unit was bought for, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_inventory_status.vat_amount IS
    'VAT in the gross price of a unit, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_inventory_status.purchase_date IS
    'Time at which the item was bought.';
COMMENT ON COLUMN analytics.metabase_inventory_status.supplier_name IS
    'Name of the supplier.';
COMMENT ON COLUMN analytics.metabase_inventory_status.inventory_status IS
    'State of the item, in the shop''s own word.';
COMMENT ON COLUMN analytics.metabase_inventory_status.condition IS
    'Condition of the item.';
COMMENT ON COLUMN analytics.metabase_inventory_status.size IS
    'Size of the item.';
COMMENT ON COLUMN analytics.metabase_inventory_status.color IS
    'Colour of the item.';
COMMENT ON COLUMN analytics.metabase_inventory_status.times_sold IS
    'Number of its completed orders.';
COMMENT ON COLUMN analytics.metabase_inventory_status.last_sold_at IS
    'Time of its last completed order.';
COMMENT ON COLUMN analytics.metabase_inventory_status.total_revenue IS
    'Sum of the gross sales of its completed orders, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_inventory_status.total_profit IS
    'Sum of the net profits of its completed orders, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_inventory_status.days_in_stock IS
    'Calendar days from purchase to today while something is in stock, else to the last completed sale; NULL where either day is not known.';
COMMENT ON COLUMN analytics.metabase_inventory_status.stock_category IS
    'Dead Stock for over 180 days in stock, Slow Moving over 90, Normal over 30, else Fast Moving; Unknown where the days are.';
COMMENT ON COLUMN analytics.metabase_inventory_status.current_inventory_value IS
    'Gross purchase price, else the net one, of the units in stock, in the shop''s currency; 0 if there are none.';
COMMENT ON COLUMN analytics.metabase_inventory_status.created_at IS
    'Time at which the shop''s row was made.';
COMMENT ON COLUMN analytics.metabase_inventory_status.updated_at IS
    'Time at which the shop''s row was last changed.';
COMMENT ON COLUMN analytics.metabase_inventory_status.quantity IS
    'Number of units that were bought.';
COMMENT ON COLUMN analytics.metabase_inventory_status.units_sold IS
    'Number of units in its completed orders.';
COMMENT ON COLUMN analytics.metabase_inventory_status.units_in_stock IS
    'Number of units left by completed orders and by orders that are gone; none where the shop says that the item is gone, one at least where it says that it is there.';
COMMENT ON COLUMN analytics.metabase_inventory_status.is_in_stock IS
    'Whether any unit is in stock.';
