-- What capture costs those who write.

\echo
\echo '4. Writers: transactions per second with capture off and on, in alternating rounds'
\echo '   pgbench, two clients, prepared statements; a transaction updates one order, found by its key, at random.'
\echo '   With synchronous_commit = on a commit waits for the disk; off shows what is left when it does not.'
SELECT
    synchronous_commit,
    round,
    to_char(without_capture, '999,990')                                            AS "capture off",
    to_char(with_capture, '999,990')                                               AS "capture on",
    to_char(100 * (with_capture - without_capture) / without_capture, 'S99,990.0 %')  AS difference
FROM bench.writing
ORDER BY
    synchronous_commit DESC,
    round;

\echo
\echo '   The medians, how much they differ, and the median of the differences within rounds, which a disk that is fast in'
\echo '   one round and slow in the next does less to'
WITH median AS (
    SELECT
        synchronous_commit,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY without_capture::float8)                  AS without_capture,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY with_capture::float8)                     AS with_capture,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY (with_capture / without_capture)::float8) AS ratio
    FROM bench.writing
    GROUP BY synchronous_commit
)
SELECT
    synchronous_commit,
    to_char(without_capture, '999,990')                                            AS "capture off",
    to_char(with_capture, '999,990')                                               AS "capture on",
    to_char(100 * (with_capture - without_capture) / without_capture, 'S99,990.0 %')  AS difference,
    to_char(100 * (ratio - 1), 'S99,990.0 %')                                         AS "within rounds"
FROM median
ORDER BY synchronous_commit DESC;
