-- Whether the names of the sources mean something else than when the adapters were last compared with them, or another version compared them.
-- source_names is in scope.
(
    source_names.meanings IS DISTINCT FROM (
        :meanings
    )
    OR source_names.version IS DISTINCT FROM :version
)
