-- From 0.1.0 to 0.2.0. Nothing that writers or readers of views use is locked for longer than an entry in the catalog takes.

-- A server that preloads the library goes on with the one that it was started with.
DO $$
DECLARE
    library_version   pg_catalog.text := metabase_internal.library_version();
    extension_version pg_catalog.text := (
        SELECT extversion
        FROM pg_catalog.pg_extension
        WHERE extname OPERATOR(pg_catalog.=) 'metabase_views'
    );
BEGIN
    IF pg_catalog.string_to_array(library_version, '.')::pg_catalog.int4[]
        OPERATOR(pg_catalog.<) pg_catalog.string_to_array(extension_version, '.')::pg_catalog.int4[]
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = pg_catalog.format(
                'metabase_views %s needs its own library, and the server has loaded the one of version %s',
                extension_version,
                library_version
            ),
            HINT = 'Restart the server, or connect again where it does not preload the library, then try again.';
    END IF;
END
$$;

-- Which version's code has made what is made at run time: the next refresh looks at what no version is known of.
ALTER TABLE metabase_internal.source_names ADD COLUMN version text;
COMMENT ON COLUMN metabase_internal.source_names.version IS 'The version of metabase_views that compared them: another one may make adapters otherwise. NULL before 0.2.0.';

ALTER TABLE metabase_internal.incremental ADD COLUMN program text;
COMMENT ON COLUMN metabase_internal.incremental.program IS 'Digest of the SQL that builds, applies and flushes, as it was when the facts were built; NULL before 0.2.0.';

ALTER TABLE metabase_internal.view_definition ADD COLUMN query text;
COMMENT ON COLUMN metabase_internal.view_definition.query IS 'Digest of the query that metabase_views had for it; NULL before 0.2.0.';

COMMENT ON FUNCTION metabase_internal.capture_row() IS
    'Row trigger on a source: notes the key of the old and of the new row. Its arguments are the queue, the key''s column, a word where a row without a key is shown, too, and the column''s number in the source.';
