WITH served AS (
    SELECT DISTINCT
        country_code,
        coalesce(platform_name, platform_slug) AS platform
    FROM analytics.metabase_sales
    WHERE country_code IS NOT NULL
        [[AND {{date}}]]
        [[AND {{platform}}]]
)
SELECT
    country_code AS "Country",
    count(*)     AS "Platforms"
FROM served
WHERE platform IS NOT NULL
GROUP BY country_code
ORDER BY
    "Platforms" DESC,
    country_code
