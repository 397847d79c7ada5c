-- How much room the state takes, beside that of the tables it is made from.

\echo
\echo '3. Sizes with indexes (MB): as built, and after all rounds of changes'
WITH part AS (
    SELECT
        moment,
        what,
        -- What is small is one line.
        CASE WHEN max(bytes) OVER (PARTITION BY relation) > 1024 * 1024
            THEN relation
            ELSE '(smaller ones)'
        END AS relation,
        bytes
    FROM bench.sizes
), total AS (
    SELECT
        what,
        relation,
        grouping(relation) = 1                    AS is_total,
        sum(bytes) FILTER (WHERE moment = 'built') AS built,
        sum(bytes) FILTER (WHERE moment = 'after') AS after
    FROM part
    GROUP BY
        what,
        GROUPING SETS ((relation), ())
)
SELECT
    CASE what
        WHEN 'sources' THEN 'the shop''s tables'
        WHEN 'state'   THEN 'the state'
        WHEN 'views'   THEN 'the views'
    END                                                   AS what,
    coalesce(relation, 'all')                             AS relation,
    to_char(built / 1048576, '999,990.0')                 AS built,
    to_char(after / 1048576, '999,990.0')                 AS after,
    CASE WHEN what = 'state' AND is_total
        THEN to_char(100 * built / first_value(built) OVER (PARTITION BY is_total ORDER BY what), 'FM9,990') || ' %'
    END                                                   AS "of the shop's, built"
FROM total
ORDER BY
    array_position('{sources,state,views}', what),
    is_total,
    relation = '(smaller ones)',
    built DESC NULLS LAST;
