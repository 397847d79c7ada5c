-- Sources and mappings that cannot be, on a shop without views.

-- A shop without a table that every shop has.
BEGIN;
SET LOCAL client_min_messages = warning;
DROP SCHEMA core, products, transactions CASCADE;
SAVEPOINT before_call;
SELECT * FROM metabase.create_all_views();
ROLLBACK TO before_call;
CREATE SCHEMA sales;
CREATE TABLE sales."order" (id int PRIMARY KEY, status text, sold_at date, gross_sale numeric);
SELECT * FROM metabase.create_view('metabase_executive_metrics');
ROLLBACK;

-- Two tables that could both be the orders.
BEGIN;
CREATE SCHEMA sales;
CREATE TABLE sales."order" (LIKE transactions.orders);
SELECT * FROM metabase.create_all_views();
ROLLBACK;

-- Columns that are needed, and their types.
BEGIN;
ALTER TABLE transactions.orders DROP COLUMN gross_sale;
SELECT * FROM metabase.create_all_views();
ROLLBACK;
BEGIN;
ALTER TABLE transactions.orders DROP COLUMN status;
SELECT * FROM metabase.create_all_views();
ROLLBACK;
BEGIN;
ALTER TABLE transactions.orders ALTER COLUMN gross_sale TYPE text USING NULL;
SELECT * FROM metabase.create_all_views();
ROLLBACK;
BEGIN;
ALTER TABLE transactions.orders DROP CONSTRAINT orders_platform_id_fkey;
ALTER TABLE transactions.orders ALTER COLUMN platform_id TYPE integer USING 1;
SELECT * FROM metabase.create_all_views();
ROLLBACK;

-- A table that was mapped, and has another name now.
BEGIN;
SELECT metabase.map_source('size', 'core.platforms', '{"value": "name"}');
ALTER TABLE core.platforms RENAME TO channels;
SELECT metabase.map_source('platform', 'core.channels');
SELECT * FROM metabase.create_all_views();
ROLLBACK;

-- Relations that cannot be mapped.
SELECT metabase.map_source('brand', 'core.marks');
SELECT metabase.map_source('brand', 'brands');
SELECT metabase.map_source('brand', 'shop.core.brands');
SELECT metabase.map_source('brand', 'core.brands; DROP TABLE core.brands');
SELECT metabase.map_source('brand', 'core.brands_pkey');
BEGIN;
CREATE TYPE core.pair AS (id uuid, name text);
CREATE SEQUENCE core.numbers;
SAVEPOINT before_call;
SELECT metabase.map_source('brand', 'core.numbers');
ROLLBACK TO before_call;
SELECT metabase.map_source('brand', 'core.pair');
ROLLBACK;

-- Columns that cannot be mapped so.
SELECT metabase.map_source('order', 'transactions.orders', '{"sold_at": null}');
SELECT metabase.map_source('order', 'transactions.orders', '{"gross_sale": "external_id"}');
SELECT metabase.map_source('order', 'transactions.orders', '{"sold_at": "sold_at::text"}');
SELECT metabase.map_source('brand', 'core.brands', '["name"]');
SELECT metabase.map_source('brand', 'core.brands', '{"name": 1}');

-- Text that is not one expression.
SELECT metabase.map_source('brand', 'core.brands', '{"name": "name, id"}');
SELECT metabase.map_source('brand', 'core.brands', '{"name": "name) FROM core.brands; DROP TABLE core.brands; SELECT (1"}');
SELECT metabase.map_source('brand', 'core.brands', '{}', 'true ORDER BY 1');

-- Expressions that do not work.
SELECT metabase.map_source('brand', 'core.brands', '{"name": "upper(title)"}');
SELECT metabase.map_source('brand', 'core.brands', '{"name": "pretty(name)"}');
SELECT metabase.map_source('brand', 'core.brands', '{}', 'length(name)');

-- Expressions over many rows are refused when they are mapped.
SELECT metabase.map_source('supplier', 'core.suppliers', '{"rating": "max(rating)"}');
SELECT metabase.map_source('supplier', 'core.suppliers', '{"rating": "rank() OVER (ORDER BY rating)"}');
SELECT metabase.map_source('supplier', 'core.suppliers', '{"rating": "generate_series(1, 3)"}');

-- A literal that calls a function when it is read.
BEGIN;
CREATE FUNCTION core.is_odd(integer) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1 % 2 = 1; END $$;
CREATE DOMAIN core.odd AS integer CHECK (core.is_odd(VALUE));
CREATE TABLE core.sizes (id uuid PRIMARY KEY, numbers core.odd[]);
SELECT metabase.map_source('size', 'core.sizes', '{"value": "numbers = ''{1}''"}');
ROLLBACK;

-- Second tables that cannot be joined.
SELECT metabase.map_source('order', 'transactions.orders', join => '[]');
SELECT metabase.map_source('order', 'transactions.orders', join => '{"relation": "transactions.payments"}');
SELECT metabase.map_source('order', 'transactions.orders', join => '{"relation": "transactions.payments", "column": "order_id", "how": "left"}');
SELECT metabase.map_source('order', 'transactions.orders', join => '{"relation": "transactions.payments", "column": "order_id"}');
SELECT metabase.map_source('order', NULL, join => '{"relation": "transactions.payments", "column": "order_id"}');
SELECT metabase.map_source('brand', NULL, join => '{"relation": "transactions.payments", "column": "order_id"}');
BEGIN;
CREATE TABLE transactions.payments (id text PRIMARY KEY, order_id uuid, fee numeric, status text, "of" uuid UNIQUE DEFERRABLE);
SAVEPOINT before_call;
SELECT metabase.map_source('order', 'transactions.orders', join => '{"relation": "transactions.payments", "column": "order"}');
ROLLBACK TO before_call;
SELECT metabase.map_source('order', 'transactions.orders', join => '{"relation": "transactions.payments", "column": "id", "source_column": "payment"}');
ROLLBACK TO before_call;
SELECT metabase.map_source('order', 'transactions.orders', join => '{"relation": "transactions.payments", "column": "order_id"}');
ROLLBACK TO before_call;
SELECT metabase.map_source('order', 'transactions.orders', join => '{"relation": "transactions.payments", "column": "of"}');
ROLLBACK TO before_call;
SELECT metabase.map_source('order', 'transactions.orders', join => '{"relation": "transactions.payments", "column": "id"}');
ROLLBACK TO before_call;
CREATE UNIQUE INDEX ON transactions.payments (order_id);
SAVEPOINT before_call;
-- Both tables have the column, and the key is the entity's own.
SELECT metabase.map_source('order', 'transactions.orders', '{"status": "lower(status)"}',
    join => '{"relation": "transactions.payments", "column": "order_id"}');
ROLLBACK TO before_call;
SELECT metabase.map_source('order', 'transactions.orders', '{"id": "joined.id"}', join => '{"relation": "transactions.payments", "column": "order_id"}');
ROLLBACK;

-- A second table that is not certain, and has what is needed.
BEGIN;
ALTER TABLE transactions.orders DROP COLUMN gross_sale;
CREATE TABLE transactions.transactions (order_id uuid, sale_price numeric);
SELECT * FROM metabase.create_all_views();
ROLLBACK;

-- Entities that are absent.
SELECT metabase.map_source('order', NULL);
SELECT metabase.map_source('brand', NULL, '{"name": "name"}');
SELECT metabase.map_source('brand', NULL, filter => 'true');

-- Without views there is nothing to capture or build.
SELECT metabase.rebuild();
SELECT metabase.capture_status();
SELECT metabase.enable_capture();
