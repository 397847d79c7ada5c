-- Numbers for the groups of sales that have none yet. :sales is where sales come from.

-- @run when :sales
INSERT INTO metabase_internal.platform_rollup (key, platform_id, name, slug)
SELECT DISTINCT ON (key)
    key,
    s.platform_id,
    p.name,
    p.slug
FROM :sales AS s
CROSS JOIN LATERAL (SELECT coalesce('=' || s.platform_id::text, '') AS key) AS encoded
LEFT JOIN metabase_internal.platforms AS p ON p.id = s.platform_id
WHERE NOT EXISTS (SELECT FROM metabase_internal.platform_rollup AS r WHERE r.key = encoded.key)
ORDER BY key;

-- @run when :sales
INSERT INTO metabase_internal.place_rollup (country_key, city_key, country, city)
SELECT
    encoded.country_key,
    encoded.city_key,
    s.country,
    s.city
FROM :sales AS s
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
