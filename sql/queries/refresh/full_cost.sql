-- How long a full refresh of views $1 takes, by the last one of each.
SELECT sum(last.seconds)::double precision AS seconds
FROM (
    SELECT DISTINCT ON (view_name) extract(epoch FROM completed_at - started_at) AS seconds
    FROM metabase_internal.refresh_log
    WHERE mode = 'full'
        AND status = 'completed'
        AND view_name = ANY ($1)
    ORDER BY
        view_name,
        id DESC
) AS last
