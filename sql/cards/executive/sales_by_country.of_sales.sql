-- A country is one however it was written; what is no country's name has no place on a map.
SELECT
    country_code    AS "Country",
    sum(gross_sale) AS "Revenue",
    count(*)        AS "Orders"
FROM analytics.metabase_sales
WHERE country_code IS NOT NULL
    [[AND {{date}}]]
GROUP BY country_code
ORDER BY
    "Revenue" DESC NULLS LAST,
    country_code
