-- A place names its platforms in a list; a platform serves a country where it stands in the list of one of its places.
WITH served AS (
    SELECT DISTINCT
        country_code,
        platform_name
    FROM analytics.metabase_customer_geography
    JOIN analytics.metabase_platform_performance
        ON position(', ' || platform_name || ', ' IN ', ' || platform_names || ', ') > 0
    WHERE country_code IS NOT NULL
        [[AND {{platform}}]]
)
SELECT
    country_code AS "Country",
    count(*)     AS "Platforms"
FROM served
GROUP BY country_code
ORDER BY
    "Platforms" DESC,
    country_code
