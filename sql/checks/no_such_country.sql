-- Completed orders to countries that have no code, and the names of these that are most frequent.
WITH named AS MATERIALIZED (
    SELECT
        country,
        count(*) AS orders
    FROM metabase_internal.orders
    WHERE is_completed
        AND country IS NOT NULL
    GROUP BY country
),
unknown AS MATERIALIZED (
    SELECT
        country,
        orders
    FROM named
    WHERE metabase_internal.country_code(country) IS NULL
),
frequent AS (
    SELECT
        left(country, 40) AS name,
        orders
    FROM unknown
    ORDER BY orders DESC, country COLLATE "C"
    LIMIT 5
)
SELECT
    orders.id  AS key,
    NULL::text AS value,
    (
        SELECT string_agg(format('"%s"', name), ', ' ORDER BY frequent.orders DESC, name COLLATE "C")
        FROM frequent
    )          AS detail
FROM metabase_internal.orders AS orders
JOIN unknown ON unknown.country = orders.country
WHERE orders.is_completed
    -- Where there is none, the orders are not read again.
    AND EXISTS (SELECT FROM unknown)
