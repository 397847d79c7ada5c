-- Remembers a build of the facts: $1 what the sources looked like, $2 seconds, $3 facts, $4 the versions of the exchange rates,
-- $5 the version of this extension.
UPDATE metabase_internal.incremental
SET
    generation    = pg_catalog.gen_random_uuid(),
    sources       = $1,
    rates         = $4,
    version       = $5,
    rates_at      = CASE WHEN rates <> $4 THEN clock_timestamp() ELSE rates_at END,
    own_tables    = (
        :own_tables
    ),
    reason        = NULL,
    problem       = NULL,
    retry_at      = NULL,
    built_at      = clock_timestamp(),
    build_seconds = $2,
    build_rows    = $3
