-- Whether the names of the sources mean something else than when the adapters were last compared with them, or another version compared them, or
-- another major made them: after pg_upgrade the names mean what they meant, and each adapter is told in other words. source_names is in scope.
(
    source_names.meanings IS DISTINCT FROM (
        :meanings
    )
    OR source_names.version IS DISTINCT FROM :version
    OR EXISTS (
        SELECT
        FROM metabase_internal.made_from
        WHERE made_from.server_major <> pg_catalog.current_setting('server_version_num')::integer / 10000
    )
)
