-- What is found by itself.
SELECT entity, relation, count(*) FILTER (WHERE origin <> 'missing') AS found, count(*) AS columns
FROM metabase.detect_sources()
GROUP BY entity, relation
ORDER BY entity;

-- A shop of another kind.
CREATE SCHEMA shop;
CREATE TABLE shop.articles (no bigint PRIMARY KEY, model text, brand text);
CREATE TABLE shop.stock (no bigint PRIMARY KEY, article bigint, bought_on date, cost_cents bigint);
CREATE TABLE shop.sales (no bigint PRIMARY KEY, stock_no bigint, paid_on timestamptz, amount_cents bigint, state int);
INSERT INTO shop.articles VALUES (1, 'Samba', 'adidas'), (2, 'Gazelle', 'adidas');
INSERT INTO shop.stock VALUES (10, 1, '2024-01-01', 5000), (11, 2, '2024-01-01', 6000);
INSERT INTO shop.sales VALUES (100, 10, '2024-02-01 12:00+01', 9900, 3), (101, 11, '2024-02-02 12:00+01', 11000, 1);

SELECT metabase.map_source('order', 'shop.sales', '{
    "id": "no",
    "stock_item_id": "stock_no",
    "sold_at": "paid_on",
    "gross_sale": "amount_cents * 0.01",
    "is_completed": "state = 3"
}');
SELECT metabase.map_source('stock_item', 'shop.stock', '{
    "id": "no",
    "product_id": "article",
    "purchase_date": "bought_on",
    "purchase_price": "cost_cents * 0.01"
}');
SELECT metabase.map_source('product', 'shop.articles', '{"id": "no", "name": "model", "brand_id": "brand"}');
-- The brands are texts in the table of articles.
SELECT metabase.map_source('brand', 'shop.articles', '{"id": "brand", "name": "brand"}');
SELECT metabase.map_source('category', NULL);
SELECT metabase.map_source('platform', NULL);
SELECT metabase.map_source('supplier', NULL);

SELECT entity, relation, column_name, expression, source_type, origin
FROM metabase.sources
WHERE origin IN ('mapped', 'derived')
ORDER BY entity, column_name;
SELECT count(*) FILTER (WHERE created) AS created FROM metabase.create_all_views();
SELECT brand_id, brand_name, total_sales, total_revenue FROM analytics.metabase_brand_analytics;
SELECT product_id, product_name, units_sold, total_revenue, avg_purchase_price
FROM analytics.metabase_product_performance;

-- A mapping that cannot work changes nothing.
SELECT metabase.map_source('order', 'shop.sale');
SELECT metabase.map_source('order', 'shop.sales', '{"id": "no", "sold_at": "state"}');
SELECT metabase.map_source('order', 'shop.sales', '{"id": "no", "sold_at": "paid_on", "gross_sale": "amount"}');
SELECT metabase.map_source('order', 'shop.sales', '{"id": "no); DROP TABLE shop.sales; --"}');
SELECT relation, expression FROM metabase.sources WHERE entity = 'order' AND column_name = 'gross_sale';
