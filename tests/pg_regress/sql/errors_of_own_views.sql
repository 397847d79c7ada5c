-- Views of the user's own that cannot be, on a shop without views.

-- Names.
SELECT metabase.create_custom_view('', 'SELECT 1 AS a', ARRAY['a']);
SELECT metabase.create_custom_view('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 'SELECT 1 AS a', ARRAY['a']);
SELECT metabase.create_custom_view('metabase_brand_analytics', 'SELECT 1 AS a', ARRAY['a']);
SELECT metabase.create_custom_view('analytics.metabase_brand_analytics', 'SELECT 1 AS a', ARRAY['a']);

-- Keys: columns that are there, and tell the rows apart. NULLs do not.
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', '{}');
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['b']);
SELECT metabase.create_custom_view('mine', 'SELECT a FROM generate_series(1, 2), (VALUES (1)) AS t (a)', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'SELECT NULL::int AS a FROM generate_series(1, 2)', ARRAY['a']);

-- Queries that fail. Whatever search_path the session has, names without a schema are not looked for.
SELECT metabase.create_custom_view('mine', 'SELECT 1 / 0 AS a', ARRAY['a']);
SET search_path = core, public;
SELECT metabase.create_custom_view('mine', 'SELECT a FROM somewhere', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'SELECT id AS a FROM brands', ARRAY['a']);
RESET search_path;

-- Queries that are too long to be kept.
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a --' || repeat('x', 1048576), ARRAY['a']);

-- Queries that are not one SELECT.
SELECT metabase.create_custom_view('mine', '', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'SELEC 1', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a; SELECT 2 AS a', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a; DROP TABLE x', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a INTO x', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'DELETE FROM x RETURNING a', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'CREATE TABLE x (a int)', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a WITH NO DATA; COMMIT', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'EXPLAIN SELECT 1', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'COPY x TO STDOUT', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a /* no end', ARRAY['a']);

-- Indexes.
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], indexes => ARRAY['a) WHERE (a > 1']);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], indexes => ARRAY['a', 'a); DROP TABLE x; SELECT (1']);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], indexes => ARRAY['b']);

-- The place of another object is not taken.
BEGIN;
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a']);
SELECT metabase.create_custom_view('mine', 'SELECT 2 AS a', ARRAY['a']);
ROLLBACK;
BEGIN;
SELECT metabase.create_custom_view('other', 'SELECT 1 AS a', ARRAY['a']);
CREATE TABLE analytics.mine (a int);
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a']);
ROLLBACK;

-- A view that was forgotten is not known.
BEGIN;
SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a']);
SELECT metabase.drop_view('analytics.mine');
SELECT * FROM metabase.view_status('mine');
ROLLBACK;
