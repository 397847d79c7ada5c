-- What a check has found, a row for each value and detail: how many rows of the shop, which share of the entity's, in percent, and the
-- first of their keys. Shares that are too small, or too large, are left out.
WITH flawed AS (
    :check
),
numbered AS (
    SELECT
        key,
        value COLLATE "C"  AS value,
        detail COLLATE "C" AS detail,
        row_number() OVER (PARTITION BY value COLLATE "C", detail COLLATE "C" ORDER BY :key) AS place
    FROM flawed
),
found AS (
    SELECT
        value,
        detail,
        count(*) AS rows,
        coalesce(
            array_agg(left(key::text, 100) ORDER BY place) FILTER (WHERE place <= 5 AND key IS NOT NULL),
            '{}'
        )        AS examples
    FROM numbered
    GROUP BY value, detail
),
shared AS (
    SELECT
        found.*,
        -- Rows without a key are none of the adapter's.
        100.0 * rows / greatest((SELECT count(*) FROM metabase_internal.:adapter), rows) AS share
    FROM found
)
SELECT
    value,
    detail,
    rows,
    round(share, 2)::text AS share,
    examples
FROM shared
WHERE share >= :least
    AND share < :below
ORDER BY rows DESC, value, detail
LIMIT 20
