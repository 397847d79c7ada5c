-- How incremental refresh is doing: what was stored of the last build, and what waits in the queues.
SELECT
    incremental.is_wanted,
    incremental.generation::text AS generation,
    incremental.sources,
    incremental.version,
    incremental.rates,
    (
        SELECT coalesce(pg_catalog.string_agg(known.version::text, ' ' ORDER BY known.base, known.currency), '')
        FROM metabase_internal.exchange_currency AS known
    ) AS rates_now,
    incremental.reason,
    incremental.installed_by = pg_catalog.pg_current_xact_id_if_assigned() AS is_installed_now,
    incremental.retry_at > clock_timestamp() AS has_just_failed,
    incremental.build_seconds,
    incremental.seconds_per_change,
    made.time_zone AS zone,
    (now() AT TIME ZONE made.time_zone)::date::text AS day,
    incremental.own_tables,
    queue.changes,
    queue.oldest,
    queue.unknown,
    -- Views whose definitions another version, or another major, was the last to look at.
    (
        SELECT coalesce(pg_catalog.jsonb_agg(created.view_name), '[]')
        FROM metabase_internal.view_definition AS created
        WHERE created.version IS DISTINCT FROM :version
            OR created.server_major <> pg_catalog.current_setting('server_version_num')::integer / 10000
    ) AS views_of_others
FROM metabase_internal.incremental
LEFT JOIN metabase_internal.made_from AS made ON true
CROSS JOIN (
    SELECT
        count(*)         AS changes,
        min(captured_at) AS oldest,
        coalesce(bool_or(is_unknown), false) AS unknown
    FROM metabase_internal.queue
) AS queue
