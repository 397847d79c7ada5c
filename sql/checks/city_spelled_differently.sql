-- Completed orders to a city in another spelling than most orders to it have, which differs by case or blanks only; and such spellings.
WITH spelling AS (
    SELECT
        country,
        city,
        upper(lower(regexp_replace(left(city, 400), '\s+', '', 'g') COLLATE :letters)) AS letters,
        count(*)                                                                       AS orders
    FROM metabase_internal.orders
    WHERE is_completed
        AND country IS NOT NULL
        AND city IS NOT NULL
    GROUP BY country, city
),
ranked AS (
    SELECT
        country,
        city,
        orders,
        row_number() OVER place AS place,
        first_value(city) OVER place AS usual
    FROM spelling
    WINDOW place AS (PARTITION BY country, letters ORDER BY orders DESC, city COLLATE "C")
),
rare AS (
    SELECT
        country,
        city,
        usual,
        orders
    FROM ranked
    WHERE place > 1
),
frequent AS (
    SELECT
        format('"%s" beside "%s"', left(city, 40), left(usual, 40)) AS names,
        orders
    FROM rare
    ORDER BY orders DESC, city COLLATE "C"
    LIMIT 5
)
SELECT
    orders.id  AS key,
    NULL::text AS value,
    (
        SELECT string_agg(names, ', ' ORDER BY frequent.orders DESC, names COLLATE "C")
        FROM frequent
    )          AS detail
FROM metabase_internal.orders AS orders
JOIN rare
    ON rare.country = orders.country
    AND rare.city = orders.city
WHERE orders.is_completed
    -- Where there is none, the orders are not read again.
    AND EXISTS (SELECT FROM rare)
