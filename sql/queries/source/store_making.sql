-- Remembers what the adapters were made from: $1 the zone, $2 each of them.
INSERT INTO metabase_internal.made_from (time_zone, server_major, adapters)
VALUES ($1, pg_catalog.current_setting('server_version_num')::integer / 10000, $2)
ON CONFLICT (one_row) DO UPDATE SET
    time_zone    = excluded.time_zone,
    server_major = excluded.server_major,
    adapters     = excluded.adapters
