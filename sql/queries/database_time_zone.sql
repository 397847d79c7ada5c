-- The TimeZone that a session of this database has if neither its role nor its client asks for another:
-- ALTER DATABASE … SET, else the configuration files, else the server's built-in default.
SELECT coalesce(
    (
        SELECT pg_catalog.split_part(entry, '=', 2)
        FROM pg_catalog.pg_db_role_setting AS setting
        CROSS JOIN LATERAL pg_catalog.unnest(setting.setconfig) AS entry
        WHERE setting.setrole = 0
            AND setting.setdatabase = (
                SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
            )
            AND lower(pg_catalog.split_part(entry, '=', 1)) = 'timezone'
    ),
    (
        SELECT setting
        FROM pg_catalog.pg_file_settings
        WHERE lower(name) = 'timezone'
            AND error IS NULL
        ORDER BY seqno DESC
        LIMIT 1
    ),
    (SELECT boot_val FROM pg_catalog.pg_settings WHERE name = 'TimeZone')
) AS name
