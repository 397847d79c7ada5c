-- The triggers that note what has changed; src/pg/capture.rs has their code. PUBLIC may execute the functions: PostgreSQL asks that of
-- whoever makes a partition of a source. They do nothing for triggers on other tables.

CREATE FUNCTION metabase_internal.capture_row() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'metabase_views_capture_row';
COMMENT ON FUNCTION metabase_internal.capture_row() IS
    'Row trigger on a source: notes the key of the old and of the new row. Its arguments are the queue, the key''s column, a word where a row without a key is shown, too, and the column''s number in the source.';
CREATE FUNCTION metabase_internal.capture_truncate() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'metabase_views_capture_truncate';
COMMENT ON FUNCTION metabase_internal.capture_truncate() IS
    'Statement trigger on a source: notes that all of its rows are gone. Its argument is the queue.';
