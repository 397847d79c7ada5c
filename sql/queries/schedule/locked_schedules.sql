-- Which of the views $1 have a schedule that another transaction has to itself: it is dropping the view, perhaps. Answers a list of names as
-- JSON.
WITH free AS MATERIALIZED (
    SELECT view_name
    FROM metabase_internal.schedule_state
    WHERE view_name = ANY ($1)
    FOR NO KEY UPDATE SKIP LOCKED
)
SELECT coalesce(pg_catalog.jsonb_agg(view_name), '[]')::text
FROM metabase_internal.schedule_state
WHERE view_name = ANY ($1)
    AND view_name NOT IN (SELECT free.view_name FROM free)
