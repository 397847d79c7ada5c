-- What a check has found, a row for each value and detail: how many rows of the shop, which share of the entity's, in percent, and the
-- first of their keys. Shares that are too small, or too large, are left out.
WITH flawed AS (
    SELECT
        key,
        value COLLATE "C"  AS value,
        detail COLLATE "C" AS detail
    FROM (
        :check
    ) AS "check"
),
found AS (
    SELECT
        value,
        detail,
        count(*) AS rows
    FROM flawed
    GROUP BY value, detail
),
shared AS (
    SELECT
        value,
        detail,
        rows,
        -- Rows without a key are none of the adapter's.
        100.0 * rows / greatest((SELECT count(*) FROM metabase_internal.:adapter), rows) AS share
    FROM found
),
chosen AS (
    SELECT *
    FROM shared
    WHERE share >= :least
        AND share < :below
    ORDER BY rows DESC, value, detail
    LIMIT 20
)
SELECT
    value,
    detail,
    rows,
    round(share, 2)::text AS share,
    ARRAY(
        SELECT left(key::text, 100)
        FROM flawed
        WHERE flawed.value IS NOT DISTINCT FROM chosen.value
            AND flawed.detail IS NOT DISTINCT FROM chosen.detail
            AND key IS NOT NULL
        ORDER BY :key
        LIMIT 5
    )                     AS examples
FROM chosen
ORDER BY rows DESC, value, detail
