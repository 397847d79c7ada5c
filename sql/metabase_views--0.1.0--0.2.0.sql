-- From 0.1.0 to 0.2.0. Nothing that writers use is locked.

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

-- Refreshes lock the first of these first. Whoever holds one for long, such as a dump, is not waited for with the others locked.
SET LOCAL lock_timeout = '5s';
LOCK TABLE
    metabase_internal.incremental,
    metabase_internal.source_names,
    metabase_internal.view_definition,
    metabase_internal.refresh_log,
    metabase_internal.known_role,
    metabase_internal.source_mapping,
    metabase_internal.custom_view,
    metabase_internal.reader,
    metabase_internal.capture_grant,
    metabase_internal.migration,
    metabase_internal.migrated_relation
IN ACCESS EXCLUSIVE MODE;
-- A session that sees the old objects still, in an older snapshot, cannot refresh any more.
UPDATE metabase_internal.incremental SET is_wanted = is_wanted;

-- Which version's code has made what is made at run time: the next refresh looks at what no version is known of.
ALTER TABLE metabase_internal.source_names ADD COLUMN version text;
COMMENT ON COLUMN metabase_internal.source_names.version IS 'The version of metabase_views that compared them: another one may make adapters otherwise. NULL before 0.2.0.';

ALTER TABLE metabase_internal.incremental ADD COLUMN version text;
COMMENT ON COLUMN metabase_internal.incremental.version IS 'The version of metabase_views that built the facts: another one may build them otherwise. NULL before 0.2.0.';

ALTER TABLE metabase_internal.view_definition
    ADD COLUMN version text,
    ADD COLUMN is_outdated boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN metabase_internal.view_definition.version IS 'The version of metabase_views that has compared it with its own definition of the view; NULL before 0.2.0.';
COMMENT ON COLUMN metabase_internal.view_definition.is_outdated IS 'Whether that version has another definition for it.';

ALTER TABLE metabase_internal.refresh_log ADD COLUMN view_oid oid;
UPDATE metabase_internal.refresh_log AS log
SET view_oid = view.oid
FROM pg_catalog.pg_class AS view
WHERE view.relnamespace OPERATOR(pg_catalog.=) pg_catalog.to_regnamespace('analytics')::pg_catalog.oid
    AND view.relname OPERATOR(pg_catalog.=) log.view_name::pg_catalog.name
    AND log.id OPERATOR(pg_catalog.=) (
        SELECT pg_catalog.max(last.id)
        FROM metabase_internal.refresh_log AS last
        WHERE last.view_name OPERATOR(pg_catalog.=) log.view_name
            AND last.status OPERATOR(pg_catalog.=) 'completed'
            AND last.mode_reason OPERATOR(pg_catalog.!~~) '% are left to later refreshes'
    );
COMMENT ON COLUMN metabase_internal.refresh_log.seen_until IS 'Up to when the run saw what was committed, at least, and the view shows it; NULL where it has not completed, or has left rows to later runs.';
COMMENT ON COLUMN metabase_internal.refresh_log.view_oid IS 'The view that it refreshed: another one of the same name is not that; NULL where it has not completed.';

-- A dump is restored by several processes, in any order.
ALTER TABLE metabase_internal.source_mapping
    DROP CONSTRAINT source_mapping_mapped_by_fkey,
    DROP CONSTRAINT source_mapping_relation_owner_fkey;
ALTER TABLE metabase_internal.custom_view DROP CONSTRAINT custom_view_created_by_fkey;
ALTER TABLE metabase_internal.reader
    DROP CONSTRAINT reader_role_fkey,
    DROP CONSTRAINT reader_granted_by_fkey;
ALTER TABLE metabase_internal.capture_grant
    DROP CONSTRAINT capture_grant_operator_fkey,
    DROP CONSTRAINT capture_grant_relation_owner_fkey;
ALTER TABLE metabase_internal.migration
    DROP CONSTRAINT migration_begun_by_fkey,
    DROP CONSTRAINT migration_owner_fkey;
ALTER TABLE metabase_internal.migrated_relation DROP CONSTRAINT migrated_relation_owner_fkey;

COMMENT ON FUNCTION metabase_internal.capture_row() IS
    'Row trigger on a source: notes the key of the old and of the new row. Its arguments are the queue, the key''s column, a word where a row without a key is shown, too, and the column''s number in the source.';
