-- What the sources' names mean now that they did not mean when the adapters were last compared with them, and what was noted then. No
-- row where there are no adapters, or they were never compared.
SELECT
    source_names.notes,
    source_names.followed,
    source_names.followed_at,
    :rates_changed AS rates_at,
    coalesce(
        (
            SELECT pg_catalog.array_agg(
                CASE
                    WHEN after.value IS NULL
                        THEN pg_catalog.format('%s is not there any more', before.key)
                    WHEN before.value IS NULL
                        THEN pg_catalog.format('%s has come', before.key)
                    WHEN pg_catalog.split_part(before.value, ' ', 1) <> pg_catalog.split_part(after.value, ' ', 1)
                        THEN pg_catalog.format('%s is another table', before.key)
                    ELSE pg_catalog.format('%s has other columns or keys', before.key)
                END
                ORDER BY before.key
            )
            FROM pg_catalog.jsonb_each_text(source_names.meanings) AS before
            LEFT JOIN pg_catalog.jsonb_each_text(meanings.now) AS after ON after.key = before.key
            WHERE before.value IS DISTINCT FROM after.value
        ),
        '{}'
    ) AS changes,
    -- Those that mean another table: of these, what is read is certainly not what is meant.
    coalesce(
        (
            SELECT pg_catalog.array_agg(before.key ORDER BY before.key)
            FROM pg_catalog.jsonb_each_text(source_names.meanings) AS before
            JOIN pg_catalog.jsonb_each_text(meanings.now) AS after ON after.key = before.key
            WHERE pg_catalog.split_part(before.value, ' ', 1) <> pg_catalog.split_part(after.value, ' ', 1)
        ),
        '{}'
    ) AS replaced
FROM metabase_internal.source_names
CROSS JOIN LATERAL (
    SELECT (
        :meanings
    ) AS now
) AS meanings
WHERE EXISTS (SELECT FROM metabase_internal.made_from)
