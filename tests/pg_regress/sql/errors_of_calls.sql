-- Calls that cannot be done, on a shop with its views.

-- Views are asked for by their names, as they are written.
SELECT * FROM metabase.refresh_view('sales');
SELECT * FROM metabase.create_view('sales');
SELECT metabase.drop_view('sales');
SELECT * FROM metabase.view_status('sales');
SELECT * FROM metabase.view_status('METABASE_BRAND_ANALYTICS');
SELECT * FROM metabase.set_strategy('sales', 'daily');
SELECT * FROM metabase.refresh_if_due('sales');

-- Strategies and modes.
SELECT * FROM metabase.refresh('monthly');
SELECT * FROM metabase.refresh('');
SELECT * FROM metabase.refresh_view('metabase_brand_analytics', 'concurrently');

-- 'all' is no strategy that a view can have.
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], 'all');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', 'monthly');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '* * * *');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '* * * * * *');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '60 * * * *');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '* 24 * * *');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '* * 0 * *');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '* * * 13 *');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '*/0 * * * *');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '@daily');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', 'hourly; DROP TABLE x');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '0 0 30 2 *');

-- Who refreshes, where neither the worker is there nor pg_cron.
SELECT * FROM metabase.setup_refresh_schedule('systemd');
SELECT * FROM metabase.setup_refresh_schedule('worker');
SELECT * FROM metabase.setup_refresh_schedule('pg_cron');
SELECT * FROM metabase.setup_refresh_schedule();
SELECT metabase.enable_event_sync();
SELECT count(*) AS remembered FROM metabase_internal.schedule;

-- Entities and their columns.
SELECT metabase.map_source('customer', 'core.brands');
SELECT metabase.unmap_source('orders');
SELECT metabase.map_source('brand', 'core.brands', '{"colour": "name"}');

-- Settings and their values.
SELECT metabase.set_setting('timezone', 'UTC');
SELECT metabase.set_setting('time_zone', 'Mars/Olympus');
SELECT metabase.set_setting('completed_statuses', ' , ');
SELECT metabase.set_setting('gone_statuses', ' , ');
SELECT metabase.set_setting('currency', 'Euro');
SELECT metabase.set_setting('completed_statuses', repeat('completed, ', 1000));
SELECT metabase.set_setting('history_days', '0');
SELECT metabase.set_setting('history_days', '-1');
SELECT metabase.set_setting('history_days', 'a week');
SELECT metabase.set_setting('history_days', '1.5');
SELECT metabase.set_setting('sales_view', 'yes');
SELECT metabase.set_setting('daily_check', 'sometimes');
SELECT metabase.set_setting('monthly_revenue_goal', '-50000');
SELECT metabase.set_setting('monthly_revenue_goal', 'NaN');
SELECT metabase.set_setting('monthly_revenue_goal', '50,000');

-- Exchange rates.
SELECT metabase.set_exchange_rate('dollar', '2024-01-01', 0.9);
SELECT metabase.set_exchange_rate('US', '2024-01-01', NULL);
SELECT metabase.set_exchange_rate('USD', '1969-12-31', 0.9);
SELECT metabase.set_exchange_rate('USD', 'infinity', 0.9);
SELECT metabase.set_exchange_rate('USD', '2024-01-01', 0);
SELECT metabase.set_exchange_rate('USD', '2024-01-01', -0.9);
SELECT metabase.set_exchange_rate('USD', '2024-01-01', 'NaN');
SELECT metabase.set_exchange_rate('USD', '2024-01-01', 'Infinity');
SELECT metabase.set_exchange_rate('eur', '2024-01-01', 1);
SELECT metabase.set_exchange_rate(NULL, '2024-01-01', 0.9);
SELECT metabase.set_exchange_rate('USD', NULL, 0.9);
SELECT * FROM metabase.exchange_rates;

-- Roles. PUBLIC is none: nobody is given anything by accident.
SELECT metabase.grant_reader('nobody_of_this_name');
SELECT metabase.grant_operator('nobody_of_this_name');
SELECT metabase.grant_reader('public');

-- Arguments that must not be NULL.
SELECT * FROM metabase.create_all_views(NULL);
SELECT * FROM metabase.create_view(NULL);
SELECT * FROM metabase.create_view('metabase_brand_analytics', NULL);
SELECT metabase.drop_view(NULL);
SELECT metabase.drop_view('metabase_brand_analytics', NULL);
SELECT * FROM metabase.refresh(NULL);
SELECT * FROM metabase.refresh_view(NULL);
SELECT * FROM metabase.refresh_view('metabase_brand_analytics', NULL);
SELECT metabase.create_custom_view(NULL, 'SELECT 1 AS a', ARRAY['a']);
SELECT metabase.create_custom_view('mine', NULL, ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', NULL);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a', NULL]);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], NULL);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], 'daily', NULL);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], 'daily', ARRAY[NULL]);
SELECT metabase.map_source(NULL, 'core.brands');
SELECT metabase.unmap_source(NULL);
SELECT metabase.set_setting(NULL, 'EUR');
SELECT metabase.grant_reader(NULL);
SELECT metabase.grant_operator(NULL);
SELECT * FROM metabase.set_strategy(NULL, 'daily');
SELECT * FROM metabase.set_strategy('metabase_brand_analytics', NULL);
SELECT * FROM metabase.refresh_if_due(NULL);
SELECT * FROM metabase.setup_refresh_schedule(NULL);

-- A view that is not there cannot be dropped.
BEGIN;
DROP MATERIALIZED VIEW analytics.metabase_brand_analytics;
SELECT metabase.drop_view('metabase_brand_analytics');
ROLLBACK;

-- Views of the old sources do not stand beside views of the new.
BEGIN;
SELECT metabase.drop_view('metabase_brand_analytics');
SELECT metabase.set_setting('completed_statuses', 'completed, pending');
SELECT * FROM metabase.create_all_views();
ROLLBACK;
BEGIN;
SELECT metabase.drop_view('metabase_brand_analytics');
SELECT metabase.set_setting('time_zone', 'Asia/Tokyo');
SELECT * FROM metabase.create_view('metabase_brand_analytics');
ROLLBACK;
BEGIN;
SELECT metabase.drop_view('metabase_brand_analytics');
SELECT metabase.map_source('brand', 'core.brands', '{"name": "upper(name)"}');
SELECT * FROM metabase.create_view('metabase_platform_performance', drop_existing => true);
ROLLBACK;
-- As the hint says:
BEGIN;
SELECT metabase.set_setting('completed_statuses', 'completed, pending');
SELECT view_name, created FROM metabase.create_all_views(drop_existing => true);
ROLLBACK;

-- What depends on a view keeps it from being dropped without CASCADE. Replacing it needs it to be dropped, too, and never takes
-- other objects with it.
CREATE VIEW public.top_brands AS SELECT brand_name FROM analytics.metabase_brand_analytics;
SELECT metabase.drop_view('metabase_brand_analytics', cascade => false);
SELECT created, error_message FROM metabase.create_view('metabase_brand_analytics', drop_existing => true);
DROP VIEW public.top_brands;

-- A replacement that cannot be made takes the whole call back: the user's own index holds for the rows of today; the shop of
-- tomorrow breaks it.
BEGIN;
CREATE UNIQUE INDEX mine ON analytics.metabase_brand_analytics (brand_name);
UPDATE core.brands SET name = 'Nike';
SELECT * FROM metabase.create_all_views(drop_existing => true);
ROLLBACK;

-- An adapter whose columns change their type while somebody's view reads it.
BEGIN;
CREATE VIEW public.names AS SELECT id, name FROM metabase_internal.brands;
CREATE TABLE core.marks (id text PRIMARY KEY, name text);
SELECT metabase.map_source('brand', 'core.marks');
SELECT metabase.map_source('product', 'products.products', '{"brand_id": "brand_id::text"}');
SAVEPOINT before_call;
SELECT * FROM metabase.create_all_views(drop_existing => true);
ROLLBACK TO before_call;
-- As the hint says:
DROP VIEW public.names;
SELECT view_name, created FROM metabase.create_all_views(drop_existing => true);
CREATE VIEW public.names AS SELECT id, name FROM metabase_internal.brands;
ROLLBACK;

-- A trigger of somebody else's making captures nothing. The queues take changes once there are facts.
BEGIN;
CREATE TABLE public.mine (id integer);
INSERT INTO public.mine VALUES (1);
SAVEPOINT before_call;
CREATE TRIGGER mine AFTER UPDATE ON public.mine FOR EACH STATEMENT
    EXECUTE FUNCTION metabase_internal.capture_row('order_queue', 'id');
UPDATE public.mine SET id = 2;
ROLLBACK TO before_call;
CREATE TRIGGER mine BEFORE UPDATE ON public.mine FOR EACH ROW
    EXECUTE FUNCTION metabase_internal.capture_row('order_queue', 'id');
UPDATE public.mine SET id = 2;
ROLLBACK TO before_call;
CREATE TRIGGER mine BEFORE UPDATE ON public.mine FOR EACH STATEMENT
    EXECUTE FUNCTION metabase_internal.capture_row('order_queue', 'id');
UPDATE public.mine SET id = 2;
ROLLBACK TO before_call;
CREATE TRIGGER mine BEFORE UPDATE ON public.mine FOR EACH ROW
    EXECUTE FUNCTION metabase_internal.capture_truncate('order_queue', 'id');
UPDATE public.mine SET id = 2;
ROLLBACK;
