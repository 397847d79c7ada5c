-- The process of a pg_dump of this database that is at work, or about to begin. A role that may not dump all of it can call itself that, and counts for nothing.
SELECT activity.pid
FROM pg_catalog.pg_stat_activity AS activity
JOIN pg_catalog.pg_database AS database ON database.oid = activity.datid
JOIN pg_catalog.pg_roles AS role ON role.oid = activity.usesysid
WHERE database.datname = pg_catalog.current_database()
    AND activity.application_name = 'pg_dump'
    AND (activity.xact_start IS NOT NULL OR activity.backend_start > clock_timestamp() - interval '1 second')
    AND (
        role.rolsuper
        OR pg_catalog.pg_has_role(role.oid, 'pg_read_all_data', 'USAGE')
        OR pg_catalog.pg_has_role(role.oid, database.datdba, 'USAGE')
    )
ORDER BY activity.pid
LIMIT 1
