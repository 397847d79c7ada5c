-- Has autovacuum let go of the extension's tables $1, as it does for whoever waits for a table: not where it keeps the cluster from running out
-- of transaction numbers. Answers how many processes were told.
SELECT count(*) FILTER (WHERE pg_catalog.pg_cancel_backend(activity.pid))
FROM pg_catalog.pg_stat_activity AS activity
WHERE activity.backend_type = 'autovacuum worker'
    AND activity.query NOT LIKE '%(to prevent wraparound)'
    AND EXISTS (
        SELECT
        FROM pg_catalog.pg_locks AS lock
        JOIN pg_catalog.pg_class AS relation ON relation.oid = lock.relation
        WHERE lock.pid = activity.pid
            AND lock.locktype = 'relation'
            AND lock.database = activity.datid
            AND lock.granted
            AND relation.relname = ANY ($1)
            AND relation.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    )
