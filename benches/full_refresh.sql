-- Creates the seven views, refreshes them three times, and prints what each took.

CREATE TEMPORARY TABLE started AS SELECT clock_timestamp() AS at;
SELECT count(*) FILTER (WHERE created) AS created FROM metabase.create_all_views() \gset
CREATE TEMPORARY TABLE created AS SELECT clock_timestamp() - at AS took FROM started;
SELECT count(*) AS refreshed FROM metabase.refresh('all') \gset
SELECT count(*) AS refreshed FROM metabase.refresh('all') \gset
SELECT count(*) AS refreshed FROM metabase.refresh('all') \gset

\echo
\echo Full refresh, :orders completed orders: milliseconds (create, and the median of three refreshes)
WITH run AS (
    SELECT
        view_name,
        min(1000 * duration_seconds) FILTER (WHERE mode_reason LIKE 'created%')                                       AS create_ms,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY 1000 * duration_seconds) FILTER (WHERE mode_reason NOT LIKE 'created%') AS refresh_ms
    FROM metabase.refresh_history
    GROUP BY view_name
)
SELECT
    view_name,
    status.row_count,
    round(create_ms, 1)            AS create_ms,
    round(refresh_ms::numeric, 1)  AS refresh_ms
FROM run
JOIN metabase.view_status() AS status USING (view_name)
UNION ALL
SELECT
    'all seven',
    sum(status.row_count),
    round(sum(create_ms), 1),
    round(sum(refresh_ms)::numeric, 1)
FROM run
JOIN metabase.view_status() AS status USING (view_name);

\echo
SELECT round(1000 * extract(epoch FROM took), 1) AS create_all_views_ms FROM created;
