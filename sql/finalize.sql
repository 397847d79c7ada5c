-- The views of the API, the comments of its functions, and who may use them: nobody who was not granted it.

CREATE VIEW metabase.settings AS
SELECT
    name,
    value,
    is_default,
    description
FROM metabase_internal.settings();
COMMENT ON VIEW metabase.settings IS 'Settings: what the numbers mean, and how long the history is kept; change them with metabase.set_setting().';
COMMENT ON COLUMN metabase.settings.name IS 'Name of the setting.';
COMMENT ON COLUMN metabase.settings.value IS 'The value in force.';
COMMENT ON COLUMN metabase.settings.is_default IS 'Whether nobody has set it.';
COMMENT ON COLUMN metabase.settings.description IS 'What it does.';

CREATE VIEW metabase.sources AS
SELECT
    entity,
    relation,
    column_name,
    expression,
    source_type,
    origin,
    note
FROM metabase_internal.sources();
COMMENT ON VIEW metabase.sources IS 'Where each entity and column is read from, by mapping and detection; change it with metabase.map_source().';
COMMENT ON COLUMN metabase.sources.entity IS 'The entity.';
COMMENT ON COLUMN metabase.sources.relation IS 'The shop''s table; NULL where the shop has no such entity.';
COMMENT ON COLUMN metabase.sources.column_name IS 'The canonical column.';
COMMENT ON COLUMN metabase.sources.expression IS 'What it shows, over the table''s columns; NULL where the shop has no such column.';
COMMENT ON COLUMN metabase.sources.source_type IS 'Type of the expression.';
COMMENT ON COLUMN metabase.sources.origin IS 'mapped, detected, derived (from the status) or missing.';
COMMENT ON COLUMN metabase.sources.note IS 'What keeps it from being used, or what else there is to know.';

CREATE VIEW metabase.exchange_rates AS
SELECT
    currency,
    valid_from,
    rate,
    base
FROM metabase_internal.exchange_rate;
COMMENT ON VIEW metabase.exchange_rates IS 'Exchange rates, by which amounts are turned into the shop''s currency; change them with metabase.set_exchange_rate().';
COMMENT ON COLUMN metabase.exchange_rates.currency IS 'Code of the currency.';
COMMENT ON COLUMN metabase.exchange_rates.valid_from IS 'The day from which on the rate counts, until the next one of the currency.';
COMMENT ON COLUMN metabase.exchange_rates.rate IS 'What one unit of the currency is worth in units of the base.';
COMMENT ON COLUMN metabase.exchange_rates.base IS 'Code of the currency that was the shop''s when the rate was set: where the shop has another one, the rate is not used.';

CREATE VIEW metabase.refresh_history AS
SELECT
    id,
    view_name,
    status,
    started_at,
    completed_at,
    pg_catalog.round(extract(epoch FROM completed_at - started_at), 6) AS duration_seconds,
    mode,
    mode_reason,
    rows_changed,
    sqlstate,
    error_message,
    requested_by,
    cause
FROM metabase_internal.refresh_log;
COMMENT ON VIEW metabase.refresh_history IS 'What was refreshed when, how, and with which result.';
COMMENT ON COLUMN metabase.refresh_history.id IS 'Number of the run; later runs have higher numbers.';
COMMENT ON COLUMN metabase.refresh_history.view_name IS 'The view.';
COMMENT ON COLUMN metabase.refresh_history.status IS 'running, completed or failed.';
COMMENT ON COLUMN metabase.refresh_history.started_at IS 'When the run began.';
COMMENT ON COLUMN metabase.refresh_history.completed_at IS 'When the run ended, either way; NULL where it has not.';
COMMENT ON COLUMN metabase.refresh_history.duration_seconds IS 'How long it took, in seconds.';
COMMENT ON COLUMN metabase.refresh_history.mode IS 'incremental: only what changed was computed; full: computed anew from the definition.';
COMMENT ON COLUMN metabase.refresh_history.mode_reason IS 'Why this mode was taken.';
COMMENT ON COLUMN metabase.refresh_history.rows_changed IS 'Rows written or rows removed, whichever are more, so that a replaced row counts once; NULL where it failed or the server does not count (track_counts off).';
COMMENT ON COLUMN metabase.refresh_history.sqlstate IS 'SQLSTATE of the error; NULL where it completed.';
COMMENT ON COLUMN metabase.refresh_history.error_message IS 'The error with its hint; NULL where it completed.';
COMMENT ON COLUMN metabase.refresh_history.requested_by IS 'Role that asked for it; the view''s owner where nobody did.';
COMMENT ON COLUMN metabase.refresh_history.cause IS 'call: a function was called; schedule, retry or event: the background worker, or pg_cron.';

COMMENT ON FUNCTION metabase.create_all_views(boolean) IS
    'Creates and fills the views, the one of single sales only where the setting sales_view is on; one that exists already stays as it is unless drop_existing is true. A row a view says what became of it.';
COMMENT ON FUNCTION metabase.create_view(text, boolean) IS
    'Creates and fills one view; if it exists already it stays as it is unless drop_existing is true.';
COMMENT ON FUNCTION metabase.create_custom_view(text, text, text[], text, text[]) IS
    'Creates a materialized view of your own in schema analytics, under the same refresh and status as this extension''s. Its query names tables with their schema.';
COMMENT ON FUNCTION metabase.drop_view(text, boolean) IS
    'Drops a view and, unless cascade is false, what depends on it.';
COMMENT ON FUNCTION metabase.before_migration() IS
    'Takes the views and adapters away, so that the tables that they read can be altered (ALTER TYPE, DROP COLUMN), and remembers all that is theirs. For whoever owns such a table, too.';
COMMENT ON FUNCTION metabase.after_migration(boolean) IS
    'Makes the views again that before_migration() has taken away, as they were, filled and captured. A row a view says what became of it. With restore => false they are forgotten.';
COMMENT ON FUNCTION metabase.refresh(text) IS
    'Refreshes the views of a strategy (realtime, hourly, daily, weekly, manual), or all. A row a view says how it went; one that fails harms no other.';
COMMENT ON FUNCTION metabase.refresh_view(text, text) IS
    'Refreshes one view, in mode auto, full or incremental; if that fails, its row says why.';
COMMENT ON FUNCTION metabase.view_status(text) IS
    'The status of one view, or of all: whether it exists, when and how it was last refreshed, its rows, bytes and indexes, what has changed since, its last error.';
COMMENT ON FUNCTION metabase.data_as_of(text[]) IS
    'Up to when all of some views hold what was committed (now where nothing waits), and their state: up to date, late by the strategy of one of them, data has errors (check_data() names them), or not filled. Readers may ask.';
COMMENT ON FUNCTION metabase.dashboards() IS
    'The four dashboards: their names, what they are for, their filters and the views that they read.';
COMMENT ON FUNCTION metabase.dashboard_json(text, jsonb) IS
    'A dashboard with its cards, their SQL, places and filters, fields by their names. With metadata, the answer of GET /api/database/:id/metadata: as the bodies of the requests that make it in that Metabase.';
COMMENT ON FUNCTION metabase.dashboard_html(text) IS
    'A dashboard as one HTML page with its cards drawn from live data, to look at without a Metabase: it needs no network.';
COMMENT ON FUNCTION metabase.dashboard_html(text, jsonb) IS
    'The same with filters set by their names, such as {"date": "2026-01-01~2026-03-31", "brand": ["Nike"]}.';
COMMENT ON FUNCTION metabase.dashboard_html(text, date, date) IS
    'The same for the days from one to another, where the dashboard has a filter of dates; NULL for an end that is open.';
COMMENT ON FUNCTION metabase.check_dashboard(text) IS
    'What is wrong with a dashboard, by itself and against the views that there are: no row where all is well.';
COMMENT ON FUNCTION metabase.check_dashboard(jsonb) IS
    'What is wrong with a dashboard that was changed: with the JSON that dashboard_json(name) returned, after somebody has edited it.';
COMMENT ON FUNCTION metabase.sync_all() IS
    'Refreshes all views; the same as refresh(''all'').';
COMMENT ON FUNCTION metabase.sync_on_order_event() IS
    'Refreshes the views that an order changes: executive metrics, platform performance, product performance.';
COMMENT ON FUNCTION metabase.sync_on_inventory_event() IS
    'Refreshes the views that a stock item changes: inventory status, product performance, supplier performance.';
COMMENT ON FUNCTION metabase.capture_status() IS
    'Whether the changes of each source are captured, so that refreshes can be incremental, and why not where they are not.';
COMMENT ON FUNCTION metabase.enable_capture() IS
    'Captures the changes of all sources from now on; each source is locked against writers for a moment, or until the transaction ends.';
COMMENT ON FUNCTION metabase.disable_capture() IS
    'Captures no changes any more: facts and rollups are dropped, and all refreshes are full.';
COMMENT ON FUNCTION metabase.verify(text) IS
    'The rows in which a view differs from its definition: missing ones and superfluous ones. None where it is right.';
COMMENT ON FUNCTION metabase.check_data() IS
    'What in the shop''s data makes the numbers of the views wrong without being an error: a row a finding, the worst first, with examples and what to do. Where all is well, it says no more than which statuses count.';
COMMENT ON FUNCTION metabase.rebuild() IS
    'Builds facts and rollups anew from the sources; each view is next refreshed in full.';
COMMENT ON FUNCTION metabase.detect_sources() IS
    'What is found in this database without any mapping: for each entity and canonical column, the table and column.';
COMMENT ON FUNCTION metabase.map_source(text, text, jsonb, text, jsonb) IS
    'Says where an entity is: its table (NULL if the shop has none), a column or expression for each canonical column, a filter, a second table that is joined. Takes effect when views are created.';
COMMENT ON FUNCTION metabase.unmap_source(text) IS
    'Forgets what map_source() was told of an entity, so that it is detected again.';
COMMENT ON FUNCTION metabase.set_setting(text, text) IS
    'Sets a setting (see the view metabase.settings), or puts it back to its default where the value is NULL.';
COMMENT ON FUNCTION metabase.set_exchange_rate(text, date, numeric) IS
    'Says what one unit of a currency is worth in the shop''s currency from a day on, until the next rate; NULL as the rate takes it back. See the view metabase.exchange_rates.';
COMMENT ON FUNCTION metabase.set_strategy(text, text) IS
    'Says how often a view is refreshed: realtime, hourly, daily, weekly, manual, or a cron expression of five fields.';
COMMENT ON FUNCTION metabase.setup_refresh_schedule(text) IS
    'Has the views refreshed by the background worker, by pg_cron, or by whichever of them is there (auto). A row a view says when that is.';
COMMENT ON FUNCTION metabase.unschedule() IS
    'Has nothing refreshed at its time any more, neither by the background worker nor by pg_cron. Events go on: see disable_event_sync().';
COMMENT ON FUNCTION metabase.enable_event_sync() IS
    'Has the background worker refresh views shortly after a commit that changed what they show.';
COMMENT ON FUNCTION metabase.disable_event_sync() IS
    'Has changes wait for the next time that the views are due.';
COMMENT ON FUNCTION metabase.refresh_if_due(text) IS
    'Refreshes a view if its time has come since it was last refreshed; what the jobs of pg_cron call.';
COMMENT ON FUNCTION metabase.sync_status() IS
    'How all of it is doing, as JSON: the views, the background worker, what is queued, when each view is refreshed next, what keeps refreshes from being incremental.';
COMMENT ON FUNCTION metabase.grant_reader(text) IS
    'Gives a role, such as Metabase''s, the views and the status function, and nothing else.';
COMMENT ON FUNCTION metabase.grant_operator(text) IS
    'Gives a role without superuser what it needs to create, refresh and drop the views, which it then owns; call it again after mapping other tables.';
COMMENT ON FUNCTION metabase_internal.country_code(text) IS
    'The ISO 3166-1 alpha-2 code, in upper case, of a country given by a code or by a name, and XK for Kosovo; NULL where it is not known.';
COMMENT ON FUNCTION metabase_internal.settings() IS
    'Behind the view metabase.settings.';
COMMENT ON FUNCTION metabase_internal.sources() IS
    'Behind the view metabase.sources.';

-- What a mapping or a query means must not depend on how the session that calls reads and writes SQL.
DO $$
DECLARE
    pinned pg_catalog.regprocedure;
BEGIN
    FOR pinned IN
        SELECT oid
        FROM pg_catalog.pg_proc
        WHERE pronamespace IN ('metabase'::pg_catalog.regnamespace, 'metabase_internal'::pg_catalog.regnamespace)
            AND proconfig IS NOT NULL
    LOOP
        EXECUTE pg_catalog.format('ALTER FUNCTION %s SET standard_conforming_strings = on', pinned);
        EXECUTE pg_catalog.format('ALTER FUNCTION %s SET transform_null_equals = off', pinned);
        EXECUTE pg_catalog.format('ALTER FUNCTION %s SET quote_all_identifiers = off', pinned);
        EXECUTE pg_catalog.format('ALTER FUNCTION %s SET array_nulls = on', pinned);
        EXECUTE pg_catalog.format('ALTER FUNCTION %s SET backslash_quote = safe_encoding', pinned);
        -- Otherwise some of the rows that an index of a source finds are left out.
        EXECUTE pg_catalog.format('ALTER FUNCTION %s SET gin_fuzzy_search_limit = 0', pinned);
        -- It would refuse the adapters. Releases of PostgreSQL before August 2024 do not know it.
        IF EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'restrict_nonsystem_relation_kind') THEN
            EXECUTE pg_catalog.format('ALTER FUNCTION %s SET restrict_nonsystem_relation_kind = ''''', pinned);
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA metabase FROM PUBLIC;

-- What views, adapters and capture call runs as whoever owns them, or writes. A database whose default privileges give nobody EXECUTE has to be told so.
GRANT EXECUTE ON FUNCTION
    metabase_internal.amount(numeric),
    metabase_internal.mean(numeric, numeric),
    metabase_internal.variance(numeric, numeric, numeric),
    metabase_internal.units_in_stock(integer, bigint, boolean),
    metabase_internal.country_code(text),
    metabase_internal.sources(),
    metabase_internal.settings(),
    metabase_internal.capture_row(),
    metabase_internal.capture_truncate()
TO PUBLIC;

-- Whoever owns the database could dump it before there was this extension, and can now: pg_dump reads these tables, and no others of the
-- extension's.
GRANT USAGE ON SCHEMA metabase_internal TO pg_database_owner;
DO $$
DECLARE
    dumped pg_catalog.regclass;
BEGIN
    FOR dumped IN
        SELECT pg_catalog.unnest(extconfig)
        FROM pg_catalog.pg_extension
        WHERE extname = 'metabase_views'
    LOOP
        EXECUTE pg_catalog.format('GRANT SELECT ON %s TO pg_database_owner', dumped);
    END LOOP;
END
$$;

-- What these triggers see to holds also for a session that loads a dump, or applies what another server has replicated.
DO $block$
DECLARE
    known record;
BEGIN
    FOR known IN
        SELECT
            relation.relname,
            own.tgname
        FROM pg_catalog.pg_trigger AS own
        JOIN pg_catalog.pg_class AS relation ON relation.oid = own.tgrelid
        WHERE relation.relnamespace = 'metabase_internal'::regnamespace
            AND NOT own.tgisinternal
    LOOP
        EXECUTE pg_catalog.format(
            'ALTER TABLE metabase_internal.%I ENABLE ALWAYS TRIGGER %I',
            known.relname,
            known.tgname
        );
    END LOOP;
END
$block$;
