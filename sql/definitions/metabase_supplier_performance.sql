-- Suppliers with a stock item, all time: what was bought, what of it was sold, what is left.

CREATE MATERIALIZED VIEW analytics.metabase_supplier_performance AS
WITH sale AS (
    SELECT
        i.supplier_id,
        sum(o.quantity)                                            AS units_sold,
        metabase_internal.amount(sum(o.gross_sale))                AS total_revenue,
        metabase_internal.amount(sum(o.net_profit))                AS total_profit,
        metabase_internal.mean(sum(o.roi), count(o.roi))           AS avg_roi,
        avg(extract(epoch FROM o.sold_at - i.purchase_date)) / 86400 AS avg_days_to_sell
    FROM metabase_internal.orders AS o
    JOIN metabase_internal.stock_items AS i ON i.id = o.stock_item_id
    WHERE o.is_completed
        AND i.supplier_id IS NOT NULL
    GROUP BY i.supplier_id
),
-- An item is one purchase of some units, however many orders it has.
movement AS (
    SELECT
        stock_item_id,
        sum(quantity) FILTER (WHERE is_completed) AS units_sold,
        sum(quantity)                             AS units_gone
    FROM metabase_internal.orders
    WHERE is_completed
        OR is_gone
    GROUP BY stock_item_id
),
item AS (
    SELECT
        i.supplier_id,
        i.product_id,
        i.purchase_date,
        coalesce(i.gross_purchase_price, i.purchase_price) AS price,
        p.brand_id,
        b.name                                             AS brand_name,
        i.quantity,
        -- More may have been sold than was bought: a sale and the one that replaces it.
        least(coalesce(m.units_sold, 0), i.quantity)       AS units_sold,
        metabase_internal.units_in_stock(i.quantity, coalesce(m.units_gone, 0), i.is_in_stock) AS units_in_stock
    FROM metabase_internal.stock_items AS i
    LEFT JOIN movement AS m ON m.stock_item_id = i.id
    LEFT JOIN metabase_internal.products AS p ON p.id = i.product_id
    LEFT JOIN metabase_internal.brands AS b ON b.id = p.brand_id
    WHERE i.supplier_id IS NOT NULL
),
purchase AS (
    SELECT
        supplier_id,
        sum(quantity)                                                           AS total_purchases,
        metabase_internal.amount(sum(price * quantity))                         AS total_spent,
        metabase_internal.mean(sum(price * quantity), sum(quantity) FILTER (WHERE price IS NOT NULL)) AS avg_purchase_price,
        count(DISTINCT product_id)                                              AS unique_products,
        count(DISTINCT brand_id)                                                AS unique_brands,
        string_agg(DISTINCT brand_name COLLATE "C", ', ' ORDER BY brand_name COLLATE "C")
            COLLATE "default"                                                   AS brand_list,
        sum(units_sold)                                                         AS units_sold,
        sum(units_in_stock)::bigint                                             AS unsold_units,
        sum(price * units_in_stock) FILTER (WHERE units_in_stock > 0)           AS unsold_value,
        min(purchase_date)                                                      AS first_purchase,
        max(purchase_date)                                                      AS last_purchase
    FROM item
    GROUP BY supplier_id
)
SELECT
    purchase.supplier_id,
    s.name                                                                       AS supplier_name,
    s.contact_email,
    s.phone,
    s.country,
    metabase_internal.amount(s.rating)                                           AS rating,
    purchase.total_purchases,
    purchase.total_spent,
    round(purchase.avg_purchase_price, 4)                                        AS avg_purchase_price,
    purchase.unique_products,
    purchase.unique_brands,
    purchase.brand_list,
    coalesce(sale.units_sold, 0)                                                 AS units_sold,
    round(100 * purchase.units_sold / nullif(purchase.total_purchases, 0), 2)    AS sell_through_rate,
    sale.total_revenue                                                           AS total_revenue_generated,
    sale.total_profit                                                            AS total_profit_generated,
    round(sale.avg_roi, 4)                                                       AS avg_roi,
    round(sale.avg_days_to_sell, 4)                                              AS avg_days_to_sell,
    purchase.unsold_units,
    coalesce(metabase_internal.amount(purchase.unsold_value), 0)                 AS unsold_value,
    purchase.first_purchase,
    purchase.last_purchase
FROM purchase
LEFT JOIN sale ON sale.supplier_id = purchase.supplier_id
LEFT JOIN metabase_internal.suppliers AS s ON s.id = purchase.supplier_id;

CREATE UNIQUE INDEX uq_metabase_supplier_performance
    ON analytics.metabase_supplier_performance (supplier_id) NULLS NOT DISTINCT;
-- On the column of the key, too: users are promised an index of this name.
CREATE INDEX idx_supp_perf_id
    ON analytics.metabase_supplier_performance (supplier_id);
CREATE INDEX idx_supp_perf_revenue
    ON analytics.metabase_supplier_performance (total_revenue_generated DESC);
CREATE INDEX idx_supp_perf_roi
    ON analytics.metabase_supplier_performance (avg_roi DESC);

COMMENT ON MATERIALIZED VIEW analytics.metabase_supplier_performance IS
    'Suppliers with a stock item: purchases, sell-through, revenue, profit and what is unsold, all time.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.supplier_id IS
    'Key of the supplier.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.supplier_name IS
    'Name of the supplier.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.contact_email IS
    'E-mail address of the supplier.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.phone IS
    'Telephone number of the supplier.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.country IS
    'Country of the supplier, as the shop writes it.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.rating IS
    'The shop''s rating of the supplier.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.total_purchases IS
    'Number of units bought, sold or not.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.total_spent IS
    'Sum of their gross purchase prices, else the net ones, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.avg_purchase_price IS
    'Mean of their gross purchase prices, else the net ones, over the units whose price is known, in the shop''s currency, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.unique_products IS
    'Number of products among them.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.unique_brands IS
    'Number of brands among them.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.brand_list IS
    'Names of these brands, each once, sorted, separated by commas.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.units_sold IS
    'Number of units in completed orders of them.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.sell_through_rate IS
    'Units sold as a percentage of all units, to 2 decimals; of an item, no more are counted as sold than were bought.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.total_revenue_generated IS
    'Sum of the gross sales of these orders, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.total_profit_generated IS
    'Sum of the net profits of these orders, in the shop''s currency.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.avg_roi IS
    'Mean return on investment of these orders, in percent, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.avg_days_to_sell IS
    'Mean number of days from purchase to sale over these orders, to 4 decimals.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.unsold_units IS
    'Number of units in stock.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.unsold_value IS
    'Sum of the gross purchase prices, else the net ones, of these units, in the shop''s currency; 0 if there are none.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.first_purchase IS
    'Time of the first purchase.';
COMMENT ON COLUMN analytics.metabase_supplier_performance.last_purchase IS
    'Time of the last purchase.';
