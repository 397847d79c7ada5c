-- Remembers what the adapters were made from: $1 the zone, $2 the currency, $3 each of them.
INSERT INTO metabase_internal.made_from (time_zone, currency, server_major, adapters)
VALUES ($1, $2, pg_catalog.current_setting('server_version_num')::integer / 10000, $3)
ON CONFLICT (one_row) DO UPDATE SET
    time_zone    = excluded.time_zone,
    currency     = excluded.currency,
    server_major = excluded.server_major,
    adapters     = excluded.adapters
