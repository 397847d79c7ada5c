-- The rows in which a view differs from :rows, what the rollups say of some groups, with their place in the view. A computed row that is
-- not present stands for one that the view must not have.
SELECT
    held.place,
    computed.present,
    :computed
FROM (
    :rows
) AS computed (
    present,
    :columns
)
LEFT JOIN LATERAL (
    :held_rows
) AS held (
    place,
    :columns
) ON true
WHERE CASE
    WHEN computed.present
        THEN held.place IS NULL
            OR ROW(
                :computed
            ) IS DISTINCT FROM ROW(
                :held
            )
    ELSE held.place IS NOT NULL
END
