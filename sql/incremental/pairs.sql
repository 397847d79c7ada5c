-- The pairs of a group and a value that have come or gone.
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        :group AS g,
        :value AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM :change AS f
    WHERE :group IS NOT NULL
        AND :value IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM :facts AS f
                :has
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM :facts AS f
                :has
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END
