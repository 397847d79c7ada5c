-- The owner of all adapters, $1; NULL where they have several, or are not there.
SELECT CASE WHEN count(DISTINCT relowner) = 1 THEN max(relowner::bigint) END AS owner
FROM pg_catalog.pg_class
WHERE relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND relkind = 'v'
    AND relname = ANY ($1)
