-- How long a refresh of all views takes, in which way, after how many changes; and where that time goes.

SELECT
    to_char(max(value) FILTER (WHERE name = 'create') / 1000, 'FM999,990.0') AS create_seconds,
    to_char(max(value) FILTER (WHERE name = 'build') / 1000, 'FM999,990.0')  AS build_seconds
FROM bench.figures
\gset

\echo
\echo Creating and filling the views took :create_seconds seconds,
\echo the first refresh, which builds the state, :build_seconds seconds.

\echo
\echo '1. A refresh of all views (milliseconds)'
\echo '   full   REFRESH MATERIALIZED VIEW CONCURRENTLY of each view in turn'
\echo '   warm   metabase.refresh(''all'') in a session that has refreshed before, as the background worker has'
\echo '   fresh  metabase.refresh(''all'') as the first thing that a new session does (its connecting is not counted)'
\echo '   Incremental: of the views that were refreshed, how many by what changed.'
\echo '   Changed orders: 50 % corrected (gross sale, fee, profit, roi), 20 % cancelled, 20 % completed, 10 % new, at random'
\echo '   over the whole table.'
WITH taken AS (
    SELECT
        r.*,
        count(s.step)                                        AS views,
        count(s.step) FILTER (WHERE s.mode = 'incremental')  AS incremental
    FROM bench.refreshes AS r
    LEFT JOIN bench.steps AS s ON s.refresh_id = r.id AND s.mode IS NOT NULL
    GROUP BY r.id
), timing AS (
    SELECT
        changes,
        kind,
        count(*)                                                        AS rounds,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY milliseconds::float8) AS median,
        min(milliseconds)                                               AS fastest,
        max(milliseconds)                                               AS slowest,
        sum(incremental)                                                AS incremental,
        sum(views)                                                      AS views
    FROM taken
    GROUP BY
        changes,
        kind
)
SELECT
    to_char(changes, 'FM999,999,999')                                   AS "changed orders",
    kind                                                                AS refresh,
    rounds,
    to_char(median, '9,999,990.00')                                     AS median,
    to_char(fastest, '9,999,990.00')                                    AS min,
    to_char(slowest, '9,999,990.00')                                    AS max,
    CASE WHEN kind <> 'full'
        THEN format('%s of %s', incremental, views)
    END                                                                 AS incremental,
    CASE WHEN kind <> 'full'
        THEN to_char((SELECT median FROM timing WHERE kind = 'full') / median, '999,990.0')
    END                                                                 AS "times faster"
FROM timing
ORDER BY
    kind <> 'full',
    timing.changes,
    kind DESC;

\echo
\echo '2. Where the time goes (medians, milliseconds): warm, after so many changed orders; and REFRESH … CONCURRENTLY'
\echo '   apply  from queued keys to facts and rollups'
\echo '   rest   all else: finding out what there is to do, the log, the commit, the way to the client and back'
WITH step AS (
    SELECT
        r.id,
        r.kind,
        r.changes,
        s.step,
        s.milliseconds
    FROM bench.refreshes AS r
    JOIN bench.steps AS s ON s.refresh_id = r.id
    WHERE r.kind IN ('warm', 'full')
    UNION ALL
    SELECT
        r.id,
        r.kind,
        r.changes,
        'rest',
        r.milliseconds - (SELECT sum(s.milliseconds) FROM bench.steps AS s WHERE s.refresh_id = r.id)
    FROM bench.refreshes AS r
    WHERE r.kind = 'warm'
    UNION ALL
    SELECT
        id,
        kind,
        changes,
        'all',
        milliseconds
    FROM bench.refreshes
    WHERE kind IN ('warm', 'full')
)
SELECT
    step,
    CASE WHEN kind = 'full' THEN 'CONCURRENTLY' ELSE to_char(changes, 'FM999,999,999') END AS refresh,
    to_char(
        percentile_cont(0.5) WITHIN GROUP (ORDER BY milliseconds::float8),
        CASE WHEN kind = 'full' THEN '9,999,990.0' ELSE '99,990.000' END
    )                                                                                     AS median,
    (kind = 'full')::integer * 10000000000 + changes                                      AS place
FROM step
GROUP BY
    step,
    kind,
    changes
ORDER BY
    step = 'all',
    step = 'rest',
    step <> 'apply',
    step
\crosstabview step refresh median place
