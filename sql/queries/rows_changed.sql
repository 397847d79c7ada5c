-- Rows of relation $1 that this transaction has written or removed. A row that REFRESH CONCURRENTLY replaces is one
-- deleted and one inserted.
SELECT
    CASE
        WHEN pg_catalog.current_setting('track_counts')::boolean
            THEN greatest(
                pg_catalog.pg_stat_get_xact_tuples_inserted($1::oid),
                pg_catalog.pg_stat_get_xact_tuples_deleted($1::oid)
            )
    END AS rows
