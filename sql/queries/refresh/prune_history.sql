-- Removes runs from the log that ended more than $1 days ago, but for the last that completed of a view that is there, and of each view all but
-- the last $2 and the last that completed: whatever has failed since, that is when the view was refreshed. Which is the first that is too many is looked for once a view: it lies so many rows
-- back.
WITH view AS MATERIALIZED (
    SELECT
        view_name,
        (
            SELECT kept.id
            FROM metabase_internal.refresh_log AS kept
            WHERE kept.view_name = logged.view_name
            ORDER BY kept.id DESC
            OFFSET $2
            LIMIT 1
        ) AS last_superfluous,
        (
            SELECT kept.id
            FROM metabase_internal.refresh_log AS kept
            WHERE kept.view_name = logged.view_name
                AND kept.status = 'completed'
            ORDER BY kept.id DESC
            LIMIT 1
        ) AS last_completed
    FROM (SELECT DISTINCT view_name FROM metabase_internal.refresh_log) AS logged
)
DELETE FROM metabase_internal.refresh_log AS log
USING view
WHERE log.view_name = view.view_name
    AND (
        (log.id <= view.last_superfluous AND log.id IS DISTINCT FROM view.last_completed)
        OR (
            log.completed_at < clock_timestamp() - make_interval(days => $1)
            AND (
                log.id IS DISTINCT FROM view.last_completed
                OR pg_catalog.to_regclass(pg_catalog.format('analytics.%I', log.view_name)) IS NULL
            )
        )
    )
