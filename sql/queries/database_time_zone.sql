-- The TimeZone that a session of this database has if neither its role nor its client asks for another: ALTER DATABASE … SET,
-- ALTER ROLE ALL SET, else what the server was started or configured with.
SELECT coalesce(
    (
        SELECT pg_catalog.split_part(entry, '=', 2)
        FROM pg_catalog.pg_db_role_setting AS setting
        CROSS JOIN LATERAL pg_catalog.unnest(setting.setconfig) AS entry
        WHERE setting.setrole = 0
            AND setting.setdatabase IN (
                0,
                (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
            )
            AND lower(pg_catalog.split_part(entry, '=', 1) COLLATE "C") = 'timezone'
        ORDER BY setting.setdatabase DESC
        LIMIT 1
    ),
    -- Where nobody has asked for another in this session, it has the server's.
    (
        SELECT setting
        FROM pg_catalog.pg_settings
        WHERE name = 'TimeZone'
            AND source NOT IN ('user', 'database user', 'client', 'session', 'interactive', 'override')
    ),
    (
        SELECT setting
        FROM pg_catalog.pg_file_settings
        WHERE lower(name COLLATE "C") = 'timezone'
            AND error IS NULL
        ORDER BY seqno DESC
        LIMIT 1
    ),
    (SELECT boot_val FROM pg_catalog.pg_settings WHERE name = 'TimeZone')
) AS name
