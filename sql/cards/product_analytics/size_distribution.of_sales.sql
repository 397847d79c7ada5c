-- The thirty sizes of which most units were sold, in the order of their numbers.
WITH best AS (
    SELECT
        -- In quotes where a size is really called so.
        coalesce(regexp_replace(size, '^No size$', '"\&"'), 'No size')                   AS name,
        replace(substring(size FROM '[0-9]{1,9}(?:[.,][0-9]{1,9})?'), ',', '.')::numeric AS number,
        sum(units)                                                                       AS units_sold
    FROM analytics.metabase_sales
    WHERE true
        [[AND {{date}}]]
        [[AND {{brand}}]]
    GROUP BY size
    ORDER BY
        units_sold DESC,
        name
    LIMIT 30
)
SELECT
    name       AS "Size",
    units_sold AS "Units sold"
FROM best
ORDER BY
    number NULLS LAST,
    name
LIMIT 30
