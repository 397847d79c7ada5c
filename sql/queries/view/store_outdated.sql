-- Remembers that version $2 has another definition for view $1; $3 says whether this extension has made it so.
UPDATE metabase_internal.view_definition
SET
    server_major = pg_catalog.current_setting('server_version_num')::integer / 10000,
    version      = $2,
    is_outdated  = $3
WHERE view_name = $1
