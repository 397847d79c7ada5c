-- What owners, operators and superusers do to a shop and to this extension, one after the other. :schema, :name and :table stand for one
-- of the shop's tables, and :column for one of its columns. Each has a title, and statements that each may fail.

-- a table is loaded anew under another name and swapped in
CREATE TABLE :schema.fresh (LIKE :table INCLUDING ALL);
INSERT INTO :schema.fresh SELECT * FROM :table;
ALTER TABLE :table RENAME TO stale;
ALTER TABLE :schema.fresh RENAME TO :name;

-- the same, without half of the rows
CREATE TABLE :schema.fresh (LIKE :table INCLUDING ALL);
INSERT INTO :schema.fresh SELECT * FROM :table LIMIT 3;
ALTER TABLE :table RENAME TO stale;
ALTER TABLE :schema.fresh RENAME TO :name;

-- the same, without keys, and a row twice
CREATE TABLE :schema.fresh (LIKE :table);
INSERT INTO :schema.fresh SELECT * FROM :table;
INSERT INTO :schema.fresh SELECT * FROM :table LIMIT 1;
ALTER TABLE :table RENAME TO stale;
ALTER TABLE :schema.fresh RENAME TO :name;

-- the same, without a column
CREATE TABLE :schema.fresh (LIKE :table INCLUDING ALL);
INSERT INTO :schema.fresh SELECT * FROM :table;
ALTER TABLE :schema.fresh DROP COLUMN :column;
ALTER TABLE :table RENAME TO stale;
ALTER TABLE :schema.fresh RENAME TO :name;

-- the same, with keys of another type
CREATE TABLE :schema.fresh (LIKE :table INCLUDING ALL);
INSERT INTO :schema.fresh SELECT * FROM :table;
ALTER TABLE :schema.fresh ALTER COLUMN id TYPE text;
ALTER TABLE :table RENAME TO stale;
ALTER TABLE :schema.fresh RENAME TO :name;

-- a swap that is taken back
ALTER TABLE :table RENAME TO stale;
CREATE TABLE :table (LIKE :schema.stale INCLUDING ALL);
UPDATE :schema.stale SET id = id;
DROP TABLE :table;
ALTER TABLE :schema.stale RENAME TO :name;

-- a table gets another name
ALTER TABLE :table RENAME TO archived;

-- a table gets its name back
ALTER TABLE :schema.archived RENAME TO :name;

-- a view keeps a table's old name
ALTER TABLE :table RENAME TO behind;
CREATE VIEW :table AS SELECT * FROM :schema.behind;

-- a view with a condition keeps a table's old name
ALTER TABLE :table RENAME TO behind;
CREATE VIEW :table AS SELECT * FROM :schema.behind WHERE id::text < '6';

-- a table moves to another schema
CREATE SCHEMA elsewhere;
ALTER TABLE :table SET SCHEMA elsewhere;

-- a table comes back from another schema
ALTER TABLE elsewhere.:name SET SCHEMA :schema;

-- a schema gets another name
ALTER SCHEMA :schema RENAME TO former;

-- a schema gets its name back
ALTER SCHEMA former RENAME TO :schema;

-- a schema is replaced by a copy
ALTER SCHEMA :schema RENAME TO former;
CREATE SCHEMA :schema;
CREATE TABLE :table (LIKE former.:name INCLUDING ALL);

-- a table goes
DROP TABLE :table;

-- a table goes with all that depends on it
DROP TABLE :table CASCADE;

-- a column of a known name comes
ALTER TABLE transactions.orders ADD COLUMN shipping_cost numeric DEFAULT 7;

-- a column of a known name comes, of a type that cannot be used
ALTER TABLE transactions.orders ADD COLUMN shipping_cost text;

-- a column of a supplier comes
ALTER TABLE core.suppliers ADD COLUMN contact_email text DEFAULT 'a@b.c';

-- sizes come
CREATE TABLE core.sizes (id uuid PRIMARY KEY, value text);

-- orders of another layout come
CREATE SCHEMA sales;
CREATE TABLE sales."order" (LIKE transactions.orders INCLUDING ALL);

-- orders of another layout take the place of the old ones
CREATE SCHEMA sales;
ALTER TABLE transactions.orders SET SCHEMA sales;
ALTER TABLE sales.orders RENAME TO "order";

-- a column that nobody reads comes and goes
ALTER TABLE :table ADD COLUMN note text DEFAULT 'none';
ALTER TABLE :table DROP COLUMN note;

-- a column that nobody reads comes
ALTER TABLE :table ADD COLUMN remark text;

-- a column gets another name
ALTER TABLE :table RENAME COLUMN :column TO former;

-- a column gets its name back
ALTER TABLE :table RENAME COLUMN former TO :column;

-- a column is renamed there and back
ALTER TABLE :table RENAME COLUMN :column TO other;
UPDATE :table SET other = other;
ALTER TABLE :table RENAME COLUMN other TO :column;

-- a column is replaced by an empty one
ALTER TABLE :table RENAME COLUMN :column TO replaced;
ALTER TABLE :table ADD COLUMN :column text;

-- two columns change places
ALTER TABLE transactions.orders RENAME COLUMN gross_sale TO third;
ALTER TABLE transactions.orders RENAME COLUMN net_profit TO gross_sale;
ALTER TABLE transactions.orders RENAME COLUMN third TO net_profit;

-- a key gets another name
ALTER TABLE :table RENAME COLUMN id TO key;

-- a key gets its name back
ALTER TABLE :table RENAME COLUMN key TO id;

-- a key is renamed there and back, and rows are written meanwhile
ALTER TABLE :table RENAME COLUMN id TO key;
DELETE FROM :table WHERE key = (SELECT key FROM :table LIMIT 1);
ALTER TABLE :table RENAME COLUMN key TO id;

-- a key is empty while rows are written
ALTER TABLE :table RENAME COLUMN id TO key;
ALTER TABLE :table ADD COLUMN id uuid;
DELETE FROM :table WHERE key = (SELECT key FROM :table LIMIT 1);
ALTER TABLE :table DROP COLUMN id;
ALTER TABLE :table RENAME COLUMN key TO id;

-- a column goes
ALTER TABLE :table DROP COLUMN :column;

-- a column goes with all that depends on it
ALTER TABLE :table DROP COLUMN :column CASCADE;

-- a column gets another type
ALTER TABLE :table ALTER COLUMN :column TYPE text;

-- a key is no longer unique
ALTER TABLE :table DROP CONSTRAINT IF EXISTS :name_pkey CASCADE;

-- a key is no longer unique, and stands twice
ALTER TABLE :table DROP CONSTRAINT IF EXISTS :name_pkey CASCADE;
INSERT INTO :table SELECT * FROM :table LIMIT 1;

-- a key may be NULL
ALTER TABLE :table DROP CONSTRAINT IF EXISTS :name_pkey CASCADE;
ALTER TABLE :table ALTER COLUMN id DROP NOT NULL;
CREATE UNIQUE INDEX ON :table (id);

-- a key is unique again
ALTER TABLE :table ADD CONSTRAINT :name_pkey PRIMARY KEY (id);

-- a key is unique at the end of a transaction only
ALTER TABLE :table DROP CONSTRAINT IF EXISTS :name_pkey CASCADE;
ALTER TABLE :table ADD CONSTRAINT :name_pkey PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED;

-- a second table has no longer one row for each
DROP INDEX transactions.one_an_order;

-- the same, and has two for one
DROP INDEX transactions.one_an_order;
INSERT INTO transactions.transactions SELECT gen_random_uuid(), order_id, 5 FROM transactions.transactions LIMIT 1;

-- a second table has one row for each again
CREATE UNIQUE INDEX one_an_order ON transactions.transactions (order_id);

-- a second table has that by another index
CREATE UNIQUE INDEX another ON transactions.transactions (order_id);
DROP INDEX transactions.one_an_order;

-- orders change the rows that complete them
UPDATE transactions.transactions SET order_id = gen_random_uuid() WHERE order_id = (SELECT min(order_id::text) FROM transactions.transactions)::uuid;
UPDATE transactions.transactions SET order_id = (SELECT min(id::text) FROM transactions.orders)::uuid
WHERE order_id = (SELECT max(order_id::text) FROM transactions.transactions)::uuid;

-- a second table could be another one
CREATE SCHEMA sales;
CREATE TABLE sales.transactions (LIKE transactions.transactions INCLUDING ALL);

-- a foreign key comes
ALTER TABLE transactions.transactions ADD CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES transactions.orders;

-- a foreign key goes
ALTER TABLE transactions.transactions DROP CONSTRAINT of_order;

-- orders get the keys of their transactions, too
ALTER TABLE transactions.orders ADD COLUMN transaction_id uuid;

-- triggers are off for a while
ALTER TABLE :table DISABLE TRIGGER USER;
DELETE FROM :table WHERE id = (SELECT id FROM :table LIMIT 1);
ALTER TABLE :table ENABLE TRIGGER USER;

-- triggers are off for a while, and on as they were
ALTER TABLE :table DISABLE TRIGGER ALL;
DELETE FROM :table WHERE id = (SELECT id FROM :table LIMIT 1);
ALTER TABLE transactions.orders ENABLE ALWAYS TRIGGER metabase_views_capture_order;
ALTER TABLE transactions.transactions ENABLE ALWAYS TRIGGER metabase_views_capture_order_joined;
ALTER TABLE products.inventory ENABLE ALWAYS TRIGGER metabase_views_capture_stock_item;
ALTER TABLE products.products ENABLE ALWAYS TRIGGER metabase_views_capture_product;
ALTER TABLE core.brands ENABLE ALWAYS TRIGGER metabase_views_capture_brand;
ALTER TABLE core.platforms ENABLE ALWAYS TRIGGER metabase_views_capture_platform;
ALTER TABLE core.suppliers ENABLE ALWAYS TRIGGER metabase_views_capture_supplier;
ALTER TABLE products.categories ENABLE ALWAYS TRIGGER metabase_views_capture_category;

-- a trigger of the extension goes
DROP TRIGGER metabase_views_capture_order ON transactions.orders;

-- rows are changed before they are written
CREATE FUNCTION public.doubled() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.gross_sale := NEW.gross_sale * 2; RETURN NEW; END';
CREATE TRIGGER doubled BEFORE INSERT OR UPDATE ON transactions.orders FOR EACH ROW EXECUTE FUNCTION public.doubled();

-- a rule turns deletions into changes
CREATE RULE kept AS ON DELETE TO transactions.orders DO INSTEAD UPDATE transactions.orders SET status = 'cancelled' WHERE id = OLD.id;

-- writes of a replica
SET session_replication_role = replica;
DELETE FROM :table WHERE id = (SELECT id FROM :table LIMIT 1);
RESET session_replication_role;

-- a table is emptied
TRUNCATE :table;

-- a table is emptied and filled again
CREATE TEMPORARY TABLE spare AS TABLE :table;
TRUNCATE :table;
INSERT INTO :table SELECT * FROM pg_temp.spare LIMIT 5;
DROP TABLE pg_temp.spare;

-- a table is not logged
ALTER TABLE :table SET UNLOGGED;

-- a table is logged
ALTER TABLE :table SET LOGGED;

-- a table is rewritten
CLUSTER :table USING :name_pkey;

-- a table is set up otherwise
ALTER TABLE :table SET (fillfactor = 50);
ALTER TABLE :table ALTER COLUMN :column SET STATISTICS 10;
ANALYZE :table;

-- rows are hidden by a policy
ALTER TABLE :table ENABLE ROW LEVEL SECURITY;
CREATE POLICY early ON :table USING (id::text < '5');

-- rows are hidden from their owner, too
ALTER TABLE :table ENABLE ROW LEVEL SECURITY;
ALTER TABLE :table FORCE ROW LEVEL SECURITY;
CREATE POLICY few ON :table USING (id::text < '6');

-- rows are hidden no more
ALTER TABLE :table DISABLE ROW LEVEL SECURITY;

-- the operator sees all rows
ALTER ROLE :operator BYPASSRLS;

-- the operator sees what policies allow
ALTER ROLE :operator NOBYPASSRLS;

-- the operator is made a member of the owner
GRANT :owner TO :operator;

-- the operator is a member of the owner no more
REVOKE :owner FROM :operator;

-- the operator may not read a table
REVOKE SELECT ON :table FROM :operator;

-- the operator may read a table
GRANT SELECT ON :table TO :operator;

-- a table gets another owner
ALTER TABLE :table OWNER TO postgres;

-- a table gets a child
CREATE TABLE :schema.child () INHERITS (:table);
INSERT INTO :schema.child SELECT * FROM :table LIMIT 2;
UPDATE :schema.child SET id = gen_random_uuid();

-- a child is one no more
ALTER TABLE :schema.child NO INHERIT :table;

-- a table becomes partitioned
ALTER TABLE :table RENAME TO whole;
CREATE TABLE :table (LIKE :schema.whole INCLUDING DEFAULTS) PARTITION BY HASH (id);
ALTER TABLE :table ADD PRIMARY KEY (id);
CREATE TABLE :schema.part_0 PARTITION OF :table FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE :schema.part_1 PARTITION OF :table FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO :table SELECT * FROM :schema.whole;

-- a partition goes
ALTER TABLE :table DETACH PARTITION :schema.part_0;

-- a partition comes back
DELETE FROM :schema.part_0 WHERE id = (SELECT id FROM :schema.part_0 LIMIT 1);
ALTER TABLE :table ATTACH PARTITION :schema.part_0 FOR VALUES WITH (MODULUS 2, REMAINDER 0);

-- a label gets another name
ALTER TYPE public.tier RENAME VALUE 'premium' TO 'luxury';

-- a label gets its name back
ALTER TYPE public.tier RENAME VALUE 'luxury' TO 'premium';

-- a function that a mapping calls is replaced
DO $$ BEGIN EXECUTE format('CREATE OR REPLACE FUNCTION public.shown(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS %L', format('BEGIN RETURN public.shown_within(name) || %L; END', clock_timestamp())); END $$;

-- a function that such a function calls is replaced
DO $$ BEGIN EXECUTE format('CREATE OR REPLACE FUNCTION public.shown_within(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS %L', format('BEGIN RETURN name || %L; END', clock_timestamp())); END $$;

-- a function that a mapping calls is no longer immutable
ALTER FUNCTION public.shown(text) STABLE;

-- a function that a mapping calls changes places with another one
ALTER FUNCTION public.shown(text) RENAME TO shown_before;
CREATE FUNCTION public.shown(name text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''?''';

-- a function that a mapping calls goes with all that depends on it
DROP FUNCTION public.shown(text) CASCADE;

-- a queue gets a column
ALTER TABLE metabase_internal.order_queue ADD COLUMN note text;

-- a queue loses that column
ALTER TABLE metabase_internal.order_queue DROP COLUMN note;

-- a queue is emptied
TRUNCATE metabase_internal.order_queue, metabase_internal.product_queue;

-- a queue is not logged
ALTER TABLE metabase_internal.stock_item_queue SET UNLOGGED;

-- a queue gets another name for a while
ALTER TABLE metabase_internal.order_queue RENAME TO other_queue;
UPDATE transactions.orders SET gross_sale = 77 WHERE id = (SELECT id FROM transactions.orders WHERE status = 'completed' LIMIT 1);
ALTER TABLE metabase_internal.other_queue RENAME TO order_queue;

-- a copy stands in a queue's place
ALTER TABLE metabase_internal.brand_queue RENAME TO brand_queue_before;
CREATE TABLE metabase_internal.brand_queue (LIKE metabase_internal.brand_queue_before INCLUDING ALL);

-- a queue is back in the place of its copy
ALTER TABLE metabase_internal.brand_queue RENAME TO brand_queue_copied;
ALTER TABLE metabase_internal.brand_queue_before RENAME TO brand_queue;

-- a queue is none of the extension's any more
ALTER EXTENSION metabase_views DROP TABLE metabase_internal.category_queue;

-- a queue is one of the extension's again
ALTER EXTENSION metabase_views ADD TABLE metabase_internal.category_queue;

-- facts are emptied
TRUNCATE metabase_internal.sale_fact;

-- a rollup goes
DROP TABLE metabase_internal.day_rollup;

-- a rollup keeps its rows
CREATE RULE kept AS ON UPDATE TO metabase_internal.day_rollup DO INSTEAD NOTHING;

-- an adapter is replaced by hand
CREATE OR REPLACE VIEW metabase_internal.categories AS SELECT id, name || '?' AS name FROM products.categories;

-- an adapter gets another owner
ALTER VIEW metabase_internal.categories OWNER TO postgres;

-- an adapter gets another name for a while
ALTER VIEW metabase_internal.platforms RENAME TO platforms_before;
ALTER VIEW metabase_internal.platforms_before RENAME TO platforms;

-- a view is refreshed by hand
REFRESH MATERIALIZED VIEW analytics.metabase_brand_analytics;

-- a view is emptied
REFRESH MATERIALIZED VIEW analytics.metabase_brand_analytics WITH NO DATA;

-- a view loses its unique index
DROP INDEX analytics.uq_metabase_platform_performance;

-- a view is created anew
SELECT * FROM metabase.create_view('metabase_brand_analytics', drop_existing => true);

-- all views are created anew
SELECT * FROM metabase.create_all_views(drop_existing => true);

-- a setting waits for the views to be created anew
SELECT metabase.set_setting('completed_statuses', 'completed, pending');

-- a mapping waits for the views to be created anew
SELECT metabase.map_source('category', NULL);

-- capture ends
SELECT metabase.disable_capture();

-- capture begins
SELECT * FROM metabase.enable_capture();

-- facts are built
SELECT metabase.rebuild();
