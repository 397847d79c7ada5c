-- Who uses the table with oid $1, as far as that can be told, and its name.
SELECT
    $1::oid::regclass::text AS table,
    coalesce(
        (
            SELECT CASE
                WHEN count(user_of.pid) = 0 THEN 'a prepared transaction'
                ELSE 'process ' || pg_catalog.string_agg(user_of.pid::text, ', ' ORDER BY user_of.pid)
            END
            FROM (
                SELECT DISTINCT pid
                FROM pg_catalog.pg_locks
                WHERE locktype = 'relation'
                    AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
                    AND relation = $1::oid
                    AND granted
                    AND pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
            ) AS user_of
            HAVING count(*) > 0
        ),
        'another session'
    ) AS by
