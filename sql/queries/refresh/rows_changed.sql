-- Rows that have been inserted into and deleted from relation $1, as far as this session has counted; NULL where it does not
-- count. Only differences mean something: earlier transactions may still be in it.
SELECT
    pg_catalog.pg_stat_get_xact_tuples_inserted($1::oid) AS inserted,
    pg_catalog.pg_stat_get_xact_tuples_deleted($1::oid) AS deleted
WHERE pg_catalog.current_setting('track_counts')::boolean
