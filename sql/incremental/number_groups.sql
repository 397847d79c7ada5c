-- Numbers for the groups that have none yet. :sales and :items are where sales and stock items come from; :sold is where sales
-- come from whose stock item is not among the latter.

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

-- @run when :sales, :items
INSERT INTO metabase_internal.product_rollup (product_id, brand_id, category_id)
SELECT
    key.product_id,
    p.brand_id,
    p.category_id
FROM (
    SELECT product_id FROM :sold AS sold
    UNION
    SELECT product_id FROM :items AS item
) AS key
LEFT JOIN metabase_internal.products AS p ON p.id = key.product_id
WHERE key.product_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.product_rollup AS r WHERE r.product_id = key.product_id);

-- @run when :sales, :items
INSERT INTO metabase_internal.supplier_rollup (supplier_id)
SELECT key.supplier_id
FROM (
    SELECT supplier_id FROM :sold AS sold
    UNION
    SELECT supplier_id FROM :items AS item
) AS key
WHERE key.supplier_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.supplier_rollup AS r WHERE r.supplier_id = key.supplier_id);

-- @run when :sales, :items
INSERT INTO metabase_internal.brand_rollup (brand_id)
SELECT key.brand_id
FROM (
    SELECT brand_id FROM :sold AS sold
    UNION
    SELECT brand_id FROM :items AS item
) AS key
WHERE key.brand_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.brand_rollup AS r WHERE r.brand_id = key.brand_id);
