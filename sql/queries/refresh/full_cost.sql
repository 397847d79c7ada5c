-- How long a full refresh of the seven takes, by the last one of each.
SELECT sum(last.seconds)::double precision AS seconds
FROM (
    SELECT DISTINCT ON (view_name) extract(epoch FROM completed_at - started_at) AS seconds
    FROM metabase_internal.refresh_log
    WHERE mode = 'full'
        AND status = 'completed'
        AND view_name LIKE 'metabase\_%'
    ORDER BY
        view_name,
        id DESC
) AS last
