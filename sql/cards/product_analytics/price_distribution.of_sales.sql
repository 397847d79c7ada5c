-- Classes of prices that are 1, 2 or 5 times a power of ten wide, so that at most eleven of them hold all but the dearest twentieth.
-- All that is dearer is in one more. A class in which nothing was sold stands between its neighbors, as the gap that it is.
WITH sold AS (
    SELECT
        gross_sale / units AS price,
        count(*)           AS sales,
        sum(units)         AS units_sold
    FROM analytics.metabase_sales
    WHERE units > 0
        AND gross_sale > 0
        [[AND {{date}}]]
        [[AND {{brand}}]]
    GROUP BY
        gross_sale,
        units
),
ranked AS (
    -- Of what is a number: an infinite price is dearer than any class.
    SELECT
        price,
        sum(sales) OVER (ORDER BY price) AS up_to,
        sum(sales) OVER ()               AS sales
    FROM sold
    WHERE price < 'Infinity'
),
wanted AS (
    SELECT min(price) AS high
    FROM ranked
    WHERE up_to >= 0.95 * sales
),
magnitude AS (
    SELECT
        high,
        high / 10                             AS width,
        power(10::numeric, floor(log(high / 10))) AS ten
    FROM wanted
),
-- Computed once, not for each price.
class AS MATERIALIZED (
    SELECT
        high,
        trim_scale(ten * CASE
            WHEN width <= ten THEN 1
            WHEN width <= 2 * ten THEN 2
            WHEN width <= 5 * ten THEN 5
            ELSE 10
        END) AS width
    FROM magnitude
),
counted AS (
    SELECT
        least(floor(price / width), floor(high / width) + 1) AS place,
        sum(units_sold)                                      AS units_sold
    FROM sold
    CROSS JOIN class
    GROUP BY place
),
place AS (
    SELECT generate_series(min(place), max(place)) AS place
    FROM counted
)
SELECT
    CASE
        WHEN place > floor(high / width) THEN trim_scale(place * width) || '+'
        ELSE concat(trim_scale(place * width), '–', trim_scale((place + 1) * width))
    END                     AS "Price",
    coalesce(units_sold, 0) AS "Units sold"
FROM place
CROSS JOIN class
LEFT JOIN counted USING (place)
ORDER BY place
LIMIT 12
