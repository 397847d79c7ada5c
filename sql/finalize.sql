-- The views of the API, the comments of its functions, and who may use them: nobody who was not granted it.

CREATE VIEW metabase.settings AS
SELECT
    name,
    value,
    is_default,
    description
FROM metabase_internal.settings();
COMMENT ON VIEW metabase.settings IS 'Settings that change what the numbers mean; change them with metabase.set_setting().';
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

CREATE VIEW metabase.refresh_history AS
SELECT
    id,
    view_name,
    status,
    started_at,
    completed_at,
    round(extract(epoch FROM completed_at - started_at), 3) AS duration_seconds,
    mode,
    mode_reason,
    rows_changed,
    sqlstate,
    error_message,
    requested_by
FROM metabase_internal.refresh_log;
COMMENT ON VIEW metabase.refresh_history IS 'What was refreshed when, how, and with which result.';
COMMENT ON COLUMN metabase.refresh_history.id IS 'Number of the run; later runs have higher numbers.';
COMMENT ON COLUMN metabase.refresh_history.view_name IS 'The view.';
COMMENT ON COLUMN metabase.refresh_history.status IS 'completed or failed.';
COMMENT ON COLUMN metabase.refresh_history.started_at IS 'When the run began.';
COMMENT ON COLUMN metabase.refresh_history.completed_at IS 'When the run ended, either way.';
COMMENT ON COLUMN metabase.refresh_history.duration_seconds IS 'How long it took, in seconds.';
COMMENT ON COLUMN metabase.refresh_history.mode IS 'full: computed anew from the definition.';
COMMENT ON COLUMN metabase.refresh_history.mode_reason IS 'Why this mode was taken.';
COMMENT ON COLUMN metabase.refresh_history.rows_changed IS 'Rows that were added, removed or replaced; NULL where it failed or the server does not count (track_counts off).';
COMMENT ON COLUMN metabase.refresh_history.sqlstate IS 'SQLSTATE of the error; NULL where it completed.';
COMMENT ON COLUMN metabase.refresh_history.error_message IS 'The error with its hint; NULL where it completed.';
COMMENT ON COLUMN metabase.refresh_history.requested_by IS 'Role that asked for it.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA metabase FROM PUBLIC;
