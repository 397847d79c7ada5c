-- Numbers for the groups of the sales in sale_read that have none yet.

-- @keep new_platform when sale_read
SELECT DISTINCT
    encoded.key,
    s.platform_id
FROM sale_read AS s
CROSS JOIN LATERAL (SELECT coalesce('=' || s.platform_id::text, '') AS key) AS encoded
WHERE NOT EXISTS (SELECT FROM metabase_internal.platform_rollup AS r WHERE r.key = encoded.key);

-- @read new_platform_read when new_platform
SELECT
    p.id AS platform_id,
    p.name,
    p.slug
FROM new_platform AS new
JOIN metabase_internal.platforms AS p ON p.id = new.platform_id;

-- @run when new_platform
INSERT INTO metabase_internal.platform_rollup (key, platform_id, name, slug)
SELECT
    new.key,
    new.platform_id,
    p.name,
    p.slug
FROM new_platform AS new
LEFT JOIN new_platform_read AS p ON p.platform_id = new.platform_id;

-- @run when sale_read
INSERT INTO metabase_internal.place_rollup (country_key, city_key, country, city)
SELECT
    encoded.country_key,
    encoded.city_key,
    s.country,
    s.city
FROM sale_read AS s
CROSS JOIN LATERAL (
    SELECT
        coalesce('=' || s.country, '') AS country_key,
        coalesce('=' || s.city, '')    AS city_key
) AS encoded
WHERE NOT EXISTS (
    SELECT
    FROM metabase_internal.place_rollup AS r
    WHERE r.country_key = encoded.country_key
        AND r.city_key = encoded.city_key
)
GROUP BY
    encoded.country_key,
    encoded.city_key,
    s.country,
    s.city;
