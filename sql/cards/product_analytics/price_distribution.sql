-- Classes of prices that are 1, 2 or 5 times a power of ten wide, so that about fifteen of them hold all but the dearest twentieth.
-- After twice as many comes a last one for all that is dearer.
WITH sold AS (
    SELECT
        total_revenue / times_sold AS price,
        times_sold
    FROM analytics.metabase_inventory_status
    WHERE times_sold > 0
        AND total_revenue > 0
        [[AND {{date}}]]
        [[AND {{brand}}]]
),
wanted AS (
    SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY price) / 15 AS width
    FROM sold
),
magnitude AS (
    SELECT
        width,
        power(10::numeric, floor(log(width))) AS ten
    FROM wanted
),
-- Computed once, not for each item.
class AS MATERIALIZED (
    SELECT
        trim_scale(ten * CASE
            WHEN width <= ten THEN 1
            WHEN width <= 2 * ten THEN 2
            WHEN width <= 5 * ten THEN 5
            ELSE 10
        END) AS width
    FROM magnitude
)
SELECT
    least(floor(price / width), 30) * width AS price_from,
    sum(times_sold)                         AS units_sold
FROM sold
CROSS JOIN class
GROUP BY price_from
ORDER BY price_from
