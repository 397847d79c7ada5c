-- Sizes in the order of their numbers. Where more than twelve were sold, all but the eleven of which most units were sold are one bar.
WITH sold AS (
    SELECT
        coalesce(size, 'No size') AS name,
        sum(units)                AS units_sold
    FROM analytics.metabase_sales
    WHERE true
        [[AND {{date}}]]
        [[AND {{brand}}]]
    GROUP BY name
),
ranked AS (
    SELECT
        sold.*,
        replace(substring(name FROM '[0-9]{1,9}(?:[.,][0-9]{1,9})?'), ',', '.')::numeric AS number,
        count(*) OVER () > 12
            AND row_number() OVER (ORDER BY units_sold DESC, name) > 11                  AS is_other
    FROM sold
)
SELECT
    CASE WHEN is_other THEN 'Other sizes' ELSE name END AS "Size",
    sum(units_sold)                                     AS "Units sold"
FROM ranked
GROUP BY "Size"
ORDER BY
    bool_or(is_other),
    min(number) NULLS LAST,
    "Size"
LIMIT 12
